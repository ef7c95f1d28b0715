"""The summary of a job on GitHub: the table of `markdown` on the page of the run, appended to the file that its runner
names.
"""

from __future__ import annotations

import os
import sys

from tflint_mem.hardening import safe

VARIABLE = "GITHUB_STEP_SUMMARY"
_MOST_BYTES = 500_000  # GitHub takes a mebibyte from all programs of a step


def append(table: str) -> None:
    """Add the table, as the markdown report has it, to the file.

    One that cannot be written to is told in one line, and costs nothing else.
    """
    path = os.environ.get(VARIABLE)
    if not path:
        return
    try:
        with open(path, "ab") as file:
            file.write(bounded(table.encode("utf-8", "backslashreplace")) + b"\n")
    except OSError as error:
        reason = error.strerror or error
        print(safe.field(f"tflint-mem: {VARIABLE}: {reason}"), file=sys.stderr)


def bounded(raw: bytes, most: int = _MOST_BYTES) -> bytes:
    """The rows that fit into so many bytes; what is left out is told."""
    if len(raw) <= most:
        return raw
    return raw[: raw.rfind(b"\n", 0, most) + 1] + b"\nThere are more: see the log.\n"
