"""What files look like before and after: trees, programs, notebooks, as values that can be compared."""

import ast
import os
import warnings


def tree(top: str) -> dict[str, bytes]:
    """{path: bytes} of the regular files below, the tool's own cache aside."""
    found = {}
    for folder, folders, names in os.walk(top):
        folders[:] = [name for name in folders if name != ".tflint_mem_cache"]
        for name in names:
            path = os.path.relpath(os.path.join(folder, name), top)
            if os.path.isfile(path) and not os.path.islink(path):
                found[path] = read(path)
    return found


def read(path: str) -> bytes | None:
    """The bytes of a file, None when there are none to be had."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None


def write(path: str, raw: bytes) -> None:
    """Put the bytes there."""
    with open(path, "wb") as file:
        file.write(raw)


def _parsed(raw: bytes):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(raw)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def compiled(raw: bytes) -> bool:
    """True when Python accepts the program."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(raw, "x", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def shape(raw: bytes):
    """The program without places and comments; None when it does not parse."""
    tree = _parsed(raw)
    try:
        return tree and ast.dump(tree)
    except RecursionError:
        return None


def is_plain(raw: bytes) -> bool:
    """Rows end in LF only and the text is UTF-8: what `patched` understands."""
    try:
        return (
            b"\r" not in raw
            and b"\x0c" not in raw
            and bool(raw.decode("utf-8"))
            and b"coding" not in raw[:200]
            and not raw.startswith(b"\xef")
        )
    except UnicodeDecodeError:
        return False


def without_sources(document):
    """A notebook's content without its code."""
    if isinstance(document, dict):
        return {key: None if key in ("source", "input") else without_sources(value) for key, value in document.items()}
    if isinstance(document, list):
        return [without_sources(value) for value in document]
    return document
