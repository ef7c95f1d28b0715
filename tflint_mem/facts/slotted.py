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
        # To be deleted: until every reader asks for fields by name, `record[3]`, `record[2:]`, `len(record)` and
        # `a, b, *rest = record` answer as they did when these records were tuples.  A type checker refuses all four.
        _positions = ()

        def __init_subclass__(cls):
            if "_positions" not in cls.__dict__:
                cls._positions = (*cls._positions, *cls.__dict__.get("__slots__", ()))

        def __getitem__(self, place):
            try:
                return getattr(self, self._positions[place])
            except TypeError:  # a slice
                return tuple([getattr(self, name) for name in self._positions[place]])

        def __iter__(self):
            return iter([getattr(self, name) for name in self._positions])

        def __len__(self):
            return len(self._positions)

        def __bool__(self):
            return True
