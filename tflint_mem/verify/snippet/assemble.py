"""From a driver to the snippet: all files are cut down to what it needs, until no cut asks for more."""

import ast
import re

from tflint_mem.verify.plan.protocols import REFUSED
from tflint_mem.verify.standins import guess
from tflint_mem.verify.standins.hints import plausible_shape

from .behind import keyed
from .calling import unique
from .cutter import Replacing, Synthetic, attributes_in, cut, write
from .files import absolute_parts
from .length import count, of_parts
from .scope import attributes_of, binds, dotted, exposed
from .snippet import Line, Snippet, dedented

_MOST_ROUNDS = 6


def assembled(finding, files, driver, flagged, given, rows, setup_names):
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
    if finding.code in REFUSED:
        _named_by_trace(files, main, rows, wanted)
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
            cuts[model] = cut(
                model,
                names,
                statement if is_main else None,
                pruned.get(model),
                attributes,
                rows.get(model, ()),
                set(given) | set(setup_names),
            )
        nodes = [node for piece in cuts.values() for node in piece.nodes()] + (
            [region_node] if region_node is not None else []
        )
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


def _named_by_trace(files, main, rows, wanted):
    """Keeps the imports of what the trace itself names in other files: that it has run is what the finding is about."""
    for other, at in rows.items():
        if other is main:
            continue
        names = set()
        for statement in main.tree.body:
            if (
                isinstance(statement, ast.ImportFrom)
                and files.resolve(absolute_parts(statement, main), main, False) is other
            ):
                names |= {alias.asname or alias.name for alias in statement.names if alias.name != "*"}
            elif isinstance(statement, ast.Import):
                names |= {
                    alias.asname or alias.name.split(".")[0]
                    for alias in statement.names
                    if files.resolve(tuple(alias.name.split(".")), main, False) is other
                }
        if not names:
            continue
        wanted[main] |= names
        bound = [
            binds(statement)
            for statement in other.tree.body
            if any(statement.lineno <= row <= statement.end_lineno for row in at)
        ]
        wanted.setdefault(other, set()).update(*bound)


def _names_in(text):
    try:
        body = ast.parse(text).body
        return exposed(*body) - {name for statement in body for name in binds(statement)}
    except SyntaxError:
        return set()


def _attributes_in_text(text):
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
                        found.append(
                            (other, used | (other.names() & attributes) if used is not None else other.names())
                        )
                        found += _packages(files, model, parts)
                        found += _submodules(files, model, parts, other, name, used, nodes)
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
                        found.append(
                            (inner, used | (inner.names() & attributes) if used is not None else inner.names())
                        )
                        found += _packages(files, model, parts + (alias.name,))
                    elif other is not None:
                        found.append((other, {alias.name}))
                if other is not None:
                    found += _packages(files, model, parts)
    return found


def _submodules(files, model, parts, package, name, used, nodes):
    """`import package`, then `package.module.function`: what is used of modules that the package itself imports."""
    if not package.is_package or not used:
        return []
    found = []
    for attribute in sorted(used - package.names()):
        inner = files.resolve(parts + (attribute,), model)
        if inner is not None:
            found.append((inner, _dotted_attributes(f"{name}.{attribute}", nodes)))
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
    found = set()
    for node in nodes:
        for child in ast.walk(node):
            if isinstance(child, ast.Attribute):
                full = dotted(child)
                if full and full.startswith(dotted_name + ".") and "." not in full[len(dotted_name) + 1 :]:
                    found.add(full[len(dotted_name) + 1 :])
    return found


def _snippet(finding, files, driver, cuts, region_node, flagged, given, setup_names):
    main = driver.model
    piece = cuts[main]
    text = driver.texts.get(main) or main.text.fresh()
    _make_absolute(main, text)
    future = [
        alias.name
        for node in main.tree.body
        if isinstance(node, ast.ImportFrom) and node.module == "__future__"
        for alias in node.names
    ]
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
        star = any(
            isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names)
            for node in piece.prelude
        )
        if star:
            missing = {name for name in missing if name not in other.names()}
    source = "\n".join(line.text for line in prelude + setup + region)
    shape = plausible_shape(source)
    foreign_star = any(
        isinstance(node, ast.ImportFrom)
        and any(alias.name == "*" for alias in node.names)
        and files.resolve(absolute_parts(node, main), main) is None
        for node in piece.prelude
    )
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
    head[:0] = [Line(line) for line in unique(guessed)]
    modules = {}
    for other, other_piece in cuts.items():
        if other is main:
            continue
        other_text = driver.texts.get(other, other.text)
        lines = write(other_piece.prelude, other_text, other_piece.needed, other)
        if other in driver.texts and any("repeat(" in line.text for line in lines):
            at = next(
                (
                    number
                    for number, line in enumerate(lines)
                    if not line.text.startswith(("from __future__", '"""', "#"))
                ),
                0,
            )
            own = any("in behind(" in line.text for line in lines)
            lines.insert(at, Line("from __main__ import behind, repeat" if own else "from __main__ import repeat"))
        for name in other.module_files():
            modules[name] = lines
    loop = driver.repeat.node
    elements = ast.unparse(loop.iter) if isinstance(loop, (ast.For, ast.AsyncFor)) else ""
    target = ast.unparse(loop.target) if isinstance(loop, (ast.For, ast.AsyncFor)) else ""
    place = (
        f"{finding.path}:{finding.start[0]}"
        if finding.cell is None
        else f"{finding.path}:cell {finding.cell}:{finding.start[0]}"
    )
    return Snippet(
        finding.code,
        finding.name,
        place,
        head + prelude,
        region,
        setup=setup,
        flagged=flagged,
        future=future,
        modules=modules,
        elements=elements,
        target=target,
        stand_ins=stand_ins,
        needs=needs,
        count=count(driver.repeat),
        parts=of_parts(driver.repeat),
        keyed=keyed(driver.repeat, flagged[1] if driver.repeat.model.path == flagged[0] else None),
        behind=driver.behind,
        constant=driver.guessed and driver.repeat.kind == "function",
    )


def _make_absolute(model, text):
    """Relative imports inside functions: the snippet is no member of a package."""
    for node in ast.walk(model.tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            row = text.rows[node.lineno - 1].encode("utf-8")
            match = re.compile(rb"from\s*\.+\s*[\w.]*").match(row, node.col_offset)
            if match:
                name = "from " + ".".join(absolute_parts(node, model)) + " "
                text.patch([(node.lineno, node.col_offset, len(match.group(0).rstrip()), name.rstrip())])
