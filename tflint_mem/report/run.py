"""What reports ask of a run: types only, nothing imports this at run time."""

from __future__ import annotations

from collections.abc import Callable, Set
from typing import Any, Protocol

from tflint_mem.finding import Finding, Place
from tflint_mem.fixes.rounds import Refused
from tflint_mem.hardening.faults import Faults
from tflint_mem.settings.settings import Settings
from tflint_mem.sources.source import Source

Get = Callable[[str], Source | None]
Paint = Callable[[str, str], str]  # a text and a code of ANSI


class Reader(Protocol):
    """The files of the run."""

    @property
    def around(self) -> Set[str]:
        """Paths of those that were only read, to judge the others."""

    def get(self, path: str) -> Source | None:
        """The source at `path` as it was analysed, None when there is none."""


class Options(Protocol):
    """What the command line asks for."""

    diff: bool
    quiet: bool
    silent: bool
    statistics: bool
    output_file: str | None
    outputs: list[tuple[str, str]]  # further reports: format and file
    color: str


class Run(Protocol):
    """A run: see `command.check.Run`."""

    findings: list[Finding]  # sorted
    fixed: list[Finding]
    skipped_fixes: list[Refused]
    verified: dict[tuple[str, int | None, Place, str], Any]
    settings: Settings
    stdin: bool
    failed: bool

    @property
    def options(self) -> Options:
        """What the command line asks for."""

    @property
    def reader(self) -> Reader:
        """The files."""

    @property
    def faults(self) -> Faults:
        """What went wrong."""

    @property
    def checked(self) -> int:
        """How many files were looked at."""

    @property
    def baselined(self) -> int:
        """How many findings the baseline knows."""

    @property
    def silenced(self) -> list[Finding]:
        """The findings that comments silence."""

    @property
    def known(self) -> list[Finding]:
        """The findings that the baseline knows."""

    @property
    def held_back(self) -> int:
        """How many findings --pedantic would show."""
