"""The command line, run inside this process: a few milliseconds in place of a start of Python."""

import io
import os
import re
import signal
import sys
import time

LIMIT = 5.0  # CPU seconds of one run of the tool

_FRAME = re.compile(r'File "([^"]+)", line (\d+),? in (\S+)')
_FAULT = ("Traceback (most recent call last)", "internal error", "this is a bug", "please report")


class Outcome:
    """What one run did.

    code   exit code        out   bytes of standard output        err   text of standard error      seconds  CPU time
    """

    __slots__ = ("arguments", "code", "out", "err", "seconds")

    def __init__(self, arguments, code: int, out: bytes, err: str, seconds: float):
        self.arguments, self.code, self.out, self.err, self.seconds = arguments, code, out, err, seconds

    @property
    def fault(self) -> str | None:
        """The tool's own fault that its error output tells of, as one line without what changes from input to input."""
        if not any(word in self.err for word in _FAULT):
            return None
        return describe(self.err)


def describe(trace: str) -> str:
    """`TypeError in tflint_mem/notebook.py:_code_cells` of a traceback's text."""
    trace = re.sub(r"^tflint-mem:   ?", "", trace, flags=re.MULTILINE)
    frames = [(path, name) for path, _, name in _FRAME.findall(trace)]
    last = [
        line
        for line in trace.splitlines()
        if re.match(r"[A-Za-z_.]+(?:Error|Exception|Exit|Interrupt|Group|Warning)\b", line)
    ]
    kind = re.match(r"[A-Za-z_.]+", last[-1]).group() if last else "fault"
    ours = [(path, name) for path, name in frames if _is_ours(path)]
    if not ours:
        return f"{kind} ({next((line for line in trace.splitlines() if line.strip()), '')[:80]})"
    return f"{kind} in {'/'.join(ours[-1][0].split('/')[-2:])}:{ours[-1][1]}"


def _is_ours(path: str) -> bool:
    return "/tflint_mem/" in path or "/rules/tfm" in path or "/rules/_" in path


def run(arguments: list[str], stdin: bytes = b"") -> Outcome:
    """`tflint-mem` with these arguments in the current folder.

    The process dies by SIGPROF when the run takes more than `LIMIT` seconds of CPU time.
    """
    from tflint_mem import __main__

    out, err = _Kept(), _Kept()
    before = sys.argv, sys.stdin, sys.stdout, sys.stderr
    sys.argv = ["tflint-mem", *arguments]
    sys.stdin = io.TextIOWrapper(io.BytesIO(stdin), encoding="utf-8")
    sys.stdout = io.TextIOWrapper(out, encoding="utf-8", write_through=True)
    sys.stderr = io.TextIOWrapper(err, encoding="utf-8", errors="backslashreplace", write_through=True)
    start = time.process_time()
    signal.setitimer(signal.ITIMER_PROF, LIMIT)
    try:
        code = __main__.run()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        seconds = time.process_time() - start
        sys.argv, sys.stdin, sys.stdout, sys.stderr = before
    return Outcome(arguments, code, out.getvalue(), err.getvalue().decode("utf-8", "replace"), seconds)


class _Kept(io.BytesIO):
    """Bytes that can be read although somebody has closed the stream."""

    def close(self) -> None:
        """Nothing: the bytes are asked for later."""


def import_everything() -> None:
    """Import all modules of the tool, so that forked children need not."""
    import importlib
    import pkgutil
    import warnings

    import click  # noqa: F401
    import libcst  # noqa: F401
    import pathspec  # noqa: F401

    import tflint_mem

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for found in pkgutil.walk_packages(tflint_mem.__path__, "tflint_mem."):
            if not found.name.startswith("tflint_mem.verify."):
                importlib.import_module(found.name)
        for found in pkgutil.iter_modules(importlib.import_module("tflint_mem.rules").__path__):
            importlib.import_module(f"tflint_mem.rules.{found.name}")
    assert os.path.isdir(os.path.dirname(tflint_mem.__file__))
