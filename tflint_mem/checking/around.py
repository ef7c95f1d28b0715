"""The project around the files that are checked: what is read to judge them, and no more.

A loop in one file may repeat a load in another one that nobody asked about.  Which folder the project is, the settings
say or `settings.project_folder` finds out.  Where nothing marks a project, only what the given files import, or
what imports them, belongs to it: a folder of scripts is no program.  So it is in a project of more than a thousand
files, as most of them have nothing to do with a few of them.  Of too many files the farthest are left out.
"""

from __future__ import annotations

import os
from itertools import islice

from tflint_mem.hardening.notices import PROJECT, Notice
from tflint_mem.settings import discovery
from tflint_mem.settings.project_folder import package_top, project_of
from tflint_mem.storage.user import is_inside

from .reader import MOST_READ

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tflint_mem.hardening.notices import Tell
    from tflint_mem.settings.settings import Settings
    from tflint_mem.sources.source import Source

_MOST_ENTRIES = 200_000  # files and folders of any kind that are passed by on the way
_MOST_WHOLE = 1_000  # files: of a larger project only what hangs together with the given files is read
_FEW, _FEW_ENTRIES = 500, 5_000  # files, and what is passed by, where nothing marks a project


class Around:
    """What surrounds the paths of a check.

    root     the folder of the project, None where nothing marks one or the paths belong to several
    folders  what is walked: nothing where the paths are whole projects themselves
    """

    def __init__(self, paths: Sequence[str], settings: Settings) -> None:
        self._settings = settings
        self._largest = MOST_READ * settings.max_file_size  # bytes of a file that is looked into
        self.folders: list[str] = []
        self._loose: list[str] = []  # folders of files that belong to no project
        roots: set[str] = set()
        if settings.project is False:
            self.root: str | None = None
            return
        absolute = [os.path.abspath(path) for path in paths]
        for path in absolute:
            root = settings.project if isinstance(settings.project, str) else project_of(path)
            roots.add(root or "")
            if root is None:
                if not os.path.isdir(path):
                    self._add(self._loose, package_top(os.path.dirname(path)))
            elif not any(_covers(each, root) for each in absolute):
                self._add(self.folders, root)
        self.root = roots.pop() or None if len(roots) == 1 else None

    def _add(self, folders: list[str], folder: str) -> None:
        if folder not in folders:
            folders.append(folder)

    def __bool__(self) -> bool:
        return bool(self.folders or self._loose)

    def files(self, given: Sequence[str], sources: Iterable[Source], tell: Tell) -> list[str]:
        """The files of the project beside the `given` ones, when they can matter to what is found in those.

        sources   what the given files hold      tell   is given a Notice when the project is cut
        """
        wanted: list[Source] = []
        named, rest = False, iter(sources)
        for source in rest:
            wanted.append(source)
            named = named or source.names_framework
            if named and not self._loose:
                break
        if not named and not any(_may_take_part(source) for source in wanted):
            return []
        names = _Names(given)
        found: list[str] = []
        for folder in self.folders:
            found += names.new(self._below(names.as_named(folder), _MOST_ENTRIES))
        if len(found) > _MOST_WHOLE:
            wanted += islice(rest, max(0, _MOST_WHOLE - len(wanted)))
            if len(wanted) < _MOST_WHOLE:
                from tflint_mem.engine import connected

                found = connected.by_imports(wanted, found, self._largest)
        found = self._cut(found, given, tell)
        if self._loose:
            from tflint_mem.engine import connected

            loose: list[str] = []
            for folder in self._loose:
                loose += names.new(self._beside(names.as_named(folder), wanted))
            found += connected.by_imports(wanted, loose[:_FEW], self._largest)
        if found and not named:
            from tflint_mem.engine import connected

            if not connected.reaches_framework(wanted, found, self._largest):
                return []
        return found

    def _below(self, folder: str, most: int) -> list[str]:
        return discovery.discover([folder], self._settings, most, lenient=True).files

    def _beside(self, folder: str, given: Iterable[Source]) -> list[str]:
        """The files of a folder that nothing marks, and those below its folders that the given files import from."""
        if os.path.isfile(os.path.join(folder, "__init__.py")):
            return self._below(folder, _FEW_ENTRIES)
        found = self._below(folder, 1)  # not those below it
        raws = [source.raw for source in given]
        try:
            with os.scandir(folder) as entries:
                names = sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
        except OSError:
            return found
        for name in names:
            raw = os.fsencode(name)
            if any(before + raw in text for text in raws for before in (b"import ", b"from ", b"from .")):
                found += self._below(os.path.join(folder, name), _FEW_ENTRIES)
        return found

    def _cut(self, found: list[str], given: Sequence[str], tell: Tell) -> list[str]:
        """The files nearest to the given ones, as many as are read."""
        most, limit = self._settings.max_project_files, self._settings.max_project_size
        sizes: dict[str, int] = {}
        for path in found:
            try:
                sizes[path] = os.stat(path).st_size
            except OSError:
                sizes[path] = 0
        if len(found) <= most and sum(sizes.values()) <= limit:
            return found
        folders = {tuple(os.path.dirname(os.path.abspath(path)).split(os.sep)) for path in given}
        near = sorted(found, key=lambda path: _distance(path, folders))
        kept: list[str] = []
        left = limit
        for path in near[:most]:
            left -= sizes[path]
            if left < 0:
                break
            kept.append(path)
        text = (
            f"of the project around, the nearest {len(kept)} of {len(found)} files are read, and what leads through "
            "others is not found: name a folder with --project, exclude what does not belong to it, or raise "
            "max-project-files and max-project-size"
        )
        tell(Notice(kind=PROJECT, text=text))
        return kept


class _Names:
    """How files are called, and which of them are known already."""

    def __init__(self, given: Sequence[str]) -> None:
        self._known = {os.path.abspath(path) for path in given}
        self._absolute = any(map(os.path.isabs, given))

    def as_named(self, folder: str) -> str:
        """A folder as the given files are named: from the current one, or from the root of the file system."""
        return folder if self._absolute else _relative(folder)

    def new(self, paths: Iterable[str]) -> list[str]:
        """Those of the paths that were not known before."""
        found: list[str] = []
        for path in paths:
            full = os.path.abspath(path)
            if full not in self._known:
                self._known.add(full)
                found.append(path)
        return found


def _may_take_part(source: Source) -> bool:
    """Can a file that names no framework be part of a finding: does it import anything, or define a function that
    others may call?
    """
    raw = source.raw
    return b"import" in raw or b"def " in raw or b"lambda" in raw or b"%run" in raw


def _covers(path: str, root: str) -> bool:
    return path == root or root.startswith(os.path.join(path, ""))


def _relative(folder: str) -> str:
    """The folder as seen from the current one, if that is near."""
    here = os.getcwd()
    if is_inside(here, folder) or is_inside(folder, here):
        try:
            return os.path.relpath(folder)
        except ValueError:  # another drive
            pass
    return folder


def _distance(path: str, folders: Iterable[tuple[str, ...]]) -> int:
    """Steps from the folder of a file to the nearest of some folders, given by their parts."""
    parts = tuple(os.path.dirname(os.path.abspath(path)).split(os.sep))
    return min((len(parts) + len(folder) - 2 * _common(parts, folder) for folder in folders), default=0)


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    count = 0
    for a, b in zip(one, other):
        if a != b:
            break
        count += 1
    return count
