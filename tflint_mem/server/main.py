"""The server on standard input and output."""

from __future__ import annotations

import gc
import sys

from .language_server import make

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .options import Options


def serve(options: Options) -> int:
    """Answer an editor until it goes; returns the exit code.

    The process does nothing else.  Garbage is not collected while somebody waits (facts have no cycles, and looking
    through those of a large project takes longer than a check): see `service`.
    """
    answers, sys.stdout = sys.stdout.buffer, sys.stderr  # nothing else may be written between the messages
    gc.disable()
    try:
        make(options).start_io(sys.stdin.buffer, answers)
    finally:
        gc.enable()
    return 0
