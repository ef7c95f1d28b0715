"""The command line: its commands.  Their options are in `options`; what each does is imported when it is asked for."""

from __future__ import annotations

import sys

import click

from tflint_mem import __version__
from tflint_mem.settings.tables import OUTPUT_FORMATS

from . import options as asked
from .environments import env
from .verify_options import taken, verify_options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tflint_mem.engine.session import Session


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
    """Some options stand alone or take a value after `=`; a path behind them stays a path."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Click's own, for arguments that it knows."""
        rewritten: list[str] = []
        for position, argument in enumerate(args):
            if argument == "--":
                rewritten += args[position:]
                break
            option, equals, value = argument.partition("=")
            if equals and option in _VALUES:
                rewritten += [option, _VALUES[option], value]
            else:
                rewritten.append(argument)
        return super().parse_args(ctx, rewritten)


_VALUES = {"--verify": "--verify-only", "--add-noqa": "--comment-reason", "--add-ignore": "--comment-reason"}


@cli.command(cls=_Check)
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@asked.rule_options
@asked.fix_options
@asked.report_options
@asked.file_options
@click.option(
    "--verify",
    "verifies",
    is_flag=True,
    help="Run what was flagged and measure whether it leaks and whether the fix stops it. "
    "This runs code of the project, in a child process. "
    "--verify=CODES verifies some rules or places (file.py:12) only.",
)
@click.option("--verify-only", type=asked.WordList("SELECTORS"), hidden=True)
@click.option(
    "--fix-proven",
    is_flag=True,
    help="With --verify: reports offer only fixes that are proven to cure and to change no result, with the numbers.",
)
@verify_options
@asked.log_options
@click.pass_obj
def check(session: Session | None, /, paths: tuple[str, ...], **given: Any) -> int:
    """Check files and folders (default: the current folder).  `-` checks standard input."""
    from tflint_mem.command.check import Options, run

    given["verify"] = asked.verification_of(given)
    asked.refuse_together(given)
    watch, show_files, show_settings = given.pop("watch"), given.pop("show_files"), given.pop("show_settings")
    options = Options(paths, overrides=asked.settings_of(given), **given)
    if show_files or show_settings:
        from tflint_mem.command import showing

        return showing.files(options) if show_files else showing.settings(options)
    if watch:
        from tflint_mem.command import watching

        return watching.watch(options)
    return run(options, session)


@cli.command()
@click.argument("place", metavar="FILE[:ROW]|NOTEBOOK:cell N:ROW")
@click.option(
    "--project",
    type=click.Path(exists=True, file_okay=False),
    help="The folder of the project the file belongs to (default: as for `check`).",
)
@click.option("--output-format", type=click.Choice(OUTPUT_FORMATS), default=None, help="Default: full.")
@click.option("--isolated", is_flag=True, help="Read no configuration file.")
@click.option("--trust", is_flag=True, help=asked.TRUST)
@verify_options
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

    where = place_of(place)
    path = where.path
    if not os.path.isfile(path):
        raise click.UsageError(f"{path}: no such file")
    measured = taken(given)
    options = Options(
        [project or path], overrides={"output_format": output_format}, verify=measured, place=where, **given
    )
    return run(options, session)


@cli.command()
@click.argument("rule", metavar="[CODE|NAME]", required=False)
@click.option("--all", "every", is_flag=True, help="All rules, one after the other.")
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text")
def rule(rule: str | None, every: bool, output_format: str) -> int:
    """Explain one rule, or all."""
    from tflint_mem.command import rulebook

    if every == (rule is not None):
        raise click.UsageError("name a rule, or give --all")
    return rulebook.explain_all(output_format) if rule is None else rulebook.explain(rule, output_format)


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


@cli.command()
@click.argument("key", required=False)
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text")
@click.option("--schema", is_flag=True, help="Print the JSON schema of a configuration file.")
def config(key: str | None, output_format: str, schema: bool) -> int:
    """List the keys of the configuration, or describe one."""
    from tflint_mem.command import keys

    if schema:
        return keys.schema()
    return keys.table(output_format) if key is None else keys.describe(key, output_format)


@cli.command()
@click.option("--cache-dir", type=click.Path(file_okay=False), envvar="TFLINT_MEM_CACHE_DIR", show_envvar=True)
@click.option("--quiet", "-q", is_flag=True, help="Do not say what was deleted.")
def clean(cache_dir: str | None, quiet: bool) -> int:
    """Delete the caches in the current folder and below it."""
    from tflint_mem.command import cleaning

    return cleaning.clean(cache_dir, quiet)


@cli.command()
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text")
def version(output_format: str) -> int:
    """Print the version."""
    from tflint_mem.hardening import safe

    print(f"tflint-mem {__version__}" if output_format == "text" else safe.dumps({"version": __version__}))
    return 0


@cli.command("generate-shell-completion")
@click.argument("shell", type=click.Choice(["bash", "fish", "zsh"]))
def generate_shell_completion(shell: str) -> int:
    """Print the script that lets a shell complete this command."""
    from click.shell_completion import ShellComplete, get_completion_class

    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"this version of click knows nothing of {shell}")
    completion = kind(cli, {}, "tflint-mem", "_TFLINT_MEM_COMPLETE")
    print(ShellComplete.source(completion))  # that of a shell itself would first run the shell
    return 0


cli.add_command(env)


def usage_error(error: click.ClickException) -> int:
    """Show click's complaint in one line; returns the exit code."""
    context: click.Context | None = getattr(error, "ctx", None)
    command = context.command_path if context else "tflint-mem"
    from tflint_mem.hardening import safe

    print(safe.row(f"{command}: {safe.field(error.format_message())} (see `{command} --help`)"), file=sys.stderr)
    return 2
