"""`tflint-mem env`: interpreters with the TensorFlow that a project asks for, for --verify."""

from __future__ import annotations

import sys

import click

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.verify.plan.environments import Environment


@click.group(invoke_without_command=True)
@click.pass_context
def env(ctx: click.Context) -> None:
    """Environments with the TensorFlow that a project asks for, which --verify uses."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@env.command()
@click.option(
    "--tensorflow", metavar="VERSION", help="Such as 2.15.  Default: what the project's requirements admit, the newest."
)
@click.option(
    "--python", metavar="PYTHON", help="An interpreter, or a version such as 3.11.  Default: one that TensorFlow has."
)
@click.option(
    "--with-requirements",
    is_flag=True,
    help="Install what requirements.txt names too.  Packages may run code of their own while they are installed.",
)
@click.option("--legacy-keras", is_flag=True, help="Install tf_keras, and let tf.keras be it (Keras 2).")
@click.option("--project", type=click.Path(exists=True, file_okay=False), default=".", help="Default: the one here.")
def create(
    tensorflow: str | None, python: str | None, with_requirements: bool, legacy_keras: bool, project: str
) -> int:
    """Make an environment for the project; it takes the place of the one before."""
    from tflint_mem.verify.plan import make_environment
    from tflint_mem.verify.plan.options import OptionError

    try:
        made = make_environment.create(_root(project), tensorflow, python, with_requirements, legacy_keras, _tell)
    except OptionError as error:
        return _failed(str(error))
    except OSError as error:
        return _failed(error.strerror or str(error))
    _show([made])
    return 0


@env.command("list")
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text")
def list_(output_format: str) -> int:
    """The environments that were made."""
    from tflint_mem.verify.plan import environments

    known = environments.known()
    if output_format == "json":
        import json

        rows = [
            {
                "project": each.project,
                "interpreter": each.interpreter,
                "tensorflow": each.tensorflow,
                "python": each.python,
                "legacy_keras": each.legacy_keras,
                "works": each.works,
            }
            for each in known
        ]
        click.echo(json.dumps(rows, indent=2))
    else:
        _show(known)
    return 0


@env.command()
@click.option("--project", type=click.Path(), default=".", help="Default: the one here.")
@click.option("--all", "everything", is_flag=True, help="All environments of all projects.")
def remove(project: str, everything: bool) -> int:
    """Delete the environment of a project."""
    import os

    from tflint_mem.verify.plan import environments, make_environment

    known = environments.known()
    if not everything:
        root = os.path.realpath(_root(project))
        known = [each for each in known if each.project == root]
        if not known:
            return _failed(f"{root} has no environment (see `tflint-mem env list`)")
    try:
        for each in known:
            make_environment.remove(each)
        environments.forget(known)
    except OSError as error:
        return _failed(f"{error.filename}: {error.strerror}")
    click.echo("\n".join(f"Removed {each.folder}" for each in known) or "Nothing to remove.")
    return 0


def _root(folder: str) -> str:
    """The root of the project that a folder belongs to, as a check of it would say."""
    from tflint_mem.settings import config

    return config.located(config.Settings(), [folder]).project_root


def _tell(line: str) -> None:
    from tflint_mem.hardening import safe

    print(safe.field(line), file=sys.stderr, flush=True)


def _failed(line: str) -> int:
    _tell(f"tflint-mem: {line}")
    return 2


def _show(environments: list[Environment]) -> None:
    from tflint_mem.hardening import safe

    for each in environments:
        keras = ", tf.keras is tf_keras" if each.legacy_keras else ""
        gone = "" if each.works else "  (gone: make it again)"
        click.echo(safe.field(f"{each.project}: TensorFlow {each.tensorflow}, Python {each.python}{keras}{gone}"))
