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

from . import inheritance
from .discovery import FILE_NAMES
from .project_folder import PACKAGING, VERSION_CONTROL, marked, parents
from .settings import Settings as Settings

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from .tables import Table

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
    said = [inheritance.whole(_parsed(item), "--config")[0] for item in inline]
    if overrides:
        said.append(dict(overrides))
    for layer in said:
        settings.update(layer)
    settings.validate()
    if not (files or isolated):
        _search(settings, start, table is not None, _Sources(start, own, said, trust))
    return settings


class _Sources:
    """What the settings of a file are made from, beside the configuration nearest to it.

    start   the folder that the run is about
    own     the user's own configuration, or None
    said    what the command line says, layer by layer
    trust   configurations of the checked tree may say everything
    """

    def __init__(self, start: str, own: Table | None, said: Sequence[Table], trust: bool) -> None:
        self.start, self.own, self.said, self.trust = start, own, list(said), trust

    def changed(self, changes: Table) -> _Sources:
        """The same with one more layer."""
        return _Sources(self.start, self.own, [*self.said, changes], self.trust)

    def here(self, folder: str, passed_over: list[str]) -> tuple[str, Table] | tuple[None, None]:
        """`(path, table)` of the configuration in a folder: see `_nearest`.  Raises UsageError."""
        return _in_folder(folder, self.start, passed_over)

    def settings(self, path: str | None, table: Table | None, run: Settings) -> Settings:
        """The settings that the configuration at `path` makes (None: there is none) for the files below it."""
        settings = Settings(cache=run.cache)
        if path is None or table is None:
            settings.settle(run.project_root, run.tree)
            if self.own is not None:
                settings.update(self.own)
        else:
            folder = os.path.dirname(path)
            settings.config_path = path
            settings.settle(folder, folder)
            _take(
                settings,
                {key: v for key, v in table.items() if key not in OF_A_RUN},
                path,
                folder,
                self.trust,
                self.own,
            )
            run.passed_over += settings.passed_over + [refused.message for refused in settings.refused]
        for layer in self.said:
            settings.update(inheritance.rebased(layer, run.project_root))
        settings.validate()
        return settings

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Sources) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]  # what says that there is none


# What the run's own configuration says for all files, whatever a nearer one has of it.
OF_A_RUN = frozenset(
    (
        "output-format",
        "fix",
        "fix-only",
        "show-fixes",
        "unsafe-fixes",
        "fail-on",
        "baseline",
        "cache-dir",
        "timeout-per-file",
        "project",
        "max-project-files",
        "max-project-size",
        "verify",
    )
)


def _parsed(item: str) -> Table:
    """The value of `--config "key = value"`."""
    from . import tables

    return tables.parse(item.encode("utf-8", "surrogateescape"), "--config")


def _search(settings: Settings, start: str, configured: bool, sources: _Sources) -> None:
    """From now on the nearest configuration counts for each file."""
    from .nearest import Nearest

    settings.search(Nearest(sources, settings, start, configured))


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

    def leads_out(target: str) -> str | None:
        repository = _marked(tree, VERSION_CONTROL) or tree
        return None if is_inside(target, repository) else f"{target} lies outside of the checked tree; give --trust"

    table, lines = inheritance.whole(table, path, None if trusted else leads_out)
    settings.passed_over += lines
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
    from .tables import read

    return inheritance.whole(read(path, "the user's configuration "), path)[0]


def _nearest(start: str, passed_over: list[str]) -> tuple[str, Table] | tuple[None, None]:
    """`(path, table)` of the nearest configuration upwards from the folder `start`, or `(None, None)`.

    passed_over   gets a line for each file that is not the project's to read
    """
    for folder in parents(start):
        path, table = _in_folder(folder, start, passed_over)
        if path is not None and table is not None:
            return path, table
    return None, None


def _in_folder(folder: str, start: str, passed_over: list[str]) -> tuple[str, Table] | tuple[None, None]:
    """The configuration that stands in one folder; see `_nearest`."""
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
    if not (folder + os.sep).startswith(start + os.sep) and hasattr(os, "getuid"):
        try:
            if os.stat(path).st_uid not in (os.getuid(), 0, os.stat(start).st_uid):
                return "it lies above the checked folder and belongs to somebody else"
        except OSError:
            return "it cannot be looked at"
    return None


def _marked(start: str, marks: Sequence[str] = (*VERSION_CONTROL, *PACKAGING)) -> str | None:
    """The nearest folder upwards that looks like the root of a project, or None."""
    return next((folder for folder in parents(start) if marked(folder, marks)), None)
