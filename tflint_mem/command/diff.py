"""`--diff`: what fixes would change, on standard output."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from tflint_mem.sources.source import Source

    Show = Callable[[str], str]  # a row, as it is fit for who reads it


def show(old: Source, new: Source) -> None:
    """A unified diff in the file's own encoding and line ends; a notebook is compared cell by cell."""
    from tflint_mem.report.unified import unified

    fit = _for_people()
    for part in unified(old, new):
        write("".join(map(fit, part.rows)).encode(part.encoding, "backslashreplace"))


def _for_people() -> Show:
    """What makes a row fit for who reads standard output: a person at a terminal, the log of a build, or `patch`.

    A patch must stay what it is, byte for byte: nothing is changed in a file or a pipe.  In a build a pipe is most
    often the log, which obeys what looks like an order; only such rows are broken up there.
    """
    import stat

    from tflint_mem.hardening import safe

    try:
        if sys.stdout.isatty():
            return lambda row: safe.row(safe.code(row.rstrip("\r\n"))) + "\n"
        builds = any(os.environ.get(name) for name in ("GITHUB_ACTIONS", "TF_BUILD", "TEAMCITY_VERSION"))
        if builds and not stat.S_ISREG(os.fstat(sys.stdout.fileno()).st_mode):
            return safe.row
    except (OSError, ValueError):  # no file behind it
        pass
    return str


def write(raw: bytes) -> None:
    """Bytes to standard output, as they are."""
    sys.stdout.flush()
    sys.stdout.buffer.write(raw)
    sys.stdout.flush()
