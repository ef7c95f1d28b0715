"""Folders of the user who runs the program: for the own configuration and for what is remembered between runs.

They follow the platform: XDG folders, `~/Library` on macOS, `%APPDATA%` on Windows.  An environment variable that names
a relative folder is passed over, as XDG asks: relative to a checked tree it would be the tree's.  Somebody without a
home has none.
"""

from __future__ import annotations

import os
import sys

NAME = "tflint-mem"


def config_file() -> str | None:
    """Path of the user's own configuration, which need not exist."""
    if sys.platform == "win32":
        folder = _absolute(os.environ.get("APPDATA"))
    else:
        folder = _absolute(os.environ.get("XDG_CONFIG_HOME"))
        if folder is None and sys.platform == "darwin" and (library := _home("Library", "Application Support")):
            if os.path.isfile(os.path.join(library, NAME, f"{NAME}.toml")):
                folder = library
        folder = folder or _home(".config")
    return os.path.join(folder, NAME, f"{NAME}.toml") if folder else None


def state_folder() -> str | None:
    """The folder for what runs remember, which need not exist."""
    if sys.platform == "win32":
        folder = _absolute(os.environ.get("LOCALAPPDATA"))
    else:
        folder = _absolute(os.environ.get("XDG_STATE_HOME"))
        if folder is None:
            folder = _home("Library", "Application Support") if sys.platform == "darwin" else _home(".local", "state")
    return os.path.join(folder, NAME) if folder else None


def is_inside(path: str, folder: str) -> bool:
    """True when `path`, all links followed, is `folder` or lies below it; a path that cannot be one lies nowhere."""
    try:
        path, folder = _real(path), _real(folder)
    except (OSError, ValueError):
        return False
    return path == folder or path.startswith(os.path.join(folder, ""))


def _real(path: str) -> str:
    """The path, all links followed, as it can be compared: Windows has two cases and two lengths of one path."""
    path = os.path.normcase(os.path.realpath(path))
    return path[4:] if path.startswith("\\\\?\\") and path[5:6] == ":" else path


def _home(*names: str) -> str | None:
    home = None if os.environ.get("HOME") == "" else _absolute(os.path.expanduser("~"))  # an empty one would be "/"
    return os.path.join(home, *names) if home else None


def _absolute(folder: str | None) -> str | None:
    return folder if folder and os.path.isabs(folder) else None
