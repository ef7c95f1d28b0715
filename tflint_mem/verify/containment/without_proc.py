"""Processes of a system that has no /proc (macOS, BSD): psutil tells of them where it is installed, else `ps` does.

A part of process_table.py and of the meters, so the measured process uses it as well.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from types import ModuleType

    Row = tuple[int, int, int, object]  # id, parent's id, session's id (0 where it is not told), when it was started


def rows() -> Iterator[Row]:
    """All processes, but for those whose end is not collected yet; nothing where the system does not tell."""
    psutil = _psutil()
    if psutil is None:
        yield from _rows_of_ps()
        return
    for process in psutil.process_iter(["pid", "ppid", "status", "create_time"]):
        told = process.info
        if told["ppid"] is not None and told["status"] != psutil.STATUS_ZOMBIE:
            yield told["pid"], told["ppid"], _session(told["pid"]), told["create_time"]


def _rows_of_ps() -> Iterator[Row]:
    for line in _ps("-A", "-o", "pid=,ppid=,stat=,lstart="):
        words = line.split(None, 3)
        if len(words) == 4 and words[0].isdigit() and words[1].isdigit() and not words[2].startswith("Z"):
            yield int(words[0]), int(words[1]), _session(int(words[0])), words[3].strip()


def resident(pids: Sequence[int]) -> int:
    """Bytes resident in all of these processes together, pages that they share counted in each."""
    if not pids:
        return 0
    psutil = _psutil()
    if psutil is None:
        lines = _ps("-o", "rss=", "-p", ",".join(map(str, pids)))
        return sum(int(line) * 1024 for line in lines if line.strip().isdigit())
    return sum(_memory(psutil, pid)[0] for pid in pids)


def resident_once(pids: Iterable[int]) -> int:
    """Bytes resident in all of them, where that can be told: what is one's own, and the most that one of them shares
    with others.
    """
    psutil = _psutil()
    if psutil is None:
        return resident(list(pids))
    told = [_memory(psutil, pid, own=True) for pid in pids]
    return sum(own for _, own in told) + max((whole - own for whole, own in told), default=0)


def at_home_in(folder: str) -> dict[int, object]:
    """Processes, with when they were started, whose HOME lies in a folder that is one run's own; none where only psutil
    could tell and is not there.
    """
    psutil = _psutil()
    found: dict[int, object] = {}
    for process in () if psutil is None else psutil.process_iter(["environ", "create_time"]):
        if ((process.info["environ"] or {}).get("HOME") or "").startswith(folder + os.sep):
            found[process.pid] = process.info["create_time"]
    return found


def available() -> int | None:
    """Bytes of memory that the system can give now; None where nobody tells."""
    psutil = _psutil()
    return None if psutil is None else int(psutil.virtual_memory().available)


def _memory(psutil: ModuleType, pid: int, own: bool = False) -> tuple[int, int]:
    """(bytes resident, those of them that are no other's); zeros for a process that is gone."""
    try:
        process = psutil.Process(pid)
        if own:
            told = process.memory_full_info()
            return told.rss, min(told.uss, told.rss)
        return process.memory_info().rss, 0
    except psutil.AccessDenied:
        return _memory(psutil, pid) if own else (0, 0)
    except psutil.Error:
        return 0, 0


def _session(pid: int) -> int:
    try:
        return os.getsid(pid)
    except OSError:
        return 0


def _psutil() -> ModuleType | None:
    """The library, where the interpreter has it: the one of a checked project need not."""
    try:
        import psutil
    except ImportError:
        return None
    module: ModuleType = psutil
    return module


def _ps(*arguments: str) -> list[str]:
    import subprocess

    try:
        done = subprocess.run(
            ("ps",) + arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return []
    return done.stdout.splitlines()
