"""Python as a program meets it on macOS, as far as --verify asks: there is no /proc, and what Linux alone can do is not there.

A folder for `PYTHONPATH`.  Whatever is below /proc is not found by `open` and `os`; `sys.platform` says "darwin".
"""

import builtins
import io
import os
import sys


def _blind(call):
    def guarded(path=".", *rest, **named):
        if isinstance(path, (str, os.PathLike)) and os.fspath(path).startswith("/proc"):
            raise FileNotFoundError(2, "No such file or directory", path)
        return call(path, *rest, **named)

    return guarded


for _module, _names in ((os, ("open", "listdir", "scandir", "stat", "readlink", "statvfs")), (builtins, ("open",))):
    for _name in _names:
        setattr(_module, _name, _blind(getattr(_module, _name)))
io.open = builtins.open
sys.platform = "darwin"
