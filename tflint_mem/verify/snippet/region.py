"""Where the repeat of a finding is: the loop, comprehension or function whose passes are to be measured."""

from __future__ import annotations

import ast

from .call_sites import call_sites, last_name
from .scope import base_name
from .syntax import (
    COMPREHENSIONS,
    FUNCTIONS,
    LOOPS,
    classes_in,
    first_row,
    functions_in,
    has_place,
    has_row,
    is_main_guard,
    path_to,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal

    from .first_party import FileModel, Files
    from .lines import Origin
    from .syntax import Chain, Comprehension, Function

    Kind = Literal["loop", "comprehension", "map", "function", "statement"]

_MOST_CALLS_DEEP = 5  # from a function up to a loop that calls it


class Repeat:
    """What repeats.

    kind   "loop" (for, while), "comprehension", "map" (a call of map or filter), "function" (every call of it is one
           repeat: a handler, an objective), "statement" (nothing around it repeats: it is run again and again as it
           stands)
    model  its file
    node   the syntax node
    chain  the nodes from the module down to it, itself included
    """

    __slots__ = ("kind", "model", "node", "chain")

    def __init__(self, kind: Kind, model: FileModel, node: ast.stmt | ast.expr, chain: Chain) -> None:
        self.kind, self.model, self.node, self.chain = kind, model, node, tuple(chain)

    def functions(self) -> list[Function]:
        """The functions around the repeat, outermost first (without itself)."""
        return functions_in(self.chain[:-1])

    def classes(self) -> list[ast.ClassDef]:
        """The classes around the repeat, outermost first."""
        return classes_in(self.chain[:-1])

    def function(self) -> Function | None:
        """The function whose calls are the repeats; None for every other kind."""
        return self.node if self.kind == "function" and isinstance(self.node, FUNCTIONS) else None

    def for_loop(self) -> ast.For | None:
        """The `for` loop that repeats; None for everything else, `async for` too."""
        return self.node if self.kind == "loop" and isinstance(self.node, ast.For) else None

    def comprehension(self) -> Comprehension | None:
        """The comprehension that repeats; None for every other kind."""
        return self.node if self.kind == "comprehension" and isinstance(self.node, COMPREHENSIONS) else None

    def statement(self) -> ast.stmt | None:
        """The node where it is a statement; None for a comprehension and a call of map."""
        return self.node if isinstance(self.node, ast.stmt) else None


def find_repeats(files: Files, model: FileModel, row: int, column: int, trace: Sequence[Origin]) -> list[Repeat]:
    """Repeats for a flagged place, the best first; at least one.

    row, column  of the module, from 1 and (in UTF-8 bytes) from 0
    trace        the places from the repeat to the flagged one, outermost first, rows of the module; may be empty
    """
    found = _by_trace(files, trace)
    chain = path_to(model.tree, row, column)
    local = _around(model, chain)
    if local is not None and not found:
        found.append(local)
    function = found[0].function() if found else None
    enclosing = _functions_around(chain)
    if not found or function is not None:
        start = function or (enclosing[-1] if enclosing else None)
        origin = found[0].model if found else model
        if start is not None:
            found[:0] = _loops_that_call(files, origin, start)
            if function is None:
                found.append(_function_repeat(origin, start))
    if not found:
        found.append(_top_statement(model, chain))
    return [_outside_of_traced(files, repeat) for repeat in found]


def function_around(model: FileModel, row: int, column: int, repeats: Sequence[Repeat]) -> list[Repeat]:
    """The innermost function around a place as a Repeat, [] where there is none or `repeats` has it.

    It is what is called again and again when the program's own way does not reach the place.
    """
    enclosing = _functions_around(path_to(model.tree, row, column))
    if not enclosing or any(repeat.node is enclosing[-1] for repeat in repeats):
        return []
    return [_function_repeat(model, enclosing[-1])]


def _by_trace(files: Files, trace: Sequence[Origin]) -> list[Repeat]:
    """The repeat with which a trace begins."""
    if not trace:
        return []
    path, row = trace[0]
    inner = None
    if len(trace) > 1:
        next_path, next_row = trace[1]
        inner = next_row if next_path == path else None
    origin = files.get(path)
    repeat = _at_row(origin, row, inner) if origin is not None else None
    repeat = repeat or _later_step(files, trace)
    return [repeat] if repeat is not None else []


def _later_step(files: Files, trace: Sequence[Origin]) -> Repeat | None:
    """The first loop that begins at a later step: what comes before it is no repeat (a tape that is open around the
    loop)."""
    for path, row in trace[1:]:
        origin = files.get(path)
        repeat = _at_row(origin, row, None) if origin is not None else None
        if repeat is not None and repeat.kind == "loop":
            return repeat
    return None


def _functions_around(chain: Chain) -> list[Function]:
    """The functions in whose bodies the end of the chain lies, outermost first."""
    return [
        node
        for node, inner in zip(chain, [*chain[1:], None])
        if isinstance(node, FUNCTIONS) and not _is_made(node, inner)
    ]


def _top_statement(model: FileModel, chain: Chain) -> Repeat:
    """The top-level statement (or statement of the main guard) around a place; the file's first where there is none."""
    depth = 2 if len(chain) > 2 and is_main_guard(chain[1]) and isinstance(chain[2], ast.stmt) else 1
    way = chain[: depth + 1] if len(chain) > depth else (model.tree, model.tree.body[0])
    node = way[-1]
    assert isinstance(node, ast.stmt)
    return Repeat("statement", model, node, way)


def _function_repeat(model: FileModel, function: Function) -> Repeat:
    for node, chain in model.functions():
        if node is function:
            return Repeat("function", model, node, chain)
    raise LookupError(function.name)


def _around(model: FileModel, chain: Chain) -> Repeat | None:
    """The innermost loop around the end of the chain, in the same function; what a `for` runs over is outside of it."""
    for depth in range(len(chain) - 1, 0, -1):
        node = chain[depth]
        inner = chain[depth + 1] if depth + 1 < len(chain) else None
        if isinstance(node, (*FUNCTIONS, ast.Lambda)):
            if _is_made(node, inner):
                continue  # the place is the definition itself: what repeats is around it
            return None
        if isinstance(node, (ast.For, ast.AsyncFor)) and (inner is None or inner in node.body):
            return Repeat("loop", model, node, chain[: depth + 1])
        if isinstance(node, ast.While):
            return Repeat("loop", model, node, chain[: depth + 1])
        if isinstance(node, COMPREHENSIONS) and not _in_first_iterable(node, chain[depth + 1 :]):
            return Repeat("comprehension", model, node, chain[: depth + 1])
    return None


def _is_made(function: ast.AST, inner: ast.AST | None) -> bool:
    """Does the place lie in the decorators or the head of a function, not in its body?"""
    return isinstance(function, FUNCTIONS) and inner not in function.body


def _in_first_iterable(node: Comprehension, below: Chain) -> bool:
    return len(below) >= 2 and below[0] is node.generators[0] and below[1] is node.generators[0].iter


def _at_row(model: FileModel, row: int, inner: int | None) -> Repeat | None:
    """The repeat that begins in a row: loop, comprehension, map, or function.

    inner  row of the next step in the same file: a comprehension has to reach over it; None: any will do
    """
    best: Repeat | None = None
    stack: list[tuple[ast.AST, tuple[ast.AST, ...]]] = [(model.tree, (model.tree,))]
    while stack:
        node, chain = stack.pop()
        for child in ast.iter_child_nodes(node):
            here = (*chain, child)
            if isinstance(child, LOOPS) and child.lineno == row:
                return Repeat("loop", model, child, here)
            if isinstance(child, FUNCTIONS):
                if first_row(child) <= row <= child.body[0].lineno and not (
                    row > child.lineno and row >= child.body[0].lineno
                ):
                    best = best or Repeat("function", model, child, here)
            elif isinstance(child, COMPREHENSIONS) and has_row(child, row):
                if inner is None or has_row(child, inner):
                    best = Repeat("comprehension", model, child, here)
            elif isinstance(child, ast.Call) and has_row(child, row) and best is None:
                best = _handed(model, child, here)
            if _may_hold(child, row):
                stack.append((child, here))
    return best


def _may_hold(node: ast.AST, row: int) -> bool:
    """Can what begins in the row stand inside the node?  What has no place of its own, and definitions, are looked
    into."""
    return isinstance(node, (ast.FunctionDef, ast.ClassDef)) or not has_place(node) or has_row(node, row)


def _handed(model: FileModel, call: ast.Call, chain: Chain) -> Repeat | None:
    """`map(f, xs)`, or a call that is handed a function of this file (`study.optimize(objective)`)."""
    if isinstance(call.func, ast.Name) and call.func.id in ("map", "filter") and len(call.args) == 2:
        return Repeat("map", model, call, chain)
    for argument in call.args + [keyword.value for keyword in call.keywords]:
        name = last_name(argument)
        for function, way in model.functions():
            if name is not None and function.name == name:
                return Repeat("function", model, function, way)
    return None


def _loops_that_call(
    files: Files, model: FileModel, function: Function, depth: int = 0, seen: set[int] | None = None
) -> list[Repeat]:
    """The nearest loop from which the function is called, directly or through others; [] when there is none."""
    seen = seen if seen is not None else set()
    if id(function) in seen or depth > _MOST_CALLS_DEEP:
        return []
    seen.add(id(function))
    further = []
    for site in call_sites(files, model, function):
        loop = _around(site.model, site.chain)
        if loop is not None:
            return [loop]
        around = functions_in(site.chain)
        if around:
            further.append((site.model, around[-1]))
    for caller, outer in further:
        loops = _loops_that_call(files, caller, outer, depth + 1, seen)
        if loops:
            return loops
    return []


def _outside_of_traced(files: Files, repeat: Repeat) -> Repeat:
    """A loop inside a `tf.function` or a layer's `call` is traced, not run: the repeats are the calls of that
    function."""
    for function in reversed(repeat.functions()):
        decorated = any(
            base_name(decorator) in ("tf", "tensorflow") and "function" in ast.dump(decorator)
            for decorator in function.decorator_list
        )
        if decorated or _is_call_of_layer(function, repeat.chain):
            loops = _loops_that_call(files, repeat.model, function)
            return loops[0] if loops else _function_repeat(repeat.model, function)
    return repeat


def _is_call_of_layer(function: Function, chain: tuple[ast.AST, ...]) -> bool:
    """Is it the method `call` of a class of layers or models?"""
    around = chain[chain.index(function) - 1]
    bases = around.bases if isinstance(around, ast.ClassDef) else ()
    return function.name == "call" and any((last_name(base) or "").endswith(("Layer", "Model")) for base in bases)
