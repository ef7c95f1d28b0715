"""Logging commands that Azure Pipelines turns into errors and warnings of the build, and the plain list for the log.

The agent obeys `##vso[…]` anywhere in a row, ends a property at `;` and the command at `]`, and replaces `%0A`, `%0D`,
`%3B` and `%5D` in what is between.
"""

from __future__ import annotations

import re

from tflint_mem.hardening import safe
from tflint_mem.sources.paths import repository

from . import ways
from .located import line, located
from .text import concise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.finding import Finding

    from .run import Get, Run

_LEVELS = {"error": "error", "warning": "warning", "hint": "warning"}  # there is no third one
_ENCODED = re.compile(r"%(?=0[ad]|3b|5d|azp25)", re.IGNORECASE)  # as text; `%AZP25` is a percent sign to some agents


def render(run: Run) -> str:
    """One command per finding, then one line per finding."""
    root = repository(run.settings.project_root)
    return "".join(_command(finding, run.reader.get, root) + "\n" for finding in run.findings) + concise(run)


def _command(finding: Finding, get: Get, root: str) -> str:
    place = located(finding, get, root)
    row, column = place.start
    properties = "".join(
        f"{name}={_data(str(value))};"
        for name, value in (
            ("type", _LEVELS[finding.severity]),
            ("sourcepath", place.path),
            ("linenumber", row),
            ("columnnumber", column),
            ("code", finding.code),
        )
    )
    text = f"{finding.code} {finding.name}: {place.note}{line(ways.message(finding))}"
    return f"##vso[task.logissue {properties}]{_data(text)}"


def _data(text: str) -> str:
    text = _ENCODED.sub(r"\\x25", safe.field(text))
    return text.replace(";", "%3B").replace("]", "%5D")
