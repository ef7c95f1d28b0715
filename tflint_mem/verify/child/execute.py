"""Runs a snippet under the probe, inside the child: attempt, repair, attempt again, measure.  Python 3.8 syntax."""

import linecache
import os
import re
import sys
import time
import traceback
import types

from . import meters, repair
from .nvml import NA
from .probe import Done, Plan, Probe
from .shorten import Shortener

_MAIN = "__main__"
_FEW_REPEATS = 40


class Watch:
    """During the first repeat: which exceptions pass through the snippet's own lines, and is the flagged line reached?

    An exception that the user's `except` swallows in each repeat would otherwise make a broken run look flat.
    """

    def __init__(self, files, flagged):
        self.files, self.flagged = files, flagged
        self.exceptions, self.reached, self.failed = [], False, None

    def __enter__(self):
        sys.settrace(self._call)
        return self

    def __exit__(self, *ignored):
        sys.settrace(None)

    def stop(self):
        """Ends the tracing, also in the frames that are already running."""
        sys.settrace(None)
        frame = sys._getframe()
        while frame is not None:
            frame.f_trace = None
            frame = frame.f_back

    def resume(self):
        """Looks again, for the flagged line alone; also in frames that are already running."""
        frame = sys._getframe()
        while frame is not None:
            if self.files.get(frame.f_code.co_filename) is not None:
                frame.f_trace = self._line
            frame = frame.f_back
        sys.settrace(self._call)

    def event(self):
        """What was seen, as an event."""
        return {
            "event": "watched",
            "reached": self.reached,
            "raised": [type(error).__name__ for error in self.exceptions],
        }

    def _call(self, frame, event, argument):
        name = self.files.get(frame.f_code.co_filename)
        if name is None:
            return None
        return self._line

    def _line(self, frame, event, argument):
        if event == "line" and self.flagged is not None and not self.reached:
            if (self.files.get(frame.f_code.co_filename), frame.f_lineno) == self.flagged:
                self.reached = True
        elif event == "exception":
            error = argument[1]
            if isinstance(error, Exception) and not isinstance(error, StopIteration):
                if (self.files.get(frame.f_code.co_filename), frame.f_lineno) == self.flagged:
                    self.failed = error
                if not self.exceptions or self.exceptions[-1] is not error:
                    self.exceptions.append(error)
                    del self.exceptions[:-8]
        return self._line


def run(job, emit):
    """Runs the snippet of the job until it is measured, cannot be repaired, or the parent ends it.

    Events: "attempt", "stand-in" (with the code that makes it), "error" (what stopped it), and those of the probe.
    """
    if job["pretend_gpus"]:
        pretend_gpus(job["pretend_gpus"])
    gpu = None if job["device"] == "cpu" else meters.GpuMemory()
    if gpu is not None and isinstance(gpu.devices, NA):
        emit({"event": "note", "text": gpu.devices.reason})
    state = repair.State(
        job["setup"],
        job["project"],
        job["rewrites"],
        job["snippet"],
        job["elements"],
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
        probe, watch, failure = _attempt(job, emit, gpu, state, extension)
        emit(watch.event())
        if failure is None:
            return
        if probe.extended and isinstance(failure, (IndexError, KeyError, ValueError)) and extension:
            extension = False  # the numbers that we went on counting with lead out of the user's data
            continue
        # a file that only a later element asks for is no reason to give up what ran so far
        if probe.phase != "warm" and not (repair.missing_path(failure) and probe.repeats < _FEW_REPEATS):
            probe.failed()
            emit(_described(failure, job, probe.repeats))
            return
        actions = []
        # what the snippet's own `except` hid before may be the cause of what it could not hide
        for error in [failure] + watch.exceptions if time.monotonic() < deadline else ():
            actions = actions or repair.propose(error, state, handled=error is not failure)
        if not actions:
            described = _described(failure, job, probe.repeats)
            hidden = [error for error in watch.exceptions if error is not failure]
            if hidden:
                described["hidden"] = "%s: %s" % (type(hidden[0]).__name__, str(hidden[0])[:500])
            emit(described)
            return
        for action in map(_portable, actions):
            state.add(action)
            emit({"event": "stand-in", "code": action.code, "text": action.text, "rewrite": action.rewrite})


def _forget_names():
    """Keras numbers its layers on from attempt to attempt: the code may ask for them by name."""
    keras = sys.modules.get("keras")
    if keras is not None:
        try:
            keras.backend.clear_session()
        except Exception:
            pass  # an older Keras without it: names then go on counting


def _portable(action):
    """The action without the name of this child's own home: the fixed version has another one, a kept snippet the user's."""
    home = os.path.expanduser("~")
    code = re.sub(
        "'%s(/[^'\\n]*)?'" % re.escape(home),
        lambda match: "os.path.expanduser('~%s')" % (match.group(1) or ""),
        action.code,
    )
    code = code if code == action.code else "import os\n" + code
    return repair.Action(code, action.text.replace(home, "~"), action.rewrite)


class NothingRepeated(Exception):
    """The region came to its end without a single repeat."""


class Swallowed(Exception):
    """The snippet's own `except` hid this exception in the first repeat."""

    def __init__(self, error):
        super().__init__(str(error))
        self.error = error


def _attempt(job, emit, gpu, state, extension):
    """One run of the snippet in a fresh `__main__`.  Returns (probe, watch, None or the exception that ended it)."""
    plan = Plan(**job["plan"])
    probe = Probe(emit, plan, gpu)
    probe.allow_extension = extension
    text = (
        state.rewritten(job["text"]).encode("utf-8", "backslashreplace").decode("utf-8")
    )  # the file it came from may have a name that is no text
    path = job["snippet"]
    with open(path, "w", encoding="utf-8", errors="backslashreplace") as handle:
        handle.write(text)
    linecache.checkcache(path)
    shim = types.ModuleType("tflint_mem_probe")
    shim.again, shim.repeat, shim.behind = probe.again, probe.repeat, probe.behind
    module = types.ModuleType(_MAIN)
    module.__file__ = path
    saved_main, saved_argv, saved_path = sys.modules[_MAIN], sys.argv, list(sys.path)
    sys.modules["tflint_mem_probe"], sys.modules[_MAIN] = shim, module
    sys.argv = [path]
    # the same folder for all attempts: what lies beside a module is put there once
    os.environ["TFLINT_MEM_MODULES"] = os.path.join(os.path.dirname(os.path.abspath(job["cwd"])), "modules")
    sys.path.insert(0, job["cwd"])
    for name in job["modules"]:  # an earlier attempt may have imported them
        for loaded in [loaded for loaded in sys.modules if loaded == name or loaded.startswith(name + ".")]:
            del sys.modules[loaded]
    watch = Watch(_Files(path, job["module_files"]), tuple(job["flagged"]) if job["flagged"] else None)

    def first_repeat_over():
        watch.stop()
        emit(watch.event())
        hidden = repair.repairable(watch.exceptions, state)
        if hidden is None and plan.protocol != "once":
            hidden = watch.failed  # what is flagged did not happen: its flat curve would acquit it
        if hidden is not None:
            raise Swallowed(hidden)

    probe.on_first, probe.on_check, probe.on_seen = first_repeat_over, watch.resume, watch.stop
    # AutoGraph runs a copy of traced code: there is no seeing it
    traced = any(word in text for word in ("tf.function", "@function", ".map("))
    probe.still_unseen = lambda: watch.flagged is not None and not watch.reached and not traced
    failure = None
    try:
        for code in state.setup:
            exec(compile(code, "<stand-ins>", "exec"), module.__dict__)
        if "_anything" in sys.modules and watch.flagged is not None:
            name, row = watch.flagged
            sys.modules["_anything"].FLAGGED = (path if name == _MAIN else "/" + name, row)
        compiled = compile(text, path, "exec")
        with Shortener(probe, emit, plan.seconds / plan.least), watch:
            exec(compiled, module.__dict__)
        if not probe.finished:
            watch.stop()
            probe.wrap_up("ended")
        # a capture that is not there ends its loop at once; any other loop that is left at once does not repeat
        if not probe.repeats and (
            not probe.left_at_once or ("VideoCapture(" in text and "class _Camera" not in "".join(state.setup))
        ):
            failure = NothingRepeated("the loop has nothing to run over")
    except Done:
        pass
    except Swallowed as swallowed:
        failure = swallowed.error
    except BaseException as error:  # also SystemExit of argparse, KeyboardInterrupt of user code
        failure = error
    finally:
        watch.stop()
        sys.modules[_MAIN], sys.argv, sys.path[:] = saved_main, saved_argv, saved_path
    return probe, watch, failure


class _Files:
    """co_filename -> "__main__" or the relative name of an embedded module (whose folder is made at run time)."""

    def __init__(self, main, embedded):
        self._main, self._embedded, self._known = main, embedded, {}

    def get(self, filename):
        if filename not in self._known:
            name = _MAIN if filename == self._main else None
            if name is None:
                for candidate in self._embedded:
                    if filename.replace(os.sep, "/").endswith("/" + candidate):
                        name = candidate
            self._known[filename] = name
        return self._known[filename]


def _described(error, job, repeats):
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


def pretend_gpus(count):
    """Adds stand-ins to TensorFlow's list of physical GPUs.

    The rules about growth, limits and their order are checked in Python before any device is touched: with stand-ins
    in the list a build without CUDA raises what a machine with GPUs raises.
    """
    import tensorflow  # noqa: F401
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
