"""What a run of a snippet shows of itself: did it come to its repeats, to the flagged line, to an end?"""

from __future__ import annotations

from tflint_mem.verify.snippet.snippet import MAIN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.verify.containment.run import Run
    from tflint_mem.verify.events import Error
    from tflint_mem.verify.snippet.snippet import Snippet

_NO_ANSWER = 8.0  # seconds after the last repeat from which on the child may have waited for what did not come


def ran(run: Run) -> bool:
    """Did the flagged code run for at least one repeat (whatever ended it)?"""
    return (
        bool(run.attempt().of("sample"))
        or run.status == "leaves"
        or run.status in ("memory", "timeout")
        and run.last("begin") is not None
    )


def refused(run: Run) -> bool:
    """Did the snippet itself raise?"""
    error = run.last("error")
    return error is not None and error["where"] == "snippet"


def hangs(run: Run) -> bool:
    """Did the child wait for something that did not come?  Either its own code gave up waiting, or our time was up long
    after its last repeat.  Without TensorFlow in the process that forks it is no hang of this kind, but a service that
    waits."""
    watched, begin = run.last("watched"), run.last("begin")
    if watched is not None and "TimeoutError" in watched["raised"]:
        return True
    if run.status != "timeout" or begin is None or not (run.loaded or begin["tensorflow"]):
        return False
    samples = run.of("sample")
    longest = max((sample["busy"] for sample in samples), default=0.0)
    last = begin["wall"] + (samples[-1]["t"] if samples else 0.0)
    return run.ended - last > max(_NO_ANSWER, 3 * longest)


def too_slow_to_answer(run: Run) -> bool:
    """Was less time left for an answer than this process took to come to its first repeat?  On a busy machine a worker
    that has to start anew may need more than the code gives it.
    """
    begin = run.last("begin")
    return begin is not None and run.ended - begin["wall"] < begin["wall"] - (run.ended - run.seconds)


def hang_message(run: Run) -> str:
    """How a hang was noticed."""
    if run.status == "timeout":
        return f"a worker did not answer; it was ended after {run.seconds:.0f} s"
    return "a worker did not answer in the time that the code gives it"


def at_flagged(error: Error, snippet: Snippet) -> bool:
    """Was the exception raised in the flagged line itself?"""
    place = snippet.render().rows.get(snippet.flagged)
    if place is None:
        return False
    file, row = place
    return file == MAIN and error.get("row") == row


def reached(run: Run, snippet: Snippet) -> bool:
    """Was the flagged line seen, or can it not be seen (AutoGraph runs a copy of it)?"""
    watched = run.last("watched")
    if watched is None or watched["reached"]:
        return True
    rendered = snippet.render()
    copied = any(words in rendered.text for words in ("tf.function", "@function", ".map("))
    return rendered.rows.get(snippet.flagged) is None or copied


class Held:
    """What the first calls left behind after a collection.

    in_all          bytes
    largest_array   bytes of the largest array of the snippet, None when it has none
    """

    __slots__ = ("in_all", "largest_array")

    def __init__(self, in_all: int, largest_array: int | None) -> None:
        self.in_all, self.largest_array = in_all, largest_array


def held(run: Run) -> Held | None:
    """What the first calls left behind; None when the run did not come that far."""
    by_place = {event["at"]: event for event in run.of("settled")}
    start, base = by_place.get("start"), by_place.get("base")
    if start is None or base is None:
        return None
    before, after = start.get("heap"), base.get("heap")
    if before is None or after is None:
        before, after = start["rss"], base["rss"]
    if before is None or after is None:
        return None
    arrays = run.last("arrays")
    return Held(after - before, arrays["largest"] if arrays else None)
