"""The settings of each file: those of the configuration nearest to it.

A run has settings of its own, for what is about the run as a whole: reports, fixing, the cache, the baseline, --verify.
What is about a file (rules, patterns, versions, handlers, entry points, sizes) the nearest configuration upwards from
the file says, below what the command line says.  A folder is looked at once.
"""

from __future__ import annotations

import os

from tflint_mem.hardening.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, Protocol

    from .settings import Settings

    Table = dict[str, Any]

    class Sources(Protocol):
        """See `config`."""

        def changed(self, changes: Table) -> Sources: ...

        def here(self, folder: str, passed_over: list[str]) -> tuple[str, Table] | tuple[None, None]: ...

        def settings(self, path: str | None, table: Table | None, run: Settings) -> Settings: ...


class Nearest:
    """Answers for the folders that a run meets.

    sources   what settings are made from beside the nearest configuration
    run       the run's own settings
    """

    def __init__(self, sources: Sources, run: Settings, start: str, configured: bool) -> None:
        """start   the folder that the run is about      configured   a project's configuration was found for it"""
        self.sources, self.run = sources, run
        self._start, self._configured = start, configured
        self._by_file: dict[str | None, Settings] = {run.config_path if configured else None: run}
        self._by_folder: dict[str, Settings] = {start: run}
        self._several = False

    def of(self, path: str) -> Settings:
        """The settings for the file at a path."""
        if not self._several:
            return self.run
        return self.of_folder(os.path.dirname(os.path.abspath(path)))

    def of_folder(self, folder: str, lenient: bool = False) -> Settings:
        """The settings for what lies in an absolute folder.

        lenient   a configuration that is wrong is passed over.  Otherwise it raises UsageError
        """
        found = self._by_folder.get(folder)
        if found is None:
            found = self._by_folder[folder] = self._found(folder, lenient)
            self._several = self._several or found is not self.run
        return found

    def inherit(self, folder: str, settings: Settings) -> None:
        """The folder has no configuration of its own: these are its settings."""
        self._by_folder.setdefault(folder, settings)

    def all(self) -> Iterator[Settings]:
        """The different settings of the folders that were met."""
        yield from self._by_file.values()

    def again(self, run: Settings, changes: Table) -> Nearest:
        """The same for other settings of the run, which differ by the changes."""
        other = Nearest(self.sources.changed(changes), run, self._start, self._configured)
        other._several = self._several  # the folders are looked at again when somebody asks
        return other

    def _found(self, folder: str, lenient: bool) -> Settings:
        own: list[str] = []
        try:
            path, table = self.sources.here(folder, own)
            if path is not None:
                return self._made(path, table)
        except UsageError:
            if not lenient:
                raise
        finally:
            if not lenient:
                self.run.passed_over += own
        above = os.path.dirname(folder)
        return self.of_folder(above, lenient) if above != folder else self._made(None, None)

    def _made(self, path: str | None, table: Table | None) -> Settings:
        """The settings that a configuration makes, made once."""
        if path not in self._by_file:
            self._by_file[path] = self.sources.settings(path, table, self.run)
        return self._by_file[path]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Nearest) and self.sources == other.sources

    __hash__ = None  # type: ignore[assignment]  # it changes
