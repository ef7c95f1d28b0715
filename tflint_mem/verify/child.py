"""The measured process: `python child.py JOB.json`.  Started by runner.py, in the interpreter that has TensorFlow.

Isolates itself, runs the snippet with the probe in place, repairs what is missing with stand-ins, and writes events as
JSON lines to the file that the job names.  Python 3.8 syntax.
"""

import json
import os
import sys
import traceback

_ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Events:
    """Appends JSON lines to a file; each line is one write, so a kill leaves whole lines."""

    def __init__(self, path):
        self._handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._pid = os.getpid()

    def __call__(self, event):
        if os.getpid() == self._pid:  # not from processes that the snippet forks
            os.write(self._handle, json.dumps(event).encode("utf-8") + b"\n")


def main(job_path):
    """Runs one job; the exit status is 0 whenever the events tell the whole story."""
    with open(job_path) as handle:
        job = json.load(handle)
    emit = Events(job["events"])
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != os.path.dirname(os.path.abspath(__file__))]
    sys.path.insert(0, _ROOT)
    from tflint_mem.verify import sandbox
    sandbox.die_with_parent()
    isolation = sandbox.isolate(job["network"], job["readonly"])
    sandbox.limit_resources(job["cpu_seconds"], job["file_bytes"])
    os.chdir(job["cwd"])
    emit(dict(isolation, event="isolated", pid=os.getpid()))
    from tflint_mem.verify import environment, execute
    sys.path.remove(_ROOT)
    if job.get("binding"):
        sys.path.append(job["binding"])
    try:
        if job["task"] == "environment":
            emit(dict(environment.describe(), event="environment"))
        else:
            execute.run(job, emit)
    except BaseException as error:
        emit({"event": "error", "type": type(error).__name__, "message": str(error)[:2000],
              "trace": traceback.format_exc()[-4000:], "where": "tflint-mem"})
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)  # user threads, pools and atexit handlers have nothing to add


if __name__ == "__main__":
    main(sys.argv[1])
