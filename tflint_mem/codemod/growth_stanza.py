"""GPU memory growth for a whole program: the stanza for its entry point.

Without LibCST, which takes longer to import than a small project takes to check: this is the fix of the most frequent
finding.
"""

from __future__ import annotations

import ast

from tflint_mem.finding import Edit

from . import NoFix
from .import_place import add_import, insertion_row
from .imports import tf_name
from .names import bound
from .outline import cell_of, outline, strip_end, unique_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tflint_mem.sources.source import Source


def growth_stanza(source: Source, row: int, tf: str | None = None, listing: str = "config") -> list[Edit]:
    """Let TensorFlow take GPU memory as it needs it, right behind the file's imports.

    row      row of the first import of TensorFlow, which must stand at top level
    tf       the file's expression for the `tensorflow` module; by default what it imports, or a new
             `import tensorflow as tf`
    listing  where `list_physical_devices` is: "config", or "config.experimental" before TensorFlow 2.1
    """
    file = outline(source)
    at = _behind_imports(source, row)
    end = file.end_of_row(at)
    lines: list[str] = []
    edits: list[Edit] = []
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
    if at < len(file.lines) and strip_end(file.lines[at]).strip() and cell_of(source, at) == cell_of(source, at + 1):
        lines.append("")
    return [*edits, Edit(start=end, end=end, content="".join(file.newline + line for line in lines))]


def _behind_imports(source: Source, row: int) -> int:
    """The row behind which the stanza goes: the end of the leading imports, but not above the import on `row`."""
    file = outline(source)
    group = file.group_at(row)
    last = group.last
    if not any(
        isinstance(node, (ast.Import, ast.ImportFrom)) and node.lineno == row
        for member in group.members
        for node in _top_level([member])
    ):
        raise NoFix("TensorFlow is not imported at the top of the file")
    if any(is_start(member) for member in group.members):
        raise NoFix("TensorFlow is first imported in the main block, where the program runs")
    try:
        insertion = insertion_row(source)
    except NoFix:
        return last
    at = insertion.row
    if insertion.kind != "imports" or at < last:
        return last
    passed = [member for other in file.groups if last < other.first <= at for member in other.members]
    if any(not isinstance(member, (ast.Import, ast.ImportFrom, ast.Try, ast.If)) for member in passed):
        return last
    return at


def is_start(statement: ast.stmt) -> bool:
    """Is the statement one that runs the program: `if __name__ == "__main__":`?"""
    return isinstance(statement, ast.If) and any(
        isinstance(node, ast.Name) and node.id == "__name__" for node in ast.walk(statement.test)
    )


def _top_level(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements of a module, looking into `try` and `if`."""
    for statement in body:
        yield statement
        if isinstance(statement, (ast.Try, ast.If)):
            for field in ("body", "orelse", "finalbody"):
                yield from _top_level(getattr(statement, field, ()))
            for handler in getattr(statement, "handlers", ()):
                yield from _top_level(handler.body)
