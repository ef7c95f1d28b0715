"""Do two versions of a program do the same?  What their first repeats printed, wrote and left in variables, compared.

Numbers may differ as much as another order of additions makes them differ.  A name that only one version has says
nothing: a fix moves and renames things.
"""

from __future__ import annotations

import re

from tflint_mem.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence
    from typing import Any

    from tflint_mem.verify.events import Seen

SAME, OTHER, RAISES, UNKNOWN = "same", "other", "raises", "unknown"

_RELATIVE, _ABSOLUTE = 3e-4, 1e-5  # float32 in another order of additions stays far below, a frozen number does not
_OF_ROUNDED = 2e-3
_NUMBER = re.compile(r"[-+]?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][-+]?\d+)?")
# what a progress bar or a stopwatch says, and addresses of objects
_TIME = re.compile(r"\d+(?:\.\d+)?\s?(?:ms|us|s|sec|seconds)\b(?:/\w+)?|0x[0-9a-f]+|\d\d:\d\d(?::\d\d)?")
_SCRATCH = re.compile(r"\b(?:tmp|tflint-mem-verify-)[a-z0-9_]{8}\b")  # names that `tempfile` makes
_STAMP = re.compile(r"\d{8,}(?:\.[\w-]+\.\d+)?")  # "events.out.tfevents.1796142100.host.41.0.v2", "model-20261201"
_MOST_SHOWN = 60


class Difference(Record):
    """One thing that is not as it was.

    where            a variable, "what is printed", or a file
    repeat           in which repeat, from 1
    flagged, fixed   what each version says, shortened
    """

    __slots__ = ()
    where: str
    repeat: int
    flagged: str
    fixed: str

    def __str__(self) -> str:
        return f"{self.where} in repeat {self.repeat} is {self.fixed}, was {self.flagged}"


class Compared(Record):
    """The results of two versions beside each other.

    verdict      SAME, OTHER, RAISES (the fixed version alone), or UNKNOWN
    number       how many things were compared
    difference   the first, None where there is none
    reason       why nothing can be said, or what was raised; "" else
    """

    __slots__ = ()
    verdict: str
    number: int
    difference: Difference | None
    reason: str


def compared(flagged: Sequence[Seen], fixed: Sequence[Seen], random: Container[str] = (), least: int = 1) -> Compared:
    """Both versions beside each other.

    random   things that are not the same in two runs of the flagged version, as random numbers or the clock decide them
    least    number of repeats that have to be the same: what is carried on from one to the next shows in the second
    """
    if not flagged or not fixed:
        return Compared(UNKNOWN, 0, None, "a version came to no repeat that could be looked at")
    number, unsure = 0, None
    for found in _beside(flagged, fixed):
        if isinstance(found, Difference):
            if found.where not in random:
                return Compared(OTHER, number, found, "")
            unsure = unsure or found
        number += 1
    if unsure is not None:
        return Compared(UNKNOWN, number, unsure, f"{unsure.where} differs from run to run, with the same code too")
    if not number:
        return Compared(UNKNOWN, 0, None, "nothing is printed, written or held that could be compared")
    if min(len(flagged), len(fixed)) < least:
        return Compared(UNKNOWN, number, None, f"fewer than {least} repeats of both versions could be looked at")
    return Compared(SAME, number, None, "")


def unsettled(found: Compared) -> Compared:
    """A difference of which there was no time to see whether it is one from run to run."""
    return Compared(
        UNKNOWN, found.number, found.difference, f"{found.difference}, and there was no time to run it once more"
    )


def differing(one: Sequence[Seen], other: Sequence[Seen]) -> frozenset[str]:
    """Where two runs differ."""
    return frozenset(found.where for found in _beside(one, other) if isinstance(found, Difference))


def _beside(flagged: Sequence[Seen], fixed: Sequence[Seen]) -> Iterator[Difference | None]:
    """For each thing that both versions have its Difference, None where it is the same."""
    last: Seen | None = None
    for before, after in zip(flagged, fixed):
        repeat = before["n"]
        if before["printed"] or after["printed"]:
            yield _text("what is printed", repeat, before["printed"], after["printed"])
        written, others = (
            {_lasting_name(name): text for name, text in seen["files"].items()} for seen in (before, after)
        )
        for name in sorted({*written, *others}):
            if name not in written or name not in others:
                yield Difference(f"the file {name}", repeat, _there(name in written), _there(name in others))
            elif written[name] or others[name]:  # of the rest nobody has seen the text
                yield _text(f"the file {name}", repeat, written[name], others[name])
        if last is not None:
            yield from _read_again(repeat, last, before, after)
        last = before
        held = {_bare(name): value for name, value in after["values"].items()}
        for name, value in before["values"].items():
            if _bare(name) in held and not _is_empty(value):
                yield _value(_bare(name), repeat, value, held[_bare(name)])


def _read_again(repeat: int, last: Seen, before: Seen, after: Seen) -> Iterator[Difference]:
    """Files that each repeat reads anew, and the other version does not: what the program has just written, and what
    may be another one behind a wait, where the other version does not even look.

    last, before   two repeats of the flagged version        after   the second one of the fixed version
    """
    for name in sorted({*before["read"]} - {*after["read"]}):
        text = before["files"].get(name)
        if text is not None and (not text or text != last["files"].get(name)):
            yield Difference(f"the file {name}", repeat, "written and read again", "not read again")
        elif "looked" in before and name not in after.get("looked", ()):
            yield Difference(f"the file {name}", repeat, "read again after a wait", "not looked at again")


def _is_empty(value: Any) -> bool:
    """Is it an object, or a model, of which nothing could be seen?"""
    return value is not None and (value[0] == "object" and not value[2] or value[0] == "model" and not value[1])


def _bare(name: str) -> str:
    """A fix may move a name from a function to its module."""
    return name.rpartition(" ")[2]


def _there(there: bool) -> str:
    return "written" if there else "not written"


def _text(where: str, repeat: int, before: str, after: str) -> Difference | None:
    one, other = _lasting(before), _lasting(after)
    if _NUMBER.sub("0", one) == _NUMBER.sub("0", other):
        numbers = zip(_NUMBER.findall(one), _NUMBER.findall(other))
        if all(_same_number(_number(left), _number(right)) or _rounded(left, right) for left, right in numbers):
            return None
    return Difference(where, repeat, _short(before), _short(after))


def _number(text: str) -> float:
    return int(text) if text.lstrip("+-").isdigit() else float(text)


def _lasting(text: str) -> str:
    """A text without what is another in each run: times, addresses, names of scratch folders."""
    return _SCRATCH.sub("tmp", _TIME.sub("", text))


def _lasting_name(name: str) -> str:
    """A file's name without the time and the process that made it."""
    return _STAMP.sub("*", _lasting(name))


def _rounded(one: str, other: str) -> bool:
    """Do two printed numbers with as many places, enough of them, differ by one in the last?"""
    _, point, places = one.partition(".")
    same = places.isdigit() and len(other.partition(".")[2]) == len(places)
    step = 1.5 * 10.0 ** -len(places)
    return bool(point) and same and abs(float(one) - float(other)) < min(step, _OF_ROUNDED * abs(float(one)))


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _MOST_SHOWN else text[: _MOST_SHOWN - 3] + "..."


def _close(one: float, other: float) -> bool:
    return one == other or abs(one - other) <= _ABSOLUTE + _RELATIVE * max(abs(one), abs(other))


def _value(name: str, repeat: int, before: Any, after: Any) -> Difference | None:
    if _equal(before, after):
        return None
    if before[:2] == after[:2] and before[0] in ("dict", "object"):  # the part that differs tells more
        for part, value in before[2].items():
            if part in after[2] and not _equal(value, after[2][part]):
                inner = f"{name}[{part!r}]" if before[0] == "dict" else f"{name}.{part}"
                return _value(inner, repeat, value, after[2][part])
    if before[0] == after[0] == "model" and _all(before[1], after[1]):
        return Difference(f"the optimizer of `{name}`", repeat, _added_up(before[2]), _added_up(after[2]))
    return Difference(f"`{name}`", repeat, _shown(before), _shown(after))


def _equal(before: Any, after: Any) -> bool:
    """Are two values of child/values.py the same?"""
    if before is None or after is None:
        return True  # one of them says nothing
    before, after = _scalar(before), _scalar(after)
    if before[0] != after[0]:
        return False
    kind = before[0]
    if kind == "number":
        return _same_number(before[1], after[1])
    if kind == "text":
        return _lasting(before[1]) == _lasting(after[1])
    if kind == "array":
        shapes = before[1] == after[1] and before[2][:1] == after[2][:1]
        return shapes and _all(before[3], after[3]) and _same_number(before[4], after[4])
    if kind == "list":
        return bool(before[1] == after[1]) and _each(before[2], after[2]) and _each(before[3], after[3])
    if kind == "dict":
        return bool(before[1] == after[1]) and _attributes(before[2], after[2])
    if kind == "model":
        return _all(before[1], after[1]) and _all(before[2], after[2])
    if kind == "object":
        return bool(before[1] == after[1]) and _attributes(before[2], after[2])
    return bool(before[1:] == after[1:])


def _scalar(value: Any) -> Any:
    """An array without axes is a number."""
    return ["number", value[3][0]] if value[0] == "array" and value[1] == [] and value[3] else value


def _same_number(one: object, other: object) -> bool:
    if isinstance(one, (int, float)) and isinstance(other, (int, float)):
        if isinstance(one, int) and isinstance(other, int):
            return one == other
        return _close(one, other)
    return one == other  # "nan", "inf", or unknown


def _all(one: Sequence[object], other: Sequence[object]) -> bool:
    return len(one) == len(other) and all(map(_same_number, one, other))


def _each(one: Sequence[Any], other: Sequence[Any]) -> bool:
    return len(one) == len(other) and all(map(_equal, one, other))


def _attributes(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return all(_equal(one[name], other[name]) for name in one if name in other)


def _added_up(numbers: Sequence[object]) -> str:
    return f"{sum(each for each in numbers if isinstance(each, (int, float))):.6g} in all"


def _shown(value: Any) -> str:
    """A value in a few words."""
    value = _scalar(value)
    kind = value[0]
    if kind == "array":
        numbers = ", ".join(f"{number:.6g}" if isinstance(number, float) else str(number) for number in value[3][:4])
        return f"an array of shape {tuple(value[1])} [{numbers}{', ...' if len(value[3]) > 4 else ''}]"
    if kind == "number":
        return f"{value[1]:.6g}" if isinstance(value[1], float) else str(value[1])
    if kind == "text":
        return repr(_short(value[1]))
    if kind == "list":
        items = [_shown(item) for item in value[2][:3] if item is not None]
        return f"a list of {value[1]} ({', '.join(items)}{', ...' if value[1] > 3 else ''})"
    if kind == "dict":
        return f"a dictionary of {value[1]}"
    if kind == "model":
        return f"a model whose weights make {_added_up(value[1])}"
    return {"none": "None", "bool": str(value[-1])}.get(kind, f"an object of {value[-2] if len(value) > 2 else kind}")
