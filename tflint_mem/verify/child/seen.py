"""What the first repeats did, as the user sees it: what they printed, what their variables hold, what they wrote.

The flagged and the fixed version are told apart by it.  Before each of these repeats all random numbers begin anew, so
that both versions draw the same.  Nothing is kept: each repeat leaves one event with plain data in it.
"""

from __future__ import annotations

import builtins
import os
import random
import stat
import sys

from .reads import Reads
from .returned import Returned
from .values import described

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import FrameType
    from typing import Any, TextIO

    from tflint_mem.verify.events import Event
    from tflint_mem.verify.events import Seen as SeenEvent

    from .values import Described
    from .watch import SnippetFiles

LEAST_REPEATS, MOST_REPEATS = 2, 3  # that are looked at; the third where there is time for it
_MOST_NAMES = 80
_MOST_PRINTED = 4000  # characters of one repeat
_MOST_FILES, _MOST_TEXT = 60, 20_000  # bytes of a file whose text is told
_FUNCTION = 1  # flag of code whose variables are no dictionary
# names that snippets use for themselves
_OURS = frozenset(("again", "repeat", "behind"))


class Seen:
    """Sees the first repeats.  `emit` takes an event after each; `files` says which code is the snippet's.

    cwd    the folder where the snippet runs        seed   what random numbers begin with
    waited   tells whether the snippet has waited since the last time
    """

    waited: Callable[[], bool] | None = None

    def __init__(self, emit: Callable[[Event], None], files: SnippetFiles, cwd: str, seed: int) -> None:
        self._emit, self._files, self._cwd, self._seed = emit, files, cwd, seed
        self._stdout: _Listening | None = None
        self._before: dict[str, tuple[int, int]] = {}
        self._reads, self._returned = Reads(cwd), Returned(files)
        self._import = builtins.__import__
        self._deep, self._imported = 0, False
        self.repeats = 0

    def begin(self) -> None:
        """The snippet, or what stands in for something that it lacks, is about to run."""
        begin_anew(self._seed)
        builtins.__import__ = self._importing
        self._stdout = _Listening(sys.stdout, self._files)
        sys.stdout = self._stdout

    def end(self) -> None:
        """Nothing more is seen."""
        builtins.__import__ = self._import
        self._reads.end()
        self._returned.end()
        if self._stdout is not None and sys.stdout is self._stdout:  # else the program has put another in its place
            sys.stdout = self._stdout.real
        self._stdout = None

    def first(self, frame: FrameType) -> None:
        """The first repeat begins: what was printed before belongs to none.  frame: of the code that repeats"""
        self._printed()
        builtins.__import__ = self._import
        self._before = _files(self._cwd)
        self._reads.begin()
        self._returned.begin(frame)
        begin_anew(self._seed)

    def repeat(self, frame: FrameType) -> None:
        """A repeat is over.  frame: of the code that repeats"""
        if self.repeats >= MOST_REPEATS or self._stdout is None:
            return
        self.repeats += 1
        read, looked = self._reads.taken()
        try:
            values = {**self._values(frame), **self._returned.taken()}
        except Exception as error:  # somebody's `__eq__` or `shape`: it says nothing
            values = {}
            self._emit({"event": "note", "text": "values cannot be seen: %s" % error})
        event: SeenEvent = {
            "event": "seen",
            "n": self.repeats,
            "printed": self._printed(),
            "values": values,
            "files": self._written(),
            "read": read,
        }
        if self.waited is not None and self.waited():
            event["looked"] = looked
        self._emit(event)
        self._reads.taken()  # we have looked at files ourselves
        if self.repeats >= MOST_REPEATS:
            self.end()
        else:
            begin_anew(self._seed + self.repeats)

    def _importing(self, name: str, *more: Any, **named: Any) -> Any:
        """An import.  That of TensorFlow draws random numbers itself, and only the first attempt of a process makes it:
        behind it they begin anew.
        """
        self._deep += 1
        try:
            found = self._import(name, *more, **named)
        finally:
            self._deep -= 1
        if not self._deep and not self._imported and name.partition(".")[0] in ("tensorflow", "keras", "tf_keras"):
            self._imported = True
            begin_anew(self._seed)
        return found

    def _printed(self) -> str:
        """What was printed since the last time."""
        return "" if self._stdout is None else self._stdout.taken()

    def _values(self, frame: FrameType) -> dict[str, Described]:
        names: dict[str, Described] = {}
        if frame.f_locals is not frame.f_globals:
            here = frame.f_locals
            self._add(names, here, "")
            if type(here) is dict and frame.f_code.co_flags & _FUNCTION:
                here.clear()  # before Python 3.13 the frame of a function keeps this copy, and with it all values
        self._add(names, frame.f_globals, "" if not names else "global ")
        return names

    def _add(self, names: dict[str, Described], found: Mapping[str, object], prefix: str) -> None:
        for name in list(found):
            if len(names) >= _MOST_NAMES:
                return
            if name in _OURS or (name.startswith("_") and name != "_subject"):
                continue
            told = described(found[name])
            if told is not None:
                names[prefix + name] = told

    def _written(self) -> dict[str, str]:
        """Files in the working folder that came or changed since the first repeat: name -> text, "" for none."""
        found: dict[str, str] = {}
        for name, state in _files(self._cwd).items():
            if self._before.get(name) == state:
                continue
            text = ""
            if state[0] <= _MOST_TEXT:
                try:
                    with open(os.path.join(self._cwd, name), encoding="utf-8") as file:
                        text = file.read()
                except (OSError, UnicodeDecodeError):
                    text = ""
            found[name] = text
        return found


class _Listening:
    """Standard output; what the snippet's own lines write is kept as well.  A library's progress bar is not its own."""

    def __init__(self, real: TextIO, files: SnippetFiles) -> None:
        self.real, self._files = real, files
        self._parts: list[str] = []
        self._size = 0

    def write(self, text: str) -> int:
        """As a file has it."""
        if self._size < _MOST_PRINTED and self._files.get(sys._getframe(1).f_code.co_filename) is not None:
            self._parts.append(text[:_MOST_PRINTED])
            self._size += len(text)
        return self.real.write(text)

    def taken(self) -> str:
        """What was kept since the last time."""
        text = "".join(self._parts)[:_MOST_PRINTED]
        del self._parts[:]
        self._size = 0
        return text

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


def _files(folder: str) -> dict[str, tuple[int, int]]:
    """{relative name: (size, time of change)} of the files below a folder; {} where there are many."""
    found: dict[str, tuple[int, int]] = {}
    for base, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            if len(found) >= _MOST_FILES:
                return {}  # of so many it would only be known which come first
            path = os.path.join(base, name)
            try:
                state = os.stat(path)
            except OSError:
                continue
            if stat.S_ISREG(state.st_mode):  # a pipe would be waited for
                found[os.path.relpath(path, folder).replace(os.sep, "/")] = (state.st_size, state.st_mtime_ns)
    found.pop("snippet.py", None)
    return found


def begin_anew(seed: int) -> None:
    """Random numbers of Python, NumPy and TensorFlow begin anew; of those that are imported."""
    random.seed(seed)
    numpy, tensorflow = sys.modules.get("numpy"), sys.modules.get("tensorflow")
    if numpy is not None:
        numpy.random.seed(seed)
    if tensorflow is not None:
        try:
            tensorflow.random.set_seed(seed)
        except Exception:
            pass  # TensorFlow 1 under another name, a stand-in: nothing begins anew
