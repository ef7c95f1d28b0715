"""Calls, scopes, blocks, and the facts of a module as a whole."""

from __future__ import annotations

from .record import Record
from .slotted import Slotted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .expressions import Expression
    from .position import Pos
    from .statements import Imported, Statement

    Body = tuple[tuple["Scope", ...], tuple["Block", ...], tuple[Statement, ...], tuple["Call", ...]]
    Names = tuple[str, ...]

LOOPS = frozenset(("for", "while", "comp"))  # kinds of blocks


class Span(Record):
    """The numbers from `first` to the one before `behind`."""

    __slots__ = ()
    first: int
    behind: int

    def numbers(self) -> range:
        """All of them, in order."""
        return range(self.first, self.behind)


NOTHING = Span(0, 0)


class Keyword(Record):
    """`name=value` in a call; no name for `**value`."""

    __slots__ = ()
    name: str | None
    value: Expression


class Call(Slotted):
    """A call; those of a module are numbered in order of evaluation.

    func, args, keywords  what is called, and what it is given
    scope, block          where it stands: numbers of a scope and of a block in it, -1 for none
    statement             the number of the statement it stands in
    pos                   from the start of `func` to behind the closing parenthesis
    """

    __slots__ = ("func", "args", "keywords", "scope", "block", "statement", "pos")

    def __init__(
        self,
        func: Expression,
        args: tuple[Expression, ...],
        keywords: tuple[Keyword, ...],
        scope: int,
        block: int,
        statement: int,
        pos: Pos,
    ) -> None:
        self.func = func
        self.args = args
        self.keywords = keywords
        self.scope = scope
        self.block = block
        self.statement = statement
        self.pos = pos


class Parameter(Record):
    """A parameter of a function or lambda; kind: "p" for one by position, "*", "k" for one by keyword only, "**"."""

    __slots__ = ()
    name: str
    annotation: Expression | None
    default: Expression | None
    kind: str


class Scope(Slotted):
    """A module, class, function or lambda; scope 0 is the module itself, an inner one is numbered after the one around
    it.

    kind               "module", "class", "function" or "lambda"
    parent             the number of the scope around it, -1 for the module
    line, end_line     of `def` or `class`, and of its last row; the module says 1 and 0
    decorators         in order of the text
    parameters         in order of the text
    returns            the annotation behind `->`; of a class its metaclass
    bases              of a class
    statement          the number of the statement that defines it, in the scope around it; -1 for the module
    statements, calls  those right in it are numbered one after the other
    flags              "a" for `async def`, "g" for what yields
    """

    __slots__ = (
        "kind",
        "name",
        "parent",
        "line",
        "end_line",
        "decorators",
        "parameters",
        "returns",
        "bases",
        "statement",
        "statements",
        "calls",
        "flags",
    )

    def __init__(
        self,
        kind: str,
        name: str,
        parent: int,
        line: int,
        end_line: int,
        decorators: tuple[Expression, ...],
        parameters: tuple[Parameter, ...],
        returns: Expression | None,
        bases: tuple[Expression, ...],
        statement: int,
        statements: Span,
        calls: Span,
        flags: str,
    ) -> None:
        self.kind = kind
        self.name = name
        self.parent = parent
        self.line = line
        self.end_line = end_line
        self.decorators = decorators
        self.parameters = parameters
        self.returns = returns
        self.bases = bases
        self.statement = statement
        self.statements = statements
        self.calls = calls
        self.flags = flags

    @property
    def metaclass(self) -> Expression | None:
        """What a class gives as `metaclass=`."""
        return self.returns


class Clause(Record):
    """`for target in iterable` of a comprehension.

    line  where the comprehension starts
    kind  of the comprehension: "list", "set", "dict" or "generator"
    """

    __slots__ = ()
    target: Expression
    iterable: Expression
    line: int
    kind: str


class Block(Slotted):
    """A part of a scope: the body of a loop, a branch, a `with`, a part of `try`, a `for` of a comprehension.

    kind       "for", "while", "comp", "else" (of a loop), "if", "with", "try", "except", "tryelse", "finally" or
    "match" parent     the number of the block around it in the same scope, -1 for none; it is less than its own
    statement  the number of the statement it is a part of branch     of "if" whether its test holds there; of "comp"
    its clause; else None
    """

    __slots__ = ("kind", "parent", "statement", "branch")

    def __init__(self, kind: str, parent: int, statement: int, branch: bool | Clause | None) -> None:
        self.kind = kind
        self.parent = parent
        self.statement = statement
        self.branch = branch

    @property
    def clause(self) -> Clause:
        """The `for` of a comprehension.  Raises TypeError for a block that is none."""
        if isinstance(self.branch, Clause):
            return self.branch
        raise TypeError(f"a block of kind {self.kind} has no clause")


class Facts:
    """Everything known about one module.

    scopes, blocks, statements, calls   by number
    idents   every identifier that occurs as a name or attribute, and strings in capitals such as the names of
             environment variables (for reverse look-ups)
    called   last names of what is called
    given    last names of what is handed over, assigned, a default, or imported under another name: it may be called
             under that
    defs     names of the functions and classes defined anywhere in the module
    derived  last names of the bases of its classes, and of classes that get another name
    decorating  last names of decorators
    foreign  attributes that are assigned on something else than `self`: `agent.model = …`
    imports  what all import statements bind
    bases    (class, last name of a base) of its classes, and (name, class) of other names given to classes: `Base =
    keras.Model` stored   attributes that are assigned: `self.x = …`
    packed   the body as bytes (see `pack`), None when nobody has packed it yet
    """

    __slots__ = (
        "scopes",
        "blocks",
        "statements",
        "calls",
        "idents",
        "called",
        "given",
        "derived",
        "decorating",
        "foreign",
        "defs",
        "imports",
        "bases",
        "stored",
        "packed",
    )

    def __init__(
        self,
        body: Body,
        names: Sequence[Names],
        defs: Names,
        imports: tuple[Imported, ...],
        bases: tuple[tuple[str, str], ...],
    ) -> None:
        self.scopes, self.blocks, self.statements, self.calls = body
        self.idents, self.called, self.given, self.derived, self.decorating, self.foreign, self.stored = names
        self.defs, self.imports, self.bases = defs, imports, bases
        self.packed: bytes | memoryview | None = None

    def body(self) -> Body:
        """The bulky part, for `pack`; the rest answers questions about all modules at once."""
        return (self.scopes, self.blocks, self.statements, self.calls)

    def roles(self) -> tuple[Names, ...]:
        """The names that are found again in all modules, in the order of `project.index.ROLES`."""
        return (self.idents, self.called, self.given, self.derived, self.decorating, self.foreign)
