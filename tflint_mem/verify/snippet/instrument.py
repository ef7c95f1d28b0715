"""Puts the probe into the text of what repeats: `for x in xs` becomes `for x in repeat(xs)`."""

from __future__ import annotations

import ast

from .direct_call import call_of
from .lines import Line
from .pruning import Replacing
from .scope import Synthetic, reads
from .snippet import CannotCut
from .source_text import Patch
from .syntax import FUNCTIONS, first_row, last_column, last_row

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .region import Repeat
    from .source_text import Text

ENDLESS = "range(1000000000)"


class Probe:
    """What goes with the probe that was put into a text.

    after       lines that have to stand behind the target (in its place: a Replacing), or None
    stand_ins   what was made up for it, one sentence each
    """

    __slots__ = ("after", "stand_ins")

    def __init__(self, after: Synthetic | None = None, stand_ins: Iterable[str] = ()) -> None:
        self.after, self.stand_ins = after, list(stand_ins)


def instrument(repeat: Repeat, text: Text, once: bool, given: Mapping[str, str]) -> Probe:
    """Puts the probe into the text of the repeat's file.  Raises CannotCut for what cannot be stepped through.

    once    run it a single time        given   source of values, by name of the parameter they are for
    """
    statement = repeat.statement()
    if once and statement is not None:
        return Probe(_once(text, statement))
    loop, comprehension, function = repeat.for_loop(), repeat.comprehension(), repeat.function()
    if isinstance(statement, ast.While) and repeat.kind == "loop":
        _step(text, statement)
    elif loop is not None:
        _wrap(text, loop.iter, _in_class_body(repeat))
    elif repeat.kind == "loop":
        raise CannotCut("a loop that is not an `async for`")
    elif comprehension is not None:
        _wrap(text, comprehension.generators[0].iter, _in_class_body(repeat))
    elif isinstance(repeat.node, ast.Call):
        _wrap(text, repeat.node.args[1], False)
    elif function is not None:
        call = call_of(function, None, repeat.model, given, "\n".join(repeat.model.text.rows))
        indent = text.indent(function) or ""
        lines = call.setup + [Line(f"for _ in repeat({ENDLESS}):"), Line("    " + call.source)]
        return Probe(Synthetic([Line(indent + line.text) for line in lines]), call.stand_ins)
    elif statement is not None:
        return Probe(_again(text, statement))
    return Probe()


def _step(text: Text, loop: ast.While) -> None:
    """Takes a step of the probe at the head of each pass of a `while` loop."""
    indent = text.indent(loop)
    first = loop.body[0]
    if indent is None or first.lineno == loop.lineno:
        raise CannotCut("a while loop whose body begins in a row of its own")
    text.insert(loop.lineno, f"{indent}_repeats = repeat({ENDLESS})")
    text.insert(first_row(first), f"{text.indent(first)}next(_repeats)")


def _again(text: Text, statement: ast.stmt) -> Replacing:
    """The statement inside a loop without end."""
    indent = text.indent(statement) or ""
    head = [Line(f"{indent}for _ in repeat({ENDLESS}):")]
    return Replacing(head + _moved(text.statement(statement)), reads(statement))


def _once(text: Text, statement: ast.stmt) -> Replacing:
    """The statement, a single time, and the first operation behind it: conflicts in the configuration of devices come
    to light only there."""
    indent = text.indent(statement) or ""
    head = [Line(f"{indent}for _ in repeat(range(1)):")]
    after = [Line(indent + "    import tensorflow as _tensorflow"), Line(indent + "    _tensorflow.zeros(1)")]
    return Replacing(head + _moved(text.statement(statement)) + after, reads(statement))


def _moved(lines: Iterable[Line]) -> list[Line]:
    return [Line("    " + line.text if line.text.strip() else line.text, line.origin) for line in lines]


def _in_class_body(repeat: Repeat) -> bool:
    for node in reversed(repeat.chain[:-1]):
        if isinstance(node, (*FUNCTIONS, ast.Lambda)):
            return False
        if isinstance(node, ast.ClassDef):
            return True
    return False


def _wrap(text: Text, node: ast.expr, in_class: bool) -> None:
    """`xs` -> `repeat(xs)`; an expression that makes its elements anew for each pass -> `repeat(lambda: ...)`."""
    simple = isinstance(node, (ast.Name, ast.Attribute, ast.Constant, ast.List, ast.Tuple)) or (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("range", "sorted", "list")
    )
    bound = any(isinstance(inner, (ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr)) for inner in ast.walk(node))
    head = "repeat(" if simple or bound or in_class else "repeat(lambda: "
    if isinstance(node, ast.Tuple) and not _parenthesised(text, node):
        head, tail = head + "(", "))"
    else:
        tail = ")"
    text.patch(Patch(node.lineno, node.col_offset, 0, head), Patch(last_row(node), last_column(node), 0, tail))


def _parenthesised(text: Text, node: ast.Tuple) -> bool:
    row = text.rows[node.lineno - 1].encode("utf-8")
    return row[node.col_offset : node.col_offset + 1] == b"("
