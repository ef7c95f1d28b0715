"""Statements: those of one scope are numbered one after the other, in the order of the text.

`body`, `orelse` and `final` of a compound statement are numbers of blocks; what stands in a block are the statements
that name it as theirs.
"""

from __future__ import annotations

from .record import Record
from .slotted import Slotted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .expressions import Expression
    from .position import Pos


class WithItem(Record):
    """`context as target`"""

    __slots__ = ()
    context: Expression
    target: Expression | None


class Handler(Record):
    """`except type as name: …` with the number of its block"""

    __slots__ = ()
    type: Expression | None
    name: str | None
    block: int


class Imported(Record):
    """What an import statement binds: `name` is what it is called from then on.

    import a.b as c       name "c", module "a.b", attribute None
    import a.b            name "a", module "a.b", attribute "": the top package only
    from ..a import b     name "b", module "a", attribute "b", level 2
    """

    __slots__ = ()
    name: str
    module: str
    attribute: str | None
    level: int


class Statement(Slotted):
    """Any statement.

    scope           the number of the scope it stands in
    block           the number of the block it stands in, -1 right in its scope
    line, end_line  its first and last row; a function starts at its first decorator
    """

    __slots__ = ("scope", "block", "line", "end_line")

    def __init__(self, scope: int, block: int, line: int, end_line: int) -> None:
        self.scope = scope
        self.block = block
        self.line = line
        self.end_line = end_line


class Assign(Statement):
    """`a = b = value`, `a: annotation = value`, `a: annotation` (no value), and `(a := value)`"""

    __slots__ = ("targets", "value", "annotation")

    def __init__(
        self,
        scope: int,
        block: int,
        line: int,
        end_line: int,
        targets: tuple[Expression, ...],
        value: Expression | None,
        annotation: Expression | None,
    ) -> None:
        self.scope = scope
        self.block = block
        self.line = line
        self.end_line = end_line
        self.targets = targets
        self.value = value
        self.annotation = annotation


class Augment(Statement):
    """`target += value`"""

    __slots__ = ("target", "op", "value", "pos")

    def __init__(
        self, scope: int, block: int, line: int, end_line: int, target: Expression, op: str, value: Expression, pos: Pos
    ) -> None:
        self.scope = scope
        self.block = block
        self.line = line
        self.end_line = end_line
        self.target = target
        self.op = op
        self.value = value
        self.pos = pos


class Return(Statement):
    """`return value`; the body of a lambda, too"""

    __slots__ = ("value", "pos")

    def __init__(self, scope: int, block: int, line: int, end_line: int, value: Expression | None, pos: Pos) -> None:
        self.scope = scope
        self.block = block
        self.line = line
        self.end_line = end_line
        self.value = value
        self.pos = pos


class ExprStatement(Statement):
    """`f(x)` as a statement; what is only a constant, as a docstring, is none"""

    __slots__ = ("value",)

    def __init__(self, scope: int, block: int, line: int, end_line: int, value: Expression) -> None:
        self.scope = scope
        self.block = block
        self.line = line
        self.end_line = end_line
        self.value = value


class Delete(Statement):
    """`del a, b.c`"""

    __slots__ = ("targets",)

    def __init__(self, scope: int, block: int, line: int, end_line: int, targets: tuple[Expression, ...]) -> None:
        self.scope = scope
        self.block = block
        self.line = line
        self.end_line = end_line
        self.targets = targets


class With(Statement):
    """`with context as target: …`; `async with`, too"""

    __slots__ = ("items", "body")

    def __init__(
        self, scope: int, block: int, line: int, end_line: int, items: tuple[WithItem, ...], body: int
    ) -> None:
        self.scope = scope
        self.block = block
        self.line = line
        self.end_line = end_line
        self.items = items
        self.body = body


class For(Statement):
    """`for target in iterable: …`; `async for`, too"""

    __slots__ = ("target", "iterable", "body")

    def __init__(
        self, scope: int, block: int, line: int, end_line: int, target: Expression, iterable: Expression, body: int
    ) -> None:
        self.scope = scope
        self.block = block
        self.line = line
        self.end_line = end_line
        self.target = target
        self.iterable = iterable
        self.body = body


class While(Statement):
    """`while test: …`; calls in the test stand in the body, as they are made at every pass"""

    __slots__ = ("test", "body")

    def __init__(self, scope: int, block: int, line: int, end_line: int, test: Expression, body: int) -> None:
        self.scope = scope
        self.block = block
        self.line = line
        self.end_line = end_line
        self.test = test
        self.body = body


class If(Statement):
    """`if test: … else: …`; `elif` is an `If` in the block of `else`"""

    __slots__ = ("test", "body", "orelse")

    def __init__(
        self, scope: int, block: int, line: int, end_line: int, test: Expression, body: int, orelse: int | None
    ) -> None:
        self.scope = scope
        self.block = block
        self.line = line
        self.end_line = end_line
        self.test = test
        self.body = body
        self.orelse = orelse


class Try(Statement):
    """`try: … except E as name: … else: … finally: …`"""

    __slots__ = ("body", "handlers", "orelse", "final")

    def __init__(
        self,
        scope: int,
        block: int,
        line: int,
        end_line: int,
        body: int,
        handlers: tuple[Handler, ...],
        orelse: int | None,
        final: int | None,
    ) -> None:
        self.scope = scope
        self.block = block
        self.line = line
        self.end_line = end_line
        self.body = body
        self.handlers = handlers
        self.orelse = orelse
        self.final = final


class Global(Statement):
    """`global a, b`, `nonlocal a, b`"""

    __slots__ = ("names",)

    def __init__(self, scope: int, block: int, line: int, end_line: int, names: tuple[str, ...]) -> None:
        self.scope = scope
        self.block = block
        self.line = line
        self.end_line = end_line
        self.names = names


class Import(Statement):
    """`import a.b as c`, `from a import b`"""

    __slots__ = ("names", "pos")

    def __init__(self, scope: int, block: int, line: int, end_line: int, names: tuple[Imported, ...], pos: Pos) -> None:
        self.scope = scope
        self.block = block
        self.line = line
        self.end_line = end_line
        self.names = names
        self.pos = pos


class Jump(Statement):
    """`break`, `continue`, `raise value`: `what` is the word, only `raise` may have a value"""

    __slots__ = ("what", "value")

    def __init__(
        self, scope: int, block: int, line: int, end_line: int, what: str, value: Expression | None = None
    ) -> None:
        self.scope = scope
        self.block = block
        self.line = line
        self.end_line = end_line
        self.what = what
        self.value = value


class Def(Statement):
    """`def f(): …`, `async def f(): …`: the number of the function's scope, and where its decorators stand"""

    __slots__ = ("defines", "decorators")

    def __init__(
        self, scope: int, block: int, line: int, end_line: int, defines: int, decorators: tuple[Pos, ...]
    ) -> None:
        self.scope = scope
        self.block = block
        self.line = line
        self.end_line = end_line
        self.defines = defines
        self.decorators = decorators


class ClassDef(Statement):
    """`class C: …`: the number of its scope"""

    __slots__ = ("defines",)

    def __init__(self, scope: int, block: int, line: int, end_line: int, defines: int) -> None:
        self.scope = scope
        self.block = block
        self.line = line
        self.end_line = end_line
        self.defines = defines


class Other(Statement):
    """`assert x`, `match x: …`: any other statement, and the expressions in it"""

    __slots__ = ("items",)

    def __init__(self, scope: int, block: int, line: int, end_line: int, items: tuple[Expression, ...]) -> None:
        self.scope = scope
        self.block = block
        self.line = line
        self.end_line = end_line
        self.items = items
