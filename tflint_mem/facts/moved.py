"""Are the facts of two versions of a file the same, but for the rows in which things stand?

So they are after a comment, an empty row or a docstring has changed.  Whoever asks facts compares rows only with others
of the same file, whether they are equal and which comes first; so rows may change as long as those that were equal are
equal, and those that were in order are in order.
"""

from __future__ import annotations

from .position import Pos
from .record import Record
from .records import Clause, Scope
from .slotted import Slotted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .records import Body

_ROWS = frozenset(("line", "end_line"))  # fields that hold one
_WITH_ROWS = (Pos, Clause)  # the records that have such fields; plain objects have them in `_ROWS`, too
_PLAIN = frozenset((str, int, bool, type(None), bytes, type(...)))  # equal when they are of one type and equal
_NUMBERS = frozenset((float, complex))  # 0.0 equals -0.0
_SLOTS: dict[type, tuple[str, ...]] = {}


def only_rows_differ(before: Body, after: Body) -> dict[int, int] | None:
    """{row before: row after} when that is all that differs, else None."""
    rows: dict[int, int] = {}
    waiting: list[tuple[Any, Any]] = [(before, after)]  # a stack of our own: code may be nested deeply
    while waiting:
        one, other = waiting.pop()
        kind = type(one)
        if kind is not type(other):
            return None
        if kind in _PLAIN:
            if one != other:
                return None
        elif isinstance(one, Slotted):
            for name in _slots(kind):
                mine, its = getattr(one, name), getattr(other, name)
                if name not in _ROWS:
                    waiting.append((mine, its))
                elif isinstance(one, Scope) and one.kind == "module":
                    continue  # it stands in no row
                elif rows.setdefault(mine, its) != its:
                    return None
        elif isinstance(one, _WITH_ROWS):
            for name in kind._fields:
                mine, its = getattr(one, name), getattr(other, name)
                if name not in _ROWS:
                    waiting.append((mine, its))
                elif rows.setdefault(mine, its) != its:
                    return None
        elif kind is tuple or isinstance(one, Record):
            if len(one) != len(other):
                return None
            waiting.extend(zip(one, other))
        elif kind not in _NUMBERS or repr(one) != repr(other):
            return None
    latest = -1
    for _, row in sorted(rows.items()):
        if row <= latest:
            return None
        latest = row
    return rows


def _slots(kind: type) -> tuple[str, ...]:
    found = _SLOTS.get(kind)
    if found is None:
        found = _SLOTS[kind] = tuple(
            name for each in kind.__mro__ for name in each.__dict__.get("__slots__", ()) if name != "__weakref__"
        )
    return found
