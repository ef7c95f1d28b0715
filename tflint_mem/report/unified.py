"""What changes between two versions of a file, as a patch that `git apply` takes.

It is made of bytes: rows end at LF and nowhere else, as git has it, so that the file's encoding, its byte order mark
and its other line ends stay what they are.  A notebook is its JSON.  Names are those that git gives the files: relative
to the root of the repository around the current folder, or to that folder itself outside of one.
"""

from __future__ import annotations

import os

from tflint_mem.sources.difference import changes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint_mem.sources.difference import Change

_CONTEXT = 3  # rows around what changes
_NO_END = b"\n\\ No newline at end of file\n"


def patch(path: str, old: bytes, new: bytes) -> list[bytes]:
    """The rows of the patch of one file, line ends included; none when nothing changes."""
    before, after = _rows(old), _rows(new)
    hunks = _grouped(changes(before, after))
    if not hunks:
        return []
    name = git_name(path)
    tab = b"\t" if b" " in os.fsencode(name) else b""  # says that the name ends here
    ours, theirs = _quoted(f"a/{name}"), _quoted(f"b/{name}")
    rows = [b"diff --git %b %b\n" % (ours, theirs), b"--- %b%b\n" % (ours, tab), b"+++ %b%b\n" % (theirs, tab)]
    for hunk in hunks:
        rows += _hunk(hunk, before, after)
    return rows


def git_name(path: str) -> str:
    """The name that git knows the file by where the program runs; the whole path, without what it begins with, for a
    file elsewhere.
    """
    if path == "-":
        return path
    here, file = os.path.realpath(os.getcwd()), os.path.realpath(path)
    root = os.path.join(_git_root(here), "")
    inside = file.removeprefix(root) if file.startswith(root) else os.path.splitdrive(file)[1]
    return inside.replace(os.sep, "/").lstrip("/")


def _git_root(folder: str) -> str:
    """The root of the repository that git finds around the folder; the folder itself when there is none."""
    root = folder
    while True:
        git = os.path.join(root, ".git")
        if os.path.isfile(git) or os.path.isfile(os.path.join(git, "HEAD")):
            return root
        above = os.path.dirname(root)
        if above == root:
            return folder
        root = above


def _rows(raw: bytes) -> list[bytes]:
    rows = raw.split(b"\n")
    return [row + b"\n" for row in rows[:-1]] + ([rows[-1]] if rows[-1] else [])


def _grouped(found: list[Change]) -> list[list[Change]]:
    """Changes that share some context, in order."""
    groups: list[list[Change]] = []
    for change in found:
        if groups and change.first - groups[-1][-1].last <= 2 * _CONTEXT:
            groups[-1].append(change)
        else:
            groups.append([change])
    return groups


def _hunk(group: list[Change], old: list[bytes], new: list[bytes]) -> Iterator[bytes]:
    head = min(group[0].first, _CONTEXT)
    tail = min(len(old) - group[-1].last, _CONTEXT)
    first, last, start, end = group[0].first - head, group[-1].last + tail, group[0].start - head, group[-1].end + tail
    yield f"@@ -{_range(first, last)} +{_range(start, end)} @@\n".encode()
    at = first
    for change in group:
        yield from _marked(b" ", old[at : change.first])
        yield from _marked(b"-", old[change.first : change.last])
        yield from _marked(b"+", new[change.start : change.end])
        at = change.last
    yield from _marked(b" ", old[at:last])


def _range(first: int, last: int) -> str:
    """The rows first to last, without the last one, as a patch names them."""
    number = last - first
    return f"{first + bool(number)}" if number == 1 else f"{first + bool(number)},{number}"


def _marked(mark: bytes, rows: list[bytes]) -> Iterator[bytes]:
    for row in rows:
        yield mark + (row if row.endswith(b"\n") else row + _NO_END)


def _quoted(name: str) -> bytes:
    """The name as git writes it in a patch: in quotes, with escapes, when a row cannot hold it as it is."""
    if name.isprintable() and not any(character in name for character in '"\\'):
        return os.fsencode(name)
    known = {7: "a", 8: "b", 9: "t", 10: "n", 11: "v", 12: "f", 13: "r", 34: '"', 92: "\\"}
    text = "".join(
        "\\" + known[byte] if byte in known else chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}"
        for byte in os.fsencode(name)
    )
    return f'"{text}"'.encode()
