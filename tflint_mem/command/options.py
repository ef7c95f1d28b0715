"""The options of `check` and `verify`, group by group, and how they become settings and what a run is asked for."""

from __future__ import annotations

import click

from tflint_mem.finding import SEVERITIES
from tflint_mem.settings.tables import MOST_JOBS, OUTPUT_FORMATS

from .verify_options import taken as _verify_taken

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Command = Callable[..., Any]


class WordList(click.ParamType):  # type: ignore[type-arg, unused-ignore]  # generic since 8.4
    """Words with commas between them; a comma in braces belongs to a pattern (`{a,b}.py`)."""

    def __init__(self, name: str) -> None:
        self.name = name

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> list[str]:
        """The words, without white space around them."""
        words, depth = [""], 0
        for character in value:
            depth += {"{": 1, "}": -1}.get(character, 0)
            if character == "," and depth <= 0:
                words.append("")
            else:
                words[-1] += character
        return [word.strip() for word in words if word.strip()]


class PairList(WordList):
    """Such words, each with two parts around the last `sign` in it: a list of pairs."""

    def __init__(self, name: str, sign: str) -> None:
        super().__init__(name)
        self.sign = sign

    def convert(  # type: ignore[override]
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> list[tuple[str, str]]:
        """The pairs."""
        pairs: list[tuple[str, str]] = []
        for word in super().convert(value, param, ctx):
            first, sign, second = word.rpartition(self.sign)
            if not (sign and first.strip() and second.strip()):
                self.fail(f"`{word}` is no {self.name}", param, ctx)
            pairs.append((first.strip(), second.strip()))
        return pairs


class _Format(click.ParamType):  # type: ignore[type-arg, unused-ignore]  # generic since 8.4
    """A format, for standard output or `--output-file`, or a format and a file: `sarif:memory.sarif`."""

    name = "FORMAT[:FILE]"

    def convert(
        self, value: str | tuple[str, str], param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """(format, file or "")."""
        if isinstance(value, tuple):
            return value
        name, colon, file = value.partition(":")
        if name not in OUTPUT_FORMATS:
            from tflint_mem.settings.selection import nearest

            self.fail(f"{name!r} is not one of {', '.join(OUTPUT_FORMATS)}{nearest(name, OUTPUT_FORMATS)}", param, ctx)
        if colon and not file:
            self.fail(f"{value!r} names no file", param, ctx)
        return name, file


_SELECTORS, _PATTERNS = WordList("SELECTORS"), WordList("PATTERNS")
_FILE_SELECTORS, _SEVERITIES = PairList("PATTERN:SELECTOR", ":"), PairList("SELECTOR=SEVERITY", "=")


def rule_options(command: Command) -> Command:
    """Which rules run, and what their findings are."""
    return _with(
        command,
        click.option("--select", type=_SELECTORS, multiple=True, help="Rules to run: codes, prefixes, names or ALL."),
        click.option("--ignore", type=_SELECTORS, multiple=True, help="Rules not to run."),
        click.option(
            "--extend-select", type=_SELECTORS, multiple=True, help="Rules to run on top of those selected elsewhere."
        ),
        click.option("--per-file-ignores", type=_FILE_SELECTORS, multiple=True, help="Rules not to run in some files."),
        click.option(
            "--extend-per-file-ignores",
            type=_FILE_SELECTORS,
            multiple=True,
            help="The same, on top of those configured elsewhere.",
        ),
        click.option(
            "--severity", type=_SEVERITIES, multiple=True, help="Let findings of a rule be an error, warning or hint."
        ),
        click.option(
            "--pedantic/--no-pedantic",
            default=None,
            help="Also show what is only possible, or slow where it hardly adds up.",
        ),
        click.option("--ignore-noqa", is_flag=True, help="Report what comments in the files silence, too."),
    )


def fix_options(command: Command) -> Command:
    """What is changed, and what is told of it."""
    return _with(
        command,
        click.option("--fix/--no-fix", default=None, help="Apply the safe fixes (with --unsafe-fixes all of them)."),
        click.option(
            "--unsafe-fixes/--no-unsafe-fixes",
            default=None,
            help="Offer and apply fixes that a person should look at.",
        ),
        click.option(
            "--diff",
            is_flag=True,
            help="Show what --fix would do, write nothing; exit code 1 if it would do anything.",
        ),
        click.option(
            "--fix-only/--no-fix-only", default=None, help="Fix, and neither report nor fail on what is left."
        ),
        click.option("--show-fixes/--no-show-fixes", default=None, help="List what was fixed, by file and rule."),
        click.option("--fixable", type=_SELECTORS, multiple=True, help="Rules whose fixes are offered (default: ALL)."),
        click.option("--unfixable", type=_SELECTORS, multiple=True, help="Rules whose fixes are not offered."),
        click.option(
            "--extend-fixable",
            type=_SELECTORS,
            multiple=True,
            help="Rules whose fixes are offered, on top of those named elsewhere.",
        ),
        click.option(
            "--add-noqa", is_flag=True, help="Add a `noqa` comment for every finding.  --add-noqa=REASON says why."
        ),
        click.option(
            "--add-ignore",
            is_flag=True,
            help="The same with `tflint-mem: ignore[...]` comments.  --add-ignore=REASON says why.",
        ),
        click.option("--comment-reason", hidden=True),
    )


def report_options(command: Command) -> Command:
    """What is printed, where, and what the exit code says."""
    return _with(
        command,
        click.option(
            "--output-format",
            "formats",
            type=_Format(),
            multiple=True,
            envvar="TFLINT_MEM_OUTPUT_FORMAT",
            show_envvar=True,
            help=f"{', '.join(OUTPUT_FORMATS)} (default: full).  With a file, as in sarif:memory.sarif, a further "
            "report; can be repeated.",
        ),
        click.option(
            "--output-file",
            "-o",
            type=click.Path(),
            envvar="TFLINT_MEM_OUTPUT_FILE",
            show_envvar=True,
            help="Write the report there instead of to standard output.",
        ),
        click.option(
            "--since",
            metavar="REV",
            help="Report only what concerns rows that changed since this revision of git, committed or not.",
        ),
        click.option(
            "--fail-on",
            type=click.Choice(SEVERITIES),
            default=None,
            help="The least severe findings that make the exit code 1 (default: warnings, and hints selected by name).",
        ),
        click.option("--exit-zero", "-e", is_flag=True, help="Exit with 0 also when something was found."),
        click.option("--exit-non-zero-on-fix", is_flag=True, help="Exit with 1 also when everything found was fixed."),
        click.option("--statistics", is_flag=True, help="Show how often each rule was broken, nothing else."),
        click.option("--baseline", type=click.Path(), help="Report only what is not in this file."),
        click.option("--write-baseline", type=click.Path(), help="Write all findings to this file for --baseline."),
        click.option("--show-files", is_flag=True, help="List the files that would be checked, and check none."),
        click.option(
            "--show-settings", is_flag=True, help="Print the settings that would hold, as TOML, and check nothing."
        ),
        click.option("--watch", "-w", is_flag=True, help="Check again whenever a file changes."),
    )


def file_options(command: Command) -> Command:
    """Which files, which configuration, and what is remembered."""
    return _with(
        command,
        click.option(
            "--exclude", type=_PATTERNS, multiple=True, help="Path patterns to leave out, instead of the usual ones."
        ),
        click.option("--extend-exclude", type=_PATTERNS, multiple=True, help="Path patterns to leave out as well."),
        click.option(
            "--force-exclude/--no-force-exclude", default=None, help="Leave out excluded paths also if given by name."
        ),
        click.option(
            "--respect-gitignore/--no-respect-gitignore",
            default=None,
            help="Leave out what git ignores (the default).",
        ),
        click.option(
            "--config",
            multiple=True,
            metavar="FILE|KEY=VALUE",
            help="A configuration file instead of the nearest one, or one setting in TOML.",
        ),
        click.option("--isolated", is_flag=True, help="Read no configuration file."),
        click.option(
            "--project",
            type=click.Path(exists=True, file_okay=False, resolve_path=True),
            help="The project around the paths, which is read to judge them (default: the repository, or the "
            "outermost folder with a configuration).",
        ),
        click.option("--no-project", is_flag=True, help="Judge the paths alone."),
        click.option(
            "--timeout-per-file",
            type=click.FloatRange(0, 1e9, max_open=True),
            default=None,
            metavar="SECONDS",
            help="Leave out a file whose analysis takes longer (default: 30; 0: no limit).",
        ),
        click.option(
            "--jobs",
            "-j",
            type=click.IntRange(0, MOST_JOBS),
            default=None,
            metavar="N",
            help="Processes to use (default: 0, as many as pay).",
        ),
        click.option("--trust", is_flag=True, help=TRUST),
        click.option(
            "--no-cache",
            "-n",
            is_flag=True,
            envvar="TFLINT_MEM_NO_CACHE",
            show_envvar=True,
            help="Neither read nor write the cache of findings.",
        ),
        click.option(
            "--cache-dir",
            type=click.Path(file_okay=False, resolve_path=True),
            envvar="TFLINT_MEM_CACHE_DIR",
            show_envvar=True,
            help="The folder of the cache (default: .tflint_mem_cache in the project).",
        ),
        click.option("--stdin-filename", type=click.Path(), help="The name that `-`, standard input, goes by."),
    )


TRUST = "Let the configuration of the checked tree choose everything: interpreter, limits, paths outside."


def log_options(command: Command) -> Command:
    """How much is said."""
    return _with(
        command,
        click.option("--quiet", "-q", is_flag=True, help="Findings only, no summary."),
        click.option("--silent", "-s", is_flag=True, help="Say nothing; the exit code tells."),
        click.option("--verbose", "-v", is_flag=True, help="Also say what is read and skipped."),
        click.option(
            "--color",
            type=click.Choice(["auto", "always", "never"]),
            default="auto",
            help="Default: colour on a terminal.",
        ),
    )


def _with(command: Command, *options: Callable[[Command], Command]) -> Command:
    for option in reversed(options):
        command = option(command)
    return command


# -- what was given

_LISTS = (
    "select",
    "ignore",
    "extend_select",
    "exclude",
    "extend_exclude",
    "fixable",
    "unfixable",
    "extend_fixable",
)
_TABLES = ("per_file_ignores", "extend_per_file_ignores")
_SETTINGS = (
    "fix",
    "fix_only",
    "show_fixes",
    "unsafe_fixes",
    "pedantic",
    "fail_on",
    "baseline",
    "cache_dir",
    "force_exclude",
    "respect_gitignore",
    "timeout_per_file",
    "jobs",
)


def settings_of(given: dict[str, Any]) -> dict[str, Any]:
    """Takes the options that are settings, too, out of what click has read; None for those that were not given."""
    settings: dict[str, Any] = {"output_format": _reports(given)}
    for name in _LISTS:
        lists = given.pop(name)
        settings[name] = [word for words in lists for word in words] if lists else None
    for name in _TABLES:
        pairs = [pair for pairs in given.pop(name) for pair in pairs]
        table: dict[str, list[str]] = {}
        for pattern, selector in pairs:
            table.setdefault(pattern, []).append(selector)
        settings[name] = table or None
    severities = dict(pair for pairs in given.pop("severity") for pair in pairs)
    for word, severity in severities.items():
        if severity not in SEVERITIES:
            raise click.UsageError(f"--severity {word}: `{severity}` is none of {', '.join(SEVERITIES)}")
    settings["severity"] = severities or None
    for name in _SETTINGS:
        settings[name] = given.pop(name)
    settings["cache"] = False if given.pop("no_cache") else None
    project = given.pop("project")
    settings["project"] = False if given.pop("no_project") else project
    return settings


def _reports(given: dict[str, Any]) -> str | None:
    """The format of the one report that has no file of its own; the others become `outputs` of what was given."""
    formats = given.pop("formats")
    plain = [name for name, file in formats if not file]
    given["outputs"] = [(name, file) for name, file in formats if file]
    if len(plain) > 1 or len({file for _, file in given["outputs"]}) < len(given["outputs"]):
        raise click.UsageError("--output-format: one format for each file, and one without a file")
    return plain[0] if plain else None


def verification_of(given: dict[str, Any]) -> dict[str, Any] | None:
    """Takes the options of --verify out of what click has read; None without it."""
    verify = {**_verify_taken(given), "codes": given.pop("verify_only")}
    verifies = given.pop("verifies") or bool(verify["changed"])
    if not verifies and any(value is not None for value in verify.values()):
        raise click.UsageError("options of --verify need --verify")
    if given["fix_proven"] and not verifies:
        raise click.UsageError("--fix-proven needs --verify")
    rules = [word for word in verify["codes"] or () if not any(sign in word for sign in "./:\\")]
    if rules:
        from tflint_mem.settings.selection import codes_of

        codes_of(rules)  # raises UsageError for what is no rule
    return verify if verifies else None


def refuse_together(given: dict[str, Any]) -> None:
    """Raises UsageError for options that contradict each other."""
    modes = [given[mode] for mode in ("diff", "add_noqa", "add_ignore", "write_baseline")]
    if sum(map(bool, modes)) + bool((given["fix"] or given["fix_only"]) and not given["diff"]) > 1:
        raise click.UsageError(
            "--fix, --diff, --add-noqa and --write-baseline each make a run of their own: give one of them"
        )
    if given["no_project"] and given["project"] is not None:
        raise click.UsageError("--project and --no-project: give one of them")
    if given["since"] is not None and given["write_baseline"]:
        raise click.UsageError("--write-baseline is about all findings: give it without --since")
    if given["ignore_noqa"] and (given["add_noqa"] or given["add_ignore"]):
        raise click.UsageError("--ignore-noqa: what a comment says would not count")
    if given["watch"] and (any(modes) or given["show_files"] or given["show_settings"]):
        raise click.UsageError("--watch checks again and again: give it without what makes a run of its own")
