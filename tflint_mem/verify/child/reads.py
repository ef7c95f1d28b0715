"""Which files are opened, and which are looked at: a program that waits and then reads a file asks for a new one."""

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
_CODE = (".py", ".pyc", ".so", ".pyd")


class Reads:
    """Listens from `begin` to `end`, through Python's own `open` and `os.stat`, and through h5py.

    cwd: the folder where the snippet runs
    """

    def __init__(self, cwd: str) -> None:
        self._cwd = os.path.realpath(cwd)
        self._scratch = os.path.dirname(self._cwd)
        self._home = os.path.expanduser("~")
        self._opened: set[str] = set()
        self._asked: set[str] = set()
        self._put_back: list[tuple[Any, str, Any]] = []

    def begin(self) -> None:
        """From here on."""
        if self._put_back:
            return
        for place, name, found in ((builtins, "open", self._opened), (io, "open", self._opened), (os, "stat", self._asked)):
            self._listen(place, name, found, False)
        hdf5: Any = getattr(sys.modules.get("h5py"), "File", None)
        if isinstance(hdf5, type):
            self._listen(hdf5, "__init__", self._opened, True)

    def end(self) -> None:
        """Up to here."""
        for place, name, real in self._put_back:
            setattr(place, name, real)
        del self._put_back[:]

    def taken(self) -> tuple[list[str], list[str]]:
        """Names of what was opened, and of what was looked at or opened, since the last time; names that are the same
        in another run."""
        opened = sorted(filter(None, map(self._name, self._opened)))[:_MOST]
        looked = sorted({*opened, *filter(None, map(self._name, self._asked))})[:_MOST]
        self._opened.clear()
        self._asked.clear()
        return opened, looked

    def _listen(self, place: Any, name: str, found: set[str], method: bool) -> None:
        real = getattr(place, name)

        def listening(*arguments: Any, **named: Any) -> Any:
            first = arguments[method : method + 1]
            if first and isinstance(first[0], (str, os.PathLike)) and len(found) < 10 * _MOST:
                found.add(os.path.abspath(os.fspath(first[0])))
            return real(*arguments, **named)

        setattr(place, name, listening)
        self._put_back.append((place, name, real))

    def _name(self, path: Any) -> str:
        """"" for what is no data of the program's."""
        path = path.decode("utf-8", "replace") if isinstance(path, bytes) else path
        if path.endswith(_CODE) or path.startswith((*_SYSTEM, sys.prefix + os.sep, sys.base_prefix + os.sep)):
            return ""
        for folder, shown in ((self._cwd, ""), (self._home, "~/")):
            if path.startswith(folder + os.sep):
                return shown + path[len(folder) + 1 :].replace(os.sep, "/")
        return "" if path == self._cwd or path.startswith(self._scratch) else str(path)
