"""What the configuration of a checked tree may say, and what only the user says.

Who checks a repository has not read it yet.  So its configuration decides how its own code is judged and nothing else:
it runs no program, opens no network, writes and reads nothing outside of the tree, and raises no limit.  For each key
one of:

    FREE     about the code itself, or how the report looks
    INSIDE   a path; it must lie in the tree, all links followed
    LOWER    a limit; it may be lower than the one in force, not higher (or than `_ROOM`, where a tree may have its
             reasons)
    USER     the user's alone

The command line, the user's own configuration (`user.config_file`) and a configuration that was named by `--config`
from outside of the tree say everything.  `--trust` lets the tree do so for one run.  A key that nobody has decided
about is the user's.
"""

from __future__ import annotations

import os

from tflint_mem.storage import user

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .settings import Settings
    from .tables import Table

FREE, INSIDE, LOWER, USER = "free", "inside", "lower", "user"

KEYS = {
    "extend": INSIDE,
    "required-version": FREE,
    "select": FREE,
    "ignore": FREE,
    "extend-select": FREE,
    "severity": FREE,
    "per-file-severity": FREE,
    "fail-on": FREE,
    "fixable": FREE,
    "unfixable": FREE,
    "extend-fixable": FREE,
    "extend-safe-fixes": FREE,
    "extend-unsafe-fixes": FREE,
    "include": FREE,
    "extend-include": FREE,
    "per-file-ignores": FREE,
    "extend-per-file-ignores": FREE,
    "exclude": FREE,
    "extend-exclude": FREE,
    "force-exclude": FREE,
    "respect-gitignore": FREE,
    "tensorflow-version": FREE,
    "handlers": FREE,
    "entry-points": FREE,
    "project": FREE,
    "max-project-files": LOWER,
    "max-project-size": LOWER,
    "output-format": FREE,
    "unsafe-fixes": FREE,
    "pedantic": FREE,
    "show-fixes": FREE,
    "fix": USER,
    "fix-only": USER,
    "baseline": INSIDE,
    "cache-dir": INSIDE,
    "max-file-size": LOWER,
    "timeout-per-file": LOWER,
    "jobs": USER,
    "verify.python": USER,
    "verify.network": USER,
    "verify.timeout": LOWER,
    "verify.total-timeout": LOWER,
    "verify.memory-limit": LOWER,
    "verify.seconds": LOWER,
    "verify.setup": INSIDE,
    "verify.device": FREE,
    "verify.codes": FREE,
}
_ROOM = {"max-file-size": 20_000_000}  # bytes: a large module or notebook is nothing to be afraid of
_OPTIONS = {
    "fix": "--fix",
    "fix-only": "--fix-only",
    "baseline": "--baseline",
    "cache-dir": "--cache-dir",
    "timeout-per-file": "--timeout-per-file",
    "jobs": "--jobs",
    "verify.python": "--verify-python",
    "verify.timeout": "--verify-timeout",
    "verify.total-timeout": "--verify-total-timeout",
    "verify.memory-limit": "--verify-memory",
}


class Refused:
    """A value of a checked tree's configuration that is not used.

    key      in kebab-case, `verify.` in front of those of that table
    message  one line: file, key, why, and how to allow it
    """

    __slots__ = ("key", "message")
    key: str
    message: str

    def __init__(self, key: str, message: str) -> None:
        self.key, self.message = key, message


def of_tree(table: Table, path: str, folder: str, settings: Settings) -> tuple[Table, list[Refused]]:
    """`(what of the table counts, what does not)` for the configuration at `path` of a checked tree.

    table     as checked by `config`: known keys, values of their type, paths joined to the configuration's folder
    folder    the tree that paths must not leave
    settings  config.Settings with what is in force so far: defaults and the user's own configuration
    """
    kept: Table = {}
    refused: list[Refused] = []
    for key, value in _flat(table):
        reason = _refusal(key, value, folder, settings)
        if reason is None:
            _put(kept, key, value)
        else:
            refused.append(Refused(key, f"{path}: `{key}` is ignored: {reason}; {_how(key)}"))
    return kept, refused


def of_user(table: Table) -> Table:
    """What of the user's own configuration holds also where the project has one: all that a project may not choose
    freely.
    """
    kept: Table = {}
    for key, value in _flat(table):
        if KEYS.get(key, USER) != FREE:
            _put(kept, key, value)
    return kept


def _flat(table: Table) -> Iterator[tuple[str, Any]]:
    for key, value in table.items():
        if key == "verify":
            for name, inner in value.items():
                yield f"verify.{name}", inner
        else:
            yield key, value


def _put(table: Table, key: str, value: object) -> None:
    group, _, name = key.rpartition(".")
    (table.setdefault(group, {}) if group else table)[name] = value


def _refusal(key: str, value: Any, folder: str, settings: Settings) -> str | None:
    kind = KEYS.get(key, USER)
    if kind == USER and value is not False:  # what is off by itself may be said to be off
        return "a checked tree does not choose it"
    if kind == INSIDE and not _stays(key, value, folder):
        return f"`{value}` leads out of the checked tree"
    if kind == LOWER:
        given, limit = _numbers(key, value, settings)
        if limit and not 0 < given <= limit:  # 0 is no limit at all, and what is not a number is not lower either
            return f"a checked tree may lower it only: {value!r} for a limit of {limit:g}"
    return None


def _stays(key: str, value: str, folder: str) -> bool:
    if key == "verify.setup" and not os.path.isabs(value):
        return True  # source code: what is a path, `config` has made absolute
    return user.is_inside(value, folder)


def _numbers(key: str, value: Any, settings: Settings) -> tuple[float, float | None]:
    """`(value, limit in force)` as numbers; the limit is None or 0 when there is none."""
    group, _, name = key.rpartition(".")
    if not group:
        limit = max(getattr(settings, name.replace("-", "_")), _ROOM.get(key, 0))
        endless = float("inf") if key == "timeout-per-file" else 0  # there, 0 switches it off
        return value or endless, limit or endless
    from tflint_mem.verify.plan.options import KEYS as NAMES
    from tflint_mem.verify.plan.options import Options

    attribute = NAMES[name][0]
    return getattr(Options.from_table({name: value}), attribute), getattr(
        Options.from_table(settings.verify), attribute
    )


def _how(key: str) -> str:
    own = user.config_file()
    option = _OPTIONS.get(key, f'--config "{key} = …"')
    return f"give {option} or --trust" + (f", or set it in {own}" if own else "")
