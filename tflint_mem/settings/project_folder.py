"""Which folder is the project around a path?

The root of the version control that the path is under.  Without one, the outermost folder around it with a
configuration or a file that packages have, so that every part of a tree belongs to the same project.  A home folder is
none, nor is a folder that somebody else has marked: both stand above much that has nothing to do with the path.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

VERSION_CONTROL = (".git", ".hg")
PACKAGING = ("pyproject.toml", "setup.py", "setup.cfg")
_MARKS = ("tflint-mem.toml", *PACKAGING)


def parents(folder: str) -> Iterator[str]:
    """A folder and those around it, innermost first."""
    while True:
        yield folder
        above = os.path.dirname(folder)
        if above == folder:
            return
        folder = above


def marked(folder: str, marks: Iterable[str]) -> bool:
    """Stands one of the marks in the folder?"""
    return any(os.path.exists(os.path.join(folder, mark)) for mark in marks)


def project_of(path: str) -> str | None:
    """The absolute folder of the project that a file or folder belongs to, None when nothing marks one."""
    path = os.path.abspath(path)
    start = path if os.path.isdir(path) else os.path.dirname(path)
    home = os.path.expanduser("~")
    outermost = None
    for folder in parents(start):
        if folder != start and (folder == home or os.path.dirname(folder) == folder):
            break
        for mark in (*VERSION_CONTROL, *_MARKS):
            place = os.path.join(folder, mark)
            if os.path.exists(place) and (folder == start or not _of_somebody_else(place, start)):
                if mark in VERSION_CONTROL:
                    return folder
                outermost = folder
                break
    return outermost


def _of_somebody_else(mark: str, start: str) -> bool:
    """Does a mark above the folder `start` belong to neither the user, nor root, nor the owner of `start`?"""
    if not hasattr(os, "getuid"):
        return False
    try:
        return os.stat(mark).st_uid not in (os.getuid(), 0, os.stat(start).st_uid)
    except OSError:
        return True


def package_top(folder: str) -> str:
    """The outermost folder of the package that a folder is part of; the folder itself when it is none."""
    top = folder
    for each in parents(folder):
        if not os.path.isfile(os.path.join(each, "__init__.py")):
            break
        top = each
    return top
