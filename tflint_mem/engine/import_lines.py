"""What a file's import lines name, and how they may name a file: read from bytes, without parsing."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    Word = tuple[str | None, str]  # a folder or package, None when it is not known, and a name in it


UNKNOWN = "?"  # in place of a digest that nobody needs


def is_unit_test(path: str) -> bool:
    """Is the file named like a test?  A notebook is none: `test_captions.ipynb` tries something out."""
    base = os.path.basename(path)
    return base.startswith("test_") and not base.endswith(".ipynb") or base.endswith("_test.py")


def module_names(path: str) -> tuple[Word, Word]:
    """How imports may name a file: `(folder, stem)` and `(None, stem)`; a package is named by its folder."""
    folder, base = os.path.split(os.path.abspath(path))
    stem = base.rpartition(".")[0]
    if stem == "__init__":
        folder, stem = os.path.split(folder)
    return ((os.path.basename(folder), stem), (None, stem))


def _ends(parts: Sequence[str]) -> tuple[Word, ...]:
    """The names under which `module_names` would list a module: with the folder it is in when that is known."""
    if not parts:
        return ()
    return ((parts[-2], parts[-1]),) if len(parts) > 1 else ((None, parts[-1]),)


def imported(raw: bytes) -> set[Word]:
    """The modules that a file's import lines may mean, as `module_names` lists them."""
    found: set[Word] = set()
    if b"%run" in raw:
        for row in raw.split(b"\n"):
            if b"%run" in row:
                found.update(
                    (None, os.path.splitext(os.path.basename(name.strip("\"',\\n")))[0])
                    for name in row.partition(b"%run")[2].decode("utf-8", "replace").split()
                )
    at = 0
    while (at := raw.find(b"import", at)) >= 0:  # most rows are none of these
        end = _end(raw, at)
        row, at = raw[raw.rfind(b"\n", 0, at) + 1 : end], end
        text = row.strip().lstrip(b'"')  # notebooks quote their lines
        if b"import_module(" in text:
            name = (
                text.partition(b"import_module(")[2]
                .lstrip(b"\\\"'")
                .partition(b")")[0]
                .rstrip(b"\\\"'")
                .decode("utf-8", "replace")
            )
            if name.replace(".", "").isidentifier():
                found.update(_ends(name.split(".")))
            continue
        if text.startswith(b"from ") and b"(" in text:
            while b")" not in text and at < len(raw) and len(text) <= 10_000:
                end = _end(raw, at + 1)
                text += b" " + raw[at + 1 : end].strip()
                at = end
        if not text.startswith((b"import ", b"from ")):
            continue
        line = text.decode("utf-8", "replace").partition("#")[0]
        if line.startswith("from "):
            source, _, names = line[5:].partition(" import ")
            source = source.strip()
            parts = [part for part in source.split(".") if part]
            found.update([(None, part) for part in parts[-1:]] if source.startswith(".") else _ends(parts))
            for name in names.replace("(", " ").replace(")", " ").split(","):
                name = name.split()[0] if name.split() else ""
                if name.isidentifier():
                    found.add((parts[-1] if parts else None, name))
        else:
            for name in line[7:].split(","):
                words = name.split()
                if words:
                    parts = words[0].split(".")
                    found.update(_ends(parts))
    return found


def digest(words: set[Word]) -> str:
    """What tells words from others."""
    import hashlib

    return hashlib.blake2b(repr(sorted(words, key=repr)).encode("utf-8", "replace"), digest_size=16).hexdigest()


def _end(raw: bytes, at: int) -> int:
    """Where the row ends that has the byte `at`."""
    end = raw.find(b"\n", at)
    return len(raw) if end < 0 else end
