"""Who is there: the processes of a system, and which of them one process has started.

With without_proc.py the one part of this room that the measured process uses as well.
"""

from __future__ import annotations

import os

PROC = "/proc"


class Process:
    """One process.

    parent    its parent's id
    session   the id of its session, 0 where the system does not tell
    started   when: with its id it tells the process from a later one of the same id
    """

    __slots__ = ("parent", "session", "started")

    def __init__(self, parent: int, session: int, started: object) -> None:
        self.parent, self.session, self.started = parent, session, started


def has_proc() -> bool:
    """Does the system tell of processes in files?"""
    return os.path.isdir(PROC + "/self")


def processes() -> dict[int, Process]:
    """All processes by id, but for those whose end is not collected yet; empty where the system does not tell."""
    found = {}
    if not has_proc():
        from .without_proc import rows

        return {pid: Process(parent, session, started) for pid, parent, session, started in rows()}
    try:
        names = os.listdir(PROC)
    except OSError:
        return {}
    for name in names:
        if not name.isdigit():
            continue
        try:
            with open(f"{PROC}/{name}/stat", "rb") as handle:
                fields = handle.read().rpartition(b")")[2].split()
        except OSError:
            continue
        if not fields:
            continue
        state, parent, _, session = fields[:4]
        if state != b"Z":
            found[int(name)] = Process(int(parent), int(session), fields[19])
    return found


def descendants(root: int, known: dict[int, object] | None = None) -> list[int]:
    """Process ids of everything that `root` and its session started, without `root`; those whose end is not collected
    are left out.

    known   what earlier calls have found, by id: a process that has left its session, and whose parent is gone, is
            found by nothing else where no system adopts it for us; gets what this call finds
    """
    table = processes()
    children: dict[int, list[int]] = {}
    for pid, process in table.items():
        children.setdefault(process.parent, []).append(pid)
    found: set[int] = set()
    queue = [root, *(pid for pid, process in table.items() if process.session == root and pid != root)]
    if known:
        queue += [pid for pid, started in known.items() if pid in table and table[pid].started == started]
    while queue:
        pid = queue.pop()
        if pid in found:
            continue
        found.add(pid)
        queue += children.get(pid, ())
    found.discard(root)
    if known is not None:
        known.update((pid, table[pid].started) for pid in found)
    return sorted(found)
