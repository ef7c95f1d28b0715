"""Runs a snippet under the probe, inside the child: attempt, repair, attempt again, measure."""

from __future__ import annotations

import contextlib
import linecache
import os
import re
import sys
import time
import traceback
import types

from tflint_mem.verify.standins.action import Action, Rewrite
from tflint_mem.verify.standins.noted import noted, sum_of, tell

from .gpu import GpuMemory
from .nvml import NA
from .plan import Plan
from .probe import Done, Probe
from .repairs.missing_files import missing_path
from .repairs.propose import propose, repairable
from .repairs.state import State
from .seen import Seen
from .shorten import Shortener
from .waits import Waits
from .watch import MAIN, Line, SnippetFiles, Watch

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from tflint_mem.verify.events import Error, Event, Ran, StandIn
    from tflint_mem.verify.job import Job

_FEW_REPEATS = 40


def run(job: Job, emit: Callable[[Event], None]) -> None:
    """Runs the snippet of the job until it is measured, cannot be repaired, or the parent ends it.

    Events: "attempt", "gpu", "watched", "stand-in" (with the code that makes it), "error" (what stopped it), and those
    of the probe.
    """
    if job["pretend_gpus"]:
        pretend_gpus(job["pretend_gpus"])
    gpu = None if job["device"] == "cpu" else GpuMemory()
    if gpu is not None and isinstance(gpu.devices, NA):
        emit({"event": "note", "text": gpu.devices.reason})
    state = State(
        job["setup"],
        job["project"],
        [Rewrite(old, new) for old, new in job["rewrites"]],
        job["snippet"],
        job["protected"],
        job["module_files"],
    )
    deadline = time.monotonic() + job["repair_seconds"]
    extension = True
    for number in range(job["attempts"]):
        emit({"event": "attempt", "number": number})
        if gpu is not None:
            emit({"event": "gpu", "device": None if isinstance(gpu.before, NA) else gpu.before})
        if number:
            _forget_names()
        attempt = Attempt(job, emit, gpu, state, extension)
        failure, probe, watch = attempt.run(), attempt.probe, attempt.watch
        emit(watch.event())
        emit(attempt.has_run())
        if failure is None:
            return
        if probe.extended and isinstance(failure, (IndexError, KeyError, ValueError)) and extension:
            extension = False  # the numbers that we went on counting with lead out of the user's data
            continue
        # a file that only a later element asks for is no reason to give up what ran so far
        if probe.phase != "warm" and not (missing_path(failure) and probe.repeats < _FEW_REPEATS):
            probe.failed()
            emit(_described(failure, job, probe.repeats))
            return
        actions: list[Action] = []
        # what the snippet's own `except` hid before may be the cause of what it could not hide
        for error in [failure, *watch.exceptions] if time.monotonic() < deadline else ():
            actions = actions or propose(error, state, handled=error is not failure)
        if not actions:
            described = _described(failure, job, probe.repeats)
            hidden = [error for error in watch.exceptions if error is not failure]
            if hidden:
                first = hidden[0]
                described["hidden"] = "%s: %s" % (type(first).__name__, str(first)[:500])
            emit(described)
            return
        for action in map(_portable, actions):
            state.add(action)
            emit(_told(action))


def _told(action: Action) -> StandIn:
    """An action as an event."""
    rewrite = action.rewrite
    return {
        "event": "stand-in",
        "code": action.code,
        "text": action.text,
        "rewrite": None if rewrite is None else [rewrite.old, rewrite.new],
    }


def _forget_names() -> None:
    """Keras numbers its layers on from attempt to attempt: the code may ask for them by name."""
    keras = sys.modules.get("keras")
    if keras is not None:
        try:
            keras.backend.clear_session()
        except Exception:
            pass  # an older Keras without it: names then go on counting


def _portable(action: Action) -> Action:
    """The action without the name of this child's own home: the fixed version has another one, a kept snippet the
    user's."""
    home = os.path.expanduser("~")
    code = re.sub(
        "'%s(/[^'\\n]*)?'" % re.escape(home),
        lambda match: "os.path.expanduser('~%s')" % (match.group(1) or ""),
        action.code,
    )
    code = code if code == action.code else "import os\n" + code
    return Action(code, action.text.replace(home, "~"), action.rewrite)


class NothingRepeated(Exception):
    """The region came to its end without a single repeat."""


class Swallowed(Exception):
    """The snippet's own `except` hid this exception in the first repeat."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


class Attempt:
    """One run of the snippet in a fresh `__main__`.

    extension: may numbers that count up go on counting beyond the user's last?
    """

    def __init__(
        self, job: Job, emit: Callable[[Event], None], gpu: GpuMemory | None, state: State, extension: bool
    ) -> None:
        self._job, self._emit, self._state = job, emit, state
        self._plan = Plan(**job["plan"])
        self.probe = Probe(emit, self._plan, gpu)
        self.probe.elements.allow_extension = extension
        # the file that the text came from may have a name that is no text
        self._text = state.rewritten(job["text"]).encode("utf-8", "backslashreplace").decode("utf-8")
        flagged: Line | None = None
        if job["flagged"] is not None:
            name, row = job["flagged"]
            flagged = Line(str(name), int(row))
        files = SnippetFiles(job["snippet"], job["module_files"])
        self.watch = Watch(files, flagged)
        self._waits: Waits | None = None
        if self._plan.protocol in ("memory", "seen"):  # of time, and of what hangs, waits are a part
            self._waits = Waits(emit, files, lambda: self.probe.running_for() > 0)
        if self._plan.protocol not in ("once", "behind"):
            self.probe.seen = Seen(emit, files, job["cwd"], self._plan.seed)
            self.probe.seen.waited = self._waits.taken if self._waits is not None else None
        self._connect()

    def has_run(self) -> Ran:
        """What has run, as an event."""
        return {
            "event": "ran",
            "setup": [sum_of(code) for code in self._state.setup],
            "stand_ins": sorted(self._state.ran),
            "rows": sorted(self.watch.rows),
        }

    def _connect(self) -> None:
        """The probe tells the watch when to look."""
        # AutoGraph runs a copy of traced code: there is no seeing it
        traced = any(word in self._text for word in ("tf.function", "@function", ".map("))
        probe, watch = self.probe, self.watch
        probe.on_first, probe.on_check, probe.on_seen = self._first_repeat_over, watch.resume, watch.stop
        probe.still_unseen = lambda: watch.flagged is not None and not watch.reached and not traced

    def _first_repeat_over(self) -> None:
        self.watch.stop()
        self._emit(self.watch.event())
        self._emit(self.has_run())  # all that is known where time ends the run
        hidden = repairable(self.watch.exceptions, self._state)
        if hidden is None and self._plan.protocol != "once":
            hidden = self.watch.failed  # what is flagged did not happen: its flat curve would acquit it
        if hidden is not None:
            raise Swallowed(hidden)

    def run(self) -> BaseException | None:
        """Runs it.  Returns the exception that ended it, None when it came to its end or was measured."""
        path = self._job["snippet"]
        with open(path, "w", encoding="utf-8", errors="backslashreplace") as handle:
            handle.write(self._text)
        linecache.checkcache(path)
        shim = types.ModuleType("tflint_mem_probe")
        vars(shim).update(again=self.probe.again, repeat=self.probe.repeat, behind=self.probe.behind)
        module = types.ModuleType(MAIN)
        module.__file__ = path
        saved_main, saved_argv, saved_path = sys.modules[MAIN], sys.argv, list(sys.path)
        sys.modules["tflint_mem_probe"], sys.modules[MAIN] = shim, module
        sys.argv = [path]
        # the same folder for all attempts: what lies beside a module is put there once
        beside = os.path.dirname(os.path.abspath(self._job["cwd"]))
        os.environ["TFLINT_MEM_MODULES"] = os.path.join(beside, "modules")
        sys.path.insert(0, self._job["cwd"])
        for name in self._job["modules"]:  # an earlier attempt may have imported them
            for loaded in [loaded for loaded in sys.modules if loaded == name or loaded.startswith(name + ".")]:
                del sys.modules[loaded]
        try:
            return self._run_in(module)
        except Done:
            return None
        except Swallowed as swallowed:
            return swallowed.error
        except BaseException as error:  # also SystemExit of argparse, KeyboardInterrupt of user code
            return error
        finally:
            self.watch.stop()
            if self.probe.seen is not None:
                self.probe.seen.end()
            sys.modules[MAIN], sys.argv, sys.path[:] = saved_main, saved_argv, saved_path

    def _run_in(self, module: types.ModuleType) -> NothingRepeated | None:
        """Stand-ins first, then the snippet, as the code of a module.  Raises whatever they raise."""
        probe, watch, path = self.probe, self.watch, self._job["snippet"]
        if probe.seen is not None:
            probe.seen.begin()
        tell(self._state.ran.add)
        for code in self._state.setup:
            exec(compile(noted(code), "<stand-ins>", "exec"), module.__dict__)
        if "_anything" in sys.modules and watch.flagged is not None:
            end_of_file = path if watch.flagged.name == MAIN else "/" + watch.flagged.name
            vars(sys.modules["_anything"])["FLAGGED"] = (end_of_file, watch.flagged.row)
        compiled = compile(self._text, path, "exec")
        with contextlib.ExitStack() as around:
            around.enter_context(Shortener(probe, self._emit, self._plan.seconds / self._plan.least))
            if self._waits is not None:
                around.enter_context(self._waits)
            around.enter_context(watch)
            exec(compiled, module.__dict__)
        if not probe.finished:
            watch.stop()
            probe.wrap_up("ended")
        # a capture that is not there ends its loop at once; any other loop that is left at once does not repeat
        if not probe.repeats and (
            not probe.left_at_once
            or ("VideoCapture(" in self._text and "class _Camera" not in "".join(self._state.setup))
        ):
            return NothingRepeated("the loop has nothing to run over")
        return None


def _described(error: BaseException, job: Job, repeats: int) -> Error:
    """What ended the snippet, as an event."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame for frame in frames if frame.filename == job["snippet"]]
    modules = tuple("/" + name for name in job["module_files"])
    # the last frame is the one that raised
    own = bool(frames) and (
        frames[-1].filename == job["snippet"] or frames[-1].filename.replace(os.sep, "/").endswith(modules)
    )
    return {
        "event": "error",
        "type": type(error).__name__,
        "message": str(error)[:2000],
        "repeats": repeats,
        "own": own,
        "row": lines[-1].lineno if lines else None,
        "line": lines[-1].line if lines else None,
        "trace": "".join(traceback.format_exception(type(error), error, error.__traceback__))[-4000:],
        "where": "snippet",
    }


def pretend_gpus(count: int) -> None:
    """Adds stand-ins to TensorFlow's list of physical GPUs.

    The rules about growth, limits and their order are checked in Python before any device is touched: with stand-ins
    in the list a build without CUDA raises what a machine with GPUs raises.
    """
    import tensorflow  # noqa: F401  # its list of devices comes with it
    from tensorflow.python.eager import context as eager_context

    context = eager_context.context()
    context._initialize_physical_devices()
    make = type(context._physical_devices[0])
    for index in range(count):
        gpu = make(name="/physical_device:GPU:%d" % index, device_type="GPU")
        context._physical_devices = list(context._physical_devices) + [gpu]
        context._visible_device_list = list(context._visible_device_list) + [gpu]
        context._physical_device_to_index[gpu] = index
        context._memory_growth_map[gpu] = None
