"""The processes of a program, as the driver may list them: itself and all that it has started.  Python 3.8 syntax."""

import os
import time

from tflint_mem.verify.containment.process_table import descendants

_FRESH = 0.5  # seconds that a list of processes is good for


class Family:
    """pids(): ids of this process, also as outer namespaces name it, and of its descendants in its own namespace.

    hidden(listed): how many of them use a GPU and are not among the ids that the driver lists: inside a container the
    driver names processes by ids that nobody here can know.
    """

    def __init__(self, own):
        self._own, self._read, self._started = set(own), None, set()

    def pids(self):
        """All ids that are ours."""
        return self._own | self._descendants()

    def hidden(self, listed):
        """Number of our processes that hold a GPU open and whose id is not in `listed`."""
        count = 0 if self._own & listed else int(holds_gpu(os.getpid()))
        return count + sum(holds_gpu(pid) for pid in self._descendants() - listed)

    def _descendants(self):
        now = time.monotonic()
        if self._read is None or now - self._read > _FRESH:
            self._started, self._read = set(descendants(os.getpid())), time.monotonic()
        return self._started


def holds_gpu(pid):
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
