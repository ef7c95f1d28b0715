"""The rows of a reproduction that repeat and measure: what a reader has to understand before the program itself."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    Kind = Literal["memory", "gpu", "time", "once"]

WARM = 3  # repeats that set things up
# the snippet's own loop around its region, which runs anew when the user's loop is over, and what it is here
LOOP = "    while again():"
_PASSES = "    for _pass in range(_REPEATS + 9):"
_ONE_PASS = "    for _pass in range(1):"

_RESIDENT = """\
def _in_use():  # KiB resident
    try:
        with open("/proc/self/statm") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024
    except OSError:  # macOS has no /proc
        return int(subprocess.check_output(["ps", "-o", "rss=", "-p", str(os.getpid())]))
"""

_ALLOCATED = """\
def _in_use():  # KiB of the first GPU that TensorFlow's allocator has given out
    import tensorflow
    return tensorflow.config.experimental.get_memory_info("GPU:0")["current"] // 1024
"""

_MEMORY = """\
_REPEATS, _SEEN = int(sys.argv[1]) if len(sys.argv) > 1 else {repeats}, []


{in_use}

def _step():
    if len(_SEEN) == {warm}:  # what sets things up is over; from here on nothing collects for the program
        gc.collect()
    _SEEN.append((_in_use(), gc.get_stats()[2]["collections"]))
    if len(_SEEN) <= {warm} or len(_SEEN) % max(1, _REPEATS // 10) == 0:
        print(f"repeat {{len(_SEEN) - 1:4}}: {{_SEEN[-1][0]:9}} KiB", flush=True)
    if len(_SEEN) > _REPEATS + {warm}:
        _end()


def _end():
    first, *more = _SEEN[min({warm}, len(_SEEN) - 1) :]
    rises = [b - a for (a, before), (b, after) in zip([first, *more], more) if before == after]
    raw = sum(rises) / max(1, len(rises))  # between Python's own full collections
    gc.collect()
    kept = (_in_use() - first[0]) / max(1, len(more))
    print(f"{{raw:+.1f}} KiB per repeat until a collection, {{kept:+.1f}} KiB stay after gc.collect()", flush=True)
    os._exit(0)
"""

_TIME = """\
_REPEATS, _SEEN = int(sys.argv[1]) if len(sys.argv) > 1 else {repeats}, []


def _step():
    _SEEN.append(time.perf_counter())
    if len(_SEEN) > _REPEATS + {warm}:
        _end()


def _end():
    took = sorted(b - a for a, b in zip(_SEEN[{warm}:], _SEEN[{warm} + 1:]))
    if took:
        print(f"{{1000 * took[len(took) // 2]:.2f}} ms per repeat (median of {{len(took)}})", flush=True)
    os._exit(0)
"""

_REPEAT = """\
def repeat(source):  # the loop's own elements, again and again
    while True:
        elements = source() if getattr(source, "__name__", "") == "<lambda>" else source
        for element in elements:
            _step()
            yield element
        if iter(elements) is elements:
            return
"""

_REPEAT_ON = """\
def repeat(source):  # the loop's own numbers, and those that come after them
    elements = list(source() if getattr(source, "__name__", "") == "<lambda>" else source)
    by = elements[-1] - elements[-2] if len(elements) > 1 else 1
    for element in itertools.chain(elements, itertools.count(elements[-1] + by, by)):
        _step()
        yield element
"""

_REPEAT_THROUGH = """\
def repeat(source):  # each of the loop's elements once
    for element in source() if getattr(source, "__name__", "") == "<lambda>" else source:
        _step()
        yield element
    _step()
    _end()
"""

_ONCE = """\
def repeat(source):  # one pass is all there is
    return source() if getattr(source, "__name__", "") == "<lambda>" else source
"""

_BEHIND = """\
def behind(*kept):
    return ()
"""


def with_loop(text: str, kind: Kind) -> str:
    """The main file with the loop around its region, and what comes when that is over."""
    if kind == "once":
        return text.replace(LOOP, _ONE_PASS)
    return text.replace(LOOP, _PASSES).rstrip("\n") + "\n    _end()\n"


def meter(kind: Kind, repeats: int, once_through: bool, goes_on: bool, behind: bool) -> str:
    """Source of `repeat`, of `behind` where that is wanted, and of what they measure with.

    repeats        after the first WARM
    once_through   no element may come twice        goes_on   numbers that count up go on counting
    """
    if kind == "once":
        return _ONCE
    what = _TIME if kind == "time" else _MEMORY
    measured = what.format(repeats=repeats, warm=WARM, in_use=_ALLOCATED if kind == "gpu" else _RESIDENT)
    steps = _REPEAT_ON if goes_on else _REPEAT_THROUGH if once_through else _REPEAT
    return "\n\n".join([measured, steps, *([_BEHIND] if behind else [])])
