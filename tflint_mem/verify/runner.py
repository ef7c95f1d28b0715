"""Starts the measured child, watches it, ends it, and reads what it left behind.

The child gets a session of its own, a scratch working directory, no secrets, and limits.  Its resident memory and that
of everything it started is supervised from here: a limit on address space would stop TensorFlow before it starts.
An end by memory, time or a crash is a result like any other.
"""

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

from .sandbox import clean_environment

_CHILD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "child.py")
_LARGEST_FILE = 2 << 30
_POLL_SECONDS = 0.1


class Run:
    """What one child left behind.

    status   "done", "exhausted" (no elements left), "ended" (the region came to its end), "error", "timeout", "memory",
             "crashed", "interrupted"
    events   the dictionaries that the child wrote, in order
    seconds  wall time of the child
    peak     highest resident bytes of the child and its children, as seen from outside
    code     exit status, negative for a signal; None when it was ended from here
    log      the end of what it printed
    ended    time.time() at its end
    loaded   its own process had TensorFlow's libraries in memory when it was ended by time (Linux)
    """

    __slots__ = ("status", "events", "seconds", "peak", "code", "log", "ended", "loaded")

    def __init__(self, status, events, seconds, peak, code, log, ended=0.0, loaded=False):
        self.status, self.events, self.seconds, self.peak, self.code, self.log = status, events, seconds, peak, code, log
        self.ended, self.loaded = ended, loaded

    def of(self, kind):
        """The events of one kind."""
        return [event for event in self.events if event["event"] == kind]

    def last(self, kind):
        """The last event of one kind, or None."""
        found = self.of(kind)
        return found[-1] if found else None

    def attempt(self):
        """Events of the last attempt: those before it belong to runs that lacked something."""
        for number in range(len(self.events) - 1, -1, -1):
            if self.events[number]["event"] == "attempt":
                return Run(self.status, self.events[number:], self.seconds, self.peak, self.code, self.log, self.ended, self.loaded)
        return self


def child_environment(options, scratch, memory=True, growth=True):
    """Environment of the child.  memory: make host memory honest; growth: let the GPU's memory grow on demand."""
    environment = clean_environment(os.environ, scratch)
    environment["TF_CPP_MIN_LOG_LEVEL"] = "3"
    environment["PYTHONHASHSEED"] = "0"
    environment.pop("TF_FORCE_GPU_ALLOW_GROWTH", None)
    if growth:
        environment["TF_FORCE_GPU_ALLOW_GROWTH"] = "true"
    if memory:
        environment["TF_ENABLE_ONEDNN_OPTS"] = "0"
        environment["PYTHONMALLOC"] = "malloc"
    if options.device == "cpu":
        environment["CUDA_VISIBLE_DEVICES"] = "-1"
    return environment


class Scratch:
    """A temporary folder with the layout of one job; removed at the end."""

    def __init__(self):
        self.root = os.path.realpath(tempfile.mkdtemp(prefix="tflint-mem-verify-"))
        for name in ("home", "tmp", "work", "binding"):
            os.mkdir(os.path.join(self.root, name))

    def path(self, *names):
        """A path inside the folder."""
        return os.path.join(self.root, *names)

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        shutil.rmtree(self.root, ignore_errors=True)


def inspect(options):
    """What the interpreter of the options has: environment.describe() plus "isolated".

    Returns (dictionary, None), or (None, one sentence why it cannot be used).
    """
    with Scratch() as scratch:
        job = _job(options, scratch, "environment", options.timeout)
        try:
            run = _supervised(options, scratch, job, child_environment(options, scratch.root), options.timeout)
        except OSError as error:
            return None, f"cannot start {options.python}: {error.strerror or error}"
        facts = run.last("environment")
        if facts is None:
            error = run.last("error")
            reason = error["message"] if error else run.log.strip().split("\n")[-1] or run.status
            return None, f"{options.python} cannot run a verification: {reason}"
        if facts["error"] and not facts["tensorflow"]:
            return None, f"{options.python} has no usable TensorFlow: {facts['error']}"
        facts["isolated"] = run.last("isolated")
        return facts, None


def execute(snippet, options, plan, seconds, folders=(), setup=(), rewrites=(), pretend_gpus=0, attempts=30):
    """Runs a Snippet in a child.  Returns Run; raises KeyboardInterrupt only after the child has been ended.

    plan     dictionary for probe.Plan             seconds   wall time for this child
    folders  first-party folders, nearest first    setup, rewrites   stand-ins known already
    """
    text, rows = snippet.render()
    memory = plan.get("protocol") != "speed"
    with Scratch() as scratch:
        path = scratch.path("work", "snippet.py")
        job = _job(options, scratch, "measure", seconds, folders)
        flagged = rows.get(snippet.flagged)
        job.update(
            snippet=path, text=text, plan=dict(plan, soft_limit=int(options.memory * 0.6)), flagged=list(flagged) if flagged else None,
            setup=list(setup), rewrites=[list(pair) for pair in rewrites], pretend_gpus=pretend_gpus, attempts=attempts,
            project=[os.path.abspath(folder) for folder in folders],
            elements={"source": snippet.elements, "target": snippet.target}, repair_seconds=seconds * 0.85,
            modules=sorted({name.split("/")[0].removesuffix(".py") for name in snippet.modules}),
            module_files=sorted(snippet.modules))
        return _supervised(options, scratch, job, child_environment(options, scratch.root, memory, snippet.growth), seconds)


def _job(options, scratch, task, seconds, folders=()):
    _lend_binding(scratch.path("binding"))
    protected = [folder for folder in (os.path.realpath(folder) for folder in folders)
                 if folder != "/" and not scratch.root.startswith(folder.rstrip("/") + "/")]
    return {"task": task, "events": scratch.path("events.jsonl"), "network": options.network, "readonly": protected,
            "protected": protected, "cwd": scratch.path("work"), "binding": scratch.path("binding"), "device": options.device,
            "cpu_seconds": seconds * (os.cpu_count() or 1) + 30, "file_bytes": _LARGEST_FILE}


def _lend_binding(folder):
    """Copies `nvidia-ml-py` of this interpreter to where the child finds it last, for a TensorFlow environment without it."""
    import importlib.util

    spec = importlib.util.find_spec("pynvml")
    if spec is not None and spec.origin and spec.origin.endswith(".py"):
        try:
            shutil.copy(spec.origin, os.path.join(folder, "pynvml.py"))
        except OSError:
            pass  # the child then reports that the binding is not installed


def _supervised(options, scratch, job, environment, seconds):
    with open(scratch.path("job.json"), "w") as handle:
        json.dump(job, handle)
    began = time.monotonic()
    status, peak, code, loaded = None, 0, None, False
    with open(scratch.path("log"), "wb") as log:
        process = subprocess.Popen(
            [options.python, _CHILD, scratch.path("job.json")], stdin=subprocess.DEVNULL, stdout=log,
            stderr=subprocess.STDOUT, cwd=scratch.path("work"), env=environment, start_new_session=True)
        try:
            while True:
                code = process.poll()
                if code is not None:
                    break
                resident = sum(_resident(pid) for pid in _family(process.pid))
                peak = max(peak, resident)
                if resident > options.memory:
                    status = "memory"
                    break
                if time.monotonic() - began > seconds:
                    status, loaded = "timeout", _has_loaded_tensorflow(process.pid)
                    break
                time.sleep(_POLL_SECONDS)
        except KeyboardInterrupt:
            status = "interrupted"
            raise
        finally:
            _end(process)
    events = _read_events(scratch.path("events.jsonl"))
    if status is None:
        status = _status_of(events, code)
    return Run(status, events, time.monotonic() - began, peak, code, _tail(scratch.path("log")), time.time(), loaded)


def _status_of(events, code):
    names = [event["event"] for event in events]
    if code not in (0, None):
        return "crashed"
    if "end" in names:
        return [event for event in events if event["event"] == "end"][-1]["reason"]
    if "environment" in names:
        return "done"
    return "error" if "error" in names else "crashed"


def _read_events(path):
    events = []
    try:
        with open(path, "rb") as handle:
            for line in handle:
                try:
                    events.append(json.loads(line))
                except ValueError:
                    break  # the line that was being written when the child was killed
    except OSError:
        pass
    return events


def _tail(path, most=4000):
    with open(path, "rb") as handle:
        handle.seek(0, os.SEEK_END)
        handle.seek(max(0, handle.tell() - most))
        return handle.read().decode("utf-8", "replace")


def _family(root):
    """The process and everything it started: its session, and descendants that left the session."""
    parents, sessions = {}, {}
    try:
        names = os.listdir("/proc")
    except OSError:
        return [root]
    for name in names:
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as handle:
                fields = handle.read().rpartition(b")")[2].split()
        except OSError:
            continue
        parents[int(name)], sessions[int(name)] = int(fields[1]), int(fields[3])
    family = {pid for pid, session in sessions.items() if session == root} | {root}
    grew = True
    while grew:
        new = {pid for pid, parent in parents.items() if parent in family} - family
        family |= new
        grew = bool(new)
    return sorted(family)


def _resident(pid):
    try:
        with open(f"/proc/{pid}/statm", "rb") as handle:
            return int(handle.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def _has_loaded_tensorflow(pid):
    try:
        with open(f"/proc/{pid}/maps", "rb") as handle:
            return b"/tensorflow/" in handle.read()
    except OSError:
        return False


def _end(process):
    """Ends the child and all that it started."""
    for pid in _family(process.pid):
        if pid == process.pid and process.poll() is not None:
            continue
        try:
            os.kill(pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass
    process.wait()
