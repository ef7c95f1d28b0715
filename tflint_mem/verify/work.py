"""What all verifications of a run have in common, and one of them: plain values, so that another process can do it."""

from __future__ import annotations

import functools
import time

from tflint_mem.verify.plan.protocols import LEAST_SECONDS
from tflint_mem.verify.snippet.first_party import Files
from tflint_mem.verify.verdict.result import not_runnable
from tflint_mem.verify.verdict.words import AS_WRITTEN, MECHANISM, NOT_RUNNABLE

from .experiment import verify_finding, verify_reduced
from .pattern_runs import PatternRuns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tflint_mem.finding import Finding
    from tflint_mem.sources.source import Source
    from tflint_mem.verify.events import Environment
    from tflint_mem.verify.plan.options import Options
    from tflint_mem.verify.verdict.result import Result

    from .experiment import Stage


class Work:
    """What the verifications of a run have in common.

    sources   of the run: their text decides, not what is on disk now
    folders   first-party folders, absolute, nearest first
    ends      time.time() at which the time for all findings is up, None for no limit
    patterns  what the patterns of rules cost, measured once for all findings
    """

    __slots__ = ("sources", "folders", "options", "ends", "patterns")

    def __init__(
        self,
        sources: Sequence[Source],
        folders: Sequence[str],
        options: Options,
        patterns: PatternRuns | None = None,
    ) -> None:
        """patterns: None for a run of its own."""
        self.sources, self.folders, self.options = sources, folders, options
        self.patterns = PatternRuns() if patterns is None else patterns
        self.ends = None if options.total is None else time.time() + options.total

    def verify(
        self, finding: Finding, options: Options, environment: Environment, tell: Callable[[Stage], None]
    ) -> Result | None:
        """The result of one finding; None when there is no time left for it.

        What is noted of the files while one snippet is cut (by which names they are imported) has no part in the next
        one: a result does not depend on which findings were verified before.
        """
        seconds = self._left(options)
        if seconds < LEAST_SECONDS and self.ends is not None:
            return None
        began = time.monotonic()
        files = Files(self.sources, self.folders)
        try:
            result = verify_finding(finding, files, options, environment, self.folders, seconds, tell)
        except (OSError, RuntimeError, MemoryError) as error:
            # no room, no processes, no scratch folder: this finding's end, not the run's
            needs = [f"a system that can run it: {type(error).__name__}: {error}"]
            result = not_runnable(finding, options, environment, began, needs)
        if options.level != AS_WRITTEN and result.verification["verdict"] == NOT_RUNNABLE:
            result = self._reduced(result, options, environment, tell) or result
        if options.level == MECHANISM and result.verification["verdict"] == NOT_RUNNABLE:
            model = files.get(finding.path)
            text = "\n".join(model.text.rows) if model is not None else ""
            began_pattern = functools.partial(tell, "pattern")
            try:
                result = self.patterns.instead(result, text, options, environment, self._left(options), began_pattern)
            except (OSError, RuntimeError, MemoryError):
                pass  # what could not run stays what it was
        tell("done")
        return result

    def _reduced(
        self, result: Result, options: Options, environment: Environment, tell: Callable[[Stage], None]
    ) -> Result | None:
        """The result of a finding's call in a loop of its own, in a time of its own; None where there is none."""
        seconds = self._left(options)
        if seconds < LEAST_SECONDS:
            return None
        files = Files(self.sources, self.folders)
        finding = result.finding.replace(verification=None)
        try:
            return verify_reduced(finding, files, options, environment, self.folders, seconds, result, tell)
        except (OSError, RuntimeError, MemoryError):
            return None

    def _left(self, options: Options) -> float:
        """Seconds of wall time for what is measured next."""
        return options.timeout if self.ends is None else min(options.timeout, self.ends - time.time())
