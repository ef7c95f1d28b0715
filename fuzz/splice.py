"""Edits and patches applied by code that shares nothing with the tool's."""

import re

_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")


def spliced(raw: bytes, edits, encoding: str) -> bytes:
    """`raw` with `[((row, column), (row, column), text)]` put in, rows and columns from 1 in characters."""
    bom = b"\xef\xbb\xbf" if raw.startswith(b"\xef\xbb\xbf") else b""
    rows = re.split(r"(?<=\n)|(?<=\r)(?!\n)", raw[len(bom) :].decode(encoding))
    in_order = sorted(edits, key=lambda edit: edit[:2])
    for (first, start), (last, end), text in reversed(in_order):
        head, tail = rows[first - 1][: start - 1], rows[last - 1][end - 1 :] if last <= len(rows) else ""
        rows[first - 1 : last] = [head + text + tail]
    return bom + "".join(rows).encode(encoding)


def patched(tree: dict[str, bytes], patch: bytes) -> dict[str, bytes]:
    """The tree after a unified diff of files with LF line ends; raises ValueError where it does not apply."""
    tree = dict(tree)
    rows = patch.split(b"\n")
    name, old, new, position, i = None, [], [], 0, 0

    def finish() -> None:
        if name is not None:
            tree[name] = b"".join(new + old[position:])

    while i < len(rows):
        row = rows[i]
        if row.startswith(b"--- ") and i + 1 < len(rows) and rows[i + 1].startswith(b"+++ "):
            finish()
            name = row[4:].rstrip(b"\t").decode().removeprefix("a/")  # as `git apply` takes it
            if name not in tree:
                raise ValueError(f"no file {name}")
            old, new, position = re.findall(rb"[^\n]*\n|[^\n]+", tree[name]), [], 0
            i += 2
            continue
        hunk = _HUNK.match(row)
        if not hunk:
            i += 1
            continue
        start, count, wanted = int(hunk[1]), int(hunk[2] or 1), int(hunk[4] or 1)
        begin = start - 1 if count else start
        new += old[position:begin]
        position, i = begin, i + 1
        while count > 0 or wanted > 0:
            mark, text = rows[i][:1], rows[i][1:] + b"\n"
            i += 1
            if i < len(rows) and rows[i].startswith(b"\\"):
                text, i = text[:-1], i + 1
            if mark in b" -":
                if position >= len(old) or old[position] != text:
                    raise ValueError(f"{name}: row {position + 1} is not {text!r}")
                position, count = position + 1, count - 1
            if mark in b" +":
                new.append(text)
                wanted -= 1
    finish()
    return tree
