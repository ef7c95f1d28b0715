"""The processes of a program, as the driver may list them: itself and all that it has started."""

from __future__ import annotations

import os
import time

from tflint_mem.verify.containment.process_table import descendants

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Set

_FRESH = 0.5  # seconds that a list of processes is good for


class Family:
    """This process and its descendants.  own: ids of this process, also as outer namespaces name it."""

    def __init__(self, own: Iterable[int]) -> None:
        self._own = set(own)
        self._started: set[int] = set()
        self._read: float | None = None  # when the list was read, on time.monotonic()

    def pids(self) -> set[int]:
        """All ids that are ours; those of descendants as our own namespace names them."""
        return self._own | self._descendants()

    def hidden(self, listed: Set[int]) -> int:
        """Number of our processes that hold a GPU open and whose id is not in `listed`, the ids that the driver tells.

        Inside a container the driver names processes by ids that nobody here can know.
        """
        count = 0 if self._own & listed else int(holds_gpu(os.getpid()))
        return count + sum(holds_gpu(pid) for pid in self._descendants() - listed)

    def _descendants(self) -> set[int]:
        now = time.monotonic()
        if self._read is None or now - self._read > _FRESH:
            self._started, self._read = set(descendants(os.getpid())), time.monotonic()
        return self._started


def holds_gpu(pid: int) -> bool:
    """Does the process have a device file of the driver open?"""
    folder = "/proc/%d/fd" % pid
    try:
        names = os.listdir(folder)
    except OSError:
        return False
    for name in names:
        try:
            if os.readlink(os.path.join(folder, name)).startswith("/dev/nvidia"):
                return True
        except OSError:
            continue
    return False
