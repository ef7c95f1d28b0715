"""Environments that `tflint-mem env create` made for projects: which there are, and which one is a project's.

What is remembered is one JSON file in the user's own state folder, so that no checked tree can name an interpreter.
"""

from __future__ import annotations

import json
import os

from tflint_mem.record import Record
from tflint_mem.sources.files import read_regular
from tflint_mem.storage.new_file import put
from tflint_mem.storage.user import state_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST_BYTES = 1_000_000  # of the file that remembers


class Environment(Record):
    """An interpreter for one project.

    project        absolute path of the project's root
    folder         of the environment, ours to remove
    tensorflow     the version that was installed
    python         the version of the interpreter
    legacy_keras   `tf_keras` is there, and `tf.keras` means it (`TF_USE_LEGACY_KERAS`)
    """

    __slots__ = ()
    project: str
    folder: str
    tensorflow: str
    python: str
    legacy_keras: bool

    @property
    def interpreter(self) -> str:
        """Absolute path of its Python."""
        return interpreter_in(self.folder)

    @property
    def works(self) -> bool:
        """Is it still there?"""
        return os.path.isfile(self.interpreter)


def interpreter_in(folder: str) -> str:
    """The path of Python in an environment."""
    return os.path.join(folder, *(("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")))


def home() -> str | None:
    """The folder of all environments, which need not exist; None for a user without a home."""
    folder = state_folder()
    return None if folder is None else os.path.join(folder, "environments")


def known() -> list[Environment]:
    """All that were made, by project; [] where the file that remembers is missing or is none."""
    path = _file()
    if path is None:
        return []
    try:
        rows = json.loads(read_regular(path, _MOST_BYTES))
        found = [
            Environment(**{name: kind(row[name]) for name, kind in _FIELDS.items()}) for row in rows["environments"]
        ]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return sorted(found, key=lambda each: each.project)


def of_project(root: str | None) -> Environment | None:
    """The environment of the project at this root, or of the nearest folder around it that has one."""
    if root is None:
        return None
    by_project = {each.project: each for each in known() if each.works}
    folder = os.path.realpath(root)
    while by_project:
        if folder in by_project:
            return by_project[folder]
        above = os.path.dirname(folder)
        if above == folder:
            break
        folder = above
    return None


def remember(environment: Environment) -> list[Environment]:
    """Note what was made; returns those that it takes the place of.  Raises OSError."""
    others = known()
    replaced = [each for each in others if each.project == environment.project]
    _write([each for each in others if each not in replaced] + [environment])
    return replaced


def forget(environments: Iterable[Environment]) -> None:
    """Note that these are gone.  Raises OSError."""
    gone = list(environments)
    _write([each for each in known() if each not in gone])


_FIELDS: dict[str, type] = {"project": str, "folder": str, "tensorflow": str, "python": str, "legacy_keras": bool}


def _file() -> str | None:
    folder = home()
    return None if folder is None else os.path.join(folder, "environments.json")


def _write(environments: Iterable[Environment]) -> None:
    path = _file()
    if path is None:
        raise OSError("there is no home folder to keep it in")
    os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
    rows = [{name: getattr(each, name) for name in _FIELDS} for each in environments]
    put(path, json.dumps({"environments": rows}, indent=1) + "\n")
