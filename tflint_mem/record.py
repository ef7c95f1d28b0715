"""Records: small immutable values with named fields, compared and hashed in C.

    class Step(Record, kw_only=True):
        __slots__ = ()
        path: str
        message: str = ""

A record is a tuple at run time and keeps its fields in the order in which they are annotated.  A class with a tag keeps
the tag in front of them, so that records of two classes with the same content are neither equal nor hashed alike.  For
a type checker a record is no tuple: what is taken out of it by position is an error there.  It can be pickled, and
hashed when all its fields can.

`typing.NamedTuple` and `collections.namedtuple` are not used, as each of their classes costs a third of a millisecond,
`dataclasses` is not, as importing it costs more than checking a small file, and a metaclass is not, as it makes each
`isinstance` that fails two and a half times as slow.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar, TypeVar

    from typing_extensions import Self, dataclass_transform

    R = TypeVar("R", bound="Record")

    def new(cls: type[R], items: tuple[object, ...]) -> R:
        """A record of a class from all its items, the tag included, unchecked: `new(Step, ("a.py", ""))`."""

    @dataclass_transform(frozen_default=True)
    class Record:
        """The base of all records: see the module."""

        __slots__ = ()
        _fields: ClassVar[tuple[str, ...]]
        _tag: ClassVar[tuple[str, ...]]

        def __init_subclass__(cls, *, tag: str | None = None, kw_only: bool = False) -> None: ...

        def replace(self, **changes: Any) -> Self:
            """A copy with some fields changed.  Raises TypeError for a field that there is not."""

else:
    from _collections import _tuplegetter

    new = tuple.__new__

    class Record(tuple):
        """The base of all records: see the module.

        _fields    the names of the fields, in order
        _tag       what stands in front of them: one tag, or nothing
        _defaults  field -> its value when none is given
        """

        __slots__ = ()
        _fields, _tag, _defaults = (), (), {}

        def __init_subclass__(cls, *, tag=None, kw_only=False):
            if "__slots__" not in cls.__dict__:
                raise TypeError(
                    f"{cls.__name__} needs `__slots__ = ()`"
                )  # a dictionary in each record would cost more than its items
            own = [name for name in cls.__dict__.get("__annotations__", ()) if name[0] != "_"]
            defaults = {name: cls.__dict__[name] for name in own if name in cls.__dict__}
            if defaults:
                cls._defaults = {**cls._defaults, **defaults}
            cls._fields = fields = (*cls._fields, *own)
            if tag is not None:
                cls._tag = (tag,)
            for place, name in enumerate(fields, len(cls._tag)):
                setattr(cls, name, _tuplegetter(place, ""))

        def __new__(cls, *given, **named):
            """A record from its fields, in order or by name.  Raises TypeError for one too many, one unknown, or one
            that is missing.
            """
            fields = cls._fields
            if len(given) == len(fields) and not named:
                return new(cls, cls._tag + given)
            if len(given) > len(fields):
                raise TypeError(f"{cls.__name__} has {len(fields)} fields, not {len(given)}")
            if named or len(given) < len(fields):
                given = [*given]
                for name in fields[len(given) :]:
                    if name in named:
                        given.append(named.pop(name))
                    elif name in cls._defaults:
                        given.append(cls._defaults[name])
                    else:
                        raise TypeError(f"{cls.__name__} needs {name!r}")
                if named:
                    raise TypeError(f"{cls.__name__} was given {', '.join(map(repr, named))}, unknown or given twice")
            return new(cls, (*cls._tag, *given))

        def __getnewargs__(self):
            """What `copy` and `pickle` hand to the constructor."""
            return self[len(self._tag) :]

        def replace(self, **changes):
            """A copy with some fields changed.  Raises TypeError for a field that there is not."""
            values = dict(zip(self._fields, self[len(self._tag) :]))
            values.update(changes)
            return type(self)(**values)

        def __repr__(self):
            values = zip(self._fields, self[len(self._tag) :])
            return f"{type(self).__name__}({', '.join([f'{name}={value!r}' for name, value in values])})"
