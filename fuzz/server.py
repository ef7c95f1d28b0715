"""A fork server: imports everything once, then serves each batch of inputs from a child.

Requests come as lines of JSON on standard input, answers go as lines of JSON to standard output:

    {"kind": k, "seed": s, "first": a, "last": b}     one answer for each input from a to b, then {"end": true}
    {"case": text, "seed": s, "thorough": bool}       one answer for a case that is spelled out

A child that dies, by the limit of CPU time or by a crash of the interpreter, costs the input it was at; the next child
goes on behind it.
"""

import faulthandler
import gc
import json
import os
import re
import resource
import select
import shutil
import signal
import sys
import tempfile
import time
from random import Random

from fuzz import tool
from fuzz.case import Case

KINDS = ("programs", "projects", "notebooks", "configurations", "caches")
WALL = 20.0  # seconds without a sign of life: waiting costs no CPU time (a pipe that nobody writes to)
MEMORY = 2 << 30  # bytes of address space
_DUMPED = re.compile(r'File "([^"]+)", line \d+ in (\S+)')


def generator(kind: str):
    """The function from a random.Random to a Case."""
    from importlib import import_module

    return import_module(f"fuzz.{kind}").make


def case_of(kind: str, seed: int, number: int) -> Case:
    """The input that kind, seed and number name."""
    return generator(kind)(Random(f"{kind} {seed} {number}"))


def serve() -> None:
    """Answer requests until standard input ends."""
    tool.import_everything()
    scratch = tempfile.mkdtemp(prefix="tflint-mem-fuzz-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
    os.environ.update(
        HOME=scratch,
        XDG_CACHE_HOME=os.path.join(scratch, "home-cache"),
        XDG_CONFIG_HOME=os.path.join(scratch, "home-config"),
    )
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    gc.freeze()
    try:
        for line in sys.stdin:
            request = json.loads(line)
            if "case" in request:
                _serve_case(request, scratch, out)
            else:
                first = request["first"]
                while first < request["last"]:
                    first = _batch(request, first, scratch, out)
                print(json.dumps({"end": True}), file=out)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _serve_case(request: dict, scratch: str, out) -> None:
    def cases():
        import pathlib

        from fuzz.case import load

        yield 0, lambda: load(pathlib.Path(request["case"])), Random(f"case {request['seed']}"), request["thorough"]

    _child(cases, scratch, out)


def _batch(request: dict, first: int, scratch: str, out) -> int:
    """Serve inputs from `first` on; returns the next one to serve."""

    def cases():
        for number in range(first, request["last"]):
            yield (
                number,
                lambda number=number: case_of(request["kind"], request["seed"], number),
                Random(f"judge {request['seed']} {number}"),
                request.get("thorough", False),
            )

    last = _child(cases, scratch, out)
    return request["last"] if last is None else last + 1


def _child(cases, scratch: str, out) -> int | None:
    """Judge `cases` in a child and pass on its answers; the number of the input at which it died, None when all is
    done.
    """
    gone, mine = os.pipe()
    trace = tempfile.TemporaryFile("w+")
    child = os.fork()
    if child == 0:
        os.close(gone)
        _judge_all(cases, scratch, os.fdopen(mine, "w", buffering=1), trace)
        os._exit(0)
    os.close(mine)
    number, buffer, done, used = None, b"", False, 0.0
    while True:
        ready, _, _ = select.select([gone], [], [], WALL)
        if not ready:
            used, before = _cpu(child), used
            if used - before < 0.05:  # else the machine is busy and the child is working
                os.kill(child, signal.SIGKILL)
                used = 1e9
            continue
        chunk = os.read(gone, 1 << 16)
        if not chunk:
            break
        buffer += chunk
        *lines, buffer = buffer.split(b"\n")
        for line in lines:
            answer = json.loads(line)
            if "start" in answer:
                number = answer["start"]
            elif "done" in answer:
                done = True
            else:
                print(json.dumps(answer), file=out)
    os.close(gone)
    status = os.waitpid(child, 0)[1]
    if done:
        return None
    trace.seek(0)
    code = os.waitstatus_to_exitcode(status)
    print(
        json.dumps(
            {
                "input": number,
                "seconds": tool.LIMIT,
                "digest": "",
                "codes": {},
                "failures": [_death(code, trace.read())],
            }
        ),
        file=out,
    )
    return number if number is not None else 1 << 60


def _cpu(process: int) -> float:
    """CPU seconds that a process has used; 0.0 where the system does not tell."""
    try:
        with open(f"/proc/{process}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _death(code: int, trace: str) -> tuple[str, str]:
    """What a child died of, where it stood when it did."""
    frames = [(path, name) for path, name in _DUMPED.findall(trace) if "/tflint_mem/" in path or "/rules/" in path]
    rules = [f"{path.split('/')[-1]}:{name}" for path, name in frames if "/rules/" in path]
    where = (
        rules[0] if rules else "/".join(frames[0][0].split("/")[-2:]) + ":" + frames[0][1] if frames else "somewhere"
    )
    what = {
        -signal.SIGPROF: f"over {tool.LIMIT:g} s",
        -signal.SIGKILL: "waits without end",
        -signal.SIGSEGV: "segmentation fault",
        -signal.SIGABRT: "abort",
    }.get(code, f"died with {code}")
    return f"{what} in {where}", trace[-6000:]


def _judge_all(cases, scratch: str, answers, trace) -> None:
    """The child: judge each case in a fresh folder."""
    from fuzz.judge import Judge

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    faulthandler.enable(trace)
    faulthandler.register(signal.SIGPROF, trace, all_threads=False, chain=True)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    try:
        for number, make, rng, thorough in cases():

            def alive(sign: str = json.dumps({"start": number})) -> None:
                print(sign, file=answers)

            alive()
            folder = os.path.join(scratch, "input")
            shutil.rmtree(folder, ignore_errors=True)
            os.mkdir(folder)
            os.chdir(folder)
            began = time.monotonic()
            verdict = Judge(make(), rng, thorough, alive).judge()
            print(
                json.dumps(
                    {
                        "input": number,
                        "check": round(verdict.check, 3),
                        "seconds": round(verdict.seconds, 3),
                        "wall": round(time.monotonic() - began, 3),
                        "digest": verdict.digest,
                        "codes": verdict.codes,
                        "failures": verdict.failures,
                    }
                ),
                file=answers,
            )
        print(json.dumps({"done": True}), file=answers)
    except BaseException:
        import traceback

        traceback.print_exc(file=trace)
        trace.flush()
        answers.flush()
        os._exit(99)


if __name__ == "__main__":
    serve()
