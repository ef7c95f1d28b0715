"""What would make a place runnable, in words that a user can act on."""

from __future__ import annotations

import re

from tflint_mem.verify.containment.limits import MOST_ON_DISK, MOST_PROCESSES
from tflint_mem.verify.standins.old_numpy import missing

from .endings import exit_words, user_line, what

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.verify.containment.run import Run
    from tflint_mem.verify.events import Error

ENDED_BY_ITSELF = ("crashed", "left")
LIMITS = {
    "disk": (
        f"a program that writes less: its scratch folder reached {MOST_ON_DISK >> 30} GiB, "
        "or too many folders to count them"
    ),
    "processes": f"a program that starts fewer processes: it had more than {MOST_PROCESSES} at once",
}

_ELEMENTS = "elements: the loop has nothing to run over"
_WITH = "a comment `# tflint-mem: verify-with {}=...` or verify.setup gives it"


def needs(run: Run, error: Error | None, text: str = "") -> list[str]:
    """What a run that did not come to its repeats would need, a sentence each.

    error  its last exception, or None        text  the snippet that ran, for names that a value can be given for
    """
    if error is None:
        return [_without_error(run)]
    message = error["message"]
    if error["type"] in ("ModuleNotFoundError", "ImportError"):
        match = re.search(r"No module named '([\w.]+)'", message)
        if match:
            return [
                f"module {match.group(1)}: installed for the interpreter of --verify-python, "
                "or put into sys.modules by verify.setup"
            ]
        return [message]
    if error["type"] == "NothingRepeated":
        return [_ELEMENTS]
    name = re.match(r"name '(\w+)' is not defined", message)
    if error["type"] == "NameError" and name:
        return [f"a value for {name.group(1)}: {_WITH.format(name.group(1))}"]
    path = re.search(r"No such file or directory:? '([^']+)'", message)
    if path:
        return [f"the file {path.group(1)}: beside the code, or made by verify.setup"]
    line = user_line(message) or (error.get("line") or "").strip()
    line = f" in `{line}`" if line else ""
    hidden = f" (its own `except` hid {short(error['hidden'])})" if error.get("hidden") else ""
    return [f"code that runs as it stands: {what(error)}{line}{hidden}{_instead(error, text)}{_older(message)}"]


def _without_error(run: Run) -> str:
    if run.status == "timeout":
        return "more time: the code before the loop did not end in time (--verify-timeout)"
    if run.status == "memory":
        return "more memory: the limit was reached before the loop (verify.memory-limit)"
    if run.status in ENDED_BY_ITSELF:
        return itself(run)
    return LIMITS.get(run.status, _ELEMENTS)


_KERAS_2 = re.compile(
    r"(module|package) '(tensorflow\.)?keras[\w.]*' has no"
    r"|cannot import name '\w+' from '(tensorflow\.)?(keras|tensorflow\.keras)"
    r"|Keras 3 only supports|not available with Keras 3|argument\(s\) not recognized|is not supported in Keras 3"
)


def _older(message: str) -> str:
    """The version that would help, where the message gives it away; else ""."""
    name = missing(message)
    if name:
        return f"; np.{name} is in {'NumPy < 2.4' if name in ('in1d', 'trapz') else 'NumPy < 1.24'}"
    if re.search(r"module 'tensorflow' has no attribute '(contrib|Session|placeholder|app|flags|layers)'", message):
        return "; TensorFlow 1 has it"
    return (
        "; Keras 2 has it: TensorFlow < 2.16, or tf_keras with TF_USE_LEGACY_KERAS=1"
        if _KERAS_2.search(message)
        else ""
    )


def itself(run: Run) -> str:
    """What a process that ended by itself, before all was measured, would have to do instead."""
    repeats = len(run.of("sample"))
    when = f"after {repeats} repeats" if repeats else "before its first repeat was over"
    if run.status == "left":
        return f"code that goes on: the process ended itself {when}, with status 0 and without an error (os._exit?)"
    return f"a process that survives: it ended with {exit_words(run.code)} {when}"


def _instead(error: Error, text: str) -> str:
    """The name that the failing top-level statement would have given, and how to give it."""
    rows = text.split("\n")
    row = error.get("row")
    match = re.match(r"(\w+)\s*=[^=]", rows[row - 1]) if row and row <= len(rows) else None
    return f"; or a value for {match.group(1)}: {_WITH.format(match.group(1))}" if match else ""


def short(message: str, most: int = 160) -> str:
    """A message in one row of at most so many characters."""
    message = " ".join(message.split())
    return message if len(message) <= most else message[: most - 3] + "..."
