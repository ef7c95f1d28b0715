"""Does what an expression gives differ from one pass of a repeat to the next, and is that the loop variable's doing?

`of(context, repeat, expression)` answers for an expression at the repeat's last hop:

    SAME      nothing that it reads is set or changed inside the repeat
    CHANGED   something it reads is computed or changed in each pass, not known to follow the loop variable
    TARGET    it follows the loop variable: each pass has its own

The answer is the largest of what all that it reads says.  A name is followed through assignments, arguments on the
hops, and
`self`; at hop 0 only what the loop binds counts.  Uncertain: a call that nothing is known about counts as CHANGED, a
name that
nobody binds, or that another function sets, as SAME, and what is changed under another name is not seen.
"""

from __future__ import annotations

from tflint_mem.facts import (
    SELF,
    Assign,
    Attribute,
    Augment,
    Await,
    CallRef,
    Comprehension,
    Delete,
    Expression,
    Name,
    Record,
    Subscript,
    Yield,
    dotted,
    tail_of,
    walk,
)
from tflint_mem.hardening.budget import settle
from tflint_mem.project.repeats.headers import test_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from tflint_mem.project.linking.bindings import Binding
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context

SAME, CHANGED, TARGET = 0, 1, 2  # in the order of what they forbid
# Methods that change what they are called on, arrays included: the place reads as CHANGED in the part that calls one.
_MUTATORS = frozenset(
    (
        "append",
        "extend",
        "insert",
        "add",
        "update",
        "pop",
        "popleft",
        "appendleft",
        "remove",
        "clear",
        "sort",
        "shuffle",
        "fill",
        "put",
        "resize",
        "partition",
        "setdefault",
        "push",
        "store",
    )
)
_CHANGING = frozenset(("shuffle", "resize", "fill_diagonal", "put", "copyto"))  # their first argument
_RANDOM = frozenset(
    (
        "random",
        "shuffle",
        "sample",
        "permutation",
        "choice",
        "choices",
        "randint",
        "randn",
        "rand",
        "normal",
        "uniform",
        "next",
        "input",
        "read",
        "readline",
        "time",
        "now",
    )
)
_PURE_ROOTS = ("numpy.", "tf.", "keras.", "os.path.", "math.", "pandas.", "builtins.")
_PURE_KINDS = frozenset(("ndarray", "dataset", "tensor", "seq", "tup", "map"))  # their methods
_PURE_BUILTINS = frozenset(
    (
        "len",
        "list",
        "tuple",
        "dict",
        "set",
        "sorted",
        "zip",
        "range",
        "str",
        "int",
        "float",
        "min",
        "max",
        "sum",
        "enumerate",
        "reversed",
        "abs",
        "round",
        "open",
        "map",
        "filter",
        "iter",
    )
)


def of(context: Context, repeat: Repeat, expression: Expression) -> int:
    """SAME, CHANGED or TARGET: how the value of `expression`, an argument of the repeat's last call, changes between
    the repeats.
    """
    return _Walk(context, repeat).answer(expression)


class _Seen(Record):
    """A name as it is seen from somewhere.

    hop    the number of the hop in whose function it is read
    index  of the module
    scope  the scope in which it is read
    id     the name
    at     the statement from which it is seen; -1 at hop 0, where all that the loop binds matters
    """

    __slots__ = ()
    hop: int
    index: int
    scope: int
    id: str
    at: int


class _Reads:
    """What an expression, or all that a name is bound to, reads.

    worst     SAME, CHANGED or TARGET by what can be seen in it
    names     names whose answers count
    tests     names that conditions around its assignments read: they count where they follow the loop variable
    """

    __slots__ = ("worst", "names", "tests")

    def __init__(self) -> None:
        self.worst = SAME
        self.names: list[_Seen] = []
        self.tests: list[_Seen] = []


class _Known:
    """What is known about the names of one hop: what each reads, which follow the loop variable, which change."""

    __slots__ = ("reads", "follow", "change")

    def __init__(self) -> None:
        self.reads: dict[_Seen, _Reads] = {}
        self.follow: dict[_Seen, int] = {}
        self.change: dict[_Seen, int] = {}


class _Changes:
    """What a part of a function changes.

    places   names and attributes that are assigned or changed in place
    added    name -> (call, what it puts into the container of that name)
    """

    __slots__ = ("places", "added")

    def __init__(self) -> None:
        self.places: set[Expression] = set()
        self.added: dict[str, list[tuple[int, Expression]]] = {}


class _Walk:
    """Answers about one repeat, by what its names read: see `settle`, which finds each once.

    Answers are kept for the whole run, under the hops they depend on: a hundred calls in one loop ask about the same
    names.

    loop     the block of the repeat's loop, -1 for the whole function
    known    what is known at each hop
    """

    def __init__(self, context: Context, repeat: Repeat) -> None:
        self.context, self.repeat = context, repeat
        self.loop = repeat.block if repeat.block is not None else -1
        m, i = repeat.hops[0]
        path: tuple[Hashable, ...] = ("variance", m.index, m.calls[i].scope, self.loop)
        self.known: list[_Known] = []
        for hm, hi in repeat.hops:
            known = context.memo.get(path)
            if known is None:
                known = context.memo[path] = _Known()
            self.known.append(known)
            path = (path, hm.index, hi)

    def answer(self, expression: Expression) -> int:
        reads = _Reads()
        self.at_hop(len(self.repeat.hops) - 1, expression, reads)
        if reads.worst == TARGET or any(self.follows(name) for name in (*reads.names, *reads.tests)):
            return TARGET
        return CHANGED if reads.worst == CHANGED or any(self.changes(name) for name in reads.names) else SAME

    def follows(self, name: _Seen) -> int:
        """Does the name follow the loop variable?"""
        return settle(name, self._followed, self.known[name.hop].follow)

    def changes(self, name: _Seen) -> int:
        """Is the name computed or changed in each pass?  One that is made of itself is."""
        return settle(name, self._changed, self.known[name.hop].change, cycle=1)

    def _followed(self, name: _Seen) -> tuple[int, Sequence[_Seen]]:
        reads = self._looked(name)
        return int(reads.worst == TARGET), (*reads.names, *reads.tests)

    def _changed(self, name: _Seen) -> tuple[int, Sequence[_Seen]]:
        reads = self._looked(name)
        return int(reads.worst == CHANGED), reads.names

    def _looked(self, name: _Seen) -> _Reads:
        """What all that a name is bound to reads."""
        known = self.known[name.hop].reads
        reads = known.get(name)
        if reads is None:
            reads = known[name] = _Reads()
            self.context.project.searches.count("what changes between repeats")
            self.name(name.hop, self.context.project.module(name.index), name.scope, name.id, name.at, reads)
        return reads

    def at_hop(self, hop: int, expression: Expression, reads: _Reads) -> None:
        """Enter what an expression reads in the call of a hop."""
        m, i = self.repeat.hops[hop]
        call = m.calls[i]
        self.value(hop, m, call.scope, expression, call.statement, reads)

    def value(self, hop: int, m: Module, scope: int, expression: Expression, at: int, reads: _Reads) -> None:
        """Enter what an expression reads at statement `at`."""
        waiting = [expression]
        while waiting:
            for e in walk(waiting.pop(), m.calls):
                if isinstance(e, Name):
                    reads.names.append(_Seen(hop, m.index, scope, e.id, at if hop else -1))
                elif isinstance(e, Attribute):
                    names = dotted(e)
                    if names:
                        self.attribute(hop, m, scope, e, names[0], reads)
                elif isinstance(e, Comprehension):  # as many as what it goes through has
                    waiting.append(m.blocks[e.block].clause.iterable)
                elif isinstance(e, CallRef):
                    reads.worst = max(reads.worst, self.called(m, e.number))
                elif isinstance(e, (Await, Yield)):
                    reads.worst = max(reads.worst, CHANGED)

    def name(self, hop: int, m: Module, scope: int, name: str, at: int, reads: _Reads) -> None:
        """Enter what all that a name is bound to reads."""
        bindings = m.bindings(scope).get(name)
        if not bindings or name in m.global_names(scope):
            if m.scopes[scope].parent >= 0 and self.changed_in_repeat(hop, m, scope, Name(name)):
                reads.worst = CHANGED
            return
        if hop == 0:
            self.in_loop(m, scope, name, bindings, reads)
            return
        for binding in self.context.infer.reaching(m, bindings, at):
            self.bound(hop, m, scope, binding, reads)
        for k, argument in self._changes(m, scope, -1).added.get(name, ()):  # parts.append(batch[0])
            self.value(hop, m, scope, argument, m.calls[k].statement, reads)

    def in_loop(self, m: Module, scope: int, name: str, bindings: Sequence[Binding], reads: _Reads) -> None:
        """A name in the function that has the loop: only what the loop binds matters."""
        inner = bindings
        if self.loop != -1:
            header = m.blocks[self.loop].statement
            inner = [
                b
                for b in bindings
                if b.statement == header
                and b.kind == "iter"
                or b.statement >= 0
                and m.inside(m.statements[b.statement].block, self.loop)
            ]
        if self.changed_in_repeat(0, m, scope, Name(name)):
            reads.worst = CHANGED
        for binding in inner:
            self.bound(0, m, scope, binding, reads)

    def bound(self, hop: int, m: Module, scope: int, binding: Binding, reads: _Reads) -> None:
        """Enter what one binding of a name reads."""
        kind, value = binding.kind, binding.value
        if kind == "param":
            if hop == 0:
                reads.worst = max(reads.worst, CHANGED if self.loop == -1 else SAME)
                return
            caller, k = self.repeat.hops[hop - 1]
            given = self.context.infer.argument(m, scope, value, caller, k) if isinstance(value, int) else None
            if given is not None:
                self.at_hop(hop - 1, given, reads)
        elif kind == "iter":
            reads.worst = TARGET
        elif kind in ("assign", "with"):
            self.branch(hop, m, scope, binding.statement, reads)
            if isinstance(value, Expression):
                self.value(hop, m, scope, value, binding.statement, reads)
        elif kind in ("augment", "def"):
            reads.worst = max(reads.worst, CHANGED)

    def branch(self, hop: int, m: Module, scope: int, statement: int, reads: _Reads) -> None:
        """What the conditions around an assignment read; TARGET when an inner loop sets the name."""
        for c in m.chain(m.statements[statement].block):
            if hop == 0 and c == self.loop:
                return
            block = m.blocks[c]
            if block.kind == "for":
                reads.worst = TARGET
            elif block.kind == "if":
                test = _Reads()
                self.value(hop, m, scope, test_of(m, c), block.statement, test)
                if test.worst == TARGET:
                    reads.worst = TARGET
                reads.tests += test.names

    def attribute(self, hop: int, m: Module, scope: int, e: Attribute, root: str, reads: _Reads) -> None:
        """Enter what reading an attribute reads, whose dotted name begins with `root`."""
        if self.changed_in_repeat(hop, m, scope, e):
            reads.worst = max(reads.worst, CHANGED)
        elif root == "self" and m.is_method(scope):
            self.holder(hop, reads)

    def holder(self, hop: int, reads: _Reads) -> None:
        """How the object changes whose method a hop is in: `Loader(part).read()` reads another part in each pass."""
        while hop > 0:
            caller, k = self.repeat.hops[hop - 1]
            f, outer = caller.calls[k].func, caller.calls[k].scope
            if (
                not isinstance(f, Attribute)
                or isinstance(f.base, CallRef)
                and tail_of(caller.calls[f.base.number].func) == "super"
            ):
                return
            hop -= 1
            if f.base != SELF or not caller.is_method(outer):
                self.at_hop(hop, f.base, reads)
                return

    def called(self, m: Module, i: int) -> int:
        """A call gives the same each time when it is known to compute only from its arguments."""
        call = m.calls[i]
        tail = tail_of(call.func)
        if tail in _RANDOM:
            return CHANGED
        for name in self.context.project.apis(m, i):
            parts = name.split(".")
            if any(part in ("random", "rng") for part in parts):
                return CHANGED
            if name.startswith(_PURE_ROOTS) or parts[0] in _PURE_KINDS:
                return SAME
        if isinstance(call.func, Name) and tail in _PURE_BUILTINS:
            return SAME
        return CHANGED

    def changed_in_repeat(self, hop: int, m: Module, scope: int, place: Expression) -> bool:
        """Is a name or attribute assigned or changed in place in the part of the function that repeats?"""
        return place in self._changes(m, scope, self.loop if hop == 0 else -1).places

    def _changes(self, m: Module, scope: int, loop: int) -> _Changes:
        """What this part of a function changes."""
        key = ("changes", m.index, scope, loop)
        found: _Changes | None = self.context.memo.get(key)
        if found is None:
            found = self.context.memo[key] = _Changes()
            _note_changes(m, scope, loop, found)
        return found


def _note_changes(m: Module, scope: int, loop: int, changes: _Changes) -> None:
    places = changes.places
    for s in m.scope_statements(scope):
        statement = m.statements[s]
        if not m.inside(statement.block, loop):
            continue
        if isinstance(statement, Augment):
            places.add(statement.target)
            if isinstance(statement.target, Subscript):
                places.add(statement.target.base)
        elif isinstance(statement, (Assign, Delete)):
            for target in statement.targets:
                if isinstance(target, Attribute):
                    places.add(target)
                elif isinstance(target, Subscript):
                    places.add(target.base)
    for k in m.scope_calls(scope):
        call = m.calls[k]
        if not m.inside(call.block, loop):
            continue
        f = call.func
        if isinstance(f, Attribute) and f.attr in _MUTATORS:
            places.add(f.base)
            if isinstance(f.base, Name):
                changes.added.setdefault(f.base.id, []).extend((k, argument) for argument in m.arguments(k))
        if tail_of(f) in _CHANGING:
            places.update(call.args[:1])
