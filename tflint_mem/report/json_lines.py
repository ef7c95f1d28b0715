"""The objects of the `json` report, one in a line, for programs that read as they go."""

from __future__ import annotations

from tflint_mem.hardening import safe

from . import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .run import Run


def render(run: Run) -> str:
    """One line per finding; nothing when there is none."""
    return "".join(safe.dumps(json.record(finding), indent=None) + "\n" for finding in run.findings)
