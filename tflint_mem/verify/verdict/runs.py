"""What was run for one finding: both versions, and what was put in the place of what they lack."""

from __future__ import annotations

from tflint_mem.verify.standins.action import Rewrite, rewritten

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from tflint_mem.verify import events
    from tflint_mem.verify.containment.run import Run
    from tflint_mem.verify.snippet.behind import Behind
    from tflint_mem.verify.snippet.snippet import Snippet

    from .results import Compared


class Runs:
    """What was run for one finding.

    snippet, run                the flagged version
    fixed_snippet, fixed_run    the same after the fix, or None
    behind, seen                what stands behind the loop, and what a short run through it saw, or None
    compared                    what both versions did in their first repeats, None where that was not compared
    setup                       source of the stand-ins that the flagged version was given at run time
    rewrites                    [old, new] of its text, in order
    """

    __slots__ = ("snippet", "run", "fixed_snippet", "fixed_run", "behind", "seen", "compared", "setup", "rewrites")

    def __init__(self, snippet: Snippet, run: Run, setup: Iterable[str] = ()) -> None:
        """setup: the user's own, which was there before."""
        stand_ins = run.of("stand-in")
        self.snippet, self.run = snippet, run
        self.fixed_snippet: Snippet | None = None
        self.fixed_run: Run | None = None
        self.behind: Behind | None = None
        self.seen: events.Behind | None = None
        self.compared: Compared | None = None
        self.setup = list(setup) + [event["code"] for event in stand_ins if event["code"]]
        self.rewrites = [event["rewrite"] for event in stand_ins if event["rewrite"]]

    @property
    def stand_ins(self) -> list[str]:
        """Sentences for the report."""
        at_run_time = [event["text"] for event in self.run.of("stand-in") if event["text"]]
        return list(dict.fromkeys(self.snippet.stand_ins + at_run_time))

    def text(self) -> str:
        """The flagged version as it ran."""
        return self._as_run(self.snippet)

    def fixed_text(self) -> str:
        """The fixed version as it ran, "" when there is none."""
        return self._as_run(self.fixed_snippet) if self.fixed_snippet is not None else ""

    def _as_run(self, snippet: Snippet) -> str:
        return rewritten(snippet.render().text, [Rewrite(old, new) for old, new in self.rewrites])
