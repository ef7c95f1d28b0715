"""A body as bytes: the facts of modules that are not asked about at the moment, for large projects.

`marshal` takes neither records nor objects with slots.  So a body is laid out level by level: first all scopes, blocks,
statements and calls, then what stands right in those, and so on.  A level says the class of each of its records in
order, and for each class and field one column: the values, or nothing for a field that holds a record, as those are
found in the next level in the same order, or the lengths for a field that holds a tuple of records.  Every step is a
loop in C over a whole column, and nothing recurses.  Names, constants and attributes of names that are one record stay
one.
"""

from __future__ import annotations

import marshal
import zlib
from itertools import chain, islice, repeat
from operator import attrgetter

from . import expressions as E
from . import records as R
from . import statements as S
from .position import Pos
from .record import Record, new

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    Level = tuple[bytes, list[list[Any]]]

# How the fields of each class are laid out: "v" a plain value, "r" a record, "o" a record or None, "*" a tuple of
# records,
# "p" a position, "s" a span.
_FIELDS: dict[type, str] = {
    R.Scope: "vvvvv**o*vssv",
    R.Block: "vvvr",
    R.Call: "r**vvvp",
    R.Keyword: "vr",
    R.Parameter: "voov",
    R.Clause: "rrvv",
    Pos: "vvvv",
    S.Assign: "vvvv*oo",
    S.Augment: "vvvvrvrp",
    S.Return: "vvvvop",
    S.ExprStatement: "vvvvr",
    S.Delete: "vvvv*",
    S.With: "vvvv*v",
    S.For: "vvvvrrv",
    S.While: "vvvvrv",
    S.If: "vvvvrvv",
    S.Try: "vvvvv*vv",
    S.Global: "vvvvv",
    S.Import: "vvvv*p",
    S.Jump: "vvvvvo",
    S.Def: "vvvvv*",
    S.ClassDef: "vvvvv",
    S.Other: "vvvv*",
    S.WithItem: "ro",
    S.Handler: "ovv",
    S.Imported: "vvvv",
    E.Attribute: "rv",
    E.CallRef: "v",
    E.TupleDisplay: "*",
    E.ListDisplay: "*",
    E.SetDisplay: "*",
    E.DictDisplay: "**",
    E.Subscript: "rrp",
    E.Slice: "ooo",
    E.BinaryOp: "vrrp",
    E.UnaryOp: "vr",
    E.BoolOp: "v*",
    E.Comparison: "rv*",
    E.Conditional: "rrr",
    E.Lambda: "v",
    E.Comprehension: "v*v",
    E.Starred: "r",
    E.Walrus: "vr",
    E.Await: "r",
    E.Yield: "o",
    E.FString: "*",
    E.Unknown: "*",
}
_CLASSES = tuple(_FIELDS)
_VALUE, _NAME, _CONSTANT, _PAIR = range(
    len(_CLASSES), len(_CLASSES) + 4
)  # codes behind those of the classes; a pair is an attribute of a name
_CODES: dict[type, int] = {cls: code for code, cls in enumerate(_CLASSES)}
_ATTRIBUTE = _CODES[E.Attribute]
_CODES[E.Name], _CODES[E.Constant] = _NAME, _CONSTANT


def _slots(cls: type) -> list[str]:
    return [name for each in reversed(cls.__mro__) for name in each.__dict__.get("__slots__", ())]


_TAGS: list[tuple[str, ...]] = [cls._tag if issubclass(cls, Record) else () for cls in _CLASSES]
# How all fields of an object with slots are read at once.
_READ: dict[int, Callable[[Any], tuple[Any, ...]]] = {
    _CODES[cls]: attrgetter(*_slots(cls)) for cls in _CLASSES if not issubclass(cls, Record)
}


def pack(body: R.Body) -> bytes:
    """The bytes from which `unpack` makes an equal body."""
    levels: list[Level] = []
    shared = _Shared()
    level: list[Any] = list(chain.from_iterable(body))
    while level:
        codes = [_CODES.get(kind, _VALUE) for kind in map(type, level)]
        if _ATTRIBUTE in codes:
            codes = [
                _PAIR if code == _ATTRIBUTE and type(each.base) is E.Name else code for code, each in zip(codes, level)
            ]
        groups: dict[int, list[Any]] = {code: [] for code in sorted(set(codes))}
        for code, each in zip(codes, level):
            groups[code].append(each)
        columns: list[list[Any]] = []
        level = []
        for code, group in groups.items():
            if code < _VALUE:
                _lay_out(code, group, columns, level)
            else:
                columns.append(group if code == _VALUE else shared.numbers(code, group))
        levels.append((bytes(codes), columns))
    return zlib.compress(marshal.dumps(([len(part) for part in body], shared.columns(), levels)), 1)


def _lay_out(code: int, group: list[Any], columns: list[list[Any]], below: list[Any]) -> None:
    """Add the columns of the records of one class, and what stands in those records to the level below."""
    rows: Iterable[Any] = map(_READ[code], group) if code in _READ else group
    skip = len(_TAGS[code])
    for field, column in zip(_FIELDS[_CLASSES[code]], islice(zip(*rows), skip, None)):
        if field == "v":
            columns.append(list(column))
        elif field == "r":
            below.extend(column)
        elif field == "o":
            columns.append([each is not None for each in column])
            below.extend(filter(None, column))  # no record is empty
        elif field == "*":
            columns.append(list(map(len, column)))
            below.extend(chain.from_iterable(column))
        else:
            columns.append(list(chain.from_iterable(column)))


class _Shared:
    """Records that stand in many places and are one: each is written once and numbered."""

    def __init__(self) -> None:
        self._known: dict[int, dict[int, int]] = {
            _NAME: {},
            _CONSTANT: {},
            _PAIR: {},
        }  # code -> id of a record -> its number
        self._records: dict[int, list[Any]] = {_NAME: [], _CONSTANT: [], _PAIR: []}

    def numbers(self, code: int, group: list[Any]) -> list[int]:
        known, records, found = self._known[code], self._records[code], []
        for each in group:
            number = known.get(id(each))
            if number is None:
                number = known[id(each)] = len(records)
                records.append(each)
            found.append(number)
        return found

    def columns(self) -> list[list[Any]]:
        """What `_shared` makes the records of again."""
        pairs = self._records[_PAIR]
        bases = self.numbers(_NAME, [each.base for each in pairs])
        return [
            [each.id for each in self._records[_NAME]],
            [each.value for each in self._records[_CONSTANT]],
            bases,
            [each.attr for each in pairs],
        ]


def unpack(packed: bytes | memoryview) -> R.Body:
    """The body that was packed."""
    counts, shared, levels = marshal.loads(zlib.decompress(packed))
    records = _shared(*shared)
    below: list[Any] = []
    while levels:
        codes, columns = levels.pop()
        column, child = iter(columns), iter(below)
        made: list[Iterator[Any]] = [iter(())] * (_PAIR + 1)
        for code in sorted(set(codes)):
            if code < _VALUE:
                made[code] = _made(code, codes.count(code), column, child)
            elif code == _VALUE:
                made[code] = iter(next(column))
            else:
                made[code] = map(records[code].__getitem__, next(column))
        below = list(map(next, map(made.__getitem__, codes)))
    each = iter(below)
    scopes, blocks, statements, calls = (tuple(islice(each, count)) for count in counts)
    return (scopes, blocks, statements, calls)


def _made(code: int, number: int, columns: Iterator[list[Any]], child: Iterator[Any]) -> Iterator[Any]:
    """The records of one class, from the next columns and from the next children."""
    cls = _CLASSES[code]
    fields: list[Iterable[Any]] = []
    for field in _FIELDS[cls]:
        if field == "v":
            fields.append(next(columns))
        elif field == "r":
            fields.append(list(islice(child, number)))
        elif field == "o":
            fields.append([next(child) if there else None for there in next(columns)])
        elif field == "p":
            numbers = iter(next(columns))
            fields.append(map(new, repeat(Pos), zip(numbers, numbers, numbers, numbers)))
        elif field == "s":
            numbers = iter(next(columns))
            fields.append(map(new, repeat(R.Span), zip(numbers, numbers)))
        else:
            fields.append([tuple(islice(child, length)) if length else () for length in next(columns)])
    if code in _READ:
        return map(cls, *fields)
    return map(new, repeat(cls), zip(*map(repeat, _TAGS[code]), *fields))


def _shared(ids: list[str], values: list[Any], bases: list[int], attrs: list[str]) -> dict[int, list[Any]]:
    names = [new(E.Name, ("n", each)) for each in ids]
    return {
        _NAME: names,
        _CONSTANT: [new(E.Constant, ("k", each)) for each in values],
        _PAIR: [new(E.Attribute, ("a", names[base], attr)) for base, attr in zip(bases, attrs)],
    }
