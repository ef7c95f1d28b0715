"""Settings of one run, as a program gives them by name, or as they are read from files (see `config`)."""

from __future__ import annotations

import os

from tflint_mem.finding import SEVERITIES

from .values import (
    ABOUT_RULES,
    ADDED,
    DEFAULT_EXCLUDE,
    DEFAULT_INCLUDE,
    MAX_FILE_SIZE,
    MAX_PROJECT_FILES,
    MAX_PROJECT_SIZE,
    TIMEOUT_PER_FILE,
    as_written,
    together,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, ClassVar

    from tflint_mem.finding import Finding

    from .nearest import Nearest
    from .overrides import Overrides, PerFile
    from .selection import Layer, Selection
    from .trust import Refused

    Text = str | os.PathLike[str]


class Settings:
    """What a check goes by.  `Settings()` is what holds where nobody has configured anything; it reads no file.

    select, ignore, extend_select   selectors of rules: codes, prefixes, names or "ALL"; see `enabled` and `explicit`
                                    for what they come to.  Without `select`, all rules run
    severity                        {selector: "error", "warning" or "hint"} for findings that are to count as that
    per_file_severity               {pattern: {selector: severity}}
    fixable, unfixable, extend_fixable  selectors of rules whose fixes are offered, and are not; all are by themselves
    extend_safe_fixes, extend_unsafe_fixes  selectors of rules whose fixes are to count as safe, and as unsafe
    include, extend_include         patterns of the files that are looked for in folders: Python files and notebooks
    exclude, extend_exclude         patterns of paths to leave out, relative to `project_root`; `extend_exclude` adds to
                                    the usual ones
    force_exclude                   excludes hold for files given by name as well
    respect_gitignore               leave out what git ignores
    per_file_ignores, extend_per_file_ignores  {pattern: [selectors]}; a leading "!" inverts the pattern
    pedantic                        report what is not worth acting on by itself, too (a Finding whose `persona` is
                                    "pedantic")
    baseline                        path of a file of findings that are known and not reported
    cache, cache_dir                remember the findings of large trees between runs; where (None: `.tflint_mem_cache`
                                    in the project)
    max_file_size                   bytes; a larger file is left out with a notice
    timeout_per_file                seconds of processor time that the analysis of a file may take, 0 for no limit
    jobs                            processes that a check may use, 0 for as many as pay; only the command starts any
    tensorflow_version              "2.15", or None when the code under check must tell
    handlers, entry_points          the project's own decorators of handlers; its own scripts, as patterns
    project                         read the project around the checked files: False for none, a path for that one, True
                                    for the one that is found (`settings.project_folder`)
    max_project_files, max_project_size   of the project around so many files and bytes are read at most
    project_root                    absolute folder of the project, which patterns, requirements and containers count
                                    from; where it is not given it is the nearest folder around the checked paths that
                                    looks like one, else the current one

    What else there is, the command and configuration files set:

    fix, unsafe_fixes, fix_only, show_fixes, output_format   what the options of that name say
    fail_on                         the least severe findings that make the exit code 1; None: warnings, and hints that
                                    are `explicit`
    verify                          the table for --verify, as written
    config_path                     the file that was read, or None
    isolated                        no configuration file was to be read
    tree                            the checked tree: the folder that a check neither reads nor writes outside of by
                                    itself
    refused                         trust.Refused: what the configuration of a checked tree says in vain
    passed_over                     lines about configuration files that are not read

    Two Settings are equal when all of these are; they can be pickled and copied (`replace`), but not hashed.
    """

    __slots__ = (
        "select",
        "ignore",
        "extend_select",
        "severity",
        "per_file_severity",
        "fail_on",
        "fixable",
        "unfixable",
        "extend_fixable",
        "extend_safe_fixes",
        "extend_unsafe_fixes",
        "include",
        "extend_include",
        "exclude",
        "extend_exclude",
        "force_exclude",
        "respect_gitignore",
        "per_file_ignores",
        "extend_per_file_ignores",
        "fix",
        "unsafe_fixes",
        "fix_only",
        "show_fixes",
        "pedantic",
        "output_format",
        "baseline",
        "cache_dir",
        "max_file_size",
        "timeout_per_file",
        "jobs",
        "tensorflow_version",
        "handlers",
        "entry_points",
        "verify",
        "project",
        "max_project_files",
        "max_project_size",
        "project_root",
        "config_path",
        "isolated",
        "cache",
        "tree",
        "refused",
        "passed_over",
        "_rooted",
        "_layers",
        "_resolved",
        "_ignored_per_file",
        "_overrides",
        "_nearest",
    )
    select: list[str] | None
    ignore: list[str]
    extend_select: list[str]
    severity: dict[str, str]
    per_file_severity: dict[str, dict[str, str]]
    fail_on: str | None
    fixable: list[str] | None
    unfixable: list[str]
    extend_fixable: list[str]
    extend_safe_fixes: list[str]
    extend_unsafe_fixes: list[str]
    include: list[str]
    extend_include: list[str]
    exclude: list[str]
    extend_exclude: list[str]
    force_exclude: bool
    respect_gitignore: bool
    per_file_ignores: dict[str, list[str]]
    extend_per_file_ignores: dict[str, list[str]]
    fix: bool
    unsafe_fixes: bool
    fix_only: bool
    show_fixes: bool
    pedantic: bool
    output_format: str
    baseline: str | None
    cache_dir: str | None
    max_file_size: int
    timeout_per_file: float
    jobs: int
    tensorflow_version: str | None
    handlers: list[str]
    entry_points: list[str]
    verify: dict[str, Any]
    project: bool | str
    max_project_files: int
    max_project_size: int
    project_root: str
    config_path: str | None
    isolated: bool
    cache: bool
    tree: str
    refused: list[Refused]
    passed_over: list[str]
    _rooted: bool
    _layers: list[Layer]
    _resolved: Selection | None
    _ignored_per_file: tuple[PerFile, list[frozenset[str]]] | None
    _overrides: Overrides | None
    _nearest: Nearest | None
    __hash__: ClassVar[None] = None  # type: ignore[assignment]  # what says that there is none

    def __init__(
        self,
        *,
        select: Sequence[str] | None = None,
        ignore: Sequence[str] | None = None,
        extend_select: Sequence[str] | None = None,
        severity: Mapping[str, str] | None = None,
        per_file_severity: Mapping[str, Mapping[str, str]] | None = None,
        fixable: Sequence[str] | None = None,
        unfixable: Sequence[str] | None = None,
        extend_fixable: Sequence[str] | None = None,
        extend_safe_fixes: Sequence[str] | None = None,
        extend_unsafe_fixes: Sequence[str] | None = None,
        include: Sequence[str] | None = None,
        extend_include: Sequence[str] | None = None,
        exclude: Sequence[str] | None = None,
        extend_exclude: Sequence[str] | None = None,
        force_exclude: bool | None = None,
        respect_gitignore: bool | None = None,
        per_file_ignores: Mapping[str, Sequence[str]] | None = None,
        extend_per_file_ignores: Mapping[str, Sequence[str]] | None = None,
        pedantic: bool | None = None,
        baseline: Text | None = None,
        cache: bool = False,
        cache_dir: Text | None = None,
        max_file_size: int | None = None,
        timeout_per_file: float | None = None,
        jobs: int | None = None,
        tensorflow_version: str | None = None,
        handlers: Sequence[str] | None = None,
        entry_points: Sequence[str] | None = None,
        project: bool | Text | None = None,
        max_project_files: int | None = None,
        max_project_size: int | None = None,
        project_root: Text | None = None,
    ) -> None:
        """None: as usual.  Raises UsageError for a selector that names no rule, and for a value of another kind."""
        self.select, self.ignore, self.extend_select = None, [], []
        self.severity, self.per_file_severity, self.fail_on = {}, {}, None
        self.fixable, self.unfixable, self.extend_fixable = None, [], []
        self.extend_safe_fixes, self.extend_unsafe_fixes = [], []
        self.include, self.extend_include = list(DEFAULT_INCLUDE), []
        self.exclude, self.extend_exclude = list(DEFAULT_EXCLUDE), []
        self.force_exclude, self.respect_gitignore = False, True
        self.per_file_ignores, self.extend_per_file_ignores = {}, {}
        self.fix = self.unsafe_fixes = self.fix_only = self.show_fixes = self.pedantic = self.isolated = False
        self.output_format, self.cache = "full", cache
        self.baseline = self.cache_dir = self.config_path = self.tensorflow_version = None
        self.max_file_size, self.timeout_per_file, self.jobs = MAX_FILE_SIZE, TIMEOUT_PER_FILE, 0
        self.handlers, self.entry_points, self.verify = [], [], {}
        self.project = True if project is None or isinstance(project, bool) else os.path.abspath(project)
        self.max_project_files, self.max_project_size = MAX_PROJECT_FILES, MAX_PROJECT_SIZE
        self.project_root = os.getcwd() if project_root is None else os.path.abspath(project_root)
        self.tree, self.refused, self.passed_over = self.project_root, [], []
        self._rooted = project_root is not None
        self._layers, self._resolved, self._ignored_per_file, self._overrides = [], None, None, None
        self._nearest = None
        given = {
            "select": select,
            "ignore": ignore,
            "extend-select": extend_select,
            "severity": severity,
            "per-file-severity": per_file_severity,
            "fixable": fixable,
            "unfixable": unfixable,
            "extend-fixable": extend_fixable,
            "extend-safe-fixes": extend_safe_fixes,
            "extend-unsafe-fixes": extend_unsafe_fixes,
            "include": include,
            "extend-include": extend_include,
            "exclude": exclude,
            "extend-exclude": extend_exclude,
            "force-exclude": force_exclude,
            "respect-gitignore": respect_gitignore,
            "per-file-ignores": per_file_ignores,
            "extend-per-file-ignores": extend_per_file_ignores,
            "pedantic": pedantic,
            "baseline": baseline,
            "cache-dir": cache_dir,
            "max-file-size": max_file_size,
            "timeout-per-file": timeout_per_file,
            "jobs": jobs,
            "tensorflow-version": tensorflow_version,
            "handlers": handlers,
            "entry-points": entry_points,
            "project": project if isinstance(project, bool) else None,
            "max-project-files": max_project_files,
            "max-project-size": max_project_size,
        }
        said = {key: as_written(value) for key, value in given.items() if value is not None}
        if said:
            from .tables import checked

            self.update(checked(said, "Settings"))
            self.validate()

    @classmethod
    def from_file(cls, path: Text, *, project_root: Text | None = None) -> Settings:
        """The settings that a configuration file makes: `tflint-mem.toml`, or a `pyproject.toml` with
        `[tool.tflint-mem]`.

        The file is trusted, as one given by `--config`; no other file is read.
        project_root   what its patterns are relative to; the file's own folder when it is not given
        Raises UsageError for a file that cannot be read or says something that cannot be.
        """
        from .inheritance import whole
        from .tables import read

        path = os.path.abspath(path)
        settings = cls(project_root=os.path.dirname(path) if project_root is None else project_root)
        settings.config_path = path
        settings.update(whole(read(path, ""), path)[0])
        settings.validate()
        return settings

    @property
    def excludes(self) -> list[str]:
        """All path patterns to leave out."""
        return [*self.exclude, *self.extend_exclude]

    @property
    def enabled(self) -> frozenset[str]:
        """The codes of the rules that run, as a frozenset."""
        return self._selection().enabled

    @property
    def of_files(self) -> frozenset[str]:
        """Which of the two rules about files as text are reported: TFM000 unless it is ignored, and TFM001."""
        return self._selection().of_files

    @property
    def explicit(self) -> frozenset[str]:
        """The codes that somebody selected by full code or name: only these hints can fail a run."""
        return self._selection().explicit

    def update(self, values: Mapping[str, Any], *, add: bool = True) -> None:
        """Take over `values` (keys in kebab-case); None means "not given".  One call is one layer of selection.

        add   what keys such as `extend-exclude` say comes on top of what they have said before
        """
        values = {key.replace("-", "_"): value for key, value in values.items() if value is not None}
        if not values.keys().isdisjoint(ABOUT_RULES):
            from .selection import Layer

            layer = Layer.of(values)
            if layer is not None:
                self._layers.append(layer)
            self._resolved = self._ignored_per_file = self._overrides = None
        for key, value in values.items():
            if key == "verify":
                value = {**self.verify, **value}
            elif add and key in ADDED:
                value = together(getattr(self, key), value)
            setattr(self, key, value)

    def validate(self) -> None:
        """Raises UsageError for selectors that name no rule; costs nothing when there are none."""
        if self._layers:
            self._selection()
        if self.per_file_ignores or self.extend_per_file_ignores:
            self._per_file()
        self.overrides()

    def is_ignored(self, path: str, code: str) -> bool:
        """True when `per-file-ignores` switches `code` off in the file at `path`."""
        if not (self.per_file_ignores or self.extend_per_file_ignores):
            return False
        files, codes = self._per_file()
        return any(code in codes[place] for place in files.holds(path))

    def overrides(self) -> Overrides | None:
        """What changes findings; None when nothing does."""
        if self._overrides is None and (
            any(layer.severity or layer.fixable is not None or layer.unfixable for layer in self._layers)
            or self.per_file_severity
            or self.extend_safe_fixes
            or self.extend_unsafe_fixes
        ):
            from .overrides import Overrides

            self._overrides = Overrides(
                self._layers,
                self.per_file_severity,
                self.extend_safe_fixes,
                self.extend_unsafe_fixes,
                self.project_root,
            )
        return self._overrides

    def as_configured(self, findings: list[Finding]) -> list[Finding]:
        """The findings as severe, and with the fixes, that the settings for their files give them."""
        return [self.of(finding.path)._configured(finding) for finding in findings]

    def _configured(self, finding: Finding) -> Finding:
        overrides = self.overrides()
        return finding if overrides is None else overrides.of(finding)

    def is_entry_point(self, path: str) -> bool:
        """True when `entry-points` names the file at `path` as a script of its own."""
        if not self.entry_points:
            return False
        from .globs import Globs

        return Globs(self.entry_points, self.project_root).match_below(os.path.abspath(path), self.project_root)

    # -- files with a configuration of their own

    def of(self, path: str) -> Settings:
        """The settings for the file at a path: these, unless a configuration is nearer to it (see `nearest`)."""
        return self if self._nearest is None else self._nearest.of(path)

    def fails(self, finding: Finding) -> bool:
        """Does the finding make the exit code 1?"""
        if self.fail_on is not None:
            return SEVERITIES.index(finding.severity) <= SEVERITIES.index(self.fail_on)
        return finding.severity != "hint" or finding.code in self.of(finding.path).explicit

    def of_folder(self, folder: str, lenient: bool = False) -> Settings:
        """The settings for what lies in an absolute folder; see `nearest.Nearest.of_folder`."""
        return self if self._nearest is None else self._nearest.of_folder(folder, lenient)

    def search(self, nearest: Nearest) -> None:
        """From now on there may be other settings for some files."""
        self._nearest = nearest

    def inherit(self, folder: str, settings: Settings) -> None:
        """The folder, which has no configuration, has these settings."""
        if self._nearest is not None:
            self._nearest.inherit(folder, settings)

    def wants(self, path: str, code: str) -> bool:
        """Does the rule run for the file at a path?"""
        settings = self.of(path)
        selection = settings._selection()
        return (code in selection.enabled or code in selection.of_files) and not settings.is_ignored(path, code)

    def each(self) -> list[Settings]:
        """These settings, and the others that some of the files have that were met."""
        return [self] if self._nearest is None else [*self._nearest.all()]

    @property
    def all_enabled(self) -> frozenset[str]:
        """The codes that run for some file."""
        return frozenset().union(*(settings.enabled for settings in self.each()))

    def _selection(self) -> Selection:
        if self._resolved is None:
            from .selection import resolve

            self._resolved = resolve(self._layers)
        return self._resolved

    def _per_file(self) -> tuple[PerFile, list[frozenset[str]]]:
        """The patterns of `per-file-ignores`, and which codes each switches off."""
        if self._ignored_per_file is None:
            from .overrides import PerFile
            from .selection import codes_of

            said = [*self.per_file_ignores.items(), *self.extend_per_file_ignores.items()]
            self._ignored_per_file = (
                PerFile([pattern for pattern, _ in said], self.project_root),
                [codes_of(selectors) for _, selectors in said],
            )
        return self._ignored_per_file

    def replace(self, **changes: Any) -> Settings:
        """A copy with some of the attributes changed; selectors given here are one more layer, as on the command line.

        Raises UsageError for a selector that names no rule, and AttributeError for what there is not.
        """
        copy = Settings.__new__(Settings)
        copy.__setstate__(self.__getstate__())
        copy._layers = list(self._layers)
        copy.update(changes, add=False)
        copy.validate()
        if self._nearest is not None:
            copy._nearest = self._nearest.again(copy, changes)
        return copy

    def rooted(self) -> bool:
        """Did somebody say what `project_root` is?"""
        return self._rooted

    def settle(self, project_root: str, tree: str) -> None:
        """From now on these are the folders that the settings are about."""
        self._ignored_per_file = self._overrides = None  # patterns count from there
        self.project_root, self.tree, self._rooted = project_root, tree, True

    def __getstate__(self) -> dict[str, Any]:
        state = {name: getattr(self, name) for name in self.__slots__}
        state["_resolved"] = state["_ignored_per_file"] = state["_overrides"] = None  # worked out again
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            setattr(self, name, value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Settings) and self.__getstate__() == other.__getstate__()

    def __repr__(self) -> str:
        usual = Settings()
        said = [
            f"{name}={value!r}"
            for name in self.__slots__
            if name[0] != "_" and (value := getattr(self, name)) != getattr(usual, name)
        ]
        return f"Settings({', '.join(said)})"
