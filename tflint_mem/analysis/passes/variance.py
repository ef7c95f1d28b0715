"""Does what an expression gives differ from one pass of a repeat to the next, and is that the loop variable's doing?

`of(context, repeat, expression)` answers for an expression at the repeat's last hop:

    SAME      nothing that it reads is set or changed inside the repeat
    CHANGED   something it reads is computed or changed in each pass, not known to follow the loop variable
    TARGET    it follows the loop variable: each pass has its own
"""

from __future__ import annotations

from tflint_mem import facts as F
from tflint_mem.facts import Assign, Attribute, Augment, Await, CallRef, Comprehension, Delete, Name, Subscript, Yield
from tflint_mem.hardening.budget import settle
from tflint_mem.project.linking.module import dotted, tail_of, walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.facts import Expression
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context

SAME, CHANGED, TARGET = 0, 1, 2
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


def of(context: Context, repeat: Repeat, expression: Expression):
    """How the value of `expression`, an argument of the repeat's last call, changes between the repeats."""
    return _Walk(context, repeat).answer(expression)


class _Reads:
    """What an expression, or all that a name is bound to, reads.

    worst     SAME, CHANGED or TARGET by what can be seen in it
    names     names whose answers count: (hop, module index, scope, name, statement from which it is seen)
    tests     names that conditions around its assignments read: they count where they follow the loop variable
    """

    __slots__ = ("worst", "names", "tests")

    def __init__(self):
        self.worst, self.names, self.tests = SAME, [], []


class _Walk:
    """Answers about one repeat, by what its names read: see `settle`, which finds each once.

    Answers are kept for the whole run, under the hops they depend on: a hundred calls in one loop ask about the same names.
    """

    def __init__(self, context: Context, repeat: Repeat):
        self.context, self.repeat = context, repeat
        self.loop = repeat.context if repeat.context is not None else -1
        m, i = repeat.hops[0]
        path, known = ("variance", m.index, m.calls[i].scope, self.loop), []
        for hm, hi in repeat.hops:
            known.append(context.memo.setdefault(path, ({}, {}, {})))
            path = (path, hm.index, hi)
        self.known = known  # for each hop: what names read, which follow the loop variable, which change

    def answer(self, expression: Expression):
        reads = _Reads()
        self.at_hop(len(self.repeat.hops) - 1, expression, reads)
        if reads.worst == TARGET or any(self.follows(name) for name in (*reads.names, *reads.tests)):
            return TARGET
        return CHANGED if reads.worst == CHANGED or any(self.changes(name) for name in reads.names) else SAME

    def follows(self, name: str):
        """Does the name follow the loop variable?"""
        return settle(name, self._followed, self.known[name[0]][1])

    def changes(self, name: str):
        """Is the name computed or changed in each pass?  One that is made of itself is."""
        return settle(name, self._changed, self.known[name[0]][2], cycle=1)

    def _followed(self, name: str):
        reads = self._looked(name)
        return int(reads.worst == TARGET), (*reads.names, *reads.tests)

    def _changed(self, name: str):
        reads = self._looked(name)
        return int(reads.worst == CHANGED), reads.names

    def _looked(self, name: str):
        """What all that a name is bound to reads."""
        hop, index, scope, text, at = name
        reads = self.known[hop][0].get(name)
        if reads is None:
            reads = self.known[hop][0][name] = _Reads()
            self.context.project.searches.count("what changes between repeats")
            self.name(hop, self.context.project.module(index), scope, text, at, reads)
        return reads

    def at_hop(self, hop, expression: Expression, reads):
        m, i = self.repeat.hops[hop]
        call = m.calls[i]
        self.value(hop, m, call[3], expression, call[5], reads)

    def value(self, hop, m: Module, scope: int, expression: Expression, at: int, reads):
        waiting = [expression]
        while waiting:
            for e in walk(waiting.pop(), m.calls):
                if isinstance(e, Name):
                    reads.names.append(
                        (hop, m.index, scope, e.id, at if hop else -1)
                    )  # at hop 0 all that the loop binds matters
                elif isinstance(e, Attribute) and dotted(e):
                    self.attribute(hop, m, scope, e, reads)
                elif isinstance(e, Comprehension):  # as many as what it goes through has
                    waiting.append(m.contexts[e.block].branch[1])
                elif isinstance(e, CallRef):
                    reads.worst = max(reads.worst, self.called(m, e.number))
                elif isinstance(e, (Await, Yield)):
                    reads.worst = max(reads.worst, CHANGED)

    def name(self, hop, m: Module, scope: int, name: str, at: int, reads):
        bindings = m.bindings(scope).get(name)
        if not bindings or name in m.global_names(scope):
            if m.scopes[scope].parent >= 0 and self.changed_in_repeat(hop, m, scope, F.Name(name)):
                reads.worst = CHANGED
            return
        if hop == 0:
            self.in_loop(m, scope, name, bindings, reads)
            return
        for binding in self.context.infer.reaching(m, bindings, at):
            self.bound(hop, m, scope, binding, reads)
        for k, argument in self._changes(m, scope, -1)[1].get(name, ()):  # parts.append(batch[0])
            self.value(hop, m, scope, argument, m.calls[k][5], reads)

    def in_loop(self, m: Module, scope: int, name: str, bindings, reads):
        """A name in the function that has the loop: only what the loop binds matters."""
        if self.loop == -1:
            inner = bindings
        else:
            header = m.contexts[self.loop].statement
            inner = [
                b
                for b in bindings
                if b[1] == header and b[0] == "iter" or b[1] >= 0 and m.inside(m.statements[b[1]][2], self.loop)
            ]
        if self.changed_in_repeat(0, m, scope, F.Name(name)):
            reads.worst = CHANGED
        for binding in inner:
            self.bound(0, m, scope, binding, reads)

    def bound(self, hop, m: Module, scope: int, binding, reads):
        kind, statement, _, expression, path = binding
        if kind == "param":
            if hop == 0:
                reads.worst = max(reads.worst, CHANGED if self.loop == -1 else SAME)
                return
            caller, k = self.repeat.hops[hop - 1]
            given = self.context.infer.argument(m, scope, expression, caller, k)
            if given is not None:
                self.at_hop(hop - 1, given, reads)
        elif kind == "iter":
            reads.worst = TARGET
        elif kind in ("assign", "with"):
            self.branch(hop, m, scope, statement, reads)
            self.value(hop, m, scope, expression, statement, reads)
        elif kind == "augment" or kind == F.DEF:
            reads.worst = max(reads.worst, CHANGED)

    def branch(self, hop, m: Module, scope: int, statement: int, reads):
        """What the conditions around an assignment read; TARGET when an inner loop sets the name."""
        for c in m.chain(m.statements[statement].block):
            if hop == 0 and c == self.loop:
                return
            kind, _, owner, _ = m.contexts[c]
            if kind == "for":
                reads.worst = TARGET
            elif kind == "if":
                test = _Reads()
                self.value(hop, m, scope, m.statements[owner][5], owner, test)
                if test.worst == TARGET:
                    reads.worst = TARGET
                reads.tests += test.names

    def attribute(self, hop, m: Module, scope: int, e: Expression, reads):
        if self.changed_in_repeat(hop, m, scope, e):
            reads.worst = max(reads.worst, CHANGED)
        elif dotted(e)[0] == "self" and m.is_method(scope):
            self.holder(hop, m, scope, reads)

    def holder(self, hop, m: Module, scope: int, reads):
        """How the object changes whose method a hop is in: `Loader(part).read()` reads another part in each pass."""
        while hop > 0:
            caller, k = self.repeat.hops[hop - 1]
            f, outer = caller.calls[k][0], caller.calls[k][3]
            if (
                not isinstance(f, Attribute)
                or isinstance(f.base, CallRef)
                and tail_of(caller.calls[f.base.number][0]) == "super"
            ):
                return
            hop -= 1
            if f.base != Name("self") or not caller.is_method(outer):
                self.at_hop(hop, f.base, reads)
                return

    def called(self, m: Module, i: int):
        """A call gives the same each time when it is known to compute only from its arguments."""
        call = m.calls[i]
        tail = tail_of(call.func)
        if tail in _RANDOM:
            return CHANGED
        for name in self.context.project.apis(m, i):
            if any(part in ("random", "rng") for part in name.split(".")):
                return CHANGED
            if name.startswith(_PURE_ROOTS) or name.split(".")[0] in (
                "ndarray",
                "dataset",
                "tensor",
                "seq",
                "tup",
                "map",
            ):
                return SAME
        if isinstance(call.func, Name) and tail in _PURE_BUILTINS:
            return SAME
        return CHANGED

    def changed_in_repeat(self, hop, m: Module, scope: int, place: int):
        """Is a name or attribute assigned or changed in place in the part of the function that repeats?"""
        return place in self._changes(m, scope, self.loop if hop == 0 else -1)[0]

    def _changes(self, m: Module, scope: int, loop: int):
        """(names and attributes that this part of a function changes, {name: [(call, what it puts into the container of that name)]})."""
        key = ("changes", m.index, scope, loop)
        found = self.context.memo.get(key)
        if found is None:
            found = self.context.memo[key] = (set(), {})
            _note_changes(m, scope, loop, *found)
        return found


def _note_changes(m: Module, scope: int, loop: int, places, added):
    for s in m.scope_statements(scope):
        statement = m.statements[s]
        if statement is None or not m.inside(statement.block, loop):
            continue
        targets = (
            statement.targets
            if isinstance(statement, (Assign, Delete))
            else (statement.target,)
            if isinstance(statement, Augment)
            else ()
        )
        for target in targets:
            if isinstance(target, Attribute) or isinstance(statement, Augment):
                places.add(target)
            if isinstance(target, Subscript):
                places.add(target.base)
    for k in m.scope_calls(scope):
        call = m.calls[k]
        if not m.inside(call.block, loop):
            continue
        f = call.func
        if isinstance(f, Attribute) and f.attr in _MUTATORS:
            places.add(f.base)
            if isinstance(f.base, Name):
                added.setdefault(f.base.id, []).extend((k, argument) for argument in m.arguments(k))
        if tail_of(f) in _CHANGING:
            places.update(call.args[:1])
