"""What one configuration file says together with those that it extends, and which versions of this program it is for.

`extend` names another file, relative to the one that says so, whose keys hold where the first says nothing else;
`extend-select`, `extend-exclude` and other keys of that kind add to it.  Patterns stay relative to the folder of the
file that has them.
"""

from __future__ import annotations

import os

from tflint_mem import __version__
from tflint_mem.hardening.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .tables import Table

EXTEND, REQUIRED = "extend", "required-version"
_ADDED = (
    "extend-select",
    "extend-fixable",
    "extend-safe-fixes",
    "extend-unsafe-fixes",
    "extend-include",
    "extend-exclude",
)
_PATTERNS = ("include", "extend-include", "exclude", "extend-exclude", "entry-points")
_BY_PATTERN = ("per-file-ignores", "extend-per-file-ignores", "per-file-severity")
_MOST = 32  # files in a chain


def whole(table: Table, path: str, refused: Callable[[str], str | None] | None = None) -> tuple[Table, list[str]]:
    """`(the table of the file at `path`, checked, together with those that it extends, lines about those it may not)`.

    refused   says of an absolute path why it may not be extended, None when it may; by itself, all may
    Raises UsageError, which names the file and row: for a file that is not there, a circle, a version of this program
    that is not admitted, and whatever `tables.checked` refuses.
    """
    from .tables import checked

    lines: list[str] = []

    _check_version(table, path)
    found = {key: value for key, value in checked(table, path).items() if key != REQUIRED}
    chain = [os.path.abspath(path)]
    while EXTEND in found:
        place = _place(path, EXTEND)
        target = os.path.normpath(os.path.join(os.path.dirname(chain[-1]), os.path.expanduser(found.pop(EXTEND))))
        if target in chain:
            raise UsageError(f"{place}: `extend` leads round in a circle, back to {target}")
        if len(chain) >= _MOST:
            raise UsageError(f"{place}: `extend` leads through more than {_MOST} files")
        reason = refused(target) if refused is not None else None
        if reason is not None:
            lines.append(f"{place}: `extend` is ignored: {reason}")
            break
        path = target
        chain.append(path)
        found = _together(_read(path, place), found, os.path.dirname(path), os.path.dirname(chain[0]))
    return found, lines


def _read(path: str, place: str) -> Table:
    """The table of an extended file, checked but for what only the chain can tell."""
    from .tables import checked, read

    table = read(path, f"{place}: `extend`: ")
    _check_version(table, path)
    return {key: value for key, value in checked(table, path).items() if key != REQUIRED}


def _together(base: Table, own: Table, folder: str, root: str) -> Table:
    """The keys of both, where those of `own` win.  folder   of the base        root   what patterns count from"""
    if folder != root:
        base = rebased(base, folder)
    joined = {**base, **own}
    for key in _ADDED:
        if key in base and key in own:
            joined[key] = [*base[key], *own[key]]
    for key in ("verify", "severity", "per-file-severity", "extend-per-file-ignores"):
        if key in base and key in own:
            joined[key] = {**base[key], **own[key]}
    if EXTEND in base:
        joined[EXTEND] = base[EXTEND]
    return joined


def rebased(table: Table, folder: str) -> Table:
    """The table with patterns that count from `folder`, wherever they are used; keys in kebab-case or snake_case."""
    found = dict(table)
    for key, value in table.items():
        name = key.replace("_", "-")
        if value is None:
            continue
        if name in _PATTERNS:
            found[key] = [_from(pattern, folder) for pattern in value]
        elif name in _BY_PATTERN:
            found[key] = {
                "!" * pattern.startswith("!") + _from(pattern.removeprefix("!"), folder): said
                for pattern, said in value.items()
            }
    return found


def _from(pattern: str, folder: str) -> str:
    """A pattern of a path below `folder`, wherever it counts from; one of a mere name holds everywhere."""
    if "/" not in pattern.rstrip("/") or pattern.startswith("**/") or os.path.isabs(pattern):
        return pattern
    return os.path.join("".join(f"[{c}]" if c in "*?[" else c for c in folder), pattern)


def _check_version(table: Table, path: str) -> None:
    """Raises UsageError when the file is not for this version of the program."""
    wanted = table.get(REQUIRED)
    if not isinstance(wanted, str):
        return
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    place = _place(path, REQUIRED)
    try:
        admitted = SpecifierSet(f"=={wanted}" if wanted[:1].isdigit() else wanted).contains(
            __version__, prereleases=True
        )
    except InvalidSpecifier:
        raise UsageError(f"{place}: `{REQUIRED}` should be a version specifier such as `>={__version__}`") from None
    if not admitted:
        raise UsageError(f"{place}: `{REQUIRED}` is `{wanted}`, and this is tflint-mem {__version__}")


def _place(path: str, key: str) -> str:
    """The file, and the row in which it says `key` when that can be told."""
    from tflint_mem.sources.files import read_regular

    try:
        rows = read_regular(path).decode("utf-8", "replace").splitlines()
    except OSError:
        return path
    for number, row in enumerate(rows, 1):
        if row.lstrip().startswith(key) and row.lstrip()[len(key) :].lstrip().startswith("="):
            return f"{path}:{number}"
    return path
