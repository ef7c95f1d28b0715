"""The processes of a measured child as they are seen from outside: who they are, what they hold, and how they end."""

from __future__ import annotations

import _signal as signal  # `signal` itself takes longer to import than guard.py may
import errno
import os
import time

_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


def parents() -> dict:
    """{process id: (parent, session)} of all processes; empty where the system does not tell."""
    found = {}
    try:
        names = os.listdir("/proc")
    except OSError:
        return _parents_from_ps()
    for name in names:
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as handle:
                fields = handle.read().rpartition(b")")[2].split()
        except OSError:
            continue
        if fields and fields[0] != b"Z":
            found[int(name)] = int(fields[1]), int(fields[3])
    return found


def _parents_from_ps() -> dict:
    """The same where there is no /proc (macOS, BSD)."""
    import subprocess

    found = {}
    try:
        text = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,sess="], capture_output=True, text=True, timeout=10).stdout
    except (OSError, subprocess.SubprocessError):
        return {}
    for line in text.splitlines():
        words = line.split()
        if len(words) == 3 and words[0].isdigit() and words[1].isdigit():
            found[int(words[0])] = int(words[1]), int(words[2]) if words[2].isdigit() else 0
    return found


def descendants(root: int, table: dict | None = None) -> list:
    """Process ids of everything that `root` and its session started, without `root`; those whose end is not collected
    are left out.
    """
    table = parents() if table is None else table
    children = {}
    for pid, (parent, _) in table.items():
        children.setdefault(parent, []).append(pid)
    found, queue = set(), [root, *(pid for pid, (_, session) in table.items() if session == root and pid != root)]
    while queue:
        pid = queue.pop()
        if pid in found:
            continue
        found.add(pid)
        queue += children.get(pid, ())
    return sorted(found - {root})


def resident(pids: list, limit: int) -> int:
    """Bytes resident in all of them.  Pages that they share count once as soon as the plain sum is over the limit."""
    total = sum(_resident(pid) for pid in pids)
    return total if total <= limit or len(pids) < 2 else sum(_share(pid) for pid in pids)


def _resident(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/statm", "rb") as handle:
            return int(handle.read().split()[1]) * _PAGE
    except (ValueError, IndexError):
        return 0
    except OSError:
        return 0 if os.path.isdir("/proc/self") else _resident_from_ps(pid)


def _resident_from_ps(pid: int) -> int:
    import subprocess

    try:
        return (
            int(subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, timeout=10).stdout)
            * 1024
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return 0


def _share(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/smaps_rollup", "rb") as handle:
            for line in handle:
                if line.startswith(b"Pss:"):
                    return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    return _resident(pid)


def shared_memory(worker: int) -> int:
    """Bytes in the child's own /dev/shm, 0 where it has none of its own."""
    try:
        there, here = os.stat(f"/proc/{worker}/root/dev/shm"), os.stat("/dev/shm")
        if there.st_dev == here.st_dev:
            return 0
        facts = os.statvfs(f"/proc/{worker}/root/dev/shm")
    except OSError:
        return 0
    return (facts.f_blocks - facts.f_bfree) * facts.f_frsize


def on_disk(folder: str, pids: list, most: int = 200_000) -> float:
    """Bytes on disk below a folder, and in files that the processes hold open without a name.  `most` entries are
    looked at.
    """
    total, queue, seen = 0, [folder], set()
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
            descriptors = os.listdir(f"/proc/{pid}/fd")
        except OSError:
            continue
        for descriptor in descriptors[:1000]:
            try:
                facts = os.stat(f"/proc/{pid}/fd/{descriptor}")
            except OSError:
                continue
            if facts.st_nlink == 0 and (facts.st_dev, facts.st_ino) not in seen:
                seen.add((facts.st_dev, facts.st_ino))
                total += facts.st_blocks * 512
    return total if most > 0 else float("inf")


def has_loaded_tensorflow(pid: int) -> bool:
    """Are TensorFlow's libraries in the process's memory?"""
    try:
        with open(f"/proc/{pid}/maps", "rb") as handle:
            return b"/tensorflow/" in handle.read()
    except OSError:
        return False


def end(guard: object, init: int | None, most: float = 10.0) -> None:
    """Ends the child and all that it started.

    guard   the Popen of guard.py
    init    id of the first process of the child's namespace, None when it has none
    """
    import subprocess

    deadline = time.monotonic() + most
    while time.monotonic() < deadline:
        left = descendants(guard.pid)
        if not left and guard.poll() is not None:
            return
        if not left:
            break
        if init in left:
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


def _signal(pids: list, number: int) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except OSError:
            pass
