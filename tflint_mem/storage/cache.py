"""The findings of an earlier run over the same files: a check of an unchanged tree reads no file and parses nothing.

One JSON file for each command line holds what the findings depended on (state and digest of every file, and of those that
were only looked for) and the findings before anything in the files silences them.  The state of a file is its size, its times
of change and its number; it is believed, except for files that changed just before the result was stored; where it differs,
as in a fresh checkout, the digest decides.

A repository may bring such a file along.  So its first member signs the rest with a secret of the user (`secret`): what no run
of his own has written is not looked at.  Without a secret there is no cache, nor where a symbolic link is in the way.
"""

import os
import stat
import sys

from tflint_mem import __version__
from tflint_mem.finding import CONFIDENCES, PERSONAS, SAFE, SEVERITIES, UNSAFE, Edit, Finding, Fix, Step
from tflint_mem.sources import dependencies
from tflint_mem.sources.files import read_regular
from tflint_mem.storage import secret

FOLDER = ".tflint_mem_cache"
_JUST_NOW = 2_000_000_000  # nanoseconds: clocks of file systems are coarse
_LARGEST = 256_000_000  # bytes of a stored result
_HEAD, _SIGNATURE, _NECK = b'{"signature":"', 64, b'",'  # hexadecimal digits between them; what follows is signed


class Cache:
    """What is stored for one run.

    settings  config.Settings      paths  as the command line names them      files  every file that is checked, in order
    """

    def __init__(self, settings, paths, files):
        import hashlib

        self._blake2b, self._files, self._digests, self._states = hashlib.blake2b, files, {}, {}
        self._key = self.digest(_key(settings, paths).encode("utf-8", "surrogateescape"))
        self._folder = os.path.join(settings.tree, settings.cache_dir or FOLDER)
        self._path = os.path.join(self._folder, self._key + ".json")
        self._ignore = os.path.join(self._folder, ".gitignore")
        self._secret = None if self._is_led_astray() else secret.key(settings.tree)

    def digest(self, raw):
        """Hexadecimal digest of a file's bytes."""
        return self._blake2b(raw, digest_size=16).hexdigest()

    def note(self, source):
        """Keep the digest of a Source that the run has just read, and the state of its file."""
        import time

        self._digests[source.path] = self.digest(source.raw)
        self._states[source.path] = self._state(source.path, time.time_ns())

    def findings(self):
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

    def store(self, findings):
        """Remember the findings of this run; a folder that cannot be written to costs nothing but the next run's time."""
        import time

        if self._secret is None or len(self._digests) < len(self._files):
            return  # not all were read
        now = time.time_ns()
        beside = sorted(dependencies.PATHS)
        self._write(
            {
                "key": self._key,
                "files": [[path, self._states[path], self._digests[path]] for path in self._files],
                "beside": [[path, self._state(path, now), self._read(path)] for path in beside],
                "findings": [_values(finding) for finding in findings],
            }
        )

    def _state(self, path, now=None):
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

    def _read(self, path):
        try:
            return self.digest(read_regular(path))
        except OSError:
            return "a folder" if os.path.isdir(path) else None

    # -- the file

    def _is_led_astray(self):
        """True when something else than our own folder and files lies in their place: a link would lead us out of the tree."""
        for path, kind in ((self._folder, stat.S_ISDIR), (self._ignore, stat.S_ISREG), (self._path, stat.S_ISREG)):
            try:
                if not kind(os.lstat(path).st_mode):
                    return True
            except FileNotFoundError:
                continue
            except (OSError, ValueError):
                return True
        return False

    def _sign(self, raw):
        return (
            self._blake2b(raw, digest_size=_SIGNATURE // 2, key=self._secret, person=b"tflint-mem-cache")
            .hexdigest()
            .encode()
        )

    def _stored(self):
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

    def _write(self, stored):
        import json
        import tempfile

        name = None
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
            handle, name = tempfile.mkstemp(dir=self._folder, suffix=".part")
            with open(handle, "wb") as file:
                file.write(_HEAD + self._sign(body) + _NECK + body)
            os.replace(name, self._path)
        except (OSError, ValueError):
            if name is not None:
                try:
                    os.unlink(name)
                except OSError:
                    pass


def _key(settings, paths):
    """Everything besides files that decides about findings."""
    return repr(
        (
            __version__,
            sys.implementation.cache_tag,
            _program(),
            os.getcwd(),
            paths,
            settings.project_root,
            sorted(settings.enabled),
            settings.max_file_size,
            settings.tensorflow_version,
            settings.handlers,
            settings.entry_points,
        )
    )


_NO_PART = frozenset(("verify", "report", "__pycache__"))  # folders that change no finding


def _program():
    """Sizes and times of the program's own modules: rules under development change without a new version."""
    from tflint_mem import rules

    home, seen = os.path.dirname(os.path.dirname(os.path.abspath(__file__))), []
    waiting = [home, *rules.__path__]
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


def _values(record):
    """A record as a list of its fields."""
    if isinstance(record, Finding):
        fields = {name: getattr(record, name) for name in Finding.__slots__}
        fields["trace"] = [_values(step) for step in record.trace]
        fields["places"] = [_values(step) for step in record.places]
        if record.fix is not None:
            fields["fix"] = [record.fix.applicability, record.fix.message, [_values(edit) for edit in record.fix.edits]]
        return list(fields.values())
    return [getattr(record, name) for name in type(record).__slots__]


def _fields(values, *kinds):
    """The values when each is of its kind.  Raises ValueError."""
    if type(values) is not list or len(values) != len(kinds):
        raise ValueError("not a record")
    for value, kind in zip(values, kinds):
        if not kind(value):
            raise ValueError("not a value of this field")
    return values


def _is_text(value):
    return type(value) is str


def _is_number(value):
    return type(value) is int and value > 0


def _is_number_or_none(value):
    return value is None or _is_number(value)


def _is_list(value):
    return type(value) is list


def _is_list_or_none(value):
    return value is None or type(value) is list


def _is_none(value):
    return value is None


# kinds of the fields of each record, by name
_FINDING = {
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
_STEP = {"path": _is_text, "cell": _is_number_or_none, "row": _is_number, "column": _is_number, "message": _is_text}
_FIX = {"applicability": (SAFE, UNSAFE).__contains__, "message": _is_text, "edits": _is_list}
_EDIT = {"start": _is_list, "end": _is_list, "content": _is_text, "cell": _is_number_or_none}


def _record(kind, values, kinds):
    """The record of these values.  Raises ValueError when one is not of its kind."""
    return kind(**dict(zip(kind.__slots__, _fields(values, *map(kinds.__getitem__, kind.__slots__)))))


def _finding(values, files):
    """The finding, which is about one of the `files` that are checked, and leads through no others.  Raises ValueError."""
    finding = _record(Finding, values, _FINDING)
    finding.start, finding.end = _place(finding.start), _place(finding.end)
    finding.trace = tuple(_record(Step, step, _STEP) for step in finding.trace)
    finding.places = tuple(_record(Step, step, _STEP) for step in finding.places)
    if finding.path not in files or any(step.path not in files for step in (*finding.trace, *finding.places)):
        raise ValueError("a file that was not checked")
    if finding.fix is not None:
        finding.fix = _record(Fix, finding.fix, _FIX)
        finding.fix.edits = tuple(map(_edit, finding.fix.edits))
    return finding


def _edit(values):
    edit = _record(Edit, values, _EDIT)
    edit.start, edit.end = _place(edit.start), _place(edit.end)
    return edit


def _place(values):
    return tuple(_fields(values, _is_number, _is_number))
