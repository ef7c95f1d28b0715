"""GPU memory growth for a whole program: the stanza for its entry point.

Without LibCST, which takes longer to import than a small project takes to check: this is the fix of the most frequent finding.
"""

import ast

from tflint_mem.finding import Edit

from . import NoFix
from .imports import add_import, insertion_row, tf_name
from .names import bound
from .outline import outline, strip_end, unique_name


def growth_stanza(source, row: int, tf: str = None, listing: str = "config") -> list:
    """Let TensorFlow take GPU memory as it needs it, right behind the file's imports.

    row      row of the first import of TensorFlow, which must stand at top level
    tf       the file's expression for the `tensorflow` module; by default what it imports, or a new `import tensorflow as tf`
    listing  where `list_physical_devices` is: "config", or "config.experimental" before TensorFlow 2.1
    """
    file = outline(source)
    at = _behind_imports(source, row)
    end = (at, len(strip_end(file.lines[at - 1])) + 1)
    lines, edits = [], []
    if tf is None:
        try:
            tf = tf_name(source, at)
        except NoFix:
            if "tf" in bound(file.tree.body):
                raise NoFix("the name tf is taken") from None
            tf = "tf"
            added = add_import(source, "import tensorflow as tf")
            if added.start < end:
                edits.append(added)
            else:
                lines.append("import tensorflow as tf")
    gpu = unique_name(source, "gpu")
    lines += [
        "",
        f'for {gpu} in {tf}.{listing}.list_physical_devices("GPU"):',
        f"{file.indent}{tf}.config.experimental.set_memory_growth({gpu}, True)",
    ]
    if at < len(file.lines) and strip_end(file.lines[at]).strip() and source.locate(at + 1)[0] == source.locate(at)[0]:
        lines.append("")
    return [*edits, Edit(start=end, end=end, content="".join(file.newline + line for line in lines))]


def _behind_imports(source, row) -> int:
    """The row behind which the stanza goes: the end of the leading imports, but not above the import on `row`."""
    file = outline(source)
    first, last, members = file.group_at(row)
    if not any(
        isinstance(node, (ast.Import, ast.ImportFrom)) and node.lineno == row
        for member in members
        for node in _top_level([member])
    ):
        raise NoFix("TensorFlow is not imported at the top of the file")
    if any(is_start(member) for member in members):
        raise NoFix("TensorFlow is first imported in the main block, where the program runs")
    try:
        at, place = insertion_row(source)
    except NoFix:
        return last
    if place != "imports" or at < last:
        return last
    passed = [m for begin, _, group in file.groups if last < begin <= at for m in group]
    if any(not isinstance(member, (ast.Import, ast.ImportFrom, ast.Try, ast.If)) for member in passed):
        return last
    return at


def is_start(statement) -> bool:
    """Is the statement one that runs the program: `if __name__ == "__main__":`?"""
    return isinstance(statement, ast.If) and any(
        isinstance(node, ast.Name) and node.id == "__name__" for node in ast.walk(statement.test)
    )


def _top_level(body):
    for statement in body:
        yield statement
        if isinstance(statement, (ast.Try, ast.If)):
            for field in ("body", "orelse", "finalbody"):
                yield from _top_level(getattr(statement, field, ()))
            for handler in getattr(statement, "handlers", ()):
                yield from _top_level(handler.body)
