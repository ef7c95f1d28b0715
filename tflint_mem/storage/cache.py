"""The findings of an earlier run over the same files: a check of an unchanged tree reads no file and parses nothing.

One JSON file for each command line holds what the findings depended on (state and digest of every file, and of those
that were only looked for) and the findings before anything in the files silences them.  The state of a file is its
size, its times of change and its number; it is believed, except for files that changed just before the result was
stored; where it differs, as in a fresh checkout, the digest decides.

A repository may bring such a file along.  So its first member signs the rest with a secret of the user (`secret`): what
no run of his own has written is not looked at.  Without a secret there is no cache, nor where a symbolic link is in the
way.
"""

from __future__ import annotations

import os
import stat
import sys

from tflint_mem import __version__
from tflint_mem.finding import CONFIDENCES, PERSONAS, SAFE, SEVERITIES, UNSAFE, Edit, Finding, Fix, Step
from tflint_mem.sources.files import read_regular

from . import secret
from .new_file import put_bytes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence
    from typing import Any

    from tflint_mem.finding import Place
    from tflint_mem.record import Record
    from tflint_mem.settings.settings import Settings
    from tflint_mem.sources.dependencies import Beside
    from tflint_mem.sources.source import Source

    Kind = Callable[[Any], bool]  # is it a value of the kind?
    State = list[int]  # size, times of change, number

FOLDER = ".tflint_mem_cache"
_JUST_NOW = 2_000_000_000  # nanoseconds: clocks of file systems are coarse
_LARGEST = 256_000_000  # bytes of a stored result
_HEAD, _SIGNATURE, _NECK = b'{"signature":"', 64, b'",'  # hexadecimal digits between them; what follows is signed


class Cache:
    """What is stored for one run.

    paths   as the command line names them
    files   every file that plays a part, in order; `around`: those of them that are only read
    """

    def __init__(self, settings: Settings, paths: Sequence[str], files: list[str], around: Sequence[str] = ()) -> None:
        import hashlib

        self._blake2b, self._files = hashlib.blake2b, files
        self._digests: dict[str, str] = {}
        self._states: dict[str, State | None] = {}
        self._key = self.digest(_key(settings, paths, around).encode("utf-8", "surrogateescape"))
        self._folder = os.path.join(settings.tree, settings.cache_dir or FOLDER)
        self._path = os.path.join(self._folder, self._key + ".json")
        self._ignore = os.path.join(self._folder, ".gitignore")
        self._secret = None if self._is_led_astray() else secret.key(settings.tree)

    def digest(self, raw: bytes) -> str:
        """Hexadecimal digest of a file's bytes."""
        return self._blake2b(raw, digest_size=16).hexdigest()

    def note(self, source: Source) -> None:
        """Keep the digest of a Source that the run has just read, and the state of its file."""
        import time

        self._digests[source.path] = self.digest(source.raw)
        self._states[source.path] = self._state(source.path, time.time_ns())

    def findings(self) -> list[Finding] | None:
        """The stored findings when nothing they depend on has changed, else None."""
        try:
            stored = self._stored()
            if stored is None or stored["key"] != self._key or [row[0] for row in stored["files"]] != self._files:
                return None
            touched = [row for row in (*stored["files"], *stored["beside"]) if self._state(row[0]) != row[1]]
            if any(self._read(path) != digest for path, _, digest in touched):
                return None
            files = set(self._files)
            found = [_finding(values, files) for values in stored["findings"]]
        except (OSError, ValueError, KeyError, TypeError, IndexError, RecursionError):
            return None  # nothing stored, or something else than what we store
        if touched:
            for row in touched:
                row[1] = self._state(row[0])
            self._write(stored)
        return found

    def store(self, findings: Iterable[Finding], beside: Beside) -> None:
        """Remember the findings of this run; a folder that cannot be written to costs nothing but the next run's time.

        beside   the other files that the run has looked for
        """
        import time

        if self._secret is None or len(self._digests) < len(self._files):
            return  # not all were read
        now = time.time_ns()
        self._write(
            {
                "key": self._key,
                "files": [[path, self._states[path], self._digests[path]] for path in self._files],
                "beside": [[path, self._state(path, now), self._read(path)] for path in sorted(beside.paths)],
                "findings": [_values(finding) for finding in findings],
            }
        )

    def _state(self, path: str, now: int | None = None) -> State | None:
        """What tells that a file is as it was, cheaply; None when there is none, or when it has changed just `now`.

        The time of change of the file's entry is the one that whoever packs an archive cannot choose.
        """
        try:
            status = os.stat(path)
        except (OSError, ValueError):
            return None
        if now is not None and now - max(status.st_mtime_ns, status.st_ctime_ns) < _JUST_NOW:
            return None
        return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]

    def _read(self, path: str) -> str | None:
        try:
            return self.digest(read_regular(path))
        except OSError:
            return "a folder" if os.path.isdir(path) else None

    # -- the file

    def _is_led_astray(self) -> bool:
        """True when something else than our own folder and files lies in their place: a link would lead us out of the
        tree.
        """
        for path, kind in ((self._folder, stat.S_ISDIR), (self._ignore, stat.S_ISREG), (self._path, stat.S_ISREG)):
            try:
                if not kind(os.lstat(path).st_mode):
                    return True
            except FileNotFoundError:
                continue
            except (OSError, ValueError):
                return True
        return False

    def _sign(self, raw: bytes) -> bytes:
        key = self._secret or b""
        signed = self._blake2b(raw, digest_size=_SIGNATURE // 2, key=key, person=b"tflint-mem-cache")
        return signed.hexdigest().encode()

    def _stored(self) -> Any:
        """What `_write` has written; None when it was somebody else.  Raises OSError and ValueError."""
        if self._secret is None:
            return None
        raw = read_regular(self._path, _LARGEST)
        end = len(_HEAD) + _SIGNATURE
        body = raw[end + len(_NECK) :]
        if not raw.startswith(_HEAD) or raw[end : end + len(_NECK)] != _NECK:
            return None
        import hmac

        if not hmac.compare_digest(raw[len(_HEAD) : end], self._sign(body)):
            return None
        import json

        return json.loads(b"{" + body)

    def _write(self, stored: object) -> None:
        import json

        try:
            body = json.dumps(stored, separators=(",", ":")).encode()[1:]
            os.makedirs(self._folder, exist_ok=True)
            if self._is_led_astray():
                return
            try:
                with open(self._ignore, "x", encoding="utf-8") as file:  # never through a link
                    file.write("# Made by tflint-mem\n*\n")
            except FileExistsError:
                pass
            put_bytes(self._path, _HEAD + self._sign(body) + _NECK + body, 0o600)
        except (OSError, ValueError):
            pass


def _key(settings: Settings, paths: Sequence[str], around: Sequence[str]) -> str:
    """Everything besides files that decides about findings."""
    return repr(
        (
            __version__,
            sys.implementation.cache_tag,
            _program(),
            os.getcwd(),
            paths,
            around,
            settings.project_root,
            [
                (
                    each.project_root,
                    sorted(each.enabled),
                    each.per_file_ignores,
                    each.max_file_size,
                    each.tensorflow_version,
                    each.handlers,
                    each.entry_points,
                )
                for each in settings.each()
            ],
        )
    )


_NO_PART = frozenset(("verify", "report", "__pycache__"))  # folders that change no finding


def _program() -> list[tuple[str, int, int]]:
    """Names, sizes and times of the program's own modules: rules under development change without a new version."""
    from importlib.util import find_spec

    rules = find_spec("tflint_mem.rules")  # they may stand elsewhere
    home = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    seen: list[tuple[str, int, int]] = []
    waiting = [home, *((rules.submodule_search_locations if rules else None) or ())]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.name.endswith(".py"):
                    status = entry.stat()
                    seen.append((entry.name, status.st_size, status.st_mtime_ns))
                elif entry.is_dir() and entry.name not in _NO_PART:
                    waiting.append(entry.path)
    return sorted(seen)


# -- findings as plain values and back


def _values(record: Record) -> list[Any]:
    """A record as a list of its fields, the records in it, too."""
    return [_value(getattr(record, name)) for name in record._fields]


def _value(value: Any) -> Any:
    if isinstance(value, (Step, Fix, Edit)):
        return _values(value)
    if type(value) is tuple and value and isinstance(value[0], (Step, Edit)):
        return [_values(each) for each in value]
    return value


def _fields(values: Any, kinds: Iterable[Kind]) -> list[Any]:
    """The values when each is of its kind.  Raises ValueError."""
    kinds = tuple(kinds)
    if type(values) is not list or len(values) != len(kinds):
        raise ValueError("not a record")
    for value, kind in zip(values, kinds):
        if not kind(value):
            raise ValueError("not a value of this field")
    return values


def _is_text(value: Any) -> bool:
    return type(value) is str


def _is_number(value: Any) -> bool:
    return type(value) is int and value > 0


def _is_number_or_none(value: Any) -> bool:
    return value is None or _is_number(value)


def _is_list(value: Any) -> bool:
    return type(value) is list


def _is_list_or_none(value: Any) -> bool:
    return value is None or type(value) is list


def _is_none(value: Any) -> bool:
    return value is None


# kinds of the fields of each record, by name
_FINDING: dict[str, Kind] = {
    "code": _is_text,
    "name": _is_text,
    "group": _is_text,
    "severity": SEVERITIES.__contains__,
    "confidence": CONFIDENCES.__contains__,
    "persona": PERSONAS.__contains__,
    "message": _is_text,
    "measured": _is_text,
    "help": _is_text,
    "path": _is_text,
    "cell": _is_number_or_none,
    "start": _is_list,
    "end": _is_list,
    "noqa_row": _is_number_or_none,
    "trace": _is_list,
    "places": _is_list,
    "fix": _is_list_or_none,
    "verification": _is_none,
}
_STEP: dict[str, Kind] = {
    "path": _is_text,
    "cell": _is_number_or_none,
    "row": _is_number,
    "column": _is_number,
    "message": _is_text,
}
_FIX: dict[str, Kind] = {
    "applicability": (SAFE, UNSAFE).__contains__,
    "message": _is_text,
    "edits": _is_list,
}
_EDIT: dict[str, Kind] = {"start": _is_list, "end": _is_list, "content": _is_text, "cell": _is_number_or_none}


def _named(kind: type[Record], values: Any, kinds: dict[str, Kind]) -> dict[str, Any]:
    """The values by the names of the fields of a record.  Raises ValueError when one is not of its kind."""
    return dict(zip(kind._fields, _fields(values, map(kinds.__getitem__, kind._fields))))


def _finding(values: Any, files: Collection[str]) -> Finding:
    """The finding, which is about one of the `files` that are checked, and leads through no others.  Raises
    ValueError.
    """
    named = _named(Finding, values, _FINDING)
    for name in ("start", "end"):
        named[name] = _place(named[name])
    for name in ("trace", "places"):
        named[name] = tuple(Step(**_named(Step, step, _STEP)) for step in named[name])
    if named["fix"] is not None:
        named["fix"] = _fix(named["fix"])
    finding = Finding(**named)
    if finding.path not in files or any(step.path not in files for step in (*finding.trace, *finding.places)):
        raise ValueError("a file that was not checked")
    return finding


def _fix(values: Any) -> Fix:
    named = _named(Fix, values, _FIX)
    named["edits"] = tuple(map(_edit, named["edits"]))
    return Fix(**named)


def _edit(values: Any) -> Edit:
    named = _named(Edit, values, _EDIT)
    for name in ("start", "end"):
        named[name] = _place(named[name])
    return Edit(**named)


def _place(values: Any) -> Place:
    row, column = _fields(values, (_is_number, _is_number))
    return row, column
