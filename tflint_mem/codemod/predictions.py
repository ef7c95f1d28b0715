"""`predict` as a direct call, where the whole call stands on one row: the fix of the most frequent hint, without LibCST.

Anything less plain is for `expressions.predict_to_call` and `predict_to_on_batch`, which give the same text where both apply.
"""

import ast

from .hunks import hunks
from .outline import character, outline


def on_one_row(source, place: tuple, batch: bool):
    """Edits that make `model.predict(x)` at `place` `model(x, training=False).numpy()`, or `model.predict_on_batch(x)`; None when it is not plain.

    place   (row, offset, last row, end offset) of the call as `ast` gives them
    batch   ask for `predict_on_batch`
    """
    row, start, last, end = place
    file = outline(source)
    if row != last:
        return None
    call = file.once(
        "calls",
        lambda: {
            (node.lineno, node.col_offset, node.end_lineno, node.end_col_offset): node
            for node in reversed(file.nodes)
            if isinstance(node, ast.Call)
        },
    ).get(place)
    if (
        call is None
        or not isinstance(call.func, ast.Attribute)
        or len(call.args) != 1
        or any(k.arg != "verbose" for k in call.keywords)
    ):
        return None
    data, line = call.args[0], file.lines[row - 1]
    if isinstance(data, (ast.Starred, ast.GeneratorExp)):
        return None
    opening = character(line, call.func.end_col_offset)
    first, behind = character(line, data.col_offset), character(line, data.end_col_offset)
    receiver = line[character(line, start) : opening]
    receiver, _, name = receiver.rpartition(".")
    if name != "predict" or receiver != receiver.rstrip() or line[opening:first] != "(" or line[behind] not in ",)":
        return None  # spaces or parentheses that LibCST keeps
    given = line[first:behind]
    new = f"{receiver}.predict_on_batch({given})" if batch else f"{receiver}({given}, training=False).numpy()"
    changed = line[: character(line, start)] + new + line[character(line, end) :]
    return hunks(source, file.lines, row, [line], [changed], file.newline)
