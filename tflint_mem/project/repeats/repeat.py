"""What the room answers with: a way in which a call repeats, who calls a function, and whether a framework does."""

from __future__ import annotations

from tflint_mem.facts.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Literal, TypeAlias

    from tflint_mem.project.linking.module import Function as Function
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.linking.module import Site as Site

    Caller: TypeAlias = tuple[Module, int, "How"]  # the module and number of a call, and how it runs the function
    ClassId: TypeAlias = tuple[int, int]  # a class: the index of its module, and the number of its scope
    How: TypeAlias = Literal[
        "call",
        "map",
        "submit",
        "replica",
        "process",
        "pool",
        "objective",
        "evaluation",
        "handler",
        "callback",
        "compiled-map",
        "compiled",
    ]  # see `callers`
    Kind: TypeAlias = Literal[
        "loop",
        "while",
        "comprehension",
        "map",
        "handler",
        "objective",
        "callback",
        "recursion",
        "worker",
        "script",
        "call",
    ]


class Handling(Record):
    """How a framework calls a function.

    kind    handler, callback or objective when it is called again and again, "once", or None when no framework calls it
    phrase  a noun phrase for what makes it call the function: "each request to `/predict`"; "" for "once" and None
    """

    __slots__ = ()
    kind: Literal["handler", "callback", "objective", "once"] | None
    phrase: str


class Evidence(Record):
    """A place that says why a framework calls a function, for the trace of a finding.

    line    from 1
    column  in UTF-8 bytes from 0; 0 for the first character of the row
    """

    __slots__ = ()
    m: Module
    line: int
    column: int
    message: str


NOT_HANDLED = Handling(None, "")
ONCE = Handling("once", "")


class Repeat:
    """One way in which a call repeats.

    kind      loop, while, comprehension, map, handler, objective, callback, recursion, worker, script; "call" when only
              programs that are not there to be read can call it again
    hops      the calls from the repeat to the flagged one: the first stands in the loop, the last is the flagged call
    module    where the repeat is
    block     the number of its loop's block in `module`, None when it is no loop
    scope     the function whose every run is one repeat when there is no loop (a handler), else None: it stands in
              `module`, or, when it is handed over, around the call of the second hop
    count     how many times in all, loops inside this one included, when the code says so, else None
    what      a noun phrase: "the `for` loop", "each request to `/predict`"
    line      the row in `module` where the repeat is, from 1
    handed    the first hop hands the function over to what repeats it (`map`, `optimize`, a handler table): it is the
              repeat itself
    """

    __slots__ = ("kind", "hops", "module", "block", "scope", "count", "what", "line", "handed")

    def __init__(
        self,
        kind: Kind,
        hops: Iterable[Site],
        module: Module,
        block: int | None,
        scope: int | None,
        count: int | None,
        what: str,
        line: int,
        handed: bool = False,
    ) -> None:
        self.kind = kind
        self.hops = tuple(hops)
        self.module = module
        self.block = block
        self.scope = scope
        self.count = count
        self.what = what
        self.line = line
        self.handed = handed

    @property
    def local(self) -> bool:
        """Is the repeat a loop around the call in the same function?"""
        return len(self.hops) == 1 and self.block is not None

    @property
    def region(self) -> int:
        """The block around the flagged call that each repeat runs: a local loop's, else -1 for the whole function."""
        return self.block if self.block is not None and len(self.hops) == 1 else -1

    def region_at(self, position: int) -> int:
        """The block around the call of a hop that each repeat runs: the loop's at the first, else -1: the function."""
        return self.block if self.block is not None and position == 0 else -1
