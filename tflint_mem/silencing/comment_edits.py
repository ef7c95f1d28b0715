"""Comments for one file: `--add-noqa` and `--add-ignore` write those that silence what is found now.

A comment goes to the row of the finding where one is legal: never behind a `\\`, never into a string that goes on in
the next row.  Where no such row counts for the finding, an own row above the statement says `# tflint-mem:
ignore[...]`.  The result must parse to the same program, and must silence what it is meant to; otherwise the file stays
as it is.
"""

from __future__ import annotations

import ast
import io
import tokenize

from tflint_mem.finding import SYNTAX_ERROR, Edit
from tflint_mem.fixes.shift import Shift
from tflint_mem.hardening.parsing import compiled, parsed
from tflint_mem.sources.source import Source
from tflint_mem.sources.text import SourceError

from .comments import NOQA, OURS, codes_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tflint_mem.finding import Finding


def commented(
    source: Source,
    findings: list[Finding],
    silenced: Callable[[Source, list[Finding]], bool],
    style: Style | None = None,
) -> tuple[bytes, int] | None:
    """`(new bytes, number of comments)` of a file with a comment for each of `findings`, or None where that is not
    possible.

    silenced   function from (Source, findings with their rows in it) to whether it silences all of them
    style      None: `noqa` without a reason
    """
    style = style or Style()
    if any(finding.code == SYNTAX_ERROR for finding in findings):
        return _for_whole_file(source, findings, silenced, style)
    try:
        layout = _Layout(source, style)
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


def _for_whole_file(
    source: Source, findings: list[Finding], silenced: Callable[[Source, list[Finding]], bool], style: Style
) -> tuple[bytes, int] | None:
    """The same for a file that does not parse: above its code, below what must come first."""
    try:
        cell, row = source.locate(1)
        rows = source.rows(cell)
        while row <= len(rows) and rows[row - 1].startswith(("#", "%")):
            row += 1
        newline = "\n" if source.kind == "notebook" else source.newline
        content = f"# tflint-mem: ignore-file[syntax-error]{style.reason}{newline}"
        edits = [Edit(start=(row, 1), end=(row, 1), content=content, cell=cell)]
        new = Source(source.path, source.with_edits(edits))
        return (new.raw, 1) if silenced(new, _moved(findings, edits)) else None
    except (ValueError, IndexError, SourceError):
        return None


class Style:
    """How comments are written.

    own     as `# tflint-mem: ignore[name]`, not as `# noqa: CODE`
    reason  what stands behind, with a blank in front; "" for nothing
    """

    def __init__(self, own: bool = False, reason: str = "") -> None:
        self.own = own
        self.reason = f" {reason}" if reason else ""


class _Layout:
    """What the rows of a file allow.  Rows are rows of the module.

    spans     (first, last) row of the logical line, by each row in it
    closed    rows that no comment can end: they go on in the next one
    comments  {row: column where its comment starts, from 0}
    """

    def __init__(self, source: Source, style: Style) -> None:
        self.source, self.style = source, style
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
                appended.setdefault(place, set()).add(finding.name if self.style.own else finding.code)
            else:
                own.setdefault(first, set()).add(finding.name)
        return [self._append(row, sorted(codes)) for row, codes in sorted(appended.items())] + [
            self._above(row, sorted(names)) for row, names in sorted(own.items())
        ]

    def _append(self, row: int, words: Sequence[str]) -> Edit:
        """A comment at the end of the row, or the words added to the one of its kind that is there."""
        cell, local = self.source.locate(row)
        text = self.source.rows(cell)[local - 1]
        comment = self.comments.get(row)
        at = None if comment is None else comment + self.source.margin(row)
        end = None if at is None else self._end_of_list(text, at)
        joined = ", ".join(words)
        if end is not None:
            place, empty = end
            joined = (("" if self.style.own else " ") if empty else ", ") + joined
            return Edit(start=(local, place + 1), end=(local, place + 1), content=joined, cell=cell)
        end_of_code = len(text.rstrip())
        written = f"tflint-mem: ignore[{joined}]" if self.style.own else f"noqa: {joined}"
        return Edit(
            start=(local, end_of_code + 1),
            end=(local, len(text) + 1),
            content=f"  # {written}{self.style.reason}",
            cell=cell,
        )

    def _end_of_list(self, text: str, at: int) -> tuple[int, bool] | None:
        """Where the list of the comment of our style ends that begins at a column or behind it, and whether it is
        empty; None when there is no such comment.
        """
        there = (OURS if self.style.own else NOQA).search(text, at)
        if there is None or there.group("codes") is None:
            return None
        if self.style.own:
            return (there.end("codes"), not there.group("codes").strip()) if there.group("verb") == "ignore" else None
        end = _end_of_codes(there.group("codes"))
        return there.start("codes") + end, end == 0

    def _above(self, row: int, names: Sequence[str]) -> Edit:
        cell, local = self.source.locate(row)
        text = self.source.rows(cell)[local - 1]
        indent = text[: len(text) - len(text.lstrip())]
        newline = "\n" if self.source.kind == "notebook" else self.source.newline
        content = f"{indent}# tflint-mem: ignore[{', '.join(names)}]{self.style.reason}{newline}"
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
