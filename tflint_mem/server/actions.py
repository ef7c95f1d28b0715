"""What the editor can do about findings: a fix, all safe fixes of a file, a comment that silences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from tflint_mem.finding import CODES_OF_FILES, SAFE, Edit
from tflint_mem.hardening import safe
from tflint_mem.silencing import comment_edits, noqa_comments
from tflint_mem.sources.difference import changes
from tflint_mem.sources.text import SourceError

from .protocol import rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tflint_mem.sources.source import Source

    from .diagnostics import Shown
    from .documents import Opened, Text
    from .places import Places

FIX_ALL = "source.fixAll.tflint-mem"
KINDS = (types.CodeActionKind.QuickFix, FIX_ALL)


class Actions:
    """The actions of a check.

    opened    the open files by path        versioned   the editor takes the versions of texts with changes
    """

    def __init__(self, opened: Mapping[str, Opened], places: Places, versioned: bool) -> None:
        self._opened, self._places, self._versioned = opened, places, versioned

    def fix(self, each: Shown) -> types.CodeAction | None:
        """The finding's own fix."""
        finding = each.finding
        if finding.fix is None or each.elsewhere:
            return None
        unsafe = "" if finding.fix.applicability == SAFE else " (unsafe: look at it)"
        return types.CodeAction(
            title=f"{finding.code}: {safe.field(finding.fix.message)}{unsafe}",
            kind=types.CodeActionKind.QuickFix,
            diagnostics=[each.diagnostic],
            is_preferred=not unsafe,
            edit=self._edit(finding.path, finding.fix.edits),
        )

    def ignore(self, each: Shown) -> types.CodeAction | None:
        """A comment that silences the finding where it stands."""
        finding = each.finding
        if finding.code in CODES_OF_FILES or each.elsewhere:
            return None  # a comment counts where the finding lies
        source = self._opened[finding.path].source
        commented = comment_edits.commented(source, [finding], noqa_comments.silence)
        if commented is None:
            return None
        return types.CodeAction(
            title=f"{finding.code}: ignore {finding.name} on this row",
            kind=types.CodeActionKind.QuickFix,
            diagnostics=[each.diagnostic],
            edit=self.difference(source, type(source)(source.path, commented[0])),
        )

    def difference(self, old: Source, new: Source) -> types.WorkspaceEdit | None:
        """The change of an open file into another state; None when that cannot be told."""
        try:
            return self._edit(old.path, [edit for cell in self._cells(old) for edit in _changed(old, new, cell)])
        except (SourceError, KeyError):
            return None

    def _cells(self, source: Source) -> Sequence[int | None]:
        return [None] if source.notebook is None else source.notebook.numbers()

    def _edit(self, path: str, edits: Sequence[Edit]) -> types.WorkspaceEdit | None:
        try:
            found = self._places.edits(path, edits)
        except (ValueError, SourceError):
            return None
        if not self._versioned:
            return types.WorkspaceEdit(changes=found)
        texts = {text.uri: text for text in self._opened[path].cells.values()}
        return types.WorkspaceEdit(
            document_changes=[types.TextDocumentEdit(_identifier(texts[uri]), each) for uri, each in found.items()]
        )


def fix_all(uri: str) -> types.CodeAction:
    """All safe fixes of the file; what they change is worked out when somebody asks."""
    return types.CodeAction(title="tflint-mem: fix all that is safe in this file", kind=FIX_ALL, data={"uri": uri})


def wanted(kind: str, only: Sequence[str] | None) -> bool:
    """Does the editor ask for actions of a kind?  One that it names stands for those below it."""
    return only is None or any(kind == each or kind.startswith(each + ".") for each in only)


def is_safe(each: Shown) -> bool:
    """Has the finding a fix that may be applied without a look?"""
    return each.finding.fix is not None and each.finding.fix.applicability == SAFE


def meets(one: types.Range, other: types.Range) -> bool:
    """Have the two ranges a place in common?"""
    return _key(one.start) <= _key(other.end) and _key(other.start) <= _key(one.end)


def _key(position: types.Position) -> tuple[int, int]:
    return position.line, position.character


def _identifier(text: Text) -> types.OptionalVersionedTextDocumentIdentifier:
    return types.OptionalVersionedTextDocumentIdentifier(text.uri, text.version)


def _changed(old: Source, new: Source, cell: int | None) -> Iterator[Edit]:
    """The rows of a file, or of a cell, that differ, as edits."""
    rows, other = rows_of(_text(old, cell)), rows_of(_text(new, cell))
    for change in changes(rows, other):
        yield Edit(
            start=_place(rows, change.first),
            end=_place(rows, change.last),
            content="".join(other[change.start : change.end]),
            cell=cell,
        )


def _text(source: Source, cell: int | None) -> str:
    return source.text if cell is None or source.notebook is None else source.notebook.cell_text(cell)


def _place(rows: Sequence[str], row: int) -> tuple[int, int]:
    """The beginning of a row, counted from 0; behind the last one the end of the text."""
    if row < len(rows) or not rows:
        return row + 1, 1
    last = rows[-1]
    return (row + 1, 1) if last.endswith(("\n", "\r")) else (row, len(last) + 1)
