"""The measured process of `--verify`, forked from one that has imported TensorFlow: `python forked.py ROOT MODULE`.

MODULE is what is imported: tensorflow, or keras where it runs on something else.

Run by the interpreter that has TensorFlow (Python 3.8 and later; standard library alone), for bench/versions.py, which
measures many programs of its own under one version: the import is paid once, and what is measured finds an untouched
runtime, as in a process of its own.  Nothing is contained here; the programs are the fixtures.

Jobs are JSON lines on standard input: {"job": of tflint_mem/verify/job.py, "events": file, "log": file, "seconds":
limit}.  For each there is a line on standard output: the exit status, or null for a process that was ended by time.
The first line says what there is: versions, or what the import raised.
"""

from __future__ import annotations

import importlib
import json
import os
import platform
import signal
import sys
import time

_POLL = 0.05  # seconds
_DISTRIBUTIONS = {"tensorflow": ("tensorflow", "tensorflow-cpu")}
_TOLD = ("tensorflow", "keras", "numpy", "jax", "torch", "tensorflow_probability", "transformers")


def main():
    sys.path.insert(0, sys.argv[1])
    from tflint_mem.verify.child import execute  # noqa: F401  (now, not in each process)

    said = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what TensorFlow prints is no answer
    versions = {"python": platform.python_version()}
    try:
        module = importlib.import_module(sys.argv[2])
        if sys.argv[2] == "tensorflow":
            getattr(module.keras, "Model")  # noqa: B009  (TensorFlow loads Keras on first use: do it once, here)
        for name in _TOLD:
            versions.update(_version(name))
    except BaseException as error:  # an import may raise anything, or end the process
        versions["error"] = "%s: %s" % (type(error).__name__, str(error).strip().split("\n")[-1])
    print(json.dumps(versions), file=said, flush=True)
    for line in sys.stdin:
        print(json.dumps(_measured(**json.loads(line))), file=said, flush=True)


def _version(name):
    """{name: version} of a package that is there, not imported for it; {} where it is not, or does not say."""
    from importlib import metadata

    for distribution in _DISTRIBUTIONS.get(name, (name.replace("_", "-"),)):
        try:
            return {name: metadata.version(distribution)}
        except metadata.PackageNotFoundError:
            pass
    return {}


def _measured(job, events, log, seconds):
    """Exit status of a process that did the job; None when its time was up."""
    pid = os.fork()
    if pid == 0:
        try:
            _child(job, events, log)
        finally:
            os._exit(70)
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            _kill(pid)  # workers that it leaves
            return os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)
        time.sleep(_POLL)
    _kill(pid)
    os.waitpid(pid, 0)
    return None


def _kill(group):
    try:
        os.killpg(group, signal.SIGKILL)
    except OSError:
        pass


def _child(job, events, log):
    from tflint_mem.verify.child import execute

    os.setsid()
    os.chdir(job["cwd"])
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.path.remove(sys.argv[1])
    told = open(events, "w")
    own = os.getpid()

    def emit(event):
        if os.getpid() == own:  # a process that the program forks has no part in it
            told.write(json.dumps(event) + "\n")
            told.flush()

    execute.run(job, emit)
    told.close()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
