"""What all verifications of a run have in common, and one of them: plain values, so that another process can do it."""

from __future__ import annotations

import time

from tflint_mem.verify.plan.protocols import LEAST_SECONDS
from tflint_mem.verify.snippet.first_party import Files
from tflint_mem.verify.verdict.result import not_runnable

from .experiment import verify_finding

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
    """

    __slots__ = ("sources", "folders", "options", "ends")

    def __init__(self, sources: Sequence[Source], folders: Sequence[str], options: Options) -> None:
        self.sources, self.folders, self.options = sources, folders, options
        self.ends = None if options.total is None else time.time() + options.total

    def verify(
        self, finding: Finding, options: Options, environment: Environment, tell: Callable[[Stage], None]
    ) -> Result | None:
        """The result of one finding; None when there is no time left for it.

        What is noted of the files while one snippet is cut (by which names they are imported) has no part in the next
        one: a result does not depend on which findings were verified before.
        """
        seconds = options.timeout if self.ends is None else min(options.timeout, self.ends - time.time())
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
        tell("done")
        return result
