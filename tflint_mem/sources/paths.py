"""How a report names files."""

from __future__ import annotations

import os

from tflint_mem.hardening import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.finding import Place

    from .source import Source


def shown(path: str) -> str:
    """The path for people: relative when it lies below the current folder."""
    if not os.path.isabs(path):
        return path
    here = os.path.join(os.getcwd(), "")
    return path[len(here) :] if path.startswith(here) else path


def absolute(path: str) -> str:
    """The path for programs; `-` (standard input without a name) stays."""
    return path if path == "-" else os.path.abspath(path)


def relative(path: str, root: str) -> str:
    """The path below `root` with forward slashes; a path elsewhere climbs out with `..`."""
    if path == "-":
        return path
    try:
        return os.path.relpath(os.path.abspath(path), root).replace(os.sep, "/")
    except ValueError:  # another drive
        return os.path.abspath(path).replace(os.sep, "/")


def place(path: str, cell: int | None, row: int, column: int) -> str:
    """`path:row:column`, which terminals and editors make clickable; a notebook's cell stands before the row."""
    return f"{safe.field(shown(path))}:{f'cell {cell}:' if cell else ''}{row}:{column}"


def file_place(source: Source | None, cell: int | None, place: Place) -> Place:
    """`place` in the file itself; as it is where there is no such file, or a notebook that cannot be read."""
    from .text import SourceError

    try:
        return place if source is None or cell is None else source.file_place(cell, *place)
    except SourceError:
        return place


def repository(folder: str) -> str:
    """The root of the repository around `folder`, which code hosts count paths from; `folder` itself outside of one."""
    root = folder
    while not os.path.exists(os.path.join(root, ".git")):
        above = os.path.dirname(root)
        if above == root:
            return folder
        root = above
    return root


def uri(path: str, root: str | None) -> str:
    """A percent-encoded URI: relative to `root` for a path below it, else absolute (`file:`)."""
    from urllib.parse import quote

    absolute_path = os.path.abspath(path)
    if root is not None:
        inside = os.path.normcase(absolute_path).startswith(os.path.join(os.path.normcase(root), ""))
        if path == "-" or inside:
            return quote(_encoded(relative(path, root)))
    return file_uri(absolute_path, os.name == "nt")


def file_uri(path: str, windows: bool = os.name == "nt") -> str:
    """The `file:` URI of an absolute path: `file:///usr/a%20b`, `file:///C:/a%20b`, `file://server/share/a`."""
    from urllib.parse import quote

    if not windows:
        return "file://" + quote(_encoded(path))
    path = path.replace("\\", "/")
    for prefix, instead in (("//?/UNC/", "//"), ("//?/", "")):  # names without the usual limits
        if path.startswith(prefix):
            path = instead + path[len(prefix) :]
            break
    drive, rest = (path[:2], path[2:]) if path[1:2] == ":" else ("", path)
    where = quote(_encoded(rest))
    return f"file:///{drive}{where}" if drive else "file:" + where if where.startswith("//") else "file://" + where


def _encoded(path: str) -> bytes:
    try:
        return os.fsencode(path)
    except UnicodeEncodeError:  # a name that no file can have
        return safe.plain(path).encode()
