"""The report for people: `full` explains every finding, `concise` gives it one line."""

from __future__ import annotations

from tflint_mem.finding import SAFE
from tflint_mem.hardening import safe
from tflint_mem.sources.paths import place
from tflint_mem.sources.text import SourceError

from . import frame, patch, ways

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.finding import Finding, Fix, Step
    from tflint_mem.sources.source import Source

    from .run import Paint, Run

BOLD, DIM, RED, YELLOW, CYAN, GREEN = "1", "2", "31", "33", "36", "32"
_SEVERITY = {"error": RED, "warning": YELLOW, "hint": CYAN}
_PATCH_ROWS = 14
_MOST_STEPS = 12
_MOST_PLACES = 8


def render(run: Run, full: bool, color: bool) -> str:
    """All findings as text."""
    paint = _ansi if color else _plain
    if not full:
        return concise(run, paint)
    return "".join(_full(finding, run, paint) + "\n" for finding in run.findings)


def concise(run: Run, paint: Paint | None = None) -> str:
    """One row per finding: `path:row:column: CODE name [severity] [*] message`; `[*]` marks what --fix would fix.

    With --verify the verdict follows in parentheses.
    """
    return "".join(
        safe.row(
            f"{_header(finding, run, paint or _plain)} "
            f"{safe.field(' '.join(ways.message(finding).split()))}{_verdict(finding)}"
        )
        + "\n"
        for finding in run.findings
    )


def _verdict(finding: Finding) -> str:
    if not finding.verification:
        return ""
    said = finding.verification
    words = [said["verdict"], said["kind"], "reduced" if said.get("level") == "reduced" else None]
    return safe.field(f" (verified: {', '.join(filter(None, words))})")


def _full(finding: Finding, run: Run, paint: Paint) -> str:
    get = run.reader.get
    source = get(finding.path)
    lines = [_header(finding, run, paint), *_indented(finding.message)]
    lines += _frame(source, finding, paint)
    if any(
        (step.path, step.cell, step.row) != (finding.path, finding.cell, finding.start[0]) for step in finding.trace
    ):
        lines.append(paint("  how it gets here:", BOLD))
        for step in finding.trace[:_MOST_STEPS]:
            lines.append(f"    {_place(step)}: {safe.field(step.message)}")
            if (step.path, step.cell, step.row) != (finding.path, finding.cell, finding.start[0]):
                lines += [paint(f"        {row}", DIM) for row in _row_of(get(step.path), step)]
        lines += _rest(len(finding.trace) - _MOST_STEPS)
    lines += _further(finding, paint)
    lines += _places(finding, paint)
    if finding.measured:
        lines += _labelled("measured", finding.measured, paint)
    if finding.help:
        lines += _labelled("help", finding.help, paint)
    if finding.fix is not None and source is not None:
        lines += _fix(source, finding.fix, paint)
    if getattr(run, "verified", None):
        lines += _verified(run, finding, paint)
    return "\n".join(map(safe.row, lines)) + "\n"


def _verified(run: Run, finding: Finding, paint: Paint) -> list[str]:
    result = run.verified.get(finding.key())
    if result is None:
        return []
    from tflint_mem.verify.report import text

    return [f"  {row}" for row in text.rows(result, paint, frame.WIDTH - 2)]


def _header(finding: Finding, run: Run, paint: Paint) -> str:
    severity = paint(f"[{finding.severity}]", _SEVERITY[finding.severity])
    where = paint(place(finding.path, finding.cell, *finding.start), BOLD)
    mark = (
        " [*]" if finding.fix is not None and (run.settings.unsafe_fixes or finding.fix.applicability == SAFE) else ""
    )
    return f"{where}: {paint(safe.field(finding.code), RED)} {safe.field(finding.name)} {severity}{mark}"


def _indented(text: str) -> list[str]:
    import textwrap

    return [
        f"  {row}"
        for paragraph in text.split("\n")
        for row in textwrap.wrap(safe.field(paragraph), frame.WIDTH - 2, break_long_words=False, break_on_hyphens=False)
        or [""]
    ]


def _labelled(label: str, text: str, paint: Paint) -> list[str]:
    rows = _indented(f"{label}: {text}")
    rows[0] = "  " + paint(f"{label}:", BOLD) + rows[0][3 + len(label) :]
    return rows


def _frame(source: Source | None, finding: Finding, paint: Paint) -> list[str]:
    rows = _rows(source, finding.cell)
    shown = frame.frame(rows, finding.start, finding.end) if rows else []
    if not shown:
        return []
    gutter = len(str(shown[-1].number))
    bar = paint("|", DIM)
    lines = [f"  {'':>{gutter}} {bar}"]
    for row in shown:
        lines.append(f"  {paint(f'{row.number:>{gutter}}', DIM)} {bar} {row.text}".rstrip())
        if row.marker:
            lines.append(f"  {'':>{gutter}} {bar} {paint(row.marker, _SEVERITY[finding.severity])}")
    return [*lines, f"  {'':>{gutter}} {bar}"]


def _further(finding: Finding, paint: Paint) -> list[str]:
    """What else repeats it: the place where each further trace begins, once."""
    steps = ways.begins(finding)
    shown = [f"    {_place(step)}: {safe.field(step.message)}" for step in steps[:_MOST_PLACES]]
    return [paint("  also repeated from:", BOLD), *shown, *_rest(len(steps) - len(shown))] if steps else []


def _place(step: Step) -> str:
    return place(step.path, step.cell, step.row, step.column)


def _rest(count: int) -> list[str]:
    return [f"    … and {count} more (all with --output-format json)"] if count > 0 else []


def _places(finding: Finding, paint: Paint) -> list[str]:
    """Where else the same thing stands."""
    if not finding.places:
        return []
    shown = [f"    {_place(step)}" for step in finding.places[:_MOST_PLACES]]
    return [paint("  the same in:", BOLD), *shown, *_rest(len(finding.places) - len(shown))]


def _row_of(source: Source | None, step: Step) -> list[str]:
    rows = _rows(source, step.cell)
    return [frame.cut(rows[step.row - 1].strip())] if rows and step.row <= len(rows) else []


def _rows(source: Source | None, cell: int | None) -> list[str] | None:
    """The rows of the file or cell; None when it cannot be read (a syntax error may be just that)."""
    try:
        return source.rows(cell) if source is not None else None
    except SourceError:
        return None


def _fix(source: Source, fix: Fix, paint: Paint) -> list[str]:
    how = "safe" if fix.applicability == SAFE else "unsafe: look before you apply"
    rows = patch.rows(source, fix.edits)
    lines = [f"  {paint('fix', BOLD)} ({how}): {safe.field(fix.message)}"]
    for row in rows[:_PATCH_ROWS]:
        shown = f"{row[0]} {frame.cut(row[1:])}".rstrip()
        lines.append("    " + paint(shown, {"-": RED, "+": GREEN}.get(row[0], DIM)) if shown else "")
    if len(rows) > _PATCH_ROWS:
        lines.append(f"    … {len(rows) - _PATCH_ROWS} more rows")
    return lines


def _ansi(text: str, code: str) -> str:
    return f"\x1b[{code}m{text}\x1b[0m"


def _plain(text: str, code: str) -> str:
    return text
