"""From a finding to snippets: the repeating region, the way to it, and what both need, over all first-party files.

`snippets()` gives candidates, the most faithful first: the user's own calls from the top of the program down to the
repeat; then the function around the repeat, called directly with stand-ins for its parameters.
"""

import ast
import copy

from . import guess
from .behind import behind, keyed
from .cut import path_to
from .cutter import Replacing, Synthetic, attributes_in, cut, is_main_guard, prune, write
from .files import absolute_parts
from .region import Repeat, call_sites, find_repeats, function_around
from .scope import attributes_of, base_name, binds, exposed, parameters, reads
from .snippet import Line, Snippet, dedented
from .standins import plausible_shape

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_MOST_ROUNDS = 6
_ENDLESS = "range(1000000000)"
_FILLING = frozenset("append extend insert add update appendleft extendleft setdefault pop popleft popitem remove discard clear".split())


class CannotCut(Exception):
    """There is no snippet for this place; the message says what it would need."""


class Driver:
    """How the region is reached.

    model      the file that becomes the snippet         statement   top-level statement (or statement of the main guard), or None
    pruned     {FileModel: {top-level statement: pruned copy}}
    setup      Synthetic lines that run once before the region, region: Synthetic lines when there is no statement
    texts      {FileModel: patched Text}
    stand_ins  sentences                                  repeat      the Repeat
    behind     what follows behind the loop, a Behind, or None
    called     the function around the repeat is called directly; guessed: with stand-ins for its parameters
    """

    __slots__ = ("model", "statement", "pruned", "setup", "region", "texts", "stand_ins", "repeat", "imports", "behind", "called", "guessed")

    def __init__(self, model, repeat):
        self.model, self.repeat = model, repeat
        self.statement, self.pruned, self.setup, self.region, self.texts, self.stand_ins, self.imports = None, {}, [], None, {}, [], []
        self.behind, self.called, self.guessed = None, False, False


def snippets(finding, files, given=None, once=False, most=3, setup_names=(), further=False):
    """Snippets for a finding, the most faithful first.  Raises CannotCut when there is none.

    files   Files; the finding's own file is looked up there
    given   {name: source} of `verify-with` comments
    once    run the flagged statement once instead of its repeat (rules about configuration)
    further go on behind the loop with what uses the collections that it fills
    """
    model = files.get(finding.path)
    if model is None:
        raise CannotCut("a file that parses")
    row = model.source.module_row(finding.cell, finding.start[0])
    column = _bytes_column(model, row, finding.start[1])
    trace = [(step.path, _module_row(files, step), 0) for step in finding.trace or ()]
    flagged = (model.path, row)
    given = dict(given or {})
    if once:
        repeats = [_single(model, row, column)]
        trace = []
    else:
        repeats = find_repeats(files, model, row, column, trace)
        repeats += function_around(model, row, column, repeats)
    rows = {}
    for path, step_row, _ in [(step.path, _module_row(files, step), 0) for step in finding.trace or ()] if once else trace[1:]:
        origin = files.get(path)
        if origin is not None:
            rows.setdefault(origin, set()).add(step_row)
    found, seen = [], set()
    for number, repeat in enumerate(repeats):
        last = number == len(repeats) - 1
        try:
            drivers = _drivers(files, repeat, given, once, rows, row if repeat.model is model else None, further)
        except CannotCut:
            if not found:
                raise
            continue
        # the last repeat is there because the program's own way did not lead to the place: its functions are called directly first
        for driver in sorted(drivers, key=lambda driver: (not driver.called, driver.guessed)) if last and number else drivers:
            if len(found) >= (most if last else most - 1):
                break
            snippet = _assembled(finding, files, driver, flagged, given, rows, setup_names)
            text = snippet.render()[0]
            if not snippet.has_probe():
                continue  # a guess at a call went wrong: the way does not lead to the repeat
            if text not in seen:
                seen.add(text)
                found.append(snippet)
    if not found:
        raise CannotCut("a place that repeats")
    return found


def _bytes_column(model, row, column):
    rows = model.source.lines
    text = rows[row - 1] if 0 < row <= len(rows) else ""
    column = max(column, len(text) - len(text.lstrip()) + 1)  # a place that names only its row
    return len(text[:column - 1].encode("utf-8"))


def _module_row(files, step):
    origin = files.get(step.path)
    return origin.source.module_row(step.cell, step.row) if origin is not None else step.row


def _single(model, row, column):
    """The outermost statement around a place, inside its function: what a configuration rule flags is run as a whole."""
    chain = path_to(model.tree, row, column)
    last = max((depth for depth, node in enumerate(chain) if isinstance(node, _FUNCTIONS)), default=0)
    for depth in range(last + 1, len(chain)):
        if isinstance(chain[depth], ast.stmt) and not is_main_guard(chain[depth]):
            return Repeat("statement", model, chain[depth], chain[:depth + 1])
    # a row between two statements (a fix took the flagged one away): the one before it
    before = [node for node in model.tree.body if node.lineno <= row and not is_main_guard(node)]
    node = before[-1] if before else model.tree.body[0]
    return Repeat("statement", model, node, (model.tree, node))


# -- the way from the top of the program to the repeat ------------------------------------------------------------------


def _drivers(files, repeat, given, once, rows, flagged_row, further):
    """Drivers for a repeat: through real calls, then by a direct call of the function around it."""
    repeat = _later_loop(repeat, once)
    found = []
    for way in _ways_up(files, repeat):
        found.append(_by_calls(files, repeat, way, once, rows, given, flagged_row, further))
    function = repeat.node if repeat.kind == "function" else (repeat.functions() or [None])[0]
    if function is not None:
        real = _real_call(files, repeat.model, function) if function is repeat.node else None
        if real is not None:
            found.append(_direct(files, repeat, given, once, rows, flagged_row, further, real))
        try:
            found.append(_direct(files, repeat, given, once, rows, flagged_row, further))
        except CannotCut:
            if not found:
                raise
    return found


def _later_loop(repeat, once):
    """What is flagged at the top level stands before the loop that uses it (a cached dataset, a captured array)."""
    if once or repeat.kind != "statement":
        return repeat
    from .scope import binds

    parent = repeat.chain[-2]
    block = next((getattr(parent, name) for name in ("body", "orelse", "finalbody") if repeat.node in getattr(parent, name, [])), [])
    names = binds(repeat.node)
    for statement in block[block.index(repeat.node) + 1:] if repeat.node in block else []:
        if reads(statement) & names:
            if isinstance(statement, (ast.For, ast.While)):
                return Repeat("loop", repeat.model, statement, repeat.chain[:-1] + (statement,))
            names |= binds(statement)
    return repeat


def _ways_up(files, repeat, most=3):
    """Chains of call sites from the function around the repeat up to a top-level statement: [[(model, chain), ...]]."""
    functions = repeat.functions()
    if repeat.kind == "function":
        if not functions and not repeat.classes():
            return []  # every call of it is a repeat, and no loop of ours calls it: it is called directly
        functions = functions or [None]
        if functions == [None]:
            return []
    if not functions:
        return [[]]
    ways, stack = [], [(repeat.model, functions[0], [])]
    seen = set()
    while stack and len(ways) < most:
        model, function, way = stack.pop(0)
        if id(function) in seen or len(way) > 5:
            continue
        seen.add(id(function))
        for caller, chain in call_sites(files, model, function):
            around = [node for node in chain if isinstance(node, _FUNCTIONS)]
            step = way + [(caller, chain)]
            if not around:
                if _statement_of(chain) is not None:
                    ways.append(step)
            else:
                stack.append((caller, around[0], step))
    return ways


def _statement_of(chain):
    """The top-level statement (or statement of the main guard) in a chain of nodes."""
    if len(chain) > 2 and is_main_guard(chain[1]) and isinstance(chain[2], ast.stmt):
        return chain[2]
    return chain[1] if len(chain) > 1 and isinstance(chain[1], ast.stmt) else None


def _statements(chain, guard=True):
    """Statements of a chain from its top-level one down; the main guard is left out."""
    found = [node for node in chain[1:] if isinstance(node, ast.stmt)]
    return found[1:] if found and is_main_guard(found[0]) and len(found) > 1 else found


def _by_calls(files, repeat, way, once, rows, given, flagged_row, further):
    """Driver that starts at a top-level statement of the program and follows real calls."""
    driver = Driver(way[-1][0] if way else repeat.model, repeat)
    after = _instrument(driver, repeat, once, given) or _go_on(driver, repeat, flagged_row, further)
    chain = _statements(repeat.chain)
    _prune_into(driver, repeat.model, chain, rows, after, is_driver=not way)
    for number, (model, calls) in enumerate(way):
        last = number == len(way) - 1
        _prune_into(driver, model, _statements(calls), rows, None, is_driver=last)
    return driver


def _prune_into(driver, model, chain, rows, after, is_driver):
    """Notes the pruned copy of the chain's top-level statement, or makes it the driver's statement."""
    top = chain[0]
    kept = driver.pruned.setdefault(model, {})
    base = kept.get(top)
    if len(chain) > 1:
        new, _ = prune(chain, rows.get(model, ()), after)
        if base is not None and isinstance(new, ast.ClassDef):
            new = _merged(base, new)
        elif base is not None:
            new = base  # the way passes twice through one function: its first cut already leads to the repeat
        kept[top] = new
    elif after is not None:
        driver.region = after
    if is_driver:
        driver.statement = top


def _merged(first, second):
    """Two cuts of one class: of each method the pruned one wins."""
    new = copy.copy(second)
    by_name = {getattr(child, "name", None): child for child in first.body if getattr(child, "pruned", False)}
    new.body = [by_name.get(getattr(child, "name", None), child) if not getattr(child, "pruned", False) else child
                for child in second.body]
    return new


def _direct(files, repeat, given, once, rows, flagged_row, further, real=None):
    """Driver that calls the function around the repeat itself, with stand-ins for its parameters.

    real    a call of the program's own to take instead, or None
    """
    model = repeat.model
    functions = repeat.functions() + ([repeat.node] if repeat.kind == "function" else [])
    outer = functions[0]
    driver = Driver(model, repeat)
    chain = _statements(repeat.chain)
    is_target = repeat.kind == "function" and outer is repeat.node
    text = "\n".join(model.text.rows)
    around = [node for node in repeat.chain[:repeat.chain.index(outer)] if isinstance(node, ast.ClassDef)]
    call, setup, sentences = (ast.unparse(real), [], []) if real is not None else _call_of(outer, around[-1] if around else None, model, given, text)
    driver.stand_ins += sentences
    driver.setup, driver.called, driver.guessed = setup, True, real is None
    if is_target:
        driver.texts[model] = model.text.fresh()
        if flagged_row is not None:
            driver.stand_ins += _switched(driver.texts[model], outer, path_to(model.tree, flagged_row))
        body = ["for _ in repeat(%s):" % ("range(1)" if once else _ENDLESS), "    " + call]
        names = {around[-1].name if around else outer.name} | (reads(real) if real is not None else set())
        driver.region = Synthetic([Line(line) for line in body], names)
        if around and len(chain) > 1:
            new, _ = prune(chain, rows.get(model, ()), None)
            driver.pruned[model] = {chain[0]: new}
    else:
        after = _instrument(driver, repeat, once, given) or _go_on(driver, repeat, flagged_row, further)
        new, _ = prune(chain, rows.get(model, ()), after)
        driver.pruned[model] = {chain[0]: new}
        driver.region = Synthetic([Line(call)], {outer.name} if not around else {around[-1].name})
    return driver


def _real_call(files, model, function):
    """The program's own call of a function whose arguments are plain values or what its top level makes; None when there is none."""
    tops = {name for statement in model.tree.body for name in binds(statement)}
    for caller, chain in call_sites(files, model, function):
        call = chain[-1]
        inner = any(isinstance(node, _FUNCTIONS + (ast.Lambda, ast.ClassDef, ast.For, ast.While) + _COMPREHENSIONS) for node in chain[:-1])
        arguments = call.args + [keyword.value for keyword in call.keywords]
        if caller is model and not inner and isinstance(call.func, ast.Name) and arguments and all(
                reads(argument) <= tops and not isinstance(argument, (ast.Starred, ast.Await)) for argument in arguments):
            return call
    return None


def _switched(text, function, chain):
    """Takes the branches of a function that lead to a place, where a parameter alone decides: its callers may choose either.

    Returns sentences for the report.
    """
    own, sentences = parameters(function), []
    for node, inner in zip(chain, chain[1:] + [None]):
        if not isinstance(node, ast.If) or inner is None or node.test.lineno != node.test.end_lineno or inner is node.test:
            continue
        parts = list(ast.walk(node.test))
        plain = all(isinstance(part, (ast.Name, ast.Constant, ast.Compare, ast.UnaryOp, ast.BoolOp, ast.expr_context, ast.cmpop, ast.unaryop,
                                      ast.boolop, ast.Tuple, ast.List)) for part in parts)
        names = {part.id for part in parts if isinstance(part, ast.Name)}
        if plain and names and names <= own and not any(isinstance(part, ast.Constant) and part.value is None for part in parts):
            width = node.test.end_col_offset - node.test.col_offset
            taken = inner in node.body
            text.patch([(node.test.lineno, node.test.col_offset, width, str(taken))])
            sentences.append(f"row {node.lineno}: {ast.unparse(node.test)} is {str(taken).lower()}, as a caller may choose")
    return sentences


def _call_of(function, owner, model, given, text):
    """(source of a call, Lines of setup, stand-in sentences) of a function or method with stand-ins for its parameters."""
    setup, sentences, imports = [], [], []
    shape = plausible_shape(text)
    decorators = {base_name(decorator) if not isinstance(decorator, ast.Attribute) else decorator.attr for decorator in function.decorator_list}
    arguments = _arguments(function, owner is not None and "staticmethod" not in decorators, model, given, shape, text, sentences, imports)
    name = function.name
    if owner is not None:
        if "staticmethod" in decorators or "classmethod" in decorators:
            name = f"{owner.name}.{function.name}"
        else:
            init = next((child for child in owner.body if isinstance(child, _FUNCTIONS) and child.name == "__init__"), None)
            construct = _arguments(init, True, model, given, shape, text, sentences, imports) if init is not None else ""
            setup.append(Line(f"_subject = {owner.name}({construct})"))
            name = f"_subject.{function.name}"
            if function.name == "__init__":
                name, arguments = owner.name, construct
                setup.pop()
            elif "property" in decorators or "cached_property" in decorators:
                return f"_subject.{function.name}", [Line(line) for line in _unique(imports)] + setup, sentences
    call = f"{name}({arguments})"
    if isinstance(function, ast.AsyncFunctionDef):
        imports.append("import asyncio")
        call = f"asyncio.run({call})"
    elif any(isinstance(node, (ast.Yield, ast.YieldFrom)) for node in _own_nodes(function)):
        call = f"for _ in {call}: pass"
    return call, [Line(line) for line in _unique(imports)] + setup, sentences


def _unique(blocks):
    lines = []
    for block in dict.fromkeys(blocks):
        for line in block.rstrip("\n").split("\n") if block else ():
            if not (line.startswith("import ") and line in lines):
                lines.append(line)
    return lines


def _own_nodes(function):
    stack = list(function.body)
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, _FUNCTIONS + (ast.Lambda, ast.ClassDef)):
            stack.extend(ast.iter_child_nodes(node))


def _arguments(function, is_method, model, given, shape, text, sentences, imports):
    """Source of the arguments: only parameters without a default get one."""
    arguments = function.args
    positional = arguments.posonlyargs + arguments.args
    required = positional[:len(positional) - len(arguments.defaults)]
    if is_method and required:
        required = required[1:]
    parts = []
    own = "\n".join(model.text.rows[function.lineno - 1:function.end_lineno])
    needed = [(argument, False) for argument in required]
    needed += [(argument, True) for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults) if default is None]
    for argument, by_keyword in needed:
        if argument.arg in given:
            source = given[argument.arg]
            sentences.append(f"{argument.arg}: {source} (verify-with)")
        else:
            annotation = ast.unparse(argument.annotation) if argument.annotation is not None else None
            value = guess.value_for(argument.arg, own, shape, annotation)
            if value is None:
                raise CannotCut(f"a value for the parameter {argument.arg!r} of {function.name}() "
                                f"(# tflint-mem: verify-with {argument.arg}=...)")
            source = value.source
            imports.append(value.imports)
            sentences.append(f"{argument.arg}: {value.text}")
        parts.append(f"{argument.arg}={source}" if by_keyword else source)
    return ", ".join(parts)


# -- instrumentation ----------------------------------------------------------------------------------------------------


def _instrument(driver, repeat, once, given):
    """Puts the probe into the text of the repeat.  Returns a Synthetic that has to stand behind the target, or None."""
    text = driver.texts.setdefault(repeat.model, repeat.model.text.fresh())
    node = repeat.node
    if once:
        body = _moved(text.statement(node), text.indent(node) or "")
        return _once_lines(driver, repeat, body)
    if repeat.kind == "loop" and isinstance(node, ast.While):
        indent = text.indent(node)
        first = node.body[0]
        if indent is None or first.lineno == node.lineno:
            raise CannotCut("a while loop whose body begins in a row of its own")
        text.insert(node.lineno, f"{indent}_repeats = repeat({_ENDLESS})")
        text.insert(text.first_row(first), f"{text.indent(first)}next(_repeats)")
        return None
    if repeat.kind == "loop" and isinstance(node, ast.AsyncFor):
        raise CannotCut("a loop that is not an `async for`")
    if repeat.kind == "loop":
        _wrap(text, node.iter, _in_class_body(repeat))
    elif repeat.kind == "comprehension":
        _wrap(text, node.generators[0].iter, _in_class_body(repeat))
    elif repeat.kind == "map":
        _wrap(text, node.args[1], False)
    elif repeat.kind == "function":
        model = repeat.model
        own = "\n".join(model.text.rows)
        call, setup, sentences = _call_of(node, None, model, given, own)
        driver.stand_ins += sentences
        indent = text.indent(node) or ""
        lines = setup + [Line(f"for _ in repeat({_ENDLESS}):"), Line("    " + call)]
        return Synthetic([Line(indent + line.text) for line in lines])
    else:
        indent = text.indent(node) or ""
        body = [Line("    " + line.text if line.text.strip() else line.text, line.origin) for line in text.statement(node)]
        return Replacing([Line(f"{indent}for _ in repeat({_ENDLESS}):")] + body, reads(node))
    return None


def _go_on(driver, repeat, flagged_row, further):
    """The Synthetic that goes on behind the loop, or None."""
    driver.behind = behind(repeat, driver.texts[repeat.model], flagged_row) if further else None
    return driver.behind.lines if driver.behind is not None else None


def _moved(lines, indent):
    return [Line("    " + line.text if line.text.strip() else line.text, line.origin) for line in lines]


def _once_lines(driver, repeat, body):
    indent = driver.texts[repeat.model].indent(repeat.node) or ""
    # the first operation: conflicts in the configuration of devices come to light only there
    after = [Line(indent + "    import tensorflow as _tensorflow"), Line(indent + "    _tensorflow.zeros(1)")]
    return Replacing([Line(f"{indent}for _ in repeat(range(1)):")] + body + after, reads(repeat.node))


def _in_class_body(repeat):
    for node in reversed(repeat.chain[:-1]):
        if isinstance(node, _FUNCTIONS + (ast.Lambda,)):
            return False
        if isinstance(node, ast.ClassDef):
            return True
    return False


def _wrap(text, node, in_class):
    """`xs` -> `repeat(xs)`; an expression that makes its elements anew for each pass -> `repeat(lambda: ...)`."""
    simple = isinstance(node, (ast.Name, ast.Attribute, ast.Constant, ast.List, ast.Tuple)) or (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("range", "sorted", "list"))
    bound = any(isinstance(inner, (ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr)) for inner in ast.walk(node))
    head = "repeat(" if simple or bound or in_class else "repeat(lambda: "
    if isinstance(node, ast.Tuple) and not _parenthesised(text, node):
        head, tail = head + "(", "))"
    else:
        tail = ")"
    text.patch([(node.lineno, node.col_offset, 0, head), (node.end_lineno, node.end_col_offset, 0, tail)])


def _parenthesised(text, node):
    row = text.rows[node.lineno - 1].encode("utf-8")
    return row[node.col_offset:node.col_offset + 1] == b"("


# -- putting it together ------------------------------------------------------------------------------------------------


def _assembled(finding, files, driver, flagged, given, rows, setup_names):
    """The Snippet of a driver: cuts all files until no cut asks for more."""
    main = driver.model
    pruned = driver.pruned
    statement = driver.statement
    region_node = None
    if statement is not None:
        region_node = pruned.get(main, {}).get(statement, statement)
    region = driver.region
    wanted = {main: set()}
    if region is not None:
        wanted[main] |= region.names
    if region_node is not None and not isinstance(region, Replacing):
        wanted[main] |= exposed(region_node)
    elif isinstance(region, Replacing):
        wanted[main] |= region.names
    wanted[main] |= _names_in("\n".join(line.text for line in driver.setup))
    cuts, attributes = {}, set()
    for other in pruned:
        wanted.setdefault(other, set()).update(getattr(top, "name", "") for top in pruned[other])
    for other in wanted:
        wanted[other].discard("")
    for _ in range(_MOST_ROUNDS):
        before = (len(attributes), {model.path: len(names) for model, names in wanted.items()})
        for model in list(wanted):
            is_main = model is main
            # functions on the way are wanted by their callers, not for themselves, in the file of the driver
            names = wanted[model]
            if is_main and statement is not None:
                names = names - {getattr(top, "name", "") for top in pruned.get(model, {}) if top is statement}
            cuts[model] = cut(model, names, statement if is_main else None, pruned.get(model), attributes,
                              rows.get(model, ()), set(given) | set(setup_names))
        nodes = [node for piece in cuts.values() for node in piece.nodes()] + ([region_node] if region_node is not None else [])
        attributes |= attributes_in(nodes)
        if region is not None:
            for line in region.lines + driver.setup:
                attributes |= _attributes_in_text(line.text)
        for model, piece in list(cuts.items()):
            own = piece.nodes() + ([region_node] if model is main and region_node is not None else [])
            for other, names in _imports_of(files, model, own, piece.needed, attributes):
                wanted.setdefault(other, set()).update(names)
        if before == (len(attributes), {model.path: len(names) for model, names in wanted.items()}):
            break
    return _snippet(finding, files, driver, cuts, region_node, flagged, given, setup_names)


def _names_in(text):
    try:
        body = ast.parse(text).body
        return exposed(*body) - {name for statement in body for name in binds(statement)}
    except SyntaxError:
        return set()


def _attributes_in_text(text):
    import re

    return set(re.findall(r"\.(\w+)", text))


def _imports_of(files, model, nodes, needed, attributes):
    """[(other FileModel, names wanted from it)] of the imports in kept statements of `model`.

    attributes: attribute names used anywhere in the snippet: what is taken from a module that another file imports.
    """
    found = []
    for node in nodes:
        if isinstance(node, Synthetic):
            continue
        for child in ast.walk(node):
            top = child is node
            if isinstance(child, ast.Import):
                for alias in child.names:
                    bound = alias.asname or alias.name.split(".")[0]
                    if top and bound not in needed:
                        continue
                    parts = tuple(alias.name.split("."))
                    other = files.resolve(parts, model)
                    if other is not None:
                        name = alias.asname or alias.name
                        used = attributes_of(name, *nodes) if "." not in name else _dotted_attributes(name, nodes)
                        found.append((other, used | (other.names() & attributes) if used is not None else other.names()))
                        found += _packages(files, model, parts)
            elif isinstance(child, ast.ImportFrom):
                parts = absolute_parts(child, model)
                other = files.resolve(parts, model) if parts else None
                for alias in child.names:
                    if top and alias.name != "*" and (alias.asname or alias.name) not in needed:
                        continue
                    inner = files.resolve(parts + (alias.name,), model)
                    if alias.name == "*" and other is not None:
                        found.append((other, other.names() & needed if top else other.names()))
                    elif inner is not None and (other is None or alias.name not in other.names()):
                        used = attributes_of(alias.asname or alias.name, *nodes)
                        found.append((inner, used | (inner.names() & attributes) if used is not None else inner.names()))
                        found += _packages(files, model, parts + (alias.name,))
                    elif other is not None:
                        found.append((other, {alias.name}))
                if other is not None:
                    found += _packages(files, model, parts)
    return found


def _packages(files, model, parts):
    """The `__init__` files on the way to a module: they run when it is imported, cut down to nothing where nothing is used."""
    found = []
    for length in range(1, len(parts)):
        package = files.resolve(parts[:length], model)
        if package is not None and package.is_package:
            found.append((package, set()))
    return found


def _dotted_attributes(dotted_name, nodes):
    from .scope import dotted

    found = set()
    for node in nodes:
        for child in ast.walk(node):
            if isinstance(child, ast.Attribute):
                full = dotted(child)
                if full and full.startswith(dotted_name + ".") and "." not in full[len(dotted_name) + 1:]:
                    found.add(full[len(dotted_name) + 1:])
    return found


def _snippet(finding, files, driver, cuts, region_node, flagged, given, setup_names):
    main = driver.model
    piece = cuts[main]
    text = driver.texts.get(main) or main.text.fresh()
    _make_absolute(main, text)
    future = [alias.name for node in main.tree.body if isinstance(node, ast.ImportFrom) and node.module == "__future__"
              for alias in node.names]
    keep = [node for node in piece.prelude if not (isinstance(node, ast.ImportFrom) and node.module == "__future__")]
    prelude = write(keep, text, piece.needed, main, main=True)
    setup = [line for node in piece.setup for line in dedented(write([node], text, None, main, main=True))]
    setup += [Line(line.text, line.origin) for line in driver.setup]
    if isinstance(driver.region, Replacing):
        region = dedented(driver.region.lines)
    elif driver.region is not None and driver.statement is None:
        region = list(driver.region.lines)
    else:
        region = dedented(write([region_node], text, None, main, main=True))
        if driver.region is not None:
            region += dedented(driver.region.lines)
    stand_ins = list(driver.stand_ins)
    head, needs, guessed = [], [], []
    missing = set(piece.missing) - (binds(region_node) if region_node is not None else set())
    for other in cuts:
        star = any(isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names) for node in piece.prelude)
        if star:
            missing = {name for name in missing if name not in other.names()}
    source = "\n".join(line.text for line in prelude + setup + region)
    shape = plausible_shape(source)
    foreign_star = any(isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names)
                       and files.resolve(absolute_parts(node, main), main) is None for node in piece.prelude)
    for name in sorted(given):
        if name in missing or name in main.names():
            line = Line(f"{name} = {given[name]}")
            (setup if name in main.names() else head).append(line)
            stand_ins.append(f"{name}: {given[name]} (verify-with)")
            missing.discard(name)
    for name in sorted(missing - {"repeat", "again", "behind", "_subject"} - set(setup_names)):
        if foreign_star or name.startswith("_repeats"):
            continue  # perhaps from the star import; a NameError at run time is repaired there
        value = guess.value_for(name, source, shape)
        if value is None:
            continue  # not every name that is read is reached: let the run tell
        guessed.append(value.imports)
        head.append(Line(f"{name} = {value.source}"))
        stand_ins.append(f"{name}: {value.text}")
    head[:0] = [Line(line) for line in _unique(guessed)]
    modules = {}
    for other, other_piece in cuts.items():
        if other is main:
            continue
        other_text = driver.texts.get(other, other.text)
        lines = write(other_piece.prelude, other_text, other_piece.needed, other)
        if other in driver.texts and any("repeat(" in line.text for line in lines):
            at = next((number for number, line in enumerate(lines) if not line.text.startswith(("from __future__", '"""', "#"))), 0)
            own = any("in behind(" in line.text for line in lines)
            lines.insert(at, Line("from __main__ import behind, repeat" if own else "from __main__ import repeat"))
        for name in other.module_files():
            modules[name] = lines
    loop = driver.repeat.node
    elements = ast.unparse(loop.iter) if isinstance(loop, (ast.For, ast.AsyncFor)) else ""
    target = ast.unparse(loop.target) if isinstance(loop, (ast.For, ast.AsyncFor)) else ""
    place = f"{finding.path}:{finding.start[0]}" if finding.cell is None else f"{finding.path}:cell {finding.cell}:{finding.start[0]}"
    return Snippet(finding.code, finding.name, place, head + prelude, region, setup=setup, flagged=flagged, future=future,
                   modules=modules, elements=elements, target=target, stand_ins=stand_ins, needs=needs,
                   count=_count(driver.repeat), keyed=keyed(driver.repeat, flagged[1] if driver.repeat.model.path == flagged[0] else None),
                   behind=driver.behind)


def _make_absolute(model, text):
    """Relative imports inside functions: the snippet is no member of a package."""
    import re

    for node in ast.walk(model.tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            row = text.rows[node.lineno - 1].encode("utf-8")
            match = re.compile(rb"from\s*\.+\s*[\w.]*").match(row, node.col_offset)
            if match:
                name = "from " + ".".join(absolute_parts(node, model)) + " "
                text.patch([(node.lineno, node.col_offset, len(match.group(0).rstrip()), name.rstrip())])


def _count(repeat):
    """How many elements the code spells out for the loop, None when that takes running it."""
    if repeat.kind == "loop" and isinstance(repeat.node, ast.For):
        return _length(repeat.node.iter, repeat.model)
    if repeat.kind == "comprehension":
        return _length(repeat.node.generators[0].iter, repeat.model)
    return None


def _length(node, model, depth=0):
    if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        return None if any(isinstance(element, ast.Starred) for element in node.elts) else len(node.elts)
    if isinstance(node, ast.Dict):
        return None if None in node.keys else len(node.keys)
    if isinstance(node, ast.Name) and depth < 3:
        values = [statement.value for statement in model.tree.body if isinstance(statement, ast.Assign)
                  and any(isinstance(target, ast.Name) and target.id == node.id for target in statement.targets)]
        return _length(values[0], model, depth + 1) if len(values) == 1 and not _is_filled(node.id, model.tree) else None
    if isinstance(node, ast.Call):
        name = base_name(node.func)
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("items", "keys", "values") and not node.args:
            return _length(node.func.value, model, depth)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "take" and len(node.args) == 1:
            return node.args[0].value if isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, int) else None
        if name == "range" and isinstance(node.func, ast.Name):
            numbers = [argument.value if isinstance(argument, ast.Constant) and isinstance(argument.value, int) else None
                       for argument in node.args]
            return len(range(*numbers)) if numbers and None not in numbers and 0 not in numbers[2:] else None
        if name in ("enumerate", "sorted", "reversed", "list", "tuple", "tqdm") and node.args:
            return _length(node.args[0], model, depth)
        if name == "zip" and node.args:
            lengths = [_length(argument, model, depth) for argument in node.args]
            known = [length for length in lengths if length is not None]
            return min(known) if known else None
    return None


def _is_filled(name, tree):
    """Does the program add to, or take from, the list that it spells out?"""
    for node in ast.walk(tree):
        changed = None
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _FILLING:
            changed = node.func.value
        elif isinstance(node, ast.AugAssign):
            changed = node.target
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, (ast.Store, ast.Del)):
            changed = node.value
        if isinstance(changed, ast.Name) and changed.id == name:
            return True
    return False
