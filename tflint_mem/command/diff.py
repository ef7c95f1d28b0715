"""`--diff`: what fixes would change, on standard output."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tflint_mem.fixes.fixing import Change

    Show = Callable[[bytes], bytes]  # a row, as it is fit for who reads it


def show(changes: Iterable[Change]) -> None:
    """A patch that `git apply` takes, the bytes of the files as they are."""
    from tflint_mem.report.unified import patch

    fit, shown = _for_people(), set[str]()
    for change in changes:
        file = os.path.realpath(change.old.path)
        if file not in shown:  # a patch says it once; another name leads to the same file
            shown.add(file)
            write(b"".join(map(fit, patch(change.old.path, change.old.raw, change.new.raw))))


def _for_people() -> Show:
    """What makes a row fit for who reads standard output: a person at a terminal, the log of a build, or `git apply`.

    A patch must stay what it is, byte for byte: nothing is changed in a file or a pipe.  In a build a pipe is most
    often the log, which obeys what looks like an order; only such rows are broken up there.
    """
    import stat

    from tflint_mem.hardening import safe

    try:
        if sys.stdout.isatty():
            encoding = sys.stdout.encoding or "utf-8"
            return lambda row: (safe.block(_text(row).rstrip()) + "\n").encode(encoding, "backslashreplace")
        builds = any(os.environ.get(name) for name in ("GITHUB_ACTIONS", "TF_BUILD", "TEAMCITY_VERSION"))
        if builds and not stat.S_ISREG(os.fstat(sys.stdout.fileno()).st_mode):
            return lambda row: safe.row(row.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
    except (OSError, ValueError):  # no file behind it
        pass
    return bytes


def _text(row: bytes) -> str:
    """A row for people; one that is no UTF-8 is most often Latin-1."""
    try:
        return row.decode("utf-8")
    except UnicodeDecodeError:
        return row.decode("latin-1")


def write(raw: bytes) -> None:
    """Bytes to standard output, as they are."""
    sys.stdout.flush()
    sys.stdout.buffer.write(raw)
    sys.stdout.flush()
