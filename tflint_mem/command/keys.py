"""What `tflint-mem config` prints: the keys of the configuration."""

from __future__ import annotations

import sys

from tflint_mem.hardening import safe
from tflint_mem.settings import manual, tables, trust
from tflint_mem.settings.selection import nearest

_WHO = {
    trust.FREE: "a project may set it",
    trust.INSIDE: "a project may set it to a path within itself",
    trust.LOWER: "a project may lower it",
    trust.USER: "the user alone sets it",
}


def table(output_format: str) -> int:
    """Print all keys; returns the exit code."""
    if output_format == "json":
        print(safe.dumps({key: record(key) for key in names()}))
    else:
        print("\n".join(names()))
    return 0


def describe(key: str, output_format: str) -> int:
    """Print what one key is for; returns the exit code."""
    if key not in names():
        print(f"tflint-mem: unknown key `{safe.field(key)}`{nearest(key, names())}", file=sys.stderr)
        return 2
    said = record(key)
    if output_format == "json":
        print(safe.dumps(said))
        return 0
    print(said["text"])
    print(f"\nKind: {said['kind']}\nDefault: {safe.dumps(said['default'], indent=None)}\nWho: {said['who']}")
    if said["example"]:
        print(f"Example:\n```toml\n{said['example']}\n```")
    return 0


def schema() -> int:
    """Print the JSON schema; returns the exit code."""
    from tflint_mem.settings.schema import schema

    print(safe.dumps(schema()))
    return 0


def names() -> list[str]:
    """All keys; those of the table `verify` with its name in front."""
    return [*tables.KEYS, *(f"verify.{key}" for key in manual.VERIFY)]


def record(key: str) -> dict[str, object]:
    """What there is to say about a key, as plain values."""
    group, _, name = key.rpartition(".")
    if group:
        text, example, kind, default = manual.VERIFY[name], "", _kind(name), None
    else:
        entry = manual.ENTRIES[key]
        text, example, kind, default = entry.text, entry.example, tables.KINDS[tables.KEYS[key]], manual.default(key)
    who = _WHO[trust.KEYS[key]] if key in trust.KEYS else "see its keys"
    return {
        "group": group or manual.ENTRIES[key].group,
        "text": text,
        "kind": kind,
        "default": default,
        "who": who,
        "example": example,
    }


def _kind(name: str) -> str:
    """The kind of a key of the table `verify`, in words."""
    from tflint_mem.verify.plan.options import KEYS

    kind = KEYS[name][1]
    words = {str: "a string", float: "a number of seconds", bool: "true or false", list: "a list of strings"}
    return words[kind] if isinstance(kind, type) else "a number of bytes, or text such as 4GiB"
