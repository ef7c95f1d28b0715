"""The measuring loop: what a snippet calls at the head of its repeating region, inside the child process.

A snippet says `for x in repeat(xs):`.  Each step of that iterator is the boundary between two repeats of the user's own
loop body, which runs where it stood, with its own variables.  The probe walks through

    warm    a few repeats: kernels are loaded, pools take their first regions, caches fill
    base    settle (collect, trim), count
    loop    repeats with a reading after each: what a user sees; then a count before any collection, then settle
    again   blocks of repeats, each followed by a settle: what no collection returns
    cleared `clear_session()` and settle: what only that returns

and then leaves the user's code by raising `Done`.  Every reading goes to `emit` at once, so that a child that is killed
leaves its curve behind.
"""

from __future__ import annotations

import sys
import threading
import time

from .elements import Elements
from .meters import settle
from .readings import start_runtime
from .recorder import Recorder
from .seen import LEAST_REPEATS, MOST_REPEATS
from .used_models import UsedModels

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType
    from typing import Any, NoReturn

    from tflint_mem.verify.events import Event, Phase, Reason

    from .gpu import GpuMemory
    from .plan import Plan
    from .seen import Seen

_LOOKING = 8.0  # seconds in which the flagged line must have run
_LEFT_AT_ONCE = 3  # passes that were left in their first repeat, or found no elements: it does not repeat
_HELD_REPEATS = 3  # of the protocol "held"


class Done(BaseException):
    """Everything is measured: unwinds the user's code.  Not an Exception, so that `except Exception` lets it pass."""


class Probe:
    """One measurement.  `emit` takes each event; gpu: None to leave the GPU alone; clock: seconds.

    elements      what the loop runs over                 repeats   completed over all phases
    finished      everything is measured                  phase     the one that is under way
    hit_limit     a phase ended early because memory ran out
    slow          a phase ended early because time ran out
    on_first      called after the first complete repeat
    still_unseen  tells whether the flagged line may still be waited for
    on_check      called before repeats that only look for it
    on_seen       called when it has been reached at last
    seen          sees what the first repeats do, None when nobody wants to know
    """

    def __init__(
        self,
        emit: Callable[[Event], None],
        plan: Plan,
        gpu: GpuMemory | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.emit, self.plan, self.clock = emit, plan, clock
        self.elements, self._recorder = Elements(plan), Recorder(emit, gpu, clock)
        self.phase: Phase = "warm"
        self.finished = False
        self.hit_limit = self.slow = False
        self.repeats = 0
        self.on_first: Callable[[], None] | None = None
        self.on_check: Callable[[], None] | None = None
        self.still_unseen: Callable[[], bool] | None = None
        self.on_seen: Callable[[], None] | None = None
        self.seen: Seen | None = None
        self._lock = threading.RLock()
        # on the clock: when the phase, the repeat that is under way, and the warm-up began, and when the last round was
        # over; the warm-up begins anew behind a search for the flagged line
        self._phase_began = 0.0
        self._started: float | None = None
        self._warm_began: float | None = None
        self._round_ended: float | None = None
        self._looking = False  # for the flagged line
        self._in_phase = 0  # repeats of this phase, or of this block
        self._busy = 0.0  # seconds that the last repeat took
        self._block, self._blocks_done, self._blocks_wanted = 1, 0, plan.blocks  # repeats of a block, number of blocks
        self._empty_passes = self._left_first = 0
        self._seen_by_again = -1  # repeats when the region was last run anew
        self._repeats_over = False  # the loop is to end by itself: what stands behind it comes next

    @property
    def extended(self) -> bool:
        """Elements beyond the user's own were served."""
        return self.elements.extended

    @property
    def left_at_once(self) -> bool:
        """True when the user's loop was left in its first pass each time it was entered: it does not repeat."""
        return self._left_first >= _LEFT_AT_ONCE

    def running_for(self) -> float:
        """Seconds since the repeat that is under way began; 0.0 between repeats."""
        started = self._started
        return self.clock() - started if started is not None and not self.finished else 0.0

    # -- what snippets call ---------------------------------------------------------------------------------------

    def again(self) -> bool:
        """True until everything is measured: runs the whole region anew when the user's loop ends by itself."""
        if self.finished:
            return False
        if self.left_at_once:
            self.wrap_up("leaves")
            return False
        if self.repeats == self._seen_by_again:
            self._empty_passes += 1
            if self._empty_passes >= _LEFT_AT_ONCE:
                self.wrap_up("exhausted")
                return False
        else:
            self._empty_passes = 0
        self._seen_by_again = self.repeats
        self._started = self._round_ended = None
        return True

    def repeat(self, source: Any) -> Iterator[Any]:
        """Iterates over the user's elements, again and again, with a boundary before each.

        source: the iterable, or a lambda that makes it anew for each pass.
        """
        elements = self.elements.serve(source)
        served = 0
        while True:
            self.boundary(sys._getframe(1))
            if self._repeats_over:
                return
            try:
                element = next(elements)
            except StopIteration:
                self._round_ended = self._started if self.plan.rounds and served else None
                self._started = None
                if self.plan.vary and self.repeats:
                    self._leave("exhausted")
                return
            served += 1
            try:
                yield element
            except GeneratorExit:
                # the loop was left by `break` or `return`
                self._left_first = self._left_first + 1 if served == 1 else 0
                self._started = None
                raise

    def behind(self, *kept: object) -> Iterator[None]:
        """Goes once through what stands behind the loop when its repeats are over: what is given back, which models
        are used?

        kept: the collections that the loop has filled
        """
        if not self._repeats_over or self.finished:
            return
        used = UsedModels(kept)
        settle()
        before = self._recorder.readings.counts()
        try:
            with used:
                yield
        finally:  # also by `return`, and by an error there
            settle()
            self.emit(
                {
                    "event": "behind",
                    "models": len(used.models),
                    "used": used.count,
                    "repeats": self.repeats,
                    "before": before,
                    "after": self._recorder.readings.counts(),
                }
            )
            self.wrap_up("done")
        raise Done()

    def boundary(self, frame: FrameType | None = None) -> None:
        """The end of one repeat, if one was under way, and the begin of the next.  frame: of the code that repeats"""
        with self._lock:
            if self.finished:
                raise Done()
            now = self.clock()
            if self._recorder.began is None:
                self._recorder.begin(now)
                self.plan.fit_into_the_rest()
                if self.seen is not None and frame is not None:
                    self.seen.first(frame)
                if self.plan.protocol == "held":
                    start_runtime()
                    self._recorder.settle("start", self._in_phase)
            if self._started is not None:
                self._busy = now - self._started
                self.repeats += 1
                self._in_phase += 1
                if self.seen is not None and frame is not None:
                    self.seen.repeat(frame)
                    self._look_away()
                self._after_repeat()
            # what stood between two rounds is paid for by the first repeat of the next one
            self._started, self._round_ended = self._round_ended or self.clock(), None

    # -- phases ---------------------------------------------------------------------------------------------------

    def _after_repeat(self) -> None:
        if self.repeats == 1 and self.on_first is not None:
            self.on_first()
        if self.plan.protocol == "once":
            self._recorder.sample(self.phase, self._busy)
            self._recorder.growth()
            self._leave("done")
        elif self.plan.protocol == "seen":
            if self.seen is None or self.seen.repeats >= MOST_REPEATS:
                self._leave("done")
        elif self.plan.protocol == "held":
            self._recorder.sample(self.phase, self._busy)
            if self.repeats >= _HELD_REPEATS:
                self._recorder.settle("base", self._in_phase)
                self._recorder.arrays()
                self._leave("done")
        elif self.plan.protocol == "behind":
            self._recorder.sample(self.phase, self._busy)
            self._repeats_over = self.repeats >= self.plan.least
        elif self.phase == "check":
            if not self._unseen() or self._in_phase >= 40 or self.clock() - self._phase_began > 2.0:
                self._leave("done")
        elif self.phase == "warm":
            if self._in_phase <= 100:
                self._recorder.sample(self.phase, self._busy)
            if self._looks_for_flagged():
                return
            if self._warm() and self._between_passes():
                began = self.clock()
                self._recorder.settle("base", self._in_phase)
                self.plan.fit_into_the_rest(self.clock() - began)
                self._blocks_wanted = self.plan.blocks
                self._enter("loop")
        elif self.phase == "loop":
            self._recorder.sample(self.phase, self._busy)
            if self._loop_is_over() and self._between_passes():
                self._end_of_loop()
        else:
            self._recorder.sample(self.phase, self._busy)
            if self._in_phase >= self._block and self._between_passes():
                self._recorder.settle("block", self._in_phase)
                self._blocks_done += 1
                self._in_phase = 0
                if self._blocks_done >= self._blocks_wanted or self._too_big():
                    self._finish()

    def _unseen(self) -> bool:
        return self.still_unseen is not None and self.still_unseen()

    def _looks_for_flagged(self) -> bool:
        """A memory that has to fill or a counter may keep the flagged line waiting for many repeats: look for it before
        measuring.

        True while that goes on; ends the run when the line is not reached in time.
        """
        if self.still_unseen is None or self.plan.vary or self.elements.expected is not None:
            return False
        if not self.still_unseen():
            if self._looking:
                self._looking, self._in_phase, self._warm_began = False, 0, self.clock()
                if self.on_seen is not None:
                    self.on_seen()
            return False
        if not self._looking:
            self._looking = True
            if self.on_check is not None:
                self.on_check()
        if self._recorder.running() < max(_LOOKING, self.plan.seconds):
            return True
        self._leave("done")

    def _between_passes(self) -> bool:
        """Is this a place to settle?  Where elements differ in size and passes are short, only the end of a pass is:
        what the last element left alive would look like growth otherwise."""
        length = self.elements.pass_length
        if not length or length > 32 or self._too_big() or self._busy * length > 0.15 * self.plan.seconds:
            return True
        return self.elements.position % length == 0

    def _enter(self, phase: Phase) -> None:
        self.phase, self._in_phase, self._phase_began = phase, 0, self.clock()
        self._look_away()

    def _look_away(self) -> None:
        """What is measured is not looked at, but for what it takes to tell two versions apart."""
        if self.seen is not None and self.phase in ("loop", "again") and self.seen.repeats >= LEAST_REPEATS:
            self.seen.end()

    def _warm(self) -> bool:
        """Is it warm enough to measure?"""
        expected = self.elements.expected
        if expected is not None and self._in_phase >= max(1, expected // 8):
            return True  # few elements in all: keep them for the phases that count
        if self._too_big():
            return True
        spent = self._recorder.running() if self._warm_began is None else self.clock() - self._warm_began
        if self._in_phase >= 3:
            # quick repeats: a second of them, so that the first-time costs are over
            return spent > 0.1 * self.plan.seconds or self._in_phase >= 100
        return self._in_phase >= 2 and spent > 0.25 * self.plan.seconds or spent > 0.5 * self.plan.seconds

    def _loop_is_over(self) -> bool:
        if self._too_big() or self._in_phase >= self.plan.most:
            return True
        expected = self.elements.expected
        if expected is not None:
            left = expected - self.repeats
            if left <= max(4, expected // 3) and expected < 60:
                return True
        spent = self.clock() - self._phase_began
        if self._in_phase >= self.plan.least:
            return spent >= 0.5 * self.plan.seconds
        # slow repeats: fewer of them rather than no second phase at all
        self.slow = self._in_phase >= 3 and spent >= 0.9 * self.plan.seconds
        return self.slow

    def _end_of_loop(self) -> None:
        """What the loop phase has shown, and how many repeats the blocks of the next one have."""
        count, spent = self._in_phase, self.clock() - self._phase_began
        self._recorder.raw(count)
        if self.plan.protocol == "speed":
            self._finish()
            return
        self._recorder.settle("loop", self._in_phase)
        each = max(spent / count, 1e-6)
        expected = self.elements.expected
        wanted = self.plan.blocks if expected is None else max(2, min(self.plan.blocks, expected - self.repeats))
        fitting = 0.45 * self.plan.seconds / (each * wanted)
        self._block = int(max(1, min(fitting, count / 2.0)))
        if expected is not None:
            self._block = 1 if expected < 60 else max(1, min(self._block, (expected - self.repeats) // wanted))
        if each > 0.2 * self.plan.seconds:
            wanted, self.slow = 3, True
        self._blocks_wanted = wanted
        self._blocks_done = 0
        self._enter("again")

    def _finish(self) -> None:
        """The end, unless nobody has seen the flagged line run yet: then a few more repeats with open eyes."""
        if self._unseen():
            if self.on_check is not None:
                self.on_check()
            self._enter("check")
            return
        self._leave("done")

    def _too_big(self) -> bool:
        if self.plan.soft_limit is None:
            return False
        resident = self._recorder.readings.resident()
        if resident is None or resident <= self.plan.soft_limit:
            return False
        self.hit_limit = True
        return True

    def _leave(self, why: Reason) -> NoReturn:
        """The end, out of the user's code."""
        self.wrap_up(why)
        raise Done()

    def wrap_up(self, why: Reason) -> None:
        """Last readings, then nothing more is measured.

        why: "done", "exhausted" when no elements are left, "leaves" when the loop is always left in its first pass,
        "ended" when the region came to its end.
        """
        with self._lock:
            if self.finished:
                return
            if self.phase == "loop" and self._in_phase and self.plan.protocol == "memory":
                self._recorder.raw(self._in_phase)
                self._recorder.settle("loop", self._in_phase)
            if self.plan.protocol == "memory" and self.plan.clear and self.repeats:
                self._recorder.clear(self._in_phase)
            self.finished = True
            self.emit(
                {
                    "event": "end",
                    "reason": why,
                    "repeats": self.repeats,
                    "extended": self.elements.extended,
                    "limit": self.hit_limit,
                    "slow": self.slow,
                    "counted": self.elements.expected is not None,
                    "elements": self.elements.pass_length,
                    "peak": self._recorder.readings.peak(),
                }
            )

    def failed(self) -> None:
        """The user's code has raised: what is there, and what of it a collection leaves, while its variables still
        live."""
        if self.phase == "loop" and self._in_phase and self.plan.protocol == "memory" and not self.finished:
            try:
                self._recorder.raw(self._in_phase)
                self._recorder.settle("loop", self._in_phase)
            except Exception as error:  # there may be no memory left to look with
                self.emit({"event": "note", "text": "no reading after the failure: %s" % error})
