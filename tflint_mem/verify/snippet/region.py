"""Where the repeat of a finding is, and the way from the top of a program to it."""

import ast

from .cut import path_to
from .cutter import is_main_guard
from .scope import base_name

_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_MOST_CALLERS = 8


class Repeat:
    """What repeats.

    kind   "loop" (for, while), "comprehension", "map" (a call of map or filter), "function" (every call of it is one
           repeat: a handler, an objective), "statement" (nothing around it repeats: it is run again and again as it stands)
    node   the syntax node; chain: the nodes from the module down to it
    """

    __slots__ = ("kind", "model", "node", "chain")

    def __init__(self, kind, model, node, chain):
        self.kind, self.model, self.node, self.chain = kind, model, node, tuple(chain)

    def functions(self):
        """The functions around the repeat, outermost first (without itself)."""
        return [node for node in self.chain[:-1] if isinstance(node, _FUNCTIONS)]

    def classes(self):
        """The classes around the repeat, outermost first."""
        return [node for node in self.chain[:-1] if isinstance(node, ast.ClassDef)]


def find_repeats(files, model, row, column, trace):
    """Repeats for a flagged place, the best first.

    row, column  of the module, from 1 and (bytes) from 0
    trace        [(path, row of the module, bytes column)] from the repeat to the place, outermost first; may be empty
    """
    found = []
    if len(trace) >= 1:
        path, first_row, _ = trace[0]
        origin = files.get(path)
        inner = trace[1][1:] if len(trace) > 1 and trace[1][0] == path else None
        repeat = _at_row(origin, first_row, inner) if origin is not None else None
        repeat = repeat or _later_step(files, trace)
        if repeat is not None:
            found.append(repeat)
    chain = path_to(model.tree, row, column)
    local = _around(model, chain)
    if local is not None and not found:
        found.append(local)
    function = found[0].node if found and found[0].kind == "function" else None
    enclosing = [
        node
        for node, inner in zip(chain, chain[1:] + [None])
        if isinstance(node, _FUNCTIONS) and not _is_made(node, inner)
    ]
    if not found or function is not None:
        start = function or (enclosing[-1] if enclosing else None)
        origin = found[0].model if found else model
        if start is not None:
            found[:0] = _loops_that_call(files, origin, start)
            if function is None:
                found.append(_function_repeat(origin, start))
    if not found:
        depth = 2 if len(chain) > 2 and is_main_guard(chain[1]) and isinstance(chain[2], ast.stmt) else 1
        way = chain[: depth + 1] if len(chain) > depth else (model.tree, model.tree.body[0])
        found.append(Repeat("statement", model, way[-1], way))
    return [_outside_of_traced(files, repeat) for repeat in found]


def _later_step(files, trace):
    """The first loop that begins at a later step: what comes before it is no repeat (a tape that is open around the loop)."""
    for path, row, _ in trace[1:]:
        origin = files.get(path)
        repeat = _at_row(origin, row, None) if origin is not None else None
        if repeat is not None and repeat.kind == "loop":
            return repeat
    return None


def function_around(model, row, column, repeats):
    """[Repeat] of the innermost function around a place, where `repeats` does not have it: what is called again and again when
    the program's own way does not reach the place."""
    chain = path_to(model.tree, row, column)
    enclosing = [
        node
        for node, inner in zip(chain, chain[1:] + [None])
        if isinstance(node, _FUNCTIONS) and not _is_made(node, inner)
    ]
    if not enclosing or any(repeat.node is enclosing[-1] for repeat in repeats):
        return []
    return [_function_repeat(model, enclosing[-1])]


def _function_repeat(model, function):
    for node, chain in model.functions():
        if node is function:
            return Repeat("function", model, node, chain)
    raise LookupError(function.name)


def _around(model, chain):
    """The innermost loop around the end of the chain, in the same function; what a `for` runs over is outside of it."""
    for depth in range(len(chain) - 1, 0, -1):
        node = chain[depth]
        inner = chain[depth + 1] if depth + 1 < len(chain) else None
        if isinstance(node, _FUNCTIONS + (ast.Lambda,)):
            if _is_made(node, inner):
                continue  # the place is the definition itself: what repeats is around it
            return None
        if isinstance(node, (ast.For, ast.AsyncFor)) and (inner is None or inner in node.body):
            return Repeat("loop", model, node, chain[: depth + 1])
        if isinstance(node, ast.While):
            return Repeat("loop", model, node, chain[: depth + 1])
        if isinstance(node, _COMPREHENSIONS) and not _in_first_iterable(node, chain[depth + 1 :]):
            return Repeat("comprehension", model, node, chain[: depth + 1])
    return None


def _is_made(function, inner):
    """Does the place lie in the decorators or the head of a function, not in its body?"""
    return isinstance(function, _FUNCTIONS) and inner not in function.body


def _in_first_iterable(node, below):
    return len(below) >= 2 and below[0] is node.generators[0] and below[1] is node.generators[0].iter


def _at_row(model, row, inner):
    """The repeat that begins in a row: loop, comprehension, map, or function."""
    best = None
    stack = [(model.tree, (model.tree,))]
    while stack:
        node, chain = stack.pop()
        for child in ast.iter_child_nodes(node):
            here = chain + (child,)
            if isinstance(child, _LOOPS) and child.lineno == row:
                return Repeat("loop", model, child, here)
            if isinstance(child, _FUNCTIONS):
                first = min([child.lineno] + [decorator.lineno for decorator in child.decorator_list])
                if first <= row <= child.body[0].lineno and not (row > child.lineno and row >= child.body[0].lineno):
                    best = best or Repeat("function", model, child, here)
            elif isinstance(child, _COMPREHENSIONS) and child.lineno <= row <= child.end_lineno:
                if inner is None or child.lineno <= inner[0] <= child.end_lineno:
                    best = Repeat("comprehension", model, child, here)
            elif isinstance(child, ast.Call) and child.lineno <= row <= child.end_lineno and best is None:
                best = _handed(model, child, here)
            if (
                not hasattr(child, "lineno")
                or child.lineno <= row <= child.end_lineno
                or isinstance(child, (ast.FunctionDef, ast.ClassDef))
            ):
                stack.append((child, here))
    return best


def _handed(model, call, chain):
    """`map(f, xs)`, or a call that is handed a function of this file (`study.optimize(objective)`)."""
    if isinstance(call.func, ast.Name) and call.func.id in ("map", "filter") and len(call.args) == 2:
        return Repeat("map", model, call, chain)
    for argument in call.args + [keyword.value for keyword in call.keywords]:
        name = (
            argument.attr
            if isinstance(argument, ast.Attribute)
            else argument.id
            if isinstance(argument, ast.Name)
            else None
        )
        for function, way in model.functions():
            if name is not None and function.name == name:
                return Repeat("function", model, function, way)
    return None


def call_sites(files, model, function):
    """[(model, chain to the call)] of calls of a function by its name: in its own file first, then in files that name it.

    A method is matched by its name and what the file says about the receiver: made by its class, or unknown and the name
    is no common one.
    """
    found = []
    own = [chain for node, chain in model.functions() if node is function]
    is_method = bool(own) and isinstance(own[0][-2], ast.ClassDef)
    owner = own[0][-2].name if is_method else None
    candidates = [model] + list(files.importers(owner or function.name, model))
    names = {function.name}
    if is_method:
        if function.name == "__init__":
            names = {owner}
            is_method = False
        elif function.name == "__call__":
            return []
    for candidate in candidates:
        stack = [(candidate.tree, (candidate.tree,))]
        while stack:
            node, chain = stack.pop()
            for child in ast.iter_child_nodes(node):
                here = chain + (child,)
                if (
                    isinstance(child, ast.Call)
                    and function not in here
                    and _calls(child, names, is_method)
                    and (not is_method or _may_be(child.func.value, owner, candidate, here, function.name))
                ):
                    found.append((candidate, here))
                stack.append((child, here))
        if len(found) >= _MOST_CALLERS:
            break
    found.sort(
        key=lambda site: (
            site[0] is not model,
            sum(isinstance(node, _FUNCTIONS) for node in site[1]),
            site[1][-1].lineno,
        )
    )
    return found[:_MOST_CALLERS]


def _calls(call, names, is_method):
    if isinstance(call.func, ast.Name):
        return not is_method and call.func.id in names
    if isinstance(call.func, ast.Attribute):
        # `self.run()`, `predictor.run()`, `module.run()`; not a method of the same name on a literal or another call's result
        return call.func.attr in names and base_name(call.func) is not None
    return False


_COMMON = frozenset(
    """
run call fit predict get set load save start stop close open read write update reset step train test evaluate build compile add
append apply process transform forward send main init execute next show print format copy create make
""".split()
)


def _may_be(receiver, owner, model, chain, method):
    """Can the receiver of a method call be an instance of the class `owner`, as far as this file tells?"""
    if isinstance(receiver, ast.Call):
        return _tail(receiver.func) == owner
    if isinstance(receiver, ast.Name) and receiver.id in ("self", "cls"):
        classes = [node for node in chain if isinstance(node, ast.ClassDef)]
        if not classes:
            return False
        return (
            classes[-1].name == owner
            or any(_tail(base) == owner for base in classes[-1].bases)
            or any(
                isinstance(other, ast.ClassDef)
                and other.name == owner
                and any(_tail(base) == classes[-1].name for base in other.bases)
                for other in model.tree.body
            )
        )
    if isinstance(receiver, ast.Name) and receiver.id == owner:
        return True
    name = _tail(receiver)
    made = set()
    for node in ast.walk(model.tree):
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        if any(_tail(target) == name for target in targets):
            value = node.value
            made.add(_tail(value.func) if isinstance(value, ast.Call) else None)
        elif isinstance(node, ast.withitem) and node.optional_vars is not None and _tail(node.optional_vars) == name:
            made.add(_tail(node.context_expr.func) if isinstance(node.context_expr, ast.Call) else None)
    if owner in made:
        return True
    return not (made - {None}) and method not in _COMMON


def _tail(node):
    """The last name of `a.b.c`; None for anything that is no name."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else None


def _loops_that_call(files, model, function, depth=0, seen=None):
    """Loops from which the function is called, directly or through others: nearest first."""
    seen = seen if seen is not None else set()
    if id(function) in seen or depth > 5:
        return []
    seen.add(id(function))
    further = []
    for caller, chain in call_sites(files, model, function):
        loop = _around(caller, chain)
        if loop is not None:
            return [loop]
        around = [node for node in chain if isinstance(node, _FUNCTIONS)]
        if around:
            further.append((caller, around[-1]))
    for caller, outer in further:
        loops = _loops_that_call(files, caller, outer, depth + 1, seen)
        if loops:
            return loops
    return []


def _outside_of_traced(files, repeat):
    """A loop inside a `tf.function` or a layer's `call` is traced, not run: the repeats are the calls of that function."""
    for function in reversed(repeat.functions()):
        decorated = any(
            base_name(decorator) in ("tf", "tensorflow") and "function" in ast.dump(decorator)
            for decorator in function.decorator_list
        )
        if decorated or _is_call_of_layer(function, repeat.chain):
            loops = _loops_that_call(files, repeat.model, function)
            return loops[0] if loops else _function_repeat(repeat.model, function)
    return repeat


def _is_call_of_layer(function, chain):
    """Is it the method `call` of a class of layers or models?"""
    around = chain[chain.index(function) - 1]
    bases = around.bases if isinstance(around, ast.ClassDef) else ()
    return function.name == "call" and any((_tail(base) or "").endswith(("Layer", "Model")) for base in bases)
