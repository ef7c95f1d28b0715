"""How a run ended, in words: it lacked memory or time, or raised an exception."""

from __future__ import annotations

import re
import signal

from .thresholds import FEW_REPEATS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.verify.containment.run import Run
    from tflint_mem.verify.events import Error

_TYPES = frozenset(("ResourceExhaustedError", "MemoryError", "_ArrayMemoryError", "OutOfMemoryError"))
_WORDS = re.compile(
    r"out of memory|OOM when allocating|CUDA_ERROR_OUT_OF_MEMORY|(?:failed|unable) to allocate", re.IGNORECASE
)
_FOOTNOTES = ("Arguments received by", "Call arguments received by", "\u2022", "*")  # of Keras, behind the sentence


def ran_out(run: Run) -> Error | None:
    """The last "error" event when it says that memory, of host or GPU, was used up after some repeats; else None."""
    error = run.last("error")
    if error is None or not error.get("repeats") or error.get("where") != "snippet":
        return None
    used_up = error["type"] in _TYPES or error["type"].endswith("Error") and _WORDS.search(error["message"])
    return error if used_up else None


def slow(run: Run) -> bool:
    """Did time, not the code, say how many repeats there were?"""
    end = run.last("end")
    return run.status == "timeout" or end is not None and bool(end.get("slow"))


def hurried(run: Run, repeats: int) -> bool:
    """Would a run of so many repeats have had more of them with more time?  Not where the code itself counts them."""
    end = run.last("end")
    return slow(run) or end is not None and not end.get("counted") and repeats < FEW_REPEATS


_FRAME = re.compile(r'^\s*File "[^"]*", line \d+, in ')


def said(message: str, most: int = 400) -> str:
    """The sentence of a message that tells what is wrong, in one row.

    AutoGraph and Keras set the way to it in front ("in user code: File ..., line ..."): what counts stands at the end.
    """
    rows = [row.strip() for row in message.split("\n") if row.strip()]
    if rows and rows[0].startswith(("in user code", "Exception encountered when calling")):
        frames = [number for number, row in enumerate(rows) if _FRAME.match(row)]
        rows = rows[frames[-1] + 2 :] or rows[-1:] if frames else rows[1:] or rows
        rows = [row for row in rows if not row.startswith(_FOOTNOTES)] or rows
    text = " ".join(" ".join(rows).split())
    return text if len(text) <= most else text[: most - 3] + "..."


def user_line(message: str) -> str:
    """The innermost line of code that such a message names, "" when it names none."""
    rows = message.split("\n")
    found = [
        rows[number + 1].strip()
        for number, row in enumerate(rows[:-1])
        if _FRAME.match(row) and "site-packages" not in row and "__autograph_generated_file" not in row
    ]
    return found[-1].rstrip(" *").strip() if found else ""


def story(error: Error) -> str:
    """An "error" event in one row: its type, what it says, and the user's own line."""
    line = user_line(error["message"]) or (error.get("line") or "").strip()
    return what(error) + (f" in `{line}`" if line else "")


def what(error: Error) -> str:
    """Type and sentence of an "error" event; the type once, where AutoGraph has it in the sentence too."""
    text = said(error["message"])
    return text if text.startswith(error["type"] + ": ") else f"{error['type']}: {text}"


# How a run ended that was not over.
STOPPED = {
    "memory": "stopped at the memory limit",
    "timeout": "stopped at the time limit",
    "disk": "stopped at the limit on files",
    "processes": "stopped at the limit on processes",
    "left": "the process ended itself",
    "crashed": "the process ended",
}


def ended(run: Run) -> str:
    """How the run was ended."""
    return f"{STOPPED[run.status]} with {exit_words(run.code)}" if run.status == "crashed" else STOPPED[run.status]


def exit_words(code: int | None) -> str:
    """An exit status, or the signal that it stands for."""
    if code is not None and code < 0:
        try:
            return signal.Signals(-code).name
        except ValueError:
            return f"signal {-code}"
    return f"status {code}"
