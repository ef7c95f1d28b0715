"""The base of the records whose fields are read most often: statements, calls, scopes and blocks.

They are plain objects with slots, equal only to themselves.
"""

from __future__ import annotations


class Slotted:
    """An object with slots that shows its fields."""

    __slots__ = ()

    def __repr__(self) -> str:
        names = [name for cls in reversed(type(self).__mro__) for name in cls.__dict__.get("__slots__", ())]
        return f"{type(self).__name__}({', '.join([f'{name}={getattr(self, name)!r}' for name in names])})"
