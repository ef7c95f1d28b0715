"""Comments for one file: `--add-noqa` writes those that silence what is found now.

A comment goes to the row of the finding where one is legal: never behind a `\\`, never into a string that goes on in
the next row.  Where no such row counts for the finding, an own row above the statement says `# tflint-mem:
ignore[...]`.  The result must parse to the same program, and must silence what it is meant to; otherwise the file stays
as it is.
"""

from __future__ import annotations

import ast
import io
import tokenize

from tflint_mem.finding import Edit
from tflint_mem.fixes.shift import Shift
from tflint_mem.hardening.parsing import compiled, parsed
from tflint_mem.sources.source import Source
from tflint_mem.sources.text import SourceError

from .comments import NOQA, codes_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tflint_mem.finding import Finding


def commented(
    source: Source, findings: list[Finding], silenced: Callable[[Source, list[Finding]], bool]
) -> tuple[bytes, int] | None:
    """`(new bytes, number of comments)` of a file with a comment for each of `findings`, or None where that is not
    possible.

    silenced   function from (Source, findings with their rows in it) to whether it silences all of them
    """
    try:
        layout = _Layout(source)
    except (tokenize.TokenError, SyntaxError, SourceError):
        return None
    for above in (False, True):
        edits = layout.edits(findings, above)
        try:
            new = Source(source.path, source.with_edits(edits))
            if _same_program(source, new) and silenced(new, _moved(findings, edits)):
                return new.raw, len(edits)
        except (ValueError, SourceError):
            pass
    return None


class _Layout:
    """What the rows of a file allow.  Rows are rows of the module.

    spans     (first, last) row of the logical line, by each row in it
    closed    rows that no comment can end: they go on in the next one
    comments  {row: column where its comment starts, from 0}
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.spans: dict[int, tuple[int, int]] = {}
        self.closed: set[int] = set()
        self.comments: dict[int, int] = {}
        first: int | None = None
        strings: list[int] = []
        text = "\n".join(source.lines) + "\n"
        for kind, _, start, end, _ in tokenize.generate_tokens(io.StringIO(text).readline):
            name = tokenize.tok_name[kind]
            if name.endswith("STRING_START"):
                strings.append(start[0])
            elif name.endswith("STRING_END"):
                self.closed.update(range(strings.pop(), end[0]))
            if kind == tokenize.COMMENT:
                self.comments[start[0]] = start[1]
            elif kind in (tokenize.NEWLINE, tokenize.ENDMARKER):
                if first is not None:
                    self.spans.update((row, (first, end[0])) for row in range(first, end[0] + 1))
                first = None
            elif kind not in (tokenize.NL, tokenize.INDENT, tokenize.DEDENT):
                first = start[0] if first is None else first
                if name.endswith(("STRING", "STRING_MIDDLE")):
                    self.closed.update(range(start[0], end[0]))
        for row, line in enumerate(source.lines, 1):
            if line.endswith("\\") and row not in self.comments:
                self.closed.add(row)

    def edits(self, findings: Iterable[Finding], above: bool) -> list[Edit]:
        """One edit for each place; `above`: own rows above the statements only."""
        appended: dict[int, set[str]] = {}
        own: dict[int, set[str]] = {}
        for finding in findings:
            row = self.source.module_row(finding.cell, finding.start[0])
            last = self.source.module_row(finding.cell, finding.noqa_row or finding.start[0])
            _, last_end = self.spans.get(last, (last, last))
            first, end = self.spans.get(row, (row, row))
            rows = (last, last_end, end, row, first)
            place = next((row for row in rows if row not in self.closed), None) if not above else None
            if place is not None:
                appended.setdefault(place, set()).add(finding.code)
            else:
                own.setdefault(first, set()).add(finding.name)
        return [self._append(row, sorted(codes)) for row, codes in sorted(appended.items())] + [
            self._above(row, sorted(names)) for row, names in sorted(own.items())
        ]

    def _append(self, row: int, codes: Sequence[str]) -> Edit:
        """A comment at the end of the row, or the codes added to the `noqa` that is there."""
        cell, local = self.source.locate(row)
        text = self.source.rows(cell)[local - 1]
        comment = self.comments.get(row)
        there = NOQA.search(text, comment + self.source.margin(row)) if comment is not None else None
        if there and there.group("codes") is not None:
            end = there.start("codes") + _end_of_codes(there.group("codes"))
            joined = (", " if end > there.start("codes") else " ") + ", ".join(codes)
            return Edit(start=(local, end + 1), end=(local, end + 1), content=joined, cell=cell)
        end = len(text.rstrip())
        return Edit(
            start=(local, end + 1), end=(local, len(text) + 1), content=f"  # noqa: {', '.join(codes)}", cell=cell
        )

    def _above(self, row: int, names: Sequence[str]) -> Edit:
        cell, local = self.source.locate(row)
        text = self.source.rows(cell)[local - 1]
        indent = text[: len(text) - len(text.lstrip())]
        newline = "\n" if self.source.kind == "notebook" else self.source.newline
        content = f"{indent}# tflint-mem: ignore[{', '.join(names)}]{newline}"
        return Edit(start=(local, 1), end=(local, 1), content=content, cell=cell)


def _end_of_codes(text: str) -> int:
    end = 0
    for match in codes_in(text):
        end = match.end(1)
    return end


def _moved(findings: Iterable[Finding], edits: Iterable[Edit]) -> list[Finding]:
    """The findings with the rows they have behind the edits."""
    shift = Shift(edits)
    return [
        finding.replace(
            start=shift.moved((finding.cell or 0, *finding.start))[1:],
            noqa_row=shift.moved((finding.cell or 0, finding.noqa_row or finding.start[0], 1))[1],
        )
        for finding in findings
    ]


def _same_program(old: Source, new: Source) -> bool:
    try:
        compiled(_code(new), new.path, ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        return ast.dump(parsed(_code(old))) == ast.dump(parsed(_code(new)))
    except (SyntaxError, ValueError, RecursionError, MemoryError, SourceError):
        return False


def _code(source: Source) -> bytes:
    if source.kind == "notebook":
        try:
            parsed(source.code_bytes())
        except SyntaxError:
            source = Source(source.path, source.raw)
            source.drop_broken_cells()
    return source.code_bytes()
