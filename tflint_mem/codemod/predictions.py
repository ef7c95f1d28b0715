"""`predict` as a direct call, where the call stands on one row: the fix of the most frequent hint, without LibCST.

Anything less plain is for `expressions.predict_to_call` and `predict_to_on_batch`, which give the same text where both
apply.
"""

from __future__ import annotations

import ast

from .hunks import hunks
from .outline import beginning, character, ending, extent, outline

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.facts import Pos
    from tflint_mem.finding import Edit
    from tflint_mem.sources.source import Source

    from .outline import Outline


def on_one_row(source: Source, place: Pos, batch: bool) -> list[Edit] | None:
    """Edits that make `model.predict(x)` at `place` `model(x, training=False).numpy()`; None when it is not plain.

    batch   make it `model.predict_on_batch(x)`
    """
    file = outline(source)
    call = file.once("calls", lambda: _calls(file)).get(place)
    if (
        call is None
        or call.lineno != call.end_lineno
        or not isinstance(call.func, ast.Attribute)
        or len(call.args) != 1
        or any(k.arg != "verbose" for k in call.keywords)
    ):
        return None
    row, start = beginning(call)
    _, end = ending(call)
    data, line = call.args[0], file.lines[row - 1]
    if isinstance(data, (ast.Starred, ast.GeneratorExp)):
        return None
    opening = _column_behind(line, call.func)
    first, behind = character(line, data.col_offset), _column_behind(line, data)
    receiver = line[character(line, start) : opening]
    receiver, _, name = receiver.rpartition(".")
    if name != "predict" or receiver != receiver.rstrip() or line[opening:first] != "(" or line[behind] not in ",)":
        return None  # spaces or parentheses that LibCST keeps
    given = line[first:behind]
    new = f"{receiver}.predict_on_batch({given})" if batch else f"{receiver}({given}, training=False).numpy()"
    changed = line[: character(line, start)] + new + line[character(line, end) :]
    return hunks(source, file.lines, row, [line], [changed], file.newline)


def _column_behind(line: str, node: ast.expr) -> int:
    """The character of the line, from 0, behind a node that ends in it."""
    _, offset = ending(node)
    return character(line, offset)


def _calls(file: Outline) -> dict[object, ast.Call]:
    """All calls by their extents, which equal their `Pos`; of two with the same one the outer."""
    return {extent(node): node for node in reversed(file.nodes) if isinstance(node, ast.Call)}
