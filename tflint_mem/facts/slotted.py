"""The base of the records whose fields are read most often: statements, calls, scopes and blocks.

They are plain objects with slots, equal only to themselves.
"""

from __future__ import annotations

TYPE_CHECKING = False


class Slotted:
    """An object with slots that shows its fields."""

    __slots__ = ()

    def __repr__(self) -> str:
        names = [name for cls in reversed(type(self).__mro__) for name in cls.__dict__.get("__slots__", ())]
        return f"{type(self).__name__}({', '.join([f'{name}={getattr(self, name)!r}' for name in names])})"

    if not TYPE_CHECKING:
        # To be deleted: until every reader asks for fields by name, `record[3]`, `record[2:]` and `a, b, *rest = record` answer
        # as they did when these records were tuples.  A type checker refuses all three.
        _positions = ()

        def __init_subclass__(cls):
            if "_positions" not in cls.__dict__:
                cls._positions = (*cls._positions, *cls.__dict__.get("__slots__", ()))

        def __getitem__(self, place):
            return (
                getattr(self, name)
                if type(name := self._positions[place]) is str
                else tuple([getattr(self, each) for each in name])
            )

        def __iter__(self):
            return iter(self[:])
