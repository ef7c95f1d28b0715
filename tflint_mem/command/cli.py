"""The command line."""

from __future__ import annotations

import sys

import click

from tflint_mem import __version__
from tflint_mem.command.environments import env
from tflint_mem.settings.tables import MOST_JOBS, OUTPUT_FORMATS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from tflint_mem.engine.session import Session


class _List(click.ParamType):  # type: ignore[type-arg, unused-ignore]  # generic since 8.4
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


_SELECTORS, _PATTERNS = _List("SELECTORS"), _List("PATTERNS")


@click.group(
    invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, "-V", "--version", prog_name="tflint-mem", message="%(prog)s %(version)s")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """The memory linter for TensorFlow: finds code that leaks, fixes it, and proves it."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


class _Check(click.Command):
    """`--verify` stands alone or takes rules after `=`; a path behind it stays a path."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Click's own, for arguments that it knows."""
        rewritten: list[str] = []
        for position, argument in enumerate(args):
            if argument == "--":
                rewritten += args[position:]
                break
            if argument.startswith("--verify="):
                rewritten += ["--verify", "--verify-only", argument.partition("=")[2]]
            else:
                rewritten.append(argument)
        return super().parse_args(ctx, rewritten)


_VERIFY = ("device", "python", "timeout", "total", "memory", "jobs", "on", "changed", "env", "keep", "report")


def _verify_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say how a verification runs, shared by `check --verify` and `verify`."""
    for option in reversed(
        (
            click.option(
                "--verify-device",
                "verify_device",
                type=click.Choice(["auto", "cpu", "gpu"]),
                help="Where to measure (default: a GPU if there is one).",
            ),
            click.option(
                "--verify-python",
                "verify_python",
                type=click.Path(),
                help="The interpreter that has TensorFlow (default: this one).",
            ),
            click.option(
                "--verify-timeout",
                "verify_timeout",
                type=float,
                metavar="SECONDS",
                help="Time for one finding (default: 60).",
            ),
            click.option(
                "--verify-total-timeout",
                "verify_total",
                type=float,
                metavar="SECONDS",
                help="Time for all findings (default: no limit).",
            ),
            click.option(
                "--verify-memory",
                "verify_memory",
                metavar="SIZE",
                help="Memory at which a child is stopped, for example 4G.",
            ),
            click.option(
                "--verify-jobs",
                "verify_jobs",
                type=click.IntRange(min=0),
                metavar="N",
                help="Measure so many findings at the same time, each with processors or a GPU of its own "
                "(default: 1; 0: as many as there are).",
            ),
            click.option(
                "--verify-on",
                "verify_on",
                type=click.Choice(["ray"]),
                help="Spread the findings over a Ray cluster: RAY_ADDRESS, or this machine.",
            ),
            click.option(
                "--verify-changed",
                "verify_changed",
                is_flag=True,
                default=None,
                help="Measure only what no run before has measured: the same snippet, by the same interpreter, on the "
                "same device.",
            ),
            click.option(
                "--verify-env",
                "verify_env",
                metavar="NAME",
                multiple=True,
                callback=lambda ctx, param, names: names or None,
                help="A variable of the environment that children may see; most are kept from them.  Can be repeated.",
            ),
            click.option(
                "--keep",
                "verify_keep",
                type=click.Path(),
                metavar="FOLDER",
                help="Keep what was run as runnable files: minimal reproductions.",
            ),
            click.option(
                "--report",
                "verify_report",
                type=click.Path(),
                metavar="FILE.html",
                help="Write a page with the curves, the code and the fix.",
            ),
        )
    ):
        command = option(command)
    return command


def _verify_given(given: dict[str, Any]) -> dict[str, Any]:
    """Takes the options of `_verify_options` out of `given`."""
    return {name: given.pop(f"verify_{name}") for name in _VERIFY}


@cli.command(cls=_Check)
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@click.option("--select", type=_SELECTORS, multiple=True, help="Rules to run: codes, prefixes, names or ALL.")
@click.option("--ignore", type=_SELECTORS, multiple=True, help="Rules not to run.")
@click.option(
    "--extend-select", type=_SELECTORS, multiple=True, help="Rules to run on top of those selected elsewhere."
)
@click.option(
    "--pedantic/--no-pedantic", default=None, help="Also show what is only possible, or slow where it hardly adds up."
)
@click.option("--fix/--no-fix", default=None, help="Apply the safe fixes (with --unsafe-fixes all of them).")
@click.option(
    "--unsafe-fixes/--no-unsafe-fixes", default=None, help="Offer and apply fixes that a person should look at."
)
@click.option(
    "--diff", is_flag=True, help="Show what --fix would do, write nothing; exit code 1 if it would do anything."
)
@click.option(
    "--output-format",
    "formats",
    type=_Format(),
    multiple=True,
    help=f"{', '.join(OUTPUT_FORMATS)} (default: full).  With a file, as in sarif:memory.sarif, a further report; "
    "can be repeated.",
)
@click.option("--output-file", type=click.Path(), help="Write the report there instead of to standard output.")
@click.option(
    "--since",
    metavar="REV",
    help="Report only what concerns rows that changed since this revision of git, committed or not.",
)
@click.option("--exit-zero", is_flag=True, help="Exit with 0 also when something was found.")
@click.option("--statistics", is_flag=True, help="Show how often each rule was broken, nothing else.")
@click.option("--baseline", type=click.Path(), help="Report only what is not in this file.")
@click.option("--write-baseline", type=click.Path(), help="Write all findings to this file for --baseline.")
@click.option("--add-noqa", is_flag=True, help="Add a `noqa` comment for every finding.")
@click.option("--exclude", type=_PATTERNS, multiple=True, help="Path patterns to leave out, instead of the usual ones.")
@click.option("--extend-exclude", type=_PATTERNS, multiple=True, help="Path patterns to leave out as well.")
@click.option(
    "--force-exclude/--no-force-exclude", default=None, help="Leave out excluded paths also if given by name."
)
@click.option(
    "--respect-gitignore/--no-respect-gitignore", default=None, help="Leave out what git ignores (the default)."
)
@click.option(
    "--config",
    multiple=True,
    metavar="FILE|KEY=VALUE",
    help="A configuration file instead of the nearest one, or one setting in TOML.",
)
@click.option("--isolated", is_flag=True, help="Read no configuration file.")
@click.option(
    "--project",
    type=click.Path(exists=True, file_okay=False, resolve_path=True),
    help="The project around the paths, which is read to judge them (default: the repository, or the outermost "
    "folder with a configuration).",
)
@click.option("--no-project", is_flag=True, help="Judge the paths alone.")
@click.option(
    "--timeout-per-file",
    type=click.FloatRange(0, 1e9, max_open=True),
    default=None,
    metavar="SECONDS",
    help="Leave out a file whose analysis takes longer (default: 30; 0: no limit).",
)
@click.option(
    "--jobs",
    "-j",
    type=click.IntRange(0, MOST_JOBS),
    default=None,
    metavar="N",
    help="Processes to use (default: 0, as many as pay).",
)
@click.option(
    "--trust",
    is_flag=True,
    help="Let the configuration of the checked tree choose everything: interpreter, limits, paths outside.",
)
@click.option("--no-cache", is_flag=True, help="Neither read nor write the cache of findings.")
@click.option(
    "--cache-dir",
    type=click.Path(file_okay=False, resolve_path=True),
    help="The folder of the cache (default: .tflint_mem_cache in the project).",
)
@click.option("--stdin-filename", type=click.Path(), help="The name that `-`, standard input, goes by.")
@click.option(
    "--verify",
    "verifies",
    is_flag=True,
    help="Run what was flagged and measure whether it leaks and whether the fix stops it. "
    "This runs code of the project, in a child process. "
    "--verify=CODES verifies some rules or places (file.py:12) only.",
)
@click.option("--verify-only", type=_SELECTORS, hidden=True)
@click.option(
    "--fix-proven",
    is_flag=True,
    help="With --verify: reports offer only fixes that are proven to cure and to change no result, with the numbers.",
)
@_verify_options
@click.option("--quiet", "-q", is_flag=True, help="Findings only, no summary.")
@click.option("--verbose", "-v", is_flag=True, help="Also say what is read and skipped.")
@click.option(
    "--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="Default: colour on a terminal."
)
@click.pass_obj
def check(
    session: Session | None,
    /,
    paths: tuple[str, ...],
    config: tuple[str, ...],
    no_cache: bool,
    project: str | None,
    no_project: bool,
    formats: tuple[tuple[str, str], ...],
    verifies: bool,
    verify_only: list[str] | None,
    **given: Any,
) -> int:
    """Check files and folders (default: the current folder).  `-` checks standard input."""
    from tflint_mem.command.check import Options, run

    verify = {**_verify_given(given), "codes": verify_only}
    verifies = verifies or bool(verify["changed"])
    if not verifies and any(value is not None for value in verify.values()):
        raise click.UsageError("options of --verify need --verify")
    if given["fix_proven"] and not verifies:
        raise click.UsageError("--fix-proven needs --verify")
    given["verify"] = verify if verifies else None

    if (
        sum(bool(given[mode]) for mode in ("diff", "add_noqa", "write_baseline"))
        + bool(given["fix"] and not given["diff"])
        > 1
    ):
        raise click.UsageError(
            "--fix, --diff, --add-noqa and --write-baseline each make a run of their own: give one of them"
        )
    if no_project and project is not None:
        raise click.UsageError("--project and --no-project: give one of them")
    if given["since"] is not None and given["write_baseline"]:
        raise click.UsageError("--write-baseline is about all findings: give it without --since")
    plain = [name for name, file in formats if not file]
    given["outputs"] = [(name, file) for name, file in formats if file]
    if len(plain) > 1 or len({file for _, file in given["outputs"]}) < len(given["outputs"]):
        raise click.UsageError("--output-format: one format for each file, and one without a file")
    settings: dict[str, Any] = {"output_format": plain[0] if plain else None}
    for name in ("select", "ignore", "extend_select", "exclude", "extend_exclude"):
        lists = given.pop(name)
        settings[name] = [word for words in lists for word in words] if lists else None
    for name in (
        "fix",
        "unsafe_fixes",
        "pedantic",
        "baseline",
        "cache_dir",
        "force_exclude",
        "respect_gitignore",
        "timeout_per_file",
        "jobs",
    ):
        settings[name] = given.pop(name)
    settings["cache"] = False if no_cache else None
    settings["project"] = False if no_project else project
    return run(Options(paths, overrides=settings, config=config, **given), session)


@cli.command()
@click.argument("place", metavar="FILE[:ROW]|NOTEBOOK:cell N:ROW")
@click.option(
    "--project",
    type=click.Path(exists=True, file_okay=False),
    help="The folder of the project the file belongs to (default: as for `check`).",
)
@click.option("--output-format", type=click.Choice(OUTPUT_FORMATS), default=None, help="Default: full.")
@click.option("--isolated", is_flag=True, help="Read no configuration file.")
@click.option(
    "--trust",
    is_flag=True,
    help="Let the configuration of the checked tree choose everything: interpreter, limits, paths outside.",
)
@_verify_options
@click.option("--quiet", "-q", is_flag=True, help="Findings only, no summary.")
@click.option(
    "--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="Default: colour on a terminal."
)
@click.pass_obj
def verify(session: Session | None, /, place: str, project: str | None, output_format: str | None, **given: Any) -> int:
    """Run one place and measure it: the findings of a file, or what stands on a row of it.

    This runs code of the project, in a child process with limits.
    """
    import os

    from tflint_mem.command.check import Options, run
    from tflint_mem.verify.plan.places import place_of

    asked = place_of(place)
    path = asked.path
    if not os.path.isfile(path):
        raise click.UsageError(f"{path}: no such file")
    measured = _verify_given(given)
    options = Options(
        [project or path], overrides={"output_format": output_format}, verify=measured, place=asked, **given
    )
    return run(options, session)


@cli.command()
@click.argument("rule", metavar="CODE|NAME")
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text")
def rule(rule: str, output_format: str) -> int:
    """Explain one rule."""
    from tflint_mem.command import rulebook

    return rulebook.explain(rule, output_format)


@cli.command()
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text")
def rules(output_format: str) -> int:
    """List all rules."""
    from tflint_mem.command import rulebook

    return rulebook.table(output_format)


@cli.command()
@click.option("--config", multiple=True, metavar="FILE|KEY=VALUE", help="As for `check`.")
@click.option("--isolated", is_flag=True, help="Read no configuration file.")
@click.option(
    "--trust", is_flag=True, help="Let the configuration of the checked tree choose everything, as for `check`."
)
@click.option("--stdio", is_flag=True, hidden=True, help="Some editors say so; there is no other way.")
def server(config: tuple[str, ...], isolated: bool, trust: bool, stdio: bool) -> int:
    """Answer an editor: the Language Server Protocol on standard input and output (needs tflint-mem[server])."""
    from importlib.util import find_spec

    if find_spec("pygls") is None:
        raise click.UsageError("the server needs pygls: pip install 'tflint-mem[server]'")
    from tflint_mem.server.main import serve
    from tflint_mem.server.options import Options

    return serve(Options(config=config, isolated=isolated, trust=trust))


cli.add_command(env)


def usage_error(error: click.ClickException) -> int:
    """Show click's complaint in one line; returns the exit code."""
    context: click.Context | None = getattr(error, "ctx", None)
    command = context.command_path if context else "tflint-mem"
    from tflint_mem.hardening import safe

    print(safe.row(f"{command}: {safe.field(error.format_message())} (see `{command} --help`)"), file=sys.stderr)
    return 2
