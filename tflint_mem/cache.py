"""The findings of an earlier run over the same files: a check of an unchanged tree reads no file and parses nothing.

One JSON file for each command line holds what the findings depended on (size, time of change and digest of every file, and
of those that were only looked for) and the findings before anything in the files silences them.  Times are believed, except
those of files that changed just before the result was stored; where a time differs, as in a fresh checkout, the digest
decides.  JSON, not a faster format: a repository may bring such a file along, and reading it must be harmless.
"""

import os
import sys

from tflint_mem import __version__, witness
from tflint_mem.finding import Edit, Finding, Fix, Step

FOLDER = ".tflint_mem_cache"
_JUST_NOW = 2_000_000_000  # nanoseconds: clocks of file systems are coarse


class Cache:
    """What is stored for one run.

    settings  config.Settings      paths  as the command line names them      files  every file that is checked, in order
    """

    def __init__(self, settings, paths, files):
        import hashlib

        self._blake2b, self._files, self._digests = hashlib.blake2b, files, {}
        self._key = self.digest(_key(settings, paths).encode("utf-8", "surrogateescape"))
        self._folder = os.path.join(settings.project_root, settings.cache_dir or FOLDER)
        self._path = os.path.join(self._folder, self._key + ".json")

    def digest(self, raw):
        """Hexadecimal digest of a file's bytes."""
        return self._blake2b(raw, digest_size=16).hexdigest()

    def note(self, source):
        """Keep the digest of a Source that the run has read."""
        self._digests[source.path] = self.digest(source.raw)

    def findings(self):
        """The stored findings when nothing they depend on has changed, else None."""
        import json

        try:
            with open(self._path, encoding="utf-8") as file:
                stored = json.load(file)
            if stored["key"] != self._key or [row[0] for row in stored["files"]] != self._files:
                return None
            touched = [row for row in (*stored["files"], *stored["beside"]) if self._state(row[0]) != row[1]]
            if any(self._read(path) != digest for path, _, digest in touched):
                return None
            found = [_finding(values) for values in stored["findings"]]
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

        if len(self._digests) < len(self._files):
            return  # not all were read
        now = time.time_ns()
        beside = sorted(witness.PATHS)
        self._write({
            "key": self._key,
            "files": [[path, self._state(path, now), self._digests[path]] for path in self._files],
            "beside": [[path, self._state(path, now), self._read(path)] for path in beside],
            "findings": [_values(finding) for finding in findings],
        })

    def _state(self, path, now=None):
        """[size, time of change in nanoseconds] of a file; None when there is none, or when it has changed just `now`."""
        try:
            status = os.stat(path)
        except (OSError, ValueError):
            return None
        if now is not None and now - status.st_mtime_ns < _JUST_NOW:
            return None
        return [status.st_size, status.st_mtime_ns]

    def _read(self, path):
        try:
            with open(path, "rb") as file:
                return self.digest(file.read())
        except OSError:
            return "a folder" if os.path.isdir(path) else None

    def _write(self, stored):
        import json
        import tempfile

        name = None
        try:
            os.makedirs(self._folder, exist_ok=True)
            ignore = os.path.join(self._folder, ".gitignore")
            if not os.path.exists(ignore):
                with open(ignore, "w", encoding="utf-8") as file:
                    file.write("# Made by tflint-mem\n*\n")
            handle, name = tempfile.mkstemp(dir=self._folder, suffix=".part")
            with open(handle, "w", encoding="utf-8") as file:
                json.dump(stored, file, separators=(",", ":"))
            os.replace(name, self._path)
        except (OSError, UnicodeError):  # a path that is no text either
            if name is not None:
                try:
                    os.unlink(name)
                except OSError:
                    pass


def _key(settings, paths):
    """Everything besides files that decides about findings."""
    return repr((
        __version__, sys.implementation.cache_tag, _program(), os.getcwd(), paths, settings.project_root, sorted(settings.enabled),
        settings.max_file_size, settings.tensorflow_version, settings.handlers, settings.entry_points,
    ))


def _program():
    """Sizes and times of the program's own modules: rules under development change without a new version."""
    from tflint_mem import rules

    home, seen = os.path.dirname(os.path.abspath(__file__)), []
    for package in (home, os.path.join(home, "project"), os.path.join(home, "codemod"), *rules.__path__):
        with os.scandir(package) as entries:
            for entry in entries:
                if entry.name.endswith(".py"):
                    status = entry.stat()
                    seen.append((entry.name, status.st_size, status.st_mtime_ns))
    return sorted(seen)


# -- findings as plain values and back


def _values(record):
    """A record as a list of its fields."""
    if isinstance(record, Finding):
        fields = {name: getattr(record, name) for name in Finding.__slots__}
        fields["trace"] = [_values(step) for step in record.trace]
        if record.fix is not None:
            fields["fix"] = [record.fix.applicability, record.fix.message, [_values(edit) for edit in record.fix.edits]]
        return list(fields.values())
    return [getattr(record, name) for name in type(record).__slots__]


def _record(kind, values):
    if len(values) != len(kind.__slots__):
        raise ValueError("not a record")
    return kind(**dict(zip(kind.__slots__, values)))


def _finding(values):
    finding = _record(Finding, values)
    finding.start, finding.end = tuple(finding.start), tuple(finding.end)
    finding.trace = tuple(_record(Step, step) for step in finding.trace)
    if finding.fix is not None:
        applicability, message, edits = finding.fix
        finding.fix = Fix(applicability=applicability, message=message, edits=tuple(_edit(edit) for edit in edits))
    return finding


def _edit(values):
    edit = _record(Edit, values)
    edit.start, edit.end = tuple(edit.start), tuple(edit.end)
    return edit
