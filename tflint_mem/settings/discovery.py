"""Paths from the command line to the files to check.

A path that is given is always checked (unless `force-exclude`), whatever its name.  A directory is walked for Python
files and notebooks in sorted order, without what `.gitignore` files and `exclude` patterns leave out.  Directories
behind symbolic links are not entered, as in ruff, so a loop of links ends by itself; nor is a file that lies outside of
the checked tree and is reached by a link in it: a repository may not show others what only its reader can read.
"""

from __future__ import annotations

import os
import sys

from tflint_mem.settings.globs import Globs
from tflint_mem.settings.values import DEFAULT_INCLUDE
from tflint_mem.sources.files import read_regular
from tflint_mem.storage.user import is_inside

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from . import wildcards
    from .settings import Settings

    Included = Callable[[str, str], bool]  # is the file at a path, and of a name, to be checked?
    Ignores = tuple[tuple[str, "_Ignores"], ...]  # folders, each with what the ignore file in it says

_MOST_BYTES = 1_000_000  # of an ignore file
_STARS, _LONG = 3, 1_000  # a line with more of them is looked at twice: see `wildcards`
FILE_NAMES = ("tflint-mem.toml", "pyproject.toml")  # of configurations
_JUNCTION = 0xA0000003  # Windows' IO_REPARSE_TAG_MOUNT_POINT
SUFFIXES = (".py", ".ipynb")  # of what `DEFAULT_INCLUDE` names


class Discovered:
    """`files` to check in order; `errors`: `(path, message)` of what could not be looked at; `outside`: links out of
    the tree.
    """

    __slots__ = ("files", "errors", "outside")

    def __init__(self) -> None:
        self.files: list[str] = []
        self.errors: list[tuple[str, str]] = []
        self.outside: list[str] = []


def discover(paths: Sequence[str], settings: Settings, most: float = float("inf"), lenient: bool = False) -> Discovered:
    """All files to check below `paths`, each once.

    most      entries of folders to pass by in a walk
    lenient   configurations below the paths that are wrong are passed over.  Otherwise they raise UsageError
    """
    found = Discovered()
    seen: set[str] = set()
    rules = _Rules(settings, lenient)

    def add(path: str, absolute: str) -> None:
        one = os.path.normcase(absolute)  # on Windows `A.py` and `a.py` are one file
        if one not in seen:
            seen.add(one)
            found.files.append(path)

    def leads_out(path: str, absolute: str, top: str) -> bool:
        out = not (is_inside(absolute, settings.tree) or is_inside(absolute, top))
        if out:
            found.outside.append(path)
        return out

    for path in paths:
        path = os.path.normpath(path)
        absolute = os.path.abspath(path)
        try:
            is_directory = os.stat(path).st_mode & 0o170000 == 0o040000
        except OSError as error:
            found.errors.append((path, error.strerror or str(error)))
            continue
        except ValueError as error:  # a NUL in the path
            found.errors.append((path, str(error)))
            continue
        own, excluded = rules.of(absolute if is_directory else os.path.dirname(absolute))
        if own.force_exclude and excluded.match_below(absolute, own.project_root):
            continue
        if is_directory:
            _walk(path, absolute, rules, add, leads_out, found.errors, most)
        else:
            add(path, absolute)
    if len(paths) > 1:  # in whatever order they are given
        found.files.sort(key=place)
    return found


def place(path: str) -> list[tuple[bool, str]]:
    """A key that sorts files as a walk of one tree meets them: those of a folder, then those below it."""
    *folders, name = os.path.abspath(path).split(os.sep)
    return [*[(True, folder) for folder in folders], (False, name)]


class _Rules:
    """What is left out where."""

    def __init__(self, settings: Settings, lenient: bool) -> None:
        self._settings, self._lenient = settings, lenient
        self._globs: dict[int, Globs] = {}
        self._included: dict[int, Included] = {}

    def included(self, settings: Settings) -> Included:
        """Which files of a folder with these settings are to be checked."""
        included = self._included.get(id(settings))
        if included is None:
            included = self._included[id(settings)] = _included(settings)
        return included

    def of(self, folder: str) -> tuple[Settings, Globs]:
        """The settings for a folder, and what they exclude.  Raises UsageError."""
        return self.with_globs(self._settings.of_folder(folder, self._lenient))

    def inherited(self, folder: str, settings: Settings) -> None:
        """A folder without a configuration has the settings of the one above it."""
        self._settings.inherit(folder, settings)

    def with_globs(self, settings: Settings) -> tuple[Settings, Globs]:
        """The settings, and what they exclude."""
        globs = self._globs.get(id(settings))
        if globs is None:
            globs = self._globs[id(settings)] = Globs(settings.excludes, settings.project_root)
        return settings, globs


def is_excluded(path: str, settings: Settings) -> bool:
    """True when the patterns leave out `path` or a folder above it."""
    settings = settings.of_folder(os.path.dirname(os.path.abspath(path)))
    excluded = Globs(settings.excludes, settings.project_root)
    return excluded.match_below(os.path.abspath(path), settings.project_root)


def _included(settings: Settings) -> Included:
    """Is the file at a path, and of a name, one to check?  Names alone tell unless somebody has configured more."""
    own = list(settings.extend_include)
    usual = list(settings.include) == list(DEFAULT_INCLUDE)
    if not usual:
        own += settings.include
    if not own:
        return lambda path, name: name.endswith(SUFFIXES)
    globs = Globs(own, settings.project_root)
    return lambda path, name: (usual and name.endswith(SUFFIXES)) or globs.match(path, name)


def _walk(
    top: str,
    absolute_top: str,
    rules: _Rules,
    add: Callable[[str, str], None],
    leads_out: Callable[[str, str, str], bool],
    errors: list[tuple[str, str]],
    most: float,
) -> None:
    """Depth first with an own stack: a deep tree must not meet Python's recursion limit."""
    settings, excluded = rules.of(absolute_top)
    ignores: Ignores = _ignores_above(absolute_top) if settings.respect_gitignore else ()
    if _is_ignored(absolute_top, True, ignores):
        ignores = ()  # asked for by name
    stack = [(top, absolute_top, ignores, settings)]
    while stack and most > 0:
        folder, absolute, ignores, settings = stack.pop()
        try:
            with os.scandir(folder) as found:
                entries = sorted(found, key=_name)
                most -= len(entries) + 1
        except OSError as error:
            errors.append((folder, error.strerror or str(error)))
            continue
        prefix = "" if folder == "." else os.path.join(folder, "")
        base = os.path.join(absolute, "")
        if absolute != absolute_top:
            if any(entry.name in FILE_NAMES for entry in entries):
                settings, _ = rules.of(absolute)
            else:
                rules.inherited(absolute, settings)
        _, excluded = rules.with_globs(settings)
        included = rules.included(settings)
        if settings.respect_gitignore and any(entry.name == ".gitignore" for entry in entries):
            ignores = (*ignores, *_ignore_file(absolute, ".gitignore"))
        folders = []
        for entry in entries:
            name = entry.name
            is_folder = entry.is_dir(follow_symlinks=False)
            path = base + name
            if not is_folder and not included(path, name):
                continue
            if excluded.match(path, name) or (ignores and _is_ignored(path, is_folder, ignores)):
                continue
            if is_folder:
                if not _is_junction(entry):
                    folders.append((prefix + name, path, ignores, settings))
            elif _is_file(entry) and not (entry.is_symlink() and leads_out(prefix + name, path, absolute_top)):
                add(prefix + name, path)
        stack.extend(reversed(folders))


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


def _is_file(entry: os.DirEntry[str]) -> bool:
    """A symbolic link to a file counts; one that leads nowhere or round in a circle does not."""
    try:
        return entry.is_file()
    except OSError:
        return False


def _is_junction(entry: os.DirEntry[str]) -> bool:
    """Windows' other link to a folder, which does not say that it is one."""
    if sys.platform != "win32":
        return False
    try:
        return getattr(entry.stat(follow_symlinks=False), "st_reparse_tag", 0) == _JUNCTION
    except OSError:
        return True  # then nothing in it can be read either


# -- .gitignore


def _ignores_above(folder: str) -> Ignores:
    """The ignore files that hold for `folder` from outside it: those from the repository's root down to its parent."""
    chain, parent = [], folder
    while not os.path.exists(os.path.join(parent, ".git")):
        above = os.path.dirname(parent)
        if above == parent:
            return ()
        chain.append(above)
        parent = above
    specs = list(_ignore_file(parent, os.path.join(".git", "info", "exclude")))
    for level in reversed(chain):
        specs += _ignore_file(level, ".gitignore")
    return tuple(specs)


def _ignore_file(folder: str, name: str) -> Ignores:
    """`((folder, spec),)` for an ignore file with patterns in it, else `()`."""
    try:
        text = read_regular(os.path.join(folder, name), _MOST_BYTES).decode("utf-8", "surrogateescape")
    except OSError:
        return ()
    patterns = [line for line in text.replace("\r\n", "\n").split("\n") if line.strip() and not line.startswith("#")]
    if not patterns:
        return ()
    return ((os.path.join(folder, ""), _Ignores(patterns)),)


class _Ignores:
    """The lines of one ignore file."""

    def __init__(self, lines: list[str]) -> None:
        import re

        from pathspec import GitIgnoreSpec

        self._heavy: list[tuple[int, wildcards.Ignoring]] = []
        for number, line in enumerate(lines):
            if line.count("*") > _STARS or len(line) > _LONG:
                from tflint_mem.settings import wildcards

                if wildcards.heavy(line):
                    self._heavy.append((number, wildcards.Ignoring(line)))
                    lines[number] = "#"  # keeps its place: of the lines that fit the last one counts
        try:
            self._spec = GitIgnoreSpec.from_lines(lines)
        except (ValueError, re.error):  # git passes over a pattern that makes no sense, such as `[z-a]`
            self._spec = GitIgnoreSpec.from_lines([line if _makes_sense(line) else "#" for line in lines])

    def verdict(self, path: str, is_folder: bool) -> bool | None:
        """True for a path, relative to the file, that is ignored, False for one that is not, None when no line is about
        it.
        """
        found = self._spec.check_file(path + "/" * is_folder)
        verdict, place = found.include, -1 if found.index is None else found.index
        for number, line in self._heavy:
            if number > place and line.match(path, is_folder):
                verdict, place = not line.negated, number
        return verdict


def _makes_sense(line: str) -> bool:
    import re

    from pathspec import GitIgnoreSpec

    try:
        GitIgnoreSpec.from_lines([line])
    except (ValueError, re.error):
        return False
    return True


def _is_ignored(path: str, is_folder: bool, ignores: Ignores) -> bool:
    """The nearest ignore file that says anything about `path` decides."""
    for folder, spec in reversed(ignores):
        verdict = spec.verdict(path[len(folder) :].replace(os.sep, "/"), is_folder)
        if verdict is not None:
            return verdict
    return False
