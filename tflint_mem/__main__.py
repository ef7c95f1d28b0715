"""The command `tflint-mem`.

`check` with plain paths is what hooks and editors run all day, so it does not even import the option parser.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.engine.session import Session


def main() -> None:
    """Run the command line in `sys.argv`; never returns.

    The process ends without the interpreter's tidying up, which for the facts of a large project takes as long as
    linking them.
    """
    import os

    held: list[Session] = []  # what the process has, it has to the end
    try:
        code = _run_alone(held)
    except KeyboardInterrupt:  # before there was anything to interrupt
        code = 130
    os._exit(code)


def _run_alone(held: list[Session]) -> int:
    _leave_current_folder()
    from tflint_mem.command.process import OwnProcess
    from tflint_mem.hardening import streams

    streams.complete()
    process = OwnProcess()
    held.append(process)
    code = run(process)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            pass
    return code


def _leave_current_folder() -> None:
    """Import nothing from the folder that is checked: `python -m`, and an empty entry of PYTHONPATH, make it the first
    place to look.

    What this very package lies in stays, and so does a folder of installed packages, which stands behind the standard
    library.
    """
    import os

    try:
        here = os.getcwd()
    except OSError:
        return
    if here == os.path.dirname(os.path.dirname(os.path.abspath(__file__))):
        return
    library = os.path.dirname(os.__file__)
    end = sys.path.index(library) if library in sys.path else 1
    sys.path[:end] = [folder for folder in sys.path[:end] if folder not in ("", here)]


def run(session: Session | None = None) -> int:
    """Run the command line in `sys.argv`; returns the exit code.

    session   of a process that is ours alone; None: it is somebody else's, too, and left as it is
    """
    code: int | None
    arguments = sys.argv[1:]
    try:
        if arguments[:1] == ["check"] and not any(argument.startswith("-") for argument in arguments) and _plain():
            from tflint_mem.command import check

            code = check.run(check.Options(arguments[1:]), session)
        else:
            from tflint_mem.command.cli import cli

            code = cli(prog_name="tflint-mem", standalone_mode=False, obj=session)
        sys.stdout.flush()
    except BrokenPipeError:
        code = _close_quietly()
    except KeyboardInterrupt:
        code = 130
    except Exception as error:
        code = _close_quietly() if _is_gone(error) else _failure(error)
    return code or 0


def _plain() -> bool:
    """Does the environment say nothing that is an option?"""
    import os

    return not any(name.startswith("TFLINT_MEM_") for name in os.environ)


def _is_gone(error: Exception) -> bool:
    """Windows says "invalid argument" of a pipe that nobody reads any more."""
    import errno

    return (
        sys.platform == "win32"
        and isinstance(error, OSError)
        and error.errno == errno.EINVAL
        and error.filename is None
        and not sys.stdout.isatty()
    )


def _close_quietly() -> int:
    """The reader of our output went away (`| head`): the interpreter must not complain about it at exit."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _failure(error: Exception) -> int:
    """Exit code 2 for everything unexpected: 1 means findings."""
    if "click" in sys.modules:
        import click

        from tflint_mem.command.cli import usage_error

        if isinstance(error, click.Abort):
            return 130
        if isinstance(error, click.ClickException):
            return usage_error(error)
    if isinstance(error, OSError):
        line = _told(error)
        if line:
            print(f"tflint-mem: {line}", file=sys.stderr)
            return 2
    import traceback

    from tflint_mem.hardening import safe

    sys.stderr.write(safe.block(traceback.format_exc()))
    print(
        f"tflint-mem: internal error: {safe.field(repr(error))}; this is a bug, please report it with the text above",
        file=sys.stderr,
    )
    return 2


def _told(error: OSError) -> str | None:
    """The line for what the system refuses and no bug of ours can be: a folder that is gone, a full disk behind
    standard output.
    """
    import os

    try:
        os.getcwd()
    except OSError as gone:
        return f"the current folder cannot be used: {gone.strerror}"
    from tflint_mem.hardening import streams

    return f"standard output: {error.strerror}" if streams.refused(error) else None


if __name__ == "__main__":
    main()
