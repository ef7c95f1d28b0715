"""The processes of a measured child as they are seen from outside: what they hold, and how they end."""

from __future__ import annotations

import errno
import os
import signal
import time

from .process_table import PROC, descendants, has_proc

TYPE_CHECKING = False
if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterable

_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


def resident(pids: list[int], limit: int) -> int:
    """Bytes resident in all of them.  Pages that they share count once as soon as the plain sum is over the limit."""
    if not has_proc():
        from . import without_proc

        total = without_proc.resident(pids)
        return total if total <= limit or len(pids) < 2 else without_proc.resident_once(pids)
    total = sum(_resident(pid) for pid in pids)
    return total if total <= limit or len(pids) < 2 else sum(_proportional(pid) for pid in pids)


def _resident(pid: int) -> int:
    try:
        with open(f"{PROC}/{pid}/statm", "rb") as handle:
            return int(handle.read().split()[1]) * _PAGE
    except (OSError, ValueError, IndexError):
        return 0


def _proportional(pid: int) -> int:
    """Resident bytes, of pages that several processes map the part of this one."""
    try:
        with open(f"{PROC}/{pid}/smaps_rollup", "rb") as handle:
            for line in handle:
                if line.startswith(b"Pss:"):
                    return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    return _resident(pid)


def shared_memory(worker: int) -> int:
    """Bytes in the child's own /dev/shm, 0 where it has none of its own."""
    try:
        there, here = os.stat(f"{PROC}/{worker}/root/dev/shm"), os.stat("/dev/shm")
        if there.st_dev == here.st_dev:
            return 0
        facts = os.statvfs(f"{PROC}/{worker}/root/dev/shm")
    except OSError:
        return 0
    return (facts.f_blocks - facts.f_bfree) * facts.f_frsize


def on_disk(folder: str, pids: Iterable[int], most: int = 200_000) -> float:
    """Bytes on disk below a folder, and in files that the processes hold open without a name.  `most` entries are
    looked at.
    """
    total, queue = 0, [folder]
    seen: set[tuple[int, int]] = set()  # device and number of each file: several names may lead to one
    while queue and most > 0:
        try:
            with os.scandir(queue.pop()) as entries:
                for entry in entries:
                    most -= 1
                    facts = entry.stat(follow_symlinks=False)
                    if (facts.st_dev, facts.st_ino) not in seen:
                        seen.add((facts.st_dev, facts.st_ino))
                        total += facts.st_blocks * 512
                        if entry.is_dir(follow_symlinks=False):
                            queue.append(entry.path)
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                return float("inf")  # so deep that nobody can count what is there
            continue
    for pid in pids:
        try:
            descriptors = os.listdir(f"{PROC}/{pid}/fd")
        except OSError:
            continue
        for descriptor in descriptors[:1000]:
            try:
                facts = os.stat(f"{PROC}/{pid}/fd/{descriptor}")
            except OSError:
                continue
            if facts.st_nlink == 0 and (facts.st_dev, facts.st_ino) not in seen:
                seen.add((facts.st_dev, facts.st_ino))
                total += facts.st_blocks * 512
    return total if most > 0 else float("inf")


def has_loaded_tensorflow(pid: int) -> bool:
    """Are TensorFlow's libraries in the process's memory?"""
    try:
        with open(f"{PROC}/{pid}/maps", "rb") as handle:
            return b"/tensorflow/" in handle.read()
    except OSError:
        return False


def end(
    guard: subprocess.Popen[bytes], init: int | None, known: dict[int, object] | None = None, most: float = 10.0
) -> None:
    """Ends the child and all that it started.

    guard   the process of guard.py
    init    id of the first process of the child's namespace, None when it has none
    known   what `descendants` has found until now
    most    seconds to try
    """
    import subprocess

    deadline = time.monotonic() + most
    while time.monotonic() < deadline:
        left = descendants(guard.pid, known)
        if not left and guard.poll() is not None:
            return
        if not left:
            break
        if init is not None and init in left:
            _signal([init], signal.SIGKILL)  # the kernel ends the whole namespace with it
        else:
            _signal(left, signal.SIGSTOP)
            _signal(left, signal.SIGKILL)
        time.sleep(0.002)
    if guard.poll() is None:
        try:
            guard.wait(0.5)  # nothing is left to wait for: it ends by itself
        except subprocess.TimeoutExpired:
            guard.kill()
    guard.wait()


def _signal(pids: Iterable[int], number: int) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except OSError:
            pass
