"""Starts the measured child behind its guard, watches it, ends it, and reads what it said.

The child gets a view of the system, processes and a network of its own (guard.py), a scratch working directory, an
environment by allow list, and limits.  Its memory, processes and files and those of everything it started are
supervised from here: a limit on address space would stop TensorFlow before it starts. An end by memory, time or a
crash is a result like any other.
"""

from __future__ import annotations

import json
import marshal
import os
import shutil
import subprocess
import sys
import tempfile
import time

from . import cuda_cache, processes, view
from .allowed import clean_environment
from .channel import Channel
from .guard import START
from .scratch import Scratch, sweep

_VERIFY = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_ROOT = os.path.dirname(os.path.dirname(_VERIFY))
_LARGEST_FILE = 2 << 30
_MOST_ON_DISK = 4 << 30
_MOST_PROCESSES = 512
_POLL_SECONDS = 0.1


class Run:
    """What one child left behind.

    status   "done", "exhausted" (no elements left), "ended" (the region came to its end), "error", "timeout", "memory",
             "disk", "processes", "crashed", "left" (the process ended by itself, without an error), "interrupted"
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
        self.status, self.events, self.seconds, self.peak, self.code, self.log = (
            status,
            events,
            seconds,
            peak,
            code,
            log,
        )
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
                return Run(
                    self.status,
                    self.events[number:],
                    self.seconds,
                    self.peak,
                    self.code,
                    self.log,
                    self.ended,
                    self.loaded,
                )
        return self


def child_environment(options, scratch, memory=True, growth=True, leave=0, cache=True):
    """Environment of the child.  memory: make host memory honest; growth: let the GPU's memory grow on demand; leave: bytes
    of GPU memory that a child which reserves all of it must leave free, for others; cache: lend CUDA's cache of kernels."""
    environment = clean_environment(os.environ, scratch, options.env)
    environment["TF_CPP_MIN_LOG_LEVEL"] = "3"
    environment["PYTHONHASHSEED"] = "0"
    environment.pop("TF_FORCE_GPU_ALLOW_GROWTH", None)
    if growth:
        environment["TF_FORCE_GPU_ALLOW_GROWTH"] = "true"
    if memory:
        environment["TF_ENABLE_ONEDNN_OPTS"] = "0"
        environment["PYTHONMALLOC"] = "malloc"
    if leave:
        environment["TF_DEVICE_MIN_SYS_MEMORY_IN_MB"] = str(leave >> 20)
    if options.device == "cpu":
        environment["CUDA_VISIBLE_DEVICES"] = "-1"
    elif cache:
        environment.update(cuda_cache.lend(os.environ, os.path.join(scratch, "home")))
    return environment


def _wake_gpu() -> None:
    """Has the driver's own helper make the device file that CUDA would ask it for: in its view a child cannot."""
    if os.path.exists("/dev/nvidiactl") and not os.path.exists("/dev/nvidia-uvm"):
        helper = shutil.which("nvidia-modprobe")
        if helper is not None:
            try:
                subprocess.run(
                    [helper, "-u", "-c=0"], stdin=subprocess.DEVNULL, capture_output=True, timeout=20, check=False
                )
            except (OSError, subprocess.SubprocessError):
                pass  # TensorFlow then says that it sees no GPU


def inspect(options):
    """What the interpreter of the options has: environment.describe() plus "isolated".

    Returns (dictionary, None), or (None, one sentence why it cannot be used).
    """
    if options.device != "cpu":
        _wake_gpu()
    sweep()
    with Scratch() as scratch:
        job = _job(options, scratch, "environment", options.timeout)
        try:
            run = _supervised(
                options,
                scratch,
                job,
                child_environment(options, scratch.root, cache=False),
                options.timeout,
                _project_of(options),
            )
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
        facts["unprotected"] = unprotected(facts["isolated"])
        return facts, None


def execute(snippet, options, plan, seconds, folders=(), setup=(), rewrites=(), pretend_gpus=0, attempts=30, leave=0):
    """Runs a Snippet in a child.  Returns Run; raises KeyboardInterrupt only after the child has been ended.

    plan     dictionary for probe.Plan             seconds   wall time for this child
    folders  first-party folders, nearest first    setup, rewrites   stand-ins known already
    leave    bytes of GPU memory to leave free
    """
    text, rows = snippet.render()
    memory = plan.get("protocol") != "speed"
    with Scratch() as scratch:
        path = scratch.path("work", "snippet.py")
        job = _job(options, scratch, "measure", seconds, folders)
        flagged = rows.get(snippet.flagged)
        job.update(
            snippet=path,
            text=text,
            plan=dict(plan, soft_limit=int(options.memory * 0.6)),
            flagged=list(flagged) if flagged else None,
            setup=list(setup),
            rewrites=[list(pair) for pair in rewrites],
            pretend_gpus=pretend_gpus,
            attempts=attempts,
            project=[os.path.abspath(folder) for folder in folders],
            elements={"source": snippet.elements, "target": snippet.target},
            repair_seconds=seconds * 0.85,
            modules=sorted({name.split("/")[0].removesuffix(".py") for name in snippet.modules}),
            module_files=sorted(snippet.modules),
        )
        return _supervised(
            options,
            scratch,
            job,
            child_environment(options, scratch.root, memory, snippet.growth, leave),
            seconds,
            folders,
        )


def unprotected(isolated: dict | None) -> dict:
    """{layer: why it does not hold} for what an "isolated" event says, without what the user switched off."""
    return {
        name: state[5:]
        for name, state in (isolated or {}).get("protections", {}).items()
        if state.startswith("off: ") and state != "off: as configured"
    }


def _project_of(options: object) -> list:
    """What the interpreter may need to see before a snippet is there: the folder that its configuration stands in."""
    return [os.path.realpath(options.base)]


def _job(options: object, scratch: Scratch, task: str, seconds: float, folders: list | tuple = ()) -> dict:
    _lend_binding(scratch.path("binding"))
    return {
        "task": task,
        "protected": [os.path.realpath(folder) for folder in folders],
        "cwd": scratch.path("work"),
        "binding": scratch.path("binding"),
        "device": options.device,
    }


def _lend_binding(folder):
    """Copies `nvidia-ml-py` of this interpreter to where the child finds it last, for a TensorFlow environment
    without it.
    """
    import importlib.util

    spec = importlib.util.find_spec("pynvml")
    if spec is not None and spec.origin and spec.origin.endswith(".py"):
        try:
            shutil.copy(spec.origin, os.path.join(folder, "pynvml.py"))
        except OSError:
            pass  # the child then reports that the binding is not installed


def _supervised(
    options: object, scratch: Scratch, job: dict, environment: dict, seconds: float, folders: list | tuple = ()
) -> Run:
    """Runs a job behind the guard.  Raises OSError when the interpreter cannot be started."""
    for namespaces in (True, False):
        run = _guarded(options, scratch, job, environment, seconds, folders, namespaces)
        # a system that gives namespaces and then not what belongs to them: nothing of the project has run yet
        if run is not None:
            break
    return run


def _guarded(
    options: object,
    scratch: Scratch,
    job: dict,
    environment: dict,
    seconds: float,
    folders: list | tuple,
    namespaces: bool,
) -> Run | None:
    """One try of _supervised.  None when the guard gave up before it started the child, and may do with less."""
    folders = [os.path.realpath(folder) for folder in folders]
    began = time.monotonic()
    channel = Channel()
    command = [options.python, os.path.join(_VERIFY, "child", "child.py")]
    guarded = {
        "command": command,
        "environment": environment,
        "network": options.network,
        "namespaces": namespaces,
        "events": channel.events,
        "cwd": job["cwd"],
        "view": view.plan(options.python, folders, environment, scratch.root),
        "base": scratch.base,
        "folders": folders,
        "memory": options.memory,
        "cpu_seconds": seconds * (os.cpu_count() or 1) + 30,
        "file_bytes": _LARGEST_FILE,
    }
    status, peak, loaded = None, 0, False
    try:
        with tempfile.TemporaryFile() as given:  # without a name: the key is for the child's own eyes
            own = marshal.dumps(guarded)
            given.write(len(own).to_bytes(8, "little") + own)
            given.write(json.dumps(dict(job, key=channel.key, events=channel.events)).encode("ascii"))
            given.seek(0)
            guard = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", START, _ROOT, str(channel.report)],
                stdin=given,
                stdout=channel.output,
                stderr=subprocess.STDOUT,
                cwd=scratch.path("work"),
                env={"PATH": os.environ.get("PATH", os.defpath)},
                pass_fds=(channel.events, channel.report),
                start_new_session=True,
            )
        try:
            channel.begin()
            watch = _Watch(options, scratch, guard, channel, began + seconds)
            while guard.poll() is None:
                status = watch.look()
                if status is not None:
                    loaded = status == "timeout" and processes.has_loaded_tensorflow(watch.worker)
                    break
                time.sleep(_POLL_SECONDS)
            peak = watch.peak
        finally:
            processes.end(guard, _told(channel).get("init"))
    finally:
        channel.end()
    told = _told(channel)
    if "error" in told:
        raise OSError(0, told["error"])
    if not told and status is None and namespaces and guard.returncode != 0:
        return None
    events = channel.read_events()
    if told.get("event") == "isolated":
        events.insert(0, {name: told[name] for name in ("event", "network", "readonly", "reason", "protections")})
    # where nobody could stand between, the guard has become the child
    code = None if status is not None else told.get("exit", guard.returncode)
    if status is None:
        status = _status_of(events, code)
    return Run(status, events, time.monotonic() - began, peak, code, channel.tail(), time.time(), loaded)


def _told(channel: Channel) -> dict:
    """All that the guard has said so far."""
    told = {}
    for line in channel.told():
        told.update(line)
    return told


class _Watch:
    """The limits that are kept from outside.  `look` returns the status of a run that is over one of them."""

    def __init__(self, options, scratch, guard, channel, deadline):
        self._options, self._scratch, self._guard, self._channel, self._deadline = (
            options,
            scratch,
            guard,
            channel,
            deadline,
        )
        self.peak, self.worker, self._init = 0, guard.pid, None
        self._next_disk, self._known = time.monotonic() + 1.0, False

    def look(self) -> str | None:
        """None, "memory", "processes", "disk" or "timeout"."""
        if not self._known:
            told = _told(self._channel)
            if "worker" in told:
                self.worker, self._init, self._known = told["worker"] or self._guard.pid, told["init"], True
        family = [pid for pid in processes.descendants(self._guard.pid) if pid != self._init]
        if self.worker == self._guard.pid:
            family.append(self.worker)
        memory = processes.resident(family, self._options.memory) + processes.shared_memory(self.worker)
        self.peak = max(self.peak, memory)
        if memory > self._options.memory:
            return "memory"
        if len(family) > _MOST_PROCESSES:
            return "processes"
        now = time.monotonic()
        if now > self._next_disk:
            if processes.on_disk(self._scratch.root, family) > _MOST_ON_DISK:
                return "disk"
            self._next_disk = max(now + 1.0, now + 20 * (time.monotonic() - now))
        return "timeout" if now > self._deadline else None


def _status_of(events: list, code: int | None) -> str:
    names = [event["event"] for event in events]
    if code not in (0, None):
        return "crashed"
    if "end" in names:
        return [event for event in events if event["event"] == "end"][-1]["reason"]
    if "environment" in names:
        return "done"
    return "error" if "error" in names else "left"
