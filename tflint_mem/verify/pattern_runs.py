"""Where nothing of the user's code could be judged: what the rule's own pattern costs on the same interpreter and
device, measured once in a run for all findings of a rule."""

from __future__ import annotations

import threading
import time

from tflint_mem.verify.containment import runner
from tflint_mem.verify.patterns.pattern import pattern_of
from tflint_mem.verify.patterns.sizes import sizes_in
from tflint_mem.verify.plan.protocols import LEAST_SECONDS, plan_for
from tflint_mem.verify.verdict.contract import device_name
from tflint_mem.verify.verdict.judge import judge
from tflint_mem.verify.verdict.measured_pattern import in_place_of
from tflint_mem.verify.verdict.runs import Runs
from tflint_mem.verify.verdict.signs import ran
from tflint_mem.verify.verdict.words import NOT_RUNNABLE

from .keeping import add_files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from tflint_mem.finding import Finding
    from tflint_mem.verify.events import Environment
    from tflint_mem.verify.patterns.pattern import Pattern
    from tflint_mem.verify.plan.options import Options
    from tflint_mem.verify.verdict.result import Result

    Key = tuple[str, str, str, str]  # rule, interpreter, version of TensorFlow, device

_ATTEMPTS = 1  # a pattern lacks nothing: what it raises is what this TensorFlow does not have


class PatternRuns:
    """What patterns cost.  Findings that are verified at the same time wait for one measurement."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._locks: dict[Key, threading.Lock] = {}
        self._measured: dict[Key, tuple[Result | None, str]] = {}

    def instead(
        self,
        result: Result,
        text: str,
        options: Options,
        environment: Environment,
        seconds: float,
        began: Callable[[], None],
    ) -> Result:
        """The Result of a finding that is not runnable, with what its pattern costs; itself where that has none, does
        not run either, or has no time.

        text      of the finding's file, which tells sizes      seconds   wall time for both versions of the pattern
        began     called when a measurement begins
        """
        finding = result.finding
        pattern = pattern_of(finding.code)
        if pattern is None:
            return result
        key = (finding.code, options.python, environment["tensorflow"] or "", device_name(environment, options))
        with self._lock:
            lock = self._locks.setdefault(key, threading.Lock())
        started = time.monotonic()
        with lock:
            if key not in self._measured:
                if seconds < LEAST_SECONDS:
                    return result
                began()
                sizes = sizes_in(text, pattern.sizes)
                self._measured[key] = (
                    _measure(finding, pattern, sizes, options, environment, seconds),
                    _said(sizes, finding),
                )
            measured, sized = self._measured[key]
        if measured is None:
            return result
        return in_place_of(result, measured, sized, environment["tensorflow"] or "", time.monotonic() - started)


def _measure(
    finding: Finding,
    pattern: Pattern,
    sizes: dict[str, int],
    options: Options,
    environment: Environment,
    seconds: float,
) -> Result | None:
    """The Result of the pattern itself; None where it does not run."""
    began = time.monotonic()
    bare = finding.replace(fix=None, verification=None)
    each = seconds / 2 - 1.0
    plan = plan_for(bare, options, each)

    def execute(version: str) -> Runs:
        snippet = pattern.snippet(version, "%s:%d" % (finding.path, finding.start[0]), finding.name, sizes)
        return Runs(snippet, runner.execute(snippet, options, plan, each, attempts=_ATTEMPTS))

    runs = execute("flagged")
    if ran(runs.run):
        fixed = execute("fixed")
        runs.fixed_snippet, runs.fixed_run = fixed.snippet, fixed.run
    result = judge(bare, options, environment, runs, began)
    if result.verification["verdict"] == NOT_RUNNABLE:
        return None
    add_files(result, runs, options, environment, ())
    return result


def _said(sizes: dict[str, int], finding: Finding) -> str:
    """Which sizes were told, and by what; "" for none."""
    words = {"INPUTS": "inputs of {}", "UNITS": "{} units", "ROWS": "{} rows"}
    told = [words[name].format(size) for name, size in sizes.items()]
    return f"{', '.join(told)}, as in {finding.path}" if told else ""
