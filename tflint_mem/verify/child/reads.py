"""Which files are read, and which are only asked about: what is read again and again may be another one each time."""

from __future__ import annotations

import builtins
import io
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_MOST = 60  # names of one repeat
_SYSTEM = ("/proc/", "/sys/", "/dev/", "/etc/", "/usr/", "/lib")
_WRITES = frozenset("wax")
_CODE = (".py", ".pyc", ".so", ".pyd")


class Reads:
    """Listens from `begin` to `end`, through Python's own `open` and `os.stat`, and through h5py.

    cwd: the folder where the snippet runs
    """

    def __init__(self, cwd: str) -> None:
        self._cwd = os.path.realpath(cwd)
        self._scratch = os.path.dirname(self._cwd)
        self._home = os.path.expanduser("~")
        self._read: set[str] = set()
        self._asked: set[str] = set()
        self._put_back: list[tuple[Any, str, Any]] = []

    def begin(self) -> None:
        """From here on."""
        if self._put_back:
            return
        for place, name, found in (
            (builtins, "open", self._read),
            (io, "open", self._read),
            (os, "stat", self._asked),
        ):
            self._listen(place, name, found, False)
        hdf5: Any = getattr(sys.modules.get("h5py"), "File", None)
        if isinstance(hdf5, type):
            self._listen(hdf5, "__init__", self._read, True)

    def end(self) -> None:
        """Up to here."""
        for place, name, real in self._put_back:
            setattr(place, name, real)
        del self._put_back[:]

    def taken(self) -> tuple[list[str], list[str]]:
        """Names of what was read, and of what was read or asked about, since the last time; names that are the same in
        another run."""
        read = sorted(filter(None, map(self._name, self._read)))[:_MOST]
        looked = sorted({*read, *filter(None, map(self._name, self._asked))})[:_MOST]
        self._read.clear()
        self._asked.clear()
        return read, looked

    def _listen(self, place: Any, name: str, found: set[str], method: bool) -> None:
        real = getattr(place, name)

        def listening(*arguments: Any, **named: Any) -> Any:
            first, second = arguments[method : method + 1], arguments[method + 1 : method + 2]
            mode = second[0] if second else named.get("mode")
            reads = not isinstance(mode, str) or not _WRITES.intersection(mode)
            if reads and first and isinstance(first[0], (str, os.PathLike)) and len(found) < 10 * _MOST:
                found.add(os.fsdecode(os.path.abspath(os.fspath(first[0]))))
            return real(*arguments, **named)

        setattr(place, name, listening)
        self._put_back.append((place, name, real))

    def _name(self, path: str) -> str:
        """What a file is called in any run; "" for what is no data of the program's."""
        if path.endswith(_CODE) or path.startswith((*_SYSTEM, sys.prefix + os.sep, sys.base_prefix + os.sep)):
            return ""
        for folder, shown in ((self._cwd, ""), (self._home, "~/")):
            if path.startswith(folder + os.sep):
                return shown + path[len(folder) + 1 :].replace(os.sep, "/")
        return "" if path == self._cwd or path.startswith(self._scratch) else path
