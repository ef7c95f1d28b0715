"""What the command does to its own process, which ends with the run: no library has a right to that."""

from __future__ import annotations

import gc
import os
import sys

from tflint_mem.engine.session import Session

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.engine.rule_runs import Running
    from tflint_mem.project.project import Project

_M_TRIM_THRESHOLD, KEPT_FREE = -1, 256 << 20  # of glibc's <malloc.h>; bytes
_MOST_PROCESSES = 8  # unless more are asked for: linking, and what the processes share, is done by one


class OwnProcess(Session):
    """The session of a process that does nothing else, and ends without tidying up.

    Garbage is not collected during an analysis: facts have no cycles, and collecting while they are made costs a fifth
    of the time.  Unless files are analysed again and again, because fixes are tried, the project is held until the
    process ends: taking the facts apart, a tenth of a cold check, is left to the operating system.
    """

    alone = True

    def __init__(self) -> None:
        super().__init__()
        self._held: list[Project] = []
        self._collecting = False

    def processes(self, jobs: int) -> int:
        """As many as are asked for, or as there are processors, where a process can be forked."""
        return (jobs or min(_processors(), _MOST_PROCESSES)) if _may_fork() else 1

    def begin(self) -> None:
        """Collect no garbage, and keep what one parse has freed for the next one."""
        if self.facts is None:
            _keep_freed_memory()
        self._collecting = gc.isenabled()
        gc.disable()

    def end(self, project: Project | None, running: Running | None) -> None:
        """Collect garbage again, but not what is held."""
        if self.facts is not None:
            super().end(project, running)
        elif project is not None:
            self._held.append(project)
        if self._collecting:
            if self.facts is None:
                gc.freeze()
            gc.enable()


def _may_fork() -> bool:
    """May this process, which has no threads, be forked?  On macOS libraries of the system may have started some, and
    Windows has no such thing.
    """
    return hasattr(os, "fork") and sys.platform != "darwin"


def _processors() -> int:
    """How many processors this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except (AttributeError, OSError):
        return os.cpu_count() or 1


def _keep_freed_memory() -> None:
    """The C library would give it back after each file, and the next one would ask for it again page by page."""
    if sys.platform == "linux":
        try:
            import ctypes

            ctypes.CDLL(None).mallopt(_M_TRIM_THRESHOLD, KEPT_FREE)
        except (ImportError, OSError, AttributeError):  # no ctypes, or a C library without mallopt
            pass
