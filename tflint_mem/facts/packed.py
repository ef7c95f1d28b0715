"""The facts of a module as bytes, whole: what is kept between runs, and what one process sends to another.

The names stand in front of the body, which stays packed until somebody asks for a part of it.
"""

from __future__ import annotations

import marshal

from .pack import pack
from .record import new
from .records import Facts
from .statements import Imported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .records import Names


class PackedFacts:
    """Facts whose body is bytes: the same names as `records.Facts`, and `packed` in place of the body."""

    __slots__ = (
        "packed",
        "idents",
        "called",
        "given",
        "derived",
        "decorating",
        "foreign",
        "stored",
        "defs",
        "imports",
        "bases",
    )

    def __init__(
        self,
        packed: bytes | memoryview,
        names: Sequence[Names],
        defs: Names,
        imports: tuple[Imported, ...],
        bases: tuple[tuple[str, str], ...],
    ) -> None:
        self.packed = packed
        self.idents, self.called, self.given, self.derived, self.decorating, self.foreign, self.stored = names
        self.defs, self.imports, self.bases = defs, imports, bases

    def roles(self) -> tuple[Names, ...]:
        """See `records.Facts.roles`."""
        return (self.idents, self.called, self.given, self.derived, self.decorating, self.foreign)


def dump(facts: Facts) -> bytes:
    """The bytes from which `load` makes the facts again."""
    imports = [(each.name, each.module, each.attribute, each.level) for each in facts.imports]
    head = marshal.dumps(((*facts.roles(), facts.stored), facts.defs, imports, facts.bases))
    return len(head).to_bytes(4, "little") + head + pack(facts.body())


def body_of(raw: memoryview) -> memoryview:
    """The part of dumped facts that `pack` has made."""
    return raw[4 + int.from_bytes(raw[:4], "little") :]


def load(raw: bytes | memoryview) -> PackedFacts:
    """The facts that were dumped: only by ourselves, `marshal` is not to be trusted with the bytes of others."""
    end = 4 + int.from_bytes(raw[:4], "little")
    names, defs, imports, bases = marshal.loads(raw[4:end])
    return PackedFacts(raw[end:], names, defs, tuple([new(Imported, each) for each in imports]), bases)
