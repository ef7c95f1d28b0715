"""The measuring loop: what a snippet calls at the head of its repeating region, inside the child process.

A snippet says `for x in repeat(xs):`.  Each step of that iterator is the boundary between two repeats of the user's own
loop body, which runs where it stood, with its own variables.  The probe walks through

    warm    a few repeats: kernels are loaded, pools take their first regions, caches fill
    base    settle (collect, trim), count
    loop    repeats with a reading after each: what a user sees; then a count before any collection, then settle
    again   blocks of repeats, each followed by a settle: what no collection returns
    cleared `clear_session()` and settle: what only that returns

and then leaves the user's code by raising `Done`.  Every reading goes to `emit` at once, so that a child that is killed
leaves its curve behind.  Runs in any interpreter that has TensorFlow: Python 3.8 syntax.
"""

import itertools
import operator
import sys
import threading
import time
import types

from . import meters
from .nvml import NA
from .used import Used

_SLOWEST_SAMPLING = 0.02  # seconds between two readings of the driver: one costs milliseconds
_SMALL_BUFFER = 256  # elements of a one-shot iterator that are remembered, when they are small
_LOOKING = 8.0  # seconds in which the flagged line must have run
_LONG_ENOUGH = 10  # own elements that are enough for both phases


class Done(BaseException):
    """Everything is measured: unwinds the user's code.  Not an Exception, so that `except Exception` lets it pass."""


class Plan:
    """How long and how often to repeat.

    protocol   "memory": all phases; "speed": warm and loop only; "once": one repeat is all there is; "held": what the first
               three repeats leave behind, once; "behind": `least` repeats, then what stands behind the loop
    seconds    time for `loop` and `again` together
    least/most bounds for the number of repeats of `loop`
    blocks     number of settled blocks of `again`
    keyed      the code keeps things under keys that come from its elements: numbers that count up are not served twice
    vary       the rule is about values or shapes that differ from repeat to repeat: never serve the same ones twice
    soft_limit resident bytes at which a phase ends early
    """

    def __init__(
        self,
        protocol="memory",
        seconds=8.0,
        least=8,
        most=1500,
        blocks=6,
        vary=False,
        keyed=False,
        soft_limit=None,
        clear=True,
    ):
        self.protocol, self.seconds, self.least, self.most, self.blocks = protocol, seconds, least, most, blocks
        self.vary, self.keyed, self.soft_limit, self.clear = vary, keyed, soft_limit, clear


class Probe:
    """One measurement.  `emit(event)` takes a dictionary; `gpu` is meters.GpuMemory or None to leave the GPU alone."""

    def __init__(self, emit, plan, gpu=None, clock=time.perf_counter):
        self.emit, self.plan, self.clock = emit, plan, clock
        self.host, self.heap, self.gpu = meters.HostMemory(), meters.Heap(), gpu
        self.allocator, self.objects = meters.Allocator(), meters.Objects()
        self.phase = "warm"
        self.finished = False
        self.hit_limit = False  # a phase ended early because memory ran out
        self.slow = False  # a phase ended early because time ran out
        self.extended = False  # elements beyond the user's own were served
        self.allow_extension = True
        self.repeats = 0  # repeats completed over all phases
        self.on_first = None  # called after the first complete repeat
        self.on_check = None  # called before the repeats that only look for the flagged line
        self.still_unseen = None  # tells whether that is worth while
        self.on_seen = None  # called when the flagged line has been reached at last
        self._looking, self._warm_began = False, None
        self._repeats_over = False  # the loop is to end by itself: what stands behind it comes next
        self._lock = threading.RLock()
        self._in_phase = 0
        self._phase_began = self._began = None
        self._started = None
        self._busy = 0.0
        self._block = 1
        self._blocks_done = 0
        self._last_gpu = (0.0, None, None)
        self._empty_passes = self._left_first = 0
        self._pass_length, self._position = None, 0
        self._seen_by_again = -1
        self._expected = None

    @property
    def left_at_once(self):
        """True when the user's loop was left in its first pass each time it was entered: it does not repeat."""
        return self._left_first >= 3

    def running_for(self):
        """Seconds since the repeat that is under way began; 0.0 between repeats."""
        started = self._started
        return self.clock() - started if started is not None and not self.finished else 0.0

    # -- what snippets call ---------------------------------------------------------------------------------------

    def again(self):
        """True until everything is measured: runs the whole region anew when the user's loop ends by itself."""
        if self.finished:
            return False
        if self._left_first >= 3:
            self.wrap_up("leaves")
            return False
        if self.repeats == self._seen_by_again:
            self._empty_passes += 1
            if self._empty_passes >= 3:
                self.wrap_up("exhausted")
                return False
        else:
            self._empty_passes = 0
        self._seen_by_again = self.repeats
        self._started = None
        return True

    def repeat(self, source):
        """Iterates over the user's elements, again and again, with a boundary before each.

        source: the iterable, or a lambda that makes it anew for each pass.
        """
        elements = self._elements(source)
        served = 0
        while True:
            self.boundary()
            if self._repeats_over:
                return
            try:
                element = next(elements)
            except StopIteration:
                self._started = None
                if self.plan.vary and self.repeats:
                    self.wrap_up("exhausted")
                    raise Done()
                return
            served += 1
            try:
                yield element
            except GeneratorExit:
                # the loop was left by `break` or `return`
                self._left_first = self._left_first + 1 if served == 1 else 0
                self._started = None
                raise

    def behind(self, *kept):
        """Goes once through what stands behind the loop when its repeats are over: what is given back, which models are used?

        kept: the collections that the loop has filled
        """
        if not self._repeats_over or self.finished:
            return
        used = Used(kept)
        meters.settle()
        before = self.objects.count()
        try:
            with used:
                yield
        finally:  # also by `return`, and by an error there
            meters.settle()
            self.emit(
                {
                    "event": "behind",
                    "models": len(used.models),
                    "used": used.count,
                    "repeats": self.repeats,
                    "before": before,
                    "after": self.objects.count(),
                }
            )
            self.wrap_up("done")
        raise Done()

    def boundary(self):
        """The end of one repeat, if one was under way, and the begin of the next."""
        with self._lock:
            if self.finished:
                raise Done()
            now = self.clock()
            if self._began is None:
                self._began = now
                self.emit({"event": "begin", "wall": time.time(), "tensorflow": "tensorflow" in sys.modules})
                if self.plan.protocol == "held":
                    _start_runtime()
                    self._settle("start")
            if self._started is not None:
                self._busy = now - self._started
                self.repeats += 1
                self._in_phase += 1
                self._after_repeat()
            self._started = self.clock()

    # -- elements -------------------------------------------------------------------------------------------------

    def _elements(self, source):
        fresh = source if isinstance(source, types.LambdaType) and source.__name__ == "<lambda>" else None
        value = fresh() if fresh else source
        if self.plan.vary or self.plan.keyed and _continuation(value) is not None:
            self.plan.vary = True
            for element in self._once_through(value):
                yield element
            return
        if fresh is None and iter(value) is value:
            for element in _remembered(value):
                yield element
            return
        while True:
            length = _length(value)
            self._pass_length = self._pass_length if length is None else length
            self._position = 0
            for element in value:
                self._position += 1
                yield element
            if not self._position:
                return
            self._pass_length = self._position
            if fresh:
                value = fresh()

    def _once_through(self, value):
        """The user's own elements, each once; numbers that count up go on counting, if nothing speaks against it."""
        length = _length(value)
        steps = _continuation(value) if self.allow_extension and (length is None or length < _LONG_ENOUGH) else None
        if steps is None:
            self._expected = length
        for element in value:
            yield element
        if steps is not None:
            self.extended = True
            for element in steps:
                yield element

    # -- phases ---------------------------------------------------------------------------------------------------

    def _after_repeat(self):
        if self.repeats == 1 and self.on_first is not None:
            self.on_first()
        if self.plan.protocol == "once":
            self._sample()
            self.emit({"event": "growth", "devices": _memory_growth()})
            self.wrap_up("done")
            raise Done()
        if self.plan.protocol == "held":
            self._sample()
            if self.repeats >= 3:
                self._settle("base")
                self.emit({"event": "arrays", "largest": _largest_array()})
                self.wrap_up("done")
                raise Done()
            return
        if self.plan.protocol == "behind":
            self._sample()
            self._repeats_over = self.repeats >= self.plan.least
            return
        if self.phase == "check":
            if not self.still_unseen() or self._in_phase >= 40 or self.clock() - self._phase_began > 2.0:
                self.wrap_up("done")
                raise Done()
            return
        if self.phase == "warm":
            if self._in_phase <= 100:
                self._sample()
            if self._looks_for_flagged():
                return
            if self._warm() and self._between_passes():
                self._settle("base")
                self._enter("loop")
        elif self.phase == "loop":
            self._sample()
            if self._loop_is_over() and self._between_passes():
                self._end_of_loop()
        else:
            self._sample()
            if self._in_phase >= self._block and self._between_passes():
                self._settle("block")
                self._blocks_done += 1
                self._in_phase = 0
                if self._blocks_done >= self._blocks_wanted or self._too_big():
                    self._finish()

    def _looks_for_flagged(self):
        """A memory that has to fill or a counter may keep the flagged line waiting for many repeats: look for it before measuring.

        True while that goes on; ends the run when the line is not reached in time.
        """
        if self.still_unseen is None or self.plan.vary or self._expected is not None:
            return False
        if not self.still_unseen():
            if self._looking:
                self._looking, self._in_phase, self._warm_began = False, 0, self.clock()
                self.on_seen()
            return False
        if not self._looking:
            self._looking = True
            self.on_check()
        if self.clock() - self._began < max(_LOOKING, self.plan.seconds):
            return True
        self.wrap_up("done")
        raise Done()

    def _between_passes(self):
        """Is this a place to settle?  Where elements differ in size and passes are short, only the end of a pass is: what the
        last element left alive would look like growth otherwise."""
        length = self._pass_length
        if not length or length > 32 or self._too_big() or self._busy * length > 0.15 * self.plan.seconds:
            return True
        return self._position % length == 0

    def _enter(self, phase):
        self.phase, self._in_phase, self._phase_began = phase, 0, self.clock()

    def _warm(self):
        if self._expected is not None and self._in_phase >= max(1, self._expected // 8):
            return True  # few elements in all: keep them for the phases that count
        if self._too_big():
            return True
        spent = self.clock() - (self._began if self._warm_began is None else self._warm_began)
        if self._in_phase >= 3:
            # quick repeats: a second of them, so that the first-time costs are over
            return spent > 0.1 * self.plan.seconds or self._in_phase >= 100
        return self._in_phase >= 2 and spent > 0.25 * self.plan.seconds or spent > 0.5 * self.plan.seconds

    def _loop_is_over(self):
        if self._too_big() or self._in_phase >= self.plan.most:
            return True
        if self._expected is not None:
            left = self._expected - self.repeats
            if left <= max(4, self._expected // 3) and self._expected < 60:
                return True
        spent = self.clock() - self._phase_began
        if self._in_phase >= self.plan.least:
            return spent >= 0.5 * self.plan.seconds
        # slow repeats: fewer of them rather than no second phase at all
        self.slow = self._in_phase >= 3 and spent >= 0.9 * self.plan.seconds
        return self.slow

    def _end_of_loop(self):
        count, spent = self._in_phase, self.clock() - self._phase_began
        self._raw(count)
        if self.plan.protocol == "speed":
            self._finish()
            return
        self._settle("loop")
        each = max(spent / count, 1e-6)
        wanted = (
            self.plan.blocks if self._expected is None else max(2, min(self.plan.blocks, self._expected - self.repeats))
        )
        fitting = 0.45 * self.plan.seconds / (each * wanted)
        self._block = int(max(1, min(fitting, count / 2.0)))
        if self._expected is not None:
            self._block = (
                1 if self._expected < 60 else max(1, min(self._block, (self._expected - self.repeats) // wanted))
            )
        if each > 0.2 * self.plan.seconds:
            wanted, self.slow = 3, True
        self._blocks_wanted = wanted
        self._blocks_done = 0
        self._enter("again")

    def _finish(self):
        """The end, unless nobody has seen the flagged line run yet: then a few more repeats with open eyes."""
        if self.still_unseen is not None and self.still_unseen():
            self.on_check()
            self._enter("check")
            return
        self.wrap_up("done")
        raise Done()

    def _too_big(self):
        if self.plan.soft_limit is None:
            return False
        resident = self.host.resident()
        if isinstance(resident, NA) or resident <= self.plan.soft_limit:
            return False
        self.hit_limit = True
        return True

    def wrap_up(self, why):
        """Last readings, then nothing more is measured.

        why: "done", "exhausted" when no elements are left, "leaves" when the loop is always left in its first pass.
        """
        with self._lock:
            if self.finished:
                return
            if self.phase == "loop" and self._in_phase and self.plan.protocol == "memory":
                self._raw(self._in_phase)
                self._settle("loop")
            if self.plan.protocol == "memory" and self.plan.clear and self.repeats:
                self._clear()
            self.finished = True
            self.emit(
                {
                    "event": "end",
                    "reason": why,
                    "repeats": self.repeats,
                    "extended": self.extended,
                    "limit": self.hit_limit,
                    "slow": self.slow,
                    "elements": self._pass_length,
                    "peak": _plain(self.host.peak()),
                }
            )

    def failed(self):
        """The user's code has raised: what is there, and what of it a collection leaves, while its variables still live."""
        if self.phase == "loop" and self._in_phase and self.plan.protocol == "memory" and not self.finished:
            try:
                self._raw(self._in_phase)
                self._settle("loop")
            except Exception as error:  # there may be no memory left to look with
                self.emit({"event": "note", "text": "no reading after the failure: %s" % error})

    def _clear(self):
        tf = sys.modules.get("tensorflow")
        if tf is None:
            return
        try:
            tf.keras.backend.clear_session()
        except Exception as error:
            self.emit({"event": "note", "text": "clear_session: %s" % error})
            return
        self._settle("cleared")

    # -- readings -------------------------------------------------------------------------------------------------

    def _sample(self):
        event = {
            "event": "sample",
            "phase": self.phase,
            "t": round(self.clock() - self._began, 6),
            "busy": round(self._busy, 7),
            "rss": _plain(self.host.resident()),
            "heap": _plain(self.heap.in_use()),
        }
        event.update(self._gpu(False))
        self.emit(event)

    def _raw(self, count):
        """What is there after `count` repeats and before any collection: live things and garbage together."""
        event = {
            "event": "raw",
            "n": count,
            "rss": _plain(self.host.resident()),
            "heap": _plain(self.heap.in_use()),
            "counts": self.objects.count(),
        }
        event.update(self._gpu(True))
        self.emit(event)

    def _settle(self, at):
        meters.settle()
        event = {
            "event": "settled",
            "at": at,
            "n": self._in_phase,
            "t": round(self.clock() - self._began, 6),
            "rss": _plain(self.host.resident()),
            "heap": _plain(self.heap.in_use()),
            "counts": self.objects.count(),
        }
        event.update(self._gpu(True))
        self.emit(event)

    def _gpu(self, now):
        if self.gpu is None:
            return {}
        current, peak = self.allocator.read()
        last, own, everybody = self._last_gpu
        if now or self.clock() - last > _SLOWEST_SAMPLING:
            own, everybody = self.gpu.process(), self.gpu.in_use()
            self._last_gpu = (self.clock(), own, everybody)
        event = {}
        for name, reading in (("nvml", own), ("device", everybody), ("allocator", current), ("allocator_peak", peak)):
            if isinstance(reading, NA):
                event.setdefault("na", {})[name] = reading.reason
            else:
                event[name] = reading
        for index, reason in self.gpu.withheld.items():
            event.setdefault("na", {})["nvml of GPU %s" % index] = reason
        return event


def _start_runtime():
    """One traced function and one operation: what TensorFlow itself takes at its start is not the snippet's."""
    tf = sys.modules.get("tensorflow")
    if tf is not None and hasattr(tf, "function"):
        tf.function(lambda x: x + 1.0)(tf.constant(1.0))


def _memory_growth():
    """Whether the memory of each GPU that TensorFlow knows grows on demand; None where it cannot say."""
    tf = sys.modules.get("tensorflow")
    try:
        return [bool(tf.config.experimental.get_memory_growth(gpu)) for gpu in tf.config.list_physical_devices("GPU")]
    except Exception:
        return None


def _largest_array():
    """Bytes of the largest NumPy array among the snippet's globals, None when there is none."""
    numpy = sys.modules.get("numpy")
    main = sys.modules.get("__main__")
    if numpy is None or main is None:
        return None
    sizes = [value.nbytes for value in list(vars(main).values()) if isinstance(value, numpy.ndarray)]
    return max(sizes) if sizes else None


def _plain(reading):
    return None if isinstance(reading, NA) else reading


def _length(value):
    """Number of elements, also below `enumerate` and `zip`; None when nobody knows (a generator, a data set without end)."""
    if isinstance(value, (enumerate, zip)):
        try:
            below = value.__reduce__()[1]
        except TypeError:
            return None
        lengths = [_length(part) for part in (below[:1] if isinstance(value, enumerate) else below)]
        known = [length for length in lengths if length is not None]
        return min(known) if known else None
    try:
        hint = operator.length_hint(value, -1)
    except Exception:
        return None  # a data set of unknown length, a tensor of a graph
    return hint if hint >= 0 else None


def _remembered(iterator):
    """A one-shot iterator, and then its elements again as long as they are few and small."""
    kept = []
    for element in iterator:
        if kept is not None:
            if len(kept) < _SMALL_BUFFER and _is_small(element):
                kept.append(element)
            else:
                kept = None
        yield element
    while kept:
        for element in kept:
            yield element


def _is_small(element):
    if isinstance(element, (tuple, list)):
        return len(element) < 16 and all(_is_small(part) for part in element)
    return isinstance(element, (int, float, str, bytes, bool, type(None))) and sys.getsizeof(element) < 4096


def _continuation(value):
    """The numbers after the last of `value`, which counts up evenly; None when it does not."""
    if isinstance(value, range) and value.step > 0 and len(value):
        return itertools.count(value[-1] + value.step, value.step)
    if isinstance(value, (list, tuple)) and len(value) >= 2 and all(type(number) in (int, float) for number in value):
        step = value[-1] - value[-2]
        if step > 0 and all(later > earlier for earlier, later in zip(value, value[1:])):
            return itertools.count(value[-1] + step, step)
    return None
