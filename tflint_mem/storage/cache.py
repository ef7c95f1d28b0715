"""The findings of an earlier run over the same files: a check of an unchanged tree reads no file and parses nothing.

One JSON file for each command line holds what the findings depended on (state and digest of every file, and of those
that were only looked for) and the findings before anything in the files silences them.  Where files have changed,
somebody else may know that they change no finding: see `Judge`.  The state of a file is its
size, its times of change and its number; it is believed, except for files that changed just before the result was
stored; where it differs, as in a fresh checkout, the digest decides.

Its first member is the signature of the rest: see `folder`.
"""

from __future__ import annotations

import os

from tflint_mem import __version__
from tflint_mem.finding import CONFIDENCES, PERSONAS, SAFE, SEVERITIES, UNSAFE, Edit, Finding, Fix, Step
from tflint_mem.sources.files import read_regular

from .folder import interpreter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from typing import Any

    from tflint_mem.finding import Place
    from tflint_mem.record import Record
    from tflint_mem.settings.settings import Settings
    from tflint_mem.sources.dependencies import Beside
    from tflint_mem.sources.source import Source

    from .folder import CacheFolder

    Kind = Callable[[Any], bool]  # is it a value of the kind?
    State = list[int]  # size, times of change, number
    # Called with a file that has changed and that no finding mentions, the digest that it had, and why files were taken
    # into the project (see `engine.session`): its bytes when no finding changes by them, and whether they may have
    # comments for this program; else None.
    Judge = Callable[[str, str, Mapping[str, str]], tuple[bytes, bool] | None]

_MOST_JUDGED = 100  # changed files: a check of everything shows how far it is, and may use several processes
_JUST_NOW = 2_000_000_000  # nanoseconds: clocks of file systems are coarse
_HEAD, _SIGNATURE, _NECK = b'{"signature":"', 64, b'",'  # hexadecimal digits between them; what follows is signed
_PURPOSE = b"tflint-mem-cache"


class Cache:
    """What is stored for one run.

    paths   as the command line names them
    files   every file that plays a part, in order; `around`: those of them that are only read
    root    of the project that the files are judged in
    tried   were fixes tried before they were offered, and were comments heeded then?
    commented   files that may have comments for this program, as `findings` has read it
    """

    def __init__(
        self,
        settings: Settings,
        paths: Sequence[str],
        files: list[str],
        folder: CacheFolder,
        around: Sequence[str] = (),
        root: str | None = None,
        tried: tuple[bool, bool] = (False, True),
    ) -> None:
        self._folder, self._files = folder, files
        self._digests: dict[str, str] = {}
        self._states: dict[str, State | None] = {}
        self.commented: set[str] = set()
        self._key = self.digest(_key(settings, paths, folder, around, root, tried).encode("utf-8", "surrogateescape"))
        self._name = self._key + ".json"

    def digest(self, raw: bytes) -> str:
        """Hexadecimal digest of a file's bytes."""
        return self._folder.digest(raw).hex()

    def note(self, source: Source) -> None:
        """Keep the digest of a Source that the run has just read, and the state of its file."""
        import time

        self._digests[source.path] = self.digest(source.raw)
        self._states[source.path] = self._state(source.path, time.time_ns())

    def findings(self, judge: Judge | None = None) -> list[Finding] | None:
        """The stored findings when nothing they depend on has changed, else None.

        judge   says of changed files whether that matters; without one it does
        """
        try:
            stored = self._stored()
            if stored is None or stored["key"] != self._key or [row[0] for row in stored["files"]] != self._files:
                return None
            touched, looked_for = (
                [row for row in stored[kind] if self._state(row[0]) != row[1]] for kind in ("files", "beside")
            )
            if any(self._read(row[0]) != row[2] for row in looked_for):
                return None
            changed = [row for row in touched if self._read(row[0]) != row[2]]
            if changed and (judge is None or not self._hold_despite(changed, stored, judge)):
                return None
            files = set(self._files)
            found = [_finding(values, files) for values in stored["findings"]]
            self.commented = files.intersection(stored["commented"])
        except (OSError, ValueError, KeyError, TypeError, IndexError, RecursionError):
            return None  # nothing stored, or something else than what we store
        if touched or looked_for:
            judged = {row[0] for row in changed}
            for row in (*touched, *looked_for):
                if row[0] not in judged:
                    row[1] = self._state(row[0])
            self._write(stored)
        return found

    def _hold_despite(self, changed: list[list[Any]], stored: dict[str, Any], judge: Judge) -> bool:
        """Do the stored findings hold although these files have changed?  Then `stored` knows them from now on."""
        import json
        import time

        told = json.dumps(stored["findings"])
        if len(changed) > _MOST_JUDGED or any(json.dumps(os.path.basename(row[0]))[1:-1] in told for row in changed):
            return False  # a place, or a text that names one
        parts = {row[0]: row[3] for row in stored["files"] if row[3] is not None}
        commented = set(stored["commented"])
        for row in changed:
            state = self._state(row[0], time.time_ns())
            known = judge(row[0], row[2], parts)
            if known is None:
                return False
            raw, ours = known
            row[1], row[2] = state, self.digest(raw)
            (commented.add if ours else commented.discard)(row[0])
        stored["commented"] = sorted(commented)
        return True

    def store(
        self,
        findings: Iterable[Finding],
        beside: Beside,
        commented: Iterable[str] = (),
        parts: Mapping[str, str] | None = None,
    ) -> None:
        """Remember the findings of this run; a folder that cannot be written to costs nothing but the next run's time.

        beside      the other files that the run has looked for
        commented   files that may have comments for this program
        parts       why files were taken into the project: see `engine.session`
        """
        import time

        if not self._folder.usable or len(self._digests) < len(self._files):
            return  # not all were read
        now, known = time.time_ns(), parts or {}
        self._write(
            {
                "key": self._key,
                "files": [[path, self._states[path], self._digests[path], known.get(path)] for path in self._files],
                "beside": [[path, self._state(path, now), self._read(path)] for path in sorted(beside.paths)],
                "findings": [_values(finding) for finding in findings],
                "commented": sorted(commented),
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

    def _stored(self) -> Any:
        """What `_write` has written; None when it was somebody else.  Raises OSError and ValueError."""
        raw = self._folder.read(self._name)
        if raw is None:
            return None
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
        except ValueError:
            return
        self._folder.write(self._name, _HEAD + self._sign(body) + _NECK + body)

    def _sign(self, body: bytes) -> bytes:
        return self._folder.sign(body, _PURPOSE).hex().encode()


def _key(
    settings: Settings,
    paths: Sequence[str],
    folder: CacheFolder,
    around: Sequence[str],
    root: str | None,
    tried: tuple[bool, bool],
) -> str:
    """Everything besides files that decides about findings."""
    return repr(
        (
            __version__,
            interpreter(),
            folder.program,
            os.getcwd(),
            paths,
            around,
            tried,
            root,
            settings.project_root,
            [
                (
                    each.project_root,
                    sorted(each.enabled),
                    # which fixes were tried
                    (each.fixable, each.unfixable, each.extend_fixable, each.pedantic, sorted(each.explicit)),
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


# -- findings as plain values and back


def _values(record: Record) -> list[Any]:
    """A record as a list of its fields, the records in it, too."""
    return [_value(getattr(record, name)) for name in record._fields]


def _value(value: Any) -> Any:
    if isinstance(value, (Step, Fix, Edit)):
        return _values(value)
    if type(value) is tuple and value and isinstance(value[0], tuple):
        return [_value(each) for each in value]
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
    "further_traces": _is_list,
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
        named[name] = _steps(named[name])
    named["further_traces"] = tuple(map(_steps, named["further_traces"]))
    if named["fix"] is not None:
        named["fix"] = _fix(named["fix"])
    finding = Finding(**named)
    if finding.path not in files or any(step.path not in files for step in (*finding.steps, *finding.places)):
        raise ValueError("a file that was not checked")
    return finding


def _steps(values: Any) -> tuple[Step, ...]:
    if type(values) is not list:
        raise ValueError("not a list")
    return tuple(Step(**_named(Step, step, _STEP)) for step in values)


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
