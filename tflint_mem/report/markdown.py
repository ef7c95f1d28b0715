"""A table in Markdown, for the summary of a job or a comment on a merge request.

What the code under check says stays text there: no markup, no link, no picture, nobody who is mentioned.  Characters
that mean something to Markdown are written as entities, which never do; what stands in backquotes is put into `<code>`,
where code hosts look for no names and numbers.
"""

from __future__ import annotations

import re

from tflint_mem.finding import SAFE
from tflint_mem.hardening import safe
from tflint_mem.sources.paths import relative, repository

from . import summary, ways
from .located import line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.finding import Finding

    from .run import Run

_MOST = 1000  # findings; GitHub refuses a summary of more than a megabyte
_ICONS = {"error": "🔴", "warning": "🟠", "hint": "🔵"}
_MEANT = re.compile(r"[!#$&*<>@\[\\\]^`{|}~]|:(?=\S)|(?<=www)\.|(?<![^\W_])_|_(?![^\W_])", re.IGNORECASE)
_CODE = re.compile(r"`([^`]+)`")
# A sign and a word behind it are a person, a request or a label, entity or not; a comment between them is nothing.
_REFERENCE = re.compile(r"(&#(?:64|33|35|36|37|38|94|126);|%)(?=\w)")


def render(run: Run) -> str:
    """A heading, a row per finding, and the last line of the report for people."""
    root = repository(run.settings.project_root)
    shown = run.findings[:_MOST]
    parts: list[str] = ["### tflint-mem\n"]
    if shown:
        parts += ["| | Place | Rule | Finding |\n|---|---|---|---|\n" + "".join(_row(one, root) for one in shown)]
    if len(run.findings) > len(shown):
        parts.append(f"… and {len(run.findings) - len(shown)} more.\n")
    if not run.options.quiet:
        parts.append("".join(escaped(row) + "\n" for row in summary.line(run).split("\n")))
    return "\n".join(parts)


def _row(finding: Finding, root: str) -> str:
    row, column = finding.start
    cell = "" if finding.cell is None else f"cell {finding.cell}:"
    place = code(f"{relative(finding.path, root)}:{cell}{row}:{column}")
    text = [escaped(line(said)) for said in (finding.message, ways.sentence(finding)) if said]
    for label, value in (("measured", finding.measured), ("help", finding.help)):
        if value:
            text.append(f"*{label}*: {escaped(line(value))}")
    if finding.fix is not None:
        how = "safe" if finding.fix.applicability == SAFE else "unsafe: look before you apply"
        text.append(f"*fix* ({how}): {escaped(line(finding.fix.message))}")
    if finding.verification:
        reduced = "reduced" if finding.verification.get("level") == "reduced" else None
        verified = (finding.verification["verdict"], finding.verification["kind"], reduced)
        text.append(f"*verified*: {escaped(', '.join(filter(None, verified)))}")
    cells = (
        f"{_ICONS[finding.severity]} {finding.severity}",
        place,
        f"{escaped(finding.code)} {escaped(finding.name)}",
        "<br>".join(text),
    )
    return f"| {' | '.join(cells)} |\n"


def escaped(text: str) -> str:
    """`text` as one row of Markdown that shows it; parts in backquotes as code."""
    parts = _CODE.split(safe.field(text))
    return "".join(code(part) if number % 2 else _entities(part) for number, part in enumerate(parts))


def code(text: str) -> str:
    """`text` as code."""
    return f"<code>{_entities(safe.field(text))}</code>"


def _entities(text: str) -> str:
    text = _MEANT.sub(lambda match: f"&#{ord(match.group())};", text)
    return _REFERENCE.sub(r"\1<!---->", text)
