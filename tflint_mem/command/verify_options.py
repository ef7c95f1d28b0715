"""The options that say how a verification runs, which `check --verify` and `verify` share."""

from __future__ import annotations

import click

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_NAMES = ("device", "python", "timeout", "total", "memory", "jobs", "on", "changed", "env", "keep", "report")


def verify_options(command: Callable[..., Any]) -> Callable[..., Any]:
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


def taken(given: dict[str, Any]) -> dict[str, Any]:
    """Takes the options of `verify_options` out of `given`."""
    return {name: given.pop(f"verify_{name}") for name in _NAMES}
