"""Settings of one run: defaults, then the user's own configuration, then that of the project, then the command line.

The configuration is `[tool.tflint-mem]` of the nearest `pyproject.toml` upwards, or the nearest `tflint-mem.toml`
(which wins in the same folder).  Nearest is counted from the common folder of the checked paths.  The user's own
configuration counts where the project has none; what a project may not choose (see `trust`) it says everywhere.
"""

from __future__ import annotations

import os

from tflint_mem.hardening.errors import UsageError as UsageError
from tflint_mem.sources.files import TooLarge, read_regular
from tflint_mem.storage.user import config_file, is_inside

from .project_folder import PACKAGING, VERSION_CONTROL, marked, parents
from .settings import Settings as Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from .tables import Table

FILE_NAMES = ("tflint-mem.toml", "pyproject.toml")
_MOST_BYTES = 4_000_000  # of a configuration file


def load(
    paths: Sequence[str],
    config: Sequence[str] = (),
    isolated: bool = False,
    overrides: Mapping[str, Any] | None = None,
    trust: bool = False,
) -> Settings:
    """Settings for a run over `paths`.

    config     values of --config: files, or `key = value` lines
    overrides  what the command line says, keys in kebab-case
    trust      the configuration of the checked tree may say everything
    Raises UsageError.
    """
    settings = Settings(cache=True)
    settings.isolated = isolated
    files = [item for item in config if "=" not in item or os.path.isfile(item)]
    inline = [item for item in config if item not in files]
    if files and isolated:
        raise UsageError("--isolated reads no configuration file, so it cannot go together with --config FILE")
    if len(files) > 1:
        raise UsageError('--config: give one file; further settings as `--config "key = value"`')
    start = _common_folder(paths)
    found = _marked(start)
    tree = found or start
    if files:
        from . import tables

        settings.config_path = files[0]
        table: Table | None = tables.read(files[0])
        settings.project_root = os.getcwd()
        trust = trust or not is_inside(settings.config_path, tree)
    elif isolated:
        table = None
    else:
        settings.config_path, table = _nearest(start, settings.passed_over)
        if settings.config_path is not None:
            settings.project_root = tree = os.path.dirname(settings.config_path)
    own_path = None if isolated else _own(tree)
    own = None if own_path is None else _users(own_path)
    if table is None or settings.config_path is None:
        settings.project_root = found or os.getcwd()
        if own is not None:
            settings.config_path = own_path
            settings.update(own)
    else:
        _take(settings, table, settings.config_path, tree, trust, own)
    inside = is_inside(start, settings.project_root) and bool(table or found)
    settings.settle(settings.project_root, settings.project_root if inside else tree)
    for item in inline:
        from . import tables

        settings.update(tables.checked(tables.parse(item.encode("utf-8", "surrogateescape"), "--config"), "--config"))
    if overrides:
        settings.update(overrides)
    settings.validate()
    return settings


def located(settings: Settings, paths: Sequence[str]) -> Settings:
    """The settings for a check of these paths: a copy that knows the folders of the project, which are looked for
    unless they are given.
    """
    settings = settings.replace()
    if not settings.rooted():
        start = _common_folder(paths)
        found = _marked(start)
        settings.settle(found or os.getcwd(), found or start)
    return settings


def _take(settings: Settings, table: Table, path: str, tree: str, trusted: bool, own: Table | None) -> None:
    """Take over the project's configuration, above what the user's `own` says about things that a project may not
    choose.
    """
    from .tables import checked

    table = checked(table, path)
    if own:
        from tflint_mem.settings import trust

        settings.update(trust.of_user(own))
    if not trusted:
        from tflint_mem.settings import trust

        table, settings.refused = trust.of_tree(table, path, tree, settings)
    settings.update(table)


def _common_folder(paths: Sequence[str]) -> str:
    folders: set[str] = set()
    for path in paths:
        path = os.path.abspath(path)
        folders.add(path if os.path.isdir(path) else os.path.dirname(path))
    if len(folders) == 1:
        return folders.pop()
    try:
        return os.path.commonpath(folders) if folders else os.getcwd()
    except ValueError:  # different drives
        return os.getcwd()


def _own(tree: str) -> str | None:
    """The path of the user's own configuration, None when there is none.

    One that lies in the checked tree is the tree's, even if the environment says that the user lives there.
    """
    path = config_file()
    if path is None or not os.path.isfile(path) or is_inside(path, tree):
        return None
    return path


def _users(path: str) -> Table:
    from .tables import checked, read

    return checked(read(path, "the user's configuration "), path)


def _nearest(start: str, passed_over: list[str]) -> tuple[str, Table] | tuple[None, None]:
    """`(path, table)` of the nearest configuration upwards from the folder `start`, or `(None, None)`.

    passed_over   gets a line for each file that is not the project's to read
    """
    for folder in parents(start):
        for name in FILE_NAMES:
            path = os.path.join(folder, name)
            try:
                raw = read_regular(path, _MOST_BYTES)
            except TooLarge as error:
                raise UsageError(f"{path}: {error.strerror}, too much for a configuration") from None
            except OSError:
                continue
            if name == "pyproject.toml" and b"tflint-mem" not in raw:
                continue
            stranger = _stranger(path, folder, start)
            if stranger:
                passed_over.append(f"{path}: passed over, {stranger}")
                continue
            from .tables import parse, tool_table

            document = parse(raw, path)
            table = tool_table(document, path) if name == "pyproject.toml" else document
            if table is not None:
                return path, table
    return None, None


def _stranger(path: str, folder: str, start: str) -> str | None:
    """Why the file found in `folder` does not configure the check of `start`; None when it does."""
    if os.path.islink(path) and not is_inside(path, _marked(folder, VERSION_CONTROL) or folder):
        return "it is a link that leads out of the tree"
    if folder != start and hasattr(os, "getuid"):
        try:
            if os.stat(path).st_uid not in (os.getuid(), 0, os.stat(start).st_uid):
                return "it lies above the checked folder and belongs to somebody else"
        except OSError:
            return "it cannot be looked at"
    return None


def _marked(start: str, marks: Sequence[str] = (*VERSION_CONTROL, *PACKAGING)) -> str | None:
    """The nearest folder upwards that looks like the root of a project, or None."""
    return next((folder for folder in parents(start) if marked(folder, marks)), None)
