"""The measured process: `python child.py`, the job on standard input.  Started by guard.py, already contained, in the
interpreter that has TensorFlow.

Runs the snippet with the probe in place, repairs what is missing with stand-ins, and writes events as JSON lines to the
descriptor that the job names.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import traceback

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from tflint_mem.verify.events import Event
    from tflint_mem.verify.job import SentJob

_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))


class Events:
    """Writes JSON lines to a pipe; each begins with the key of the run and its number.

    The key keeps out what a program writes into descriptors it does not know.  A program that searches this process
    for it can forge events all the same: it runs in the same process as the meters.
    """

    def __init__(self, descriptor: int, key: str) -> None:
        self._descriptor: int | None = descriptor
        self._key, self._number, self._lock = key, 0, threading.Lock()
        os.set_inheritable(descriptor, False)
        os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        """A process that the snippet forks has no part in it."""
        if self._descriptor is not None:
            try:
                os.close(self._descriptor)
            except OSError:
                pass
        self._descriptor = None

    def __call__(self, event: Event) -> None:
        """Writes one event."""
        if self._descriptor is None:
            return
        with self._lock:
            line = ("%s %d %s\n" % (self._key, self._number, json.dumps(event))).encode("ascii")
            while line:
                line = line[os.write(self._descriptor, line) :]
            self._number += 1


def become(path: str, text: str) -> NoReturn:
    """This process becomes the program that is written to a path, run by the plain interpreter."""
    with open(path, "w", encoding="utf-8", errors="backslashreplace") as handle:
        handle.write(text)
    os.execv(sys.executable, [sys.executable, path])


def main() -> None:
    """Runs one job; the exit status is 0 whenever the events tell the whole story."""
    with os.fdopen(os.dup(0), "rb") as handle:
        job: SentJob = json.loads(handle.read().decode("ascii"))
    empty = os.open(os.devnull, os.O_RDONLY)
    os.dup2(empty, 0)
    os.close(empty)
    emit = Events(job.pop("events"), job.pop("key"))
    sys.path[:] = [
        entry for entry in sys.path if os.path.abspath(entry or ".") != os.path.dirname(os.path.abspath(__file__))
    ]
    sys.path.insert(0, _ROOT)
    from tflint_mem.verify.child import environment, execute, nvml

    nvml.OUTER_PIDS.update(int(word) for word in os.environ.pop("TFLINT_MEM_PIDS", "").split())
    sys.path.remove(_ROOT)
    if job["task"] == "alone":
        become(job["snippet"], job["text"])
    if job.get("binding"):
        sys.path.append(job["binding"])
    try:
        if job["task"] == "environment":
            emit({**environment.describe(), "event": "environment"})
        else:
            execute.run(job, emit)
    except BaseException as error:
        emit(
            {
                "event": "error",
                "type": type(error).__name__,
                "message": str(error)[:2000],
                "trace": traceback.format_exc()[-4000:],
                "where": "tflint-mem",
            }
        )
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # user threads, pools and atexit handlers have nothing to add


if __name__ == "__main__":
    main()
