"""Who is there: the processes of a system, and which of them one process has started.

The one module of this room that the measured process uses as well.
"""

from __future__ import annotations

import os


class Process:
    """One process.  parent: its parent's id; session: the id of its session, 0 where the system does not tell."""

    __slots__ = ("parent", "session")

    def __init__(self, parent: int, session: int) -> None:
        self.parent, self.session = parent, session


def processes() -> dict[int, Process]:
    """All processes by id, but for those whose end is not collected yet; empty where the system does not tell."""
    found = {}
    try:
        names = os.listdir("/proc")
    except OSError:
        return _from_ps()
    for name in names:
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as handle:
                fields = handle.read().rpartition(b")")[2].split()
        except OSError:
            continue
        if not fields:
            continue
        state, parent, _, session = fields[:4]
        if state != b"Z":
            found[int(name)] = Process(int(parent), int(session))
    return found


def _from_ps() -> dict[int, Process]:
    """The same where there is no /proc (macOS, BSD)."""
    import subprocess

    found = {}
    try:
        text = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,sess="], capture_output=True, text=True, timeout=10).stdout
    except (OSError, subprocess.SubprocessError):
        return {}
    for line in text.splitlines():
        words = line.split()
        if len(words) != 3:
            continue
        pid, parent, session = words
        if pid.isdigit() and parent.isdigit():
            found[int(pid)] = Process(int(parent), int(session) if session.isdigit() else 0)
    return found


def descendants(root: int) -> list[int]:
    """Process ids of everything that `root` and its session started, without `root`; those whose end is not collected
    are left out.
    """
    table = processes()
    children: dict[int, list[int]] = {}
    for pid, process in table.items():
        children.setdefault(process.parent, []).append(pid)
    found: set[int] = set()
    queue = [root, *(pid for pid, process in table.items() if process.session == root and pid != root)]
    while queue:
        pid = queue.pop()
        if pid in found:
            continue
        found.add(pid)
        queue += children.get(pid, ())
    return sorted(found - {root})
