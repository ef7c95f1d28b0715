"""The files of a finding for a bug report: the shortest that shows, run by itself, what the verdict says."""

from __future__ import annotations

import time

from tflint_mem.verify.containment import runner
from tflint_mem.verify.plan.protocols import LEAST_SECONDS
from tflint_mem.verify.reproduction.file import ALL, NOTHING, STAND_INS, written
from tflint_mem.verify.reproduction.shows import shown
from tflint_mem.verify.verdict.words import NOT_RUNNABLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from tflint_mem.verify.events import Environment
    from tflint_mem.verify.plan.options import Options
    from tflint_mem.verify.verdict.result import Result
    from tflint_mem.verify.verdict.runs import Runs

_UNSEEN = "it was not seen to show this by itself"


def add_files(result: Result, runs: Runs, options: Options, environment: Environment, folders: Sequence[str]) -> None:
    """Gives a result its files.  Where nobody keeps them they are not run, and cut only where that needs no proof.

    folders   first-party, nearest first
    """
    for fixed in (False, True):
        text = _text(result, runs, options, environment, folders, fixed)
        if fixed:
            result.kept_fixed = text
        else:
            result.kept = text


def _text(
    result: Result, runs: Runs, options: Options, environment: Environment, folders: Sequence[str], fixed: bool
) -> str:
    def file(cut: int, said: str = "") -> str:
        return written(result, runs, options, environment, fixed, cut, said)

    if options.keep is None or result.verification["verdict"] == NOT_RUNNABLE or fixed and runs.fixed_run is None:
        return file(STAND_INS)
    ends = time.monotonic() + options.timeout
    for cut in (ALL, STAND_INS, NOTHING):
        text, left = file(cut), ends - time.monotonic()
        if not text or left < LEAST_SECONDS:
            break
        try:
            run = runner.alone(text, options, left, folders, runs.snippet.growth)
        except (OSError, RuntimeError, MemoryError):
            break
        found = shown(run, result.verification, fixed)
        if found.agrees:
            return file(cut, found.words)
    return file(STAND_INS, _UNSEEN)
