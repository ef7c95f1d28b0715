"""Does an argument hold another Python value in each repeat?  Numbers, texts and objects; tensors and NumPy values
never count.
"""

from __future__ import annotations

from tflint_mem import facts as F
from tflint_mem.facts import (
    Assign,
    Attribute,
    Augment,
    BinaryOp,
    CallRef,
    Constant,
    FString,
    Name,
    Reference,
    SequenceDisplay,
    Starred,
    Walrus,
)
from tflint_mem.project.holds.values import (
    ClassValue,
    External,
    Instance,
    SelfValue,
    SequenceValue,
    Thing,
    ThingMethod,
    TupleValue,
)
from tflint_mem.project.linking.module import tail_of, walk

from . import hot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.facts import Call, Expression
    from tflint_mem.project.holds.values import Value
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context

FEW = 8  # values: a handful of traces is what modes, flags and scales are for
MAX_DEPTH = 8
MAX_REPEATS = 6
MOST_STEPS = 2_000  # expressions that one search looks at
_ROUND = frozenset(("float", "int", "round", "abs", "min", "max", "sum", "len", "str", "repr"))
_RANDOM = frozenset(
    ("random", "uniform", "randint", "randrange", "gauss", "normalvariate", "betavariate", "triangular")
)
_NUMPY_RANDOM = {
    "rand": 0,
    "randn": 0,
    "random": 0,
    "random_sample": 0,
    "randint": 2,
    "uniform": 2,
    "normal": 2,
}  # most arguments that ask for one number
_NUMPY_NUMBERS = frozenset(
    (
        "exp",
        "log",
        "log10",
        "sqrt",
        "power",
        "maximum",
        "minimum",
        "clip",
        "tanh",
        "cos",
        "sin",
        "abs",
        "float32",
        "float64",
        "int32",
        "int64",
    )
)
_SETTINGS = frozenset(
    (
        "args",
        "FLAGS",
        "flags",
        "opt",
        "opts",
        "options",
        "config",
        "cfg",
        "conf",
        "hparams",
        "hp",
        "hps",
        "params",
        "settings",
    )
)
_NUMBERS = frozenset(("int", "float", "number"))
_ARRAYS = frozenset(("tensor", "ndarray", "variable", "dataset", "iterator", "metric"))


class Varying:
    """What varies and where: `what` is a phrase for messages, `kind` "number", "text", "object" or "model", `loop`
    (module, context) or None.
    """

    __slots__ = ("what", "kind", "loop", "float")

    def __init__(self, what, kind="number", loop: int = None, floating=False):
        self.what, self.kind, self.loop, self.float = what, kind, loop, floating


def argument(context: Context, repeat: Repeat, expression: Expression):
    """A Varying for an argument expression of the flagged call, or None when nothing shows that it varies."""
    m, i = repeat.hops[-1]
    search = Search(context, repeat)
    return search.sure(search.of(len(repeat.hops) - 1, expression, m.calls[i].statement, m.calls[i].block, 0))


def first(context: Context, m: Module, i: int):
    """(repeat, Varying, argument position or keyword) of the first argument that varies in the first repeat that shows
    it.
    """
    call = m.calls[i]
    given = []
    for position, expression in enumerate(call.args):
        if isinstance(expression, Starred):
            break
        given.append((position, expression))
    given.extend((name, expression) for name, expression in call.keywords if name)
    if not given:
        return None
    best = None
    for number, repeat in enumerate(hot.repeats(context, m, i, outer=True)):
        if number >= MAX_REPEATS or best is not None and best[1].loop is None:
            break
        if repeat.count is not None and repeat.count <= FEW or not hot.eager(context, repeat):
            continue
        for which, expression in given if best is None else ((best[2], dict(given)[best[2]]),):
            varying = argument(context, repeat, expression)
            if varying is None:
                continue
            if varying.loop is None or varying.loop == (repeat.module, repeat.block):
                return repeat, varying, which  # the loop that brings the new values
            best = best or (repeat, varying, which)
            break
    return best


class Search:
    """Looks for what varies in one argument.

    names   the names that are followed just now      cuts   how often one of them led back to itself
    known   {what was asked about a name: (the answer, its bindings)}, of those that no such circle was cut in
    budget  the steps it may take
    """

    def __init__(self, context: Context, repeat: Repeat):
        self.context, self.repeat = context, repeat
        self.infer = context.infer
        self.names, self.cuts, self.known = set(), 0, {}
        self.old = (
            context.project.versions.at_least(2, 3) is False
        )  # NumPy numbers are keys of the trace cache by value there
        self.budget = context.project.searches.begin("what varies", *repeat.hops[-1], MOST_STEPS)

    def sure(self, found):
        """What was found; None when not all could be looked at."""
        if self.budget.spent:
            self.budget.give_up()
            return None
        return found

    def place(self, position: int):
        m, i = self.repeat.hops[position]
        return m, m.calls[i][3]

    def repeated(self, position: int, around: int):
        """Does code in context `around` of hop number `position` run in each repeat?"""
        m, _ = self.place(position)
        if position > 0 or self.repeat.block is None:
            return True
        return any(m.inside(around, loop) for loop in m.loops(m.calls[self.repeat.hops[0][1]][4]))

    def of(self, position: int, e: Expression, at: int, around: int, depth: int):
        if depth > MAX_DEPTH or e is None or not self.budget.step():
            return None
        handler = getattr(self, "_" + _NAMES.get(e[0], "none"))
        return handler(position, e, at, around, depth + 1)

    def any(self, position: int, items, at: int, around: int, depth: int):
        for item in items:
            found = self.of(position, item, at, around, depth)
            if found:
                return found
        return None

    def values(self, position: int, e: Expression, at: int):
        m, scope = self.place(position)
        return self.infer.values(m, scope, e, at)

    def kinds(self, position: int, e: Expression, at: int):
        return {v.kind for v in self.values(position, e, at) if isinstance(v, Thing)}

    # -- expressions --------------------------------------------------------------------------------------------------

    def _none(self, *_):
        return None

    def _name(self, position: int, e: Expression, at: int, around: int, depth: int):
        m, scope = self.place(position)
        key = (m.index, scope, e[1], at)
        bindings = m.bindings(scope).get(e[1])
        if not bindings:
            return None
        if key in self.names:
            self.cuts += 1
            return None
        if e[1] in m.global_names(scope):
            self.names.add(key)
            try:
                return self._counter(position, e[1], bindings)
            finally:
                self.names.discard(key)
        bindings = self.infer.reaching(m, bindings, at)
        asked = (position, *map(id, bindings), m.loops(around), depth)
        if asked in self.known:
            return self.known[asked][0]
        cuts = self.cuts
        self.names.add(key)  # a name that is made from itself says nothing new
        try:
            found = next(
                (
                    found
                    for binding in bindings
                    for found in (self._binding(position, e[1], binding, bindings, around, depth),)
                    if found
                ),
                None,
            )
        finally:
            self.names.discard(key)
        if self.cuts == cuts:
            self.known[asked] = found, bindings  # which keep their ids
        return found

    def _binding(self, position: int, name: str, binding: Binding, bindings, around: int, depth: int):
        m, scope = self.place(position)
        kind, statement, _, value, path = binding
        if kind == "iter":
            return self._loop_variable(position, name, statement, value, path, around)
        if kind == "assign":
            where = m.statements[statement][2]
            if path:
                if isinstance(value, SequenceDisplay) and isinstance(path[0], int) and path[0] < len(value[1]):
                    return self.of(position, value[1][path[0]], statement, where, depth)
                return None
            if self.repeated(position, where):
                return self._named(name, self.of(position, value, statement, where, depth))
            return None
        if kind == "augment":
            where = m.statements[statement][2]
            start = [b for b in m.bindings(scope).get(name, ()) if b[0] == "assign" and not b[4]]
            if (
                start
                and all(self._is_number(m, scope, b[3], b[1]) for b in start)
                and m.loops(where)
                and self.repeated(position, where)
            ):
                if self._plain(position, value, statement):
                    return Varying(
                        f"the counter `{name}`",
                        floating=self._floating(position, value, statement)
                        or self._floating(position, start[0][3], start[0][1]),
                    )
            return None
        if kind == "param" and position > 0:
            other, j = self.repeat.hops[position - 1]
            given = self.infer.argument(m, scope, value, other, j)
            if given is not None:
                return self.of(position - 1, given, other.calls[j][5], other.calls[j][4], depth)
        return None

    @staticmethod
    def _named(name: str, found):
        if found and found.kind == "number" and not found.what.startswith("the "):
            return Varying(f"the changing number `{name}`", "number", found.loop, found.float)
        return found

    def _counter(self, position: int, name: str, bindings):
        for kind, statement, scope, value, _ in bindings:
            if kind == "augment" and self._plain(position, value, statement):
                return Varying(f"the counter `{name}`")
        return None

    def _loop_variable(self, position: int, name: str, statement: int, iterable, path, around: int):
        m, scope = self.place(position)
        loop = next((c for c in m.loops(around) if self.binds(m, c, statement, iterable)), None)
        if loop is None:
            return None
        count = self.context.project.repeats_of.length(m, scope, iterable, statement)
        if count is not None and count <= FEW:
            return None
        if isinstance(iterable, CallRef) and tail_of(m.calls[iterable.number][0]) == "product":
            return None  # a grid of few values each
        values = self.infer.unpack(self.infer.elements(self.values(position, iterable, statement)), path)
        if not path and not values and self._counts(m, iterable):
            return Varying(f"the loop variable `{name}`", "number", (m, loop))
        if path and not values and self._counts(m, self._part(m, iterable, path)):
            return Varying(f"the loop variable `{name}`", "number", (m, loop))
        if not values:
            return None
        if all(self._number(v) for v in values):
            return Varying(
                f"the loop variable `{name}`",
                "number",
                (m, loop),
                any(v.kind == "float" if isinstance(v, Thing) else isinstance(v[1], float) for v in values),
            )
        if all(
            isinstance(v, Thing) and v.kind == "str" or isinstance(v, Constant) and isinstance(v.value, str)
            for v in values
        ):
            return Varying(f"the loop variable `{name}`, a text", "text", (m, loop))
        return None

    @staticmethod
    def binds(m: Module, loop: int, statement: int, iterable):
        kind, _, s, branch = m.blocks[loop]
        return branch[1] == iterable if kind == "comp" else s == statement and kind == "for"

    @staticmethod
    def _counts(m: Module, e: Expression):
        """`itertools.count()`"""
        return e is not None and isinstance(e, CallRef) and tail_of(m.calls[e.number].func) == "count"

    @staticmethod
    def _part(m: Module, iterable, path):
        if (
            isinstance(iterable, CallRef)
            and tail_of(m.calls[iterable.number].func) == "zip"
            and isinstance(path[0], int)
            and path[0] < len(m.calls[iterable.number].args)
        ):
            return m.calls[iterable.number].args[path[0]]
        return None

    def _attribute(self, position: int, e: Expression, at: int, around: int, depth: int):
        m, scope = self.place(position)
        if not isinstance(e[1], Name):
            return None
        for v in self.values(position, e[1], at):
            if not isinstance(v, (SelfValue, Instance)):
                continue
            cm = self.context.project.module(v.module)
            changed = self._changed_attribute(cm, v.scope, e[2])
            if changed:
                return changed
        return None

    def _changed_attribute(self, cm: Module, owner, name: str):
        """`self.step += 1`, `self.epsilon = max(self.epsilon * decay, low)` outside the constructor, numbers all of
        them.
        """
        assigned = self.infer.attribute_assignments(cm, owner).get(name, ())
        start = [
            a
            for a in assigned
            if cm.scopes[a[0]][F.S_NAME] in ("__init__", "reset", "build", "setup") and a[4] == "assign"
        ]
        if not start or not all(self._is_number(cm, a[0], a[2], a[1]) for a in start):
            return None
        for function in cm.members(owner).values():
            if cm.scopes[function].name == "__init__" or not cm.scopes[function].parameters:
                continue
            me = F.Attribute(F.Name(cm.scopes[function].parameters[0].name), name)
            for s in cm.scope_statements(function):
                statement = cm.statements[s]
                if statement is None:
                    continue
                if (
                    isinstance(statement, Augment)
                    and statement.target == me
                    and self._is_number(cm, function, statement.value, s, unknown=True)
                ):
                    return Varying(f"the counter `self.{name}`")
                if (
                    isinstance(statement, Assign)
                    and me in statement.targets
                    and statement.value is not None
                    and statement.value != me
                ):
                    if any(inner == me for inner in walk(statement.value, cm.calls)) and isinstance(
                        statement.value, (BinaryOp, CallRef)
                    ):
                        return Varying(f"the changing number `self.{name}`", floating=True)
        return None

    def _binary(self, position: int, e: Expression, at: int, around: int, depth: int):
        left, right = e[2], e[3]
        kinds = self.kinds(position, left, at) | self.kinds(position, right, at)
        if kinds & _ARRAYS and not (self.old and kinds & _ARRAYS == {"ndarray"}):
            return None
        if e[1] == "%" and (isinstance(left, (FString, Constant)) and isinstance(left[1], (str, tuple))):
            found = self.of(position, right, at, around, depth) or self._unsteady(position, right, at, around)
            return found and Varying("a text made for each call", "text", found.loop)
        if e[1] == "%" and isinstance(right, Constant) and isinstance(right.value, int) and right.value <= FEW:
            return None
        for one, other in ((left, right), (right, left)):
            found = self.of(position, one, at, around, depth)
            if not found:
                continue
            if found.kind == "text":
                return Varying("a text made for each call", "text", found.loop)
            if found.kind == "number" and self._plain(position, other, at):
                return Varying(
                    "a changing Python number",
                    "number",
                    found.loop,
                    found.float or e[1] == "/" or self._floating(position, other, at),
                )
        return None

    def _floating(self, position: int, e: Expression, at: int):
        return any(
            isinstance(v, Constant) and isinstance(v.value, float) or isinstance(v, Thing) and v.kind == "float"
            for v in self.values(position, e, at)
        )

    def _plain(self, position: int, e: Expression, at: int):
        """Is the expression a Python number for all we know about it?"""
        m, scope = self.place(position)
        if (
            isinstance(e, Attribute)
            and tail_of(e.base) in _SETTINGS
            and all(isinstance(v, ThingMethod) for v in self.values(position, e, at))
        ):
            return True  # args.lr
        return (
            self._is_number(m, scope, e, at) or self.of(position, e, at, m.statements[at][2], MAX_DEPTH - 3) is not None
        )

    def _is_number(self, m: Module, scope: int, e: Expression, at: int, unknown=False):
        values = self.infer.values(m, scope, e, at)
        return bool(values or unknown) and all(self._number(v) for v in values)

    @staticmethod
    def _number(v: Value):
        return (
            isinstance(v, Thing)
            and v.kind in _NUMBERS
            or isinstance(v, Constant)
            and isinstance(v.value, (int, float))
            and not isinstance(v.value, bool)
        )

    def _unary(self, position: int, e: Expression, at: int, around: int, depth: int):
        return None if e[1] == "not" else self.of(position, e[2], at, around, depth)

    def _conditional(self, position: int, e: Expression, at: int, around: int, depth: int):
        return self.any(position, e[2:], at, around, depth)

    def _inner(self, position: int, e: Expression, at: int, around: int, depth: int):
        return self.of(position, e.value if isinstance(e, Walrus) else e[1], at, around, depth)

    def _sequence(self, position: int, e: Expression, at: int, around: int, depth: int):
        found = self.any(position, e[1], at, around, depth)
        return found and Varying("a list of changing values", "object", found.loop)

    def _record(self, position: int, items, at: int, around: int, depth: int):
        """A dictionary or named tuple of values: TensorFlow takes it apart, and a Python number in it is a key like any
        other.
        """
        found = self.any(position, items, at, around, depth)
        return found and Varying(f"a record with {found.what}", "object", found.loop)

    def _dictionary(self, position: int, e: Expression, at: int, around: int, depth: int):
        return self._record(position, e[2], at, around, depth)

    def _text(self, position: int, e: Expression, at: int, around: int, depth: int):
        found = self.any(position, e[1], at, around, depth) or next(
            (
                u
                for item in e[1]
                if item is not None and not isinstance(item, Constant)
                for u in (self._unsteady(position, item, at, around),)
                if u
            ),
            None,
        )
        return found and Varying("a text made for each call", "text", found.loop)

    def _subscript(self, position: int, e: Expression, at: int, around: int, depth: int):
        m, scope = self.place(position)
        values = self.values(position, e[1], at)
        if (
            values
            and all(isinstance(v, (SequenceValue, TupleValue)) for v in values)
            and e[2] is not None
            and self.of(position, e[2], at, around, depth)
        ):
            elements = self.infer.elements(values)
            count = self.context.project.repeats_of.length(m, scope, e[1], at)
            if elements and all(self._number(v) for v in elements) and not (count is not None and count <= FEW):
                return Varying("another element of a list of numbers")
        return None

    def _lambda(self, position: int, e: Expression, at: int, around: int, depth: int):
        return Varying("a new function", "object") if self.repeated(position, around) else None

    def _unsteady(self, position: int, e: Expression, at: int, around: int):
        """Something of which we only know that it is not the same in each repeat."""
        if not self.repeated(position, around) or isinstance(e, Constant):
            return None
        if hot.steady(self.context, self.repeat, e, position):
            return None
        return Varying("a changing value")

    # -- calls --------------------------------------------------------------------------------------------------------

    def _call(self, position: int, e: Expression, at: int, around: int, depth: int):
        m, scope = self.place(position)
        i = e[1]
        call = m.calls[i]
        tail = tail_of(call[0])
        values = self.infer.call_values(m, i)
        origin = {v.name for v in self.infer.callee(m, i) if isinstance(v, External)}
        if _python_random(origin, tail, call):
            return (
                Varying("a random number, which NumPy gives as a Python number", floating=tail != "randint")
                if self.repeated(position, around)
                else None
            )
        if self.old and tail in _NUMPY_NUMBERS and any(name.startswith("numpy.") for name in origin):
            found = self.any(position, call[1], at, around, depth)
            return (
                found
                and found.kind == "number"
                and Varying(
                    "a changing NumPy number, which TensorFlow before 2.3 takes for a Python one",
                    "number",
                    found.loop,
                    True,
                )
                or None
            )
        if any(isinstance(v, Thing) and v.kind in _ARRAYS for v in values):
            return None
        if "builtins.dict" in origin or isinstance(call[0], Name) and self._named_tuple(position, call[0]):
            return self._record(position, (*call[1], *[value for _, value in call[2]]), at, around, depth)
        if any(name.startswith("builtins.") for name in origin) and tail in _ROUND:
            return self._rounded(position, tail, call, at, around, depth)
        if any(name.startswith("math.") for name in origin):
            found = self.any(position, call[1], at, around, depth) or next(
                (
                    self._in_math(position, a, at, around, depth)
                    for a in call[1]
                    if self._in_math(position, a, at, around, depth)
                ),
                None,
            )
            return found and Varying("a changing Python number", "number", found.loop, True)
        if any(name.startswith(("random.", "time.")) for name in origin) and (
            tail in _RANDOM or any(n.startswith("time.") for n in origin)
        ):
            return (
                Varying("a random number" if tail in _RANDOM else "the time", floating=True)
                if self.repeated(position, around)
                else None
            )
        if isinstance(call[0], Attribute) and tail == "item" and not call[1]:
            return (
                Varying("a number taken from an array", floating=True)
                if self._unsteady(position, call[0].base, at, around)
                else None
            )
        if (
            any(name.startswith("os.path.") for name in origin)
            or tail == "format"
            and isinstance(call[0], Attribute)
            and isinstance(call[0].base, (Constant, FString))
        ):
            found = self.any(position, call[1], at, around, depth)
            return found and Varying("a text made for each call", "text", found.loop)
        return self._made(position, i, call, values, at, around, depth)

    def _named_tuple(self, position: int, f: Expression):
        """Is the name that is called a named tuple: `class Batch(NamedTuple)`, `Batch = namedtuple("Batch", …)`?"""
        m, scope = self.place(position)
        for v in self.values(position, f, -1):
            if isinstance(v, ClassValue) and any(
                base.endswith("NamedTuple")
                for base in self.infer.foreign_bases(self.context.project.module(v.module), v.scope)
            ):
                return True
        while scope >= 0 and f[1] not in m.bindings(scope):
            scope = m.scopes[scope][F.S_PARENT]
        return scope >= 0 and any(
            b[0] == "assign"
            and isinstance(b[3], CallRef)
            and tail_of(m.calls[b[3].number][0]) in ("namedtuple", "NamedTuple")
            for b in m.bindings(scope)[f[1]]
        )

    def _rounded(self, position: int, tail: str, call: Call, at: int, around: int, depth: int):
        if not call.args:
            return None
        first = call.args[0]
        if tail == "min" and self._rest(position, call.args, at, around, depth):
            return None
        found = self.any(position, call.args, at, around, depth)
        if found:
            if tail in ("str", "repr"):
                return Varying("a text made for each call", "text", found.loop)
            return (
                Varying("a changing Python number", "number", found.loop, found.float or tail == "float")
                if found.kind == "number"
                else None
            )
        if tail in ("float", "int", "len") and any(
            (tail_of(inner) or "") in ("shape", "ndim", "dtype") for inner in walk(first, self.place(position)[0].calls)
        ):
            return None
        if tail == "len" and (
            self.kinds(position, first, at) & _ARRAYS or "batch" in (tail_of(first) or "batch").lower()
        ):
            return None
        if tail in ("float", "str", "repr", "len") and self._unsteady(position, first, at, around):
            if tail == "len":
                return (
                    Varying(f"`len({tail_of(first)})`, which changes")
                    if self._iterated(position, first, at, around)
                    else None
                )
            return (
                Varying("a text made for each call", "text")
                if tail in ("str", "repr")
                else Varying("a Python float made for each call", floating=True)
            )
        if tail == "int" and self.kinds(position, first, at) & _ARRAYS and self._unsteady(position, first, at, around):
            return Varying("a Python int made for each call")
        return None

    def _rest(self, position: int, arguments, at: int, around: int, depth: int):
        """`min(size, total - done)`: the size of a part, which is another one for the last part only."""
        varies = [self.of(position, a, at, around, depth) is not None for a in arguments]
        return not all(varies) and all(
            isinstance(a, BinaryOp) and a.op == "-" for a, changes in zip(arguments, varies) if changes
        )

    def _iterated(self, position: int, e: Expression, at: int, around: int):
        """Is it an element of something that a loop around goes through?"""
        m, scope = self.place(position)
        if not isinstance(e, Name):
            return False
        return any(b[0] == "iter" for b in self.infer.reaching(m, m.bindings(scope).get(e.id, []), at))

    def _in_math(self, position: int, e: Expression, at: int, around: int, depth: int):
        """Inside `math.…` everything is a Python number: one part that varies is enough."""
        m, _ = self.place(position)
        for inner in walk(e, m.calls):
            if isinstance(inner, Reference):
                found = self.of(position, inner, at, around, depth)
                if found and found.kind == "number":
                    return found
        return None

    def _made(self, position: int, i: int, call: Call, values, at: int, around: int, depth: int):
        """What a function or class of the project gives."""
        m, scope = self.place(position)
        for v in values:
            if isinstance(v, Instance) and self.repeated(position, around):
                cm = self.context.project.module(v.module)
                if ClassValue(v.module, v.scope) not in self.infer.callee(m, i):
                    continue
                kind = self.infer.class_kind(cm, v.scope)
                if kind == "model":
                    return Varying("a new model", "model")
                if self._by_identity(cm, v.scope):
                    return Varying(f"a new `{cm.scopes[v.scope][F.S_NAME]}` object", "object")
            if isinstance(v, Thing) and v.kind == "model" and v.origin is not None and self.repeated(position, around):
                return Varying("a new model", "model")
        if values and all(self._number(v) for v in values):
            found = self.any(position, (*call.args, *[k.value for k in call.keywords]), at, around, depth)
            return found and Varying(
                "a changing Python number",
                "number",
                found.loop,
                any(
                    isinstance(v, Thing) and v.kind == "float" or isinstance(v, Constant) and isinstance(v.value, float)
                    for v in values
                ),
            )
        return None

    def _by_identity(self, cm: Module, scope: int):
        """Are two objects of the class different keys of the trace cache?  Not when they compare by value, nor when
        TensorFlow takes them apart.
        """
        if self.infer.foreign_bases(cm, scope) or cm.scopes[scope].decorators:
            return False
        return not (
            self.infer.lookup(cm, scope, "__eq__")
            or self.infer.lookup(cm, scope, "__hash__")
            or self.infer.lookup(cm, scope, "__tf_tracing_type__")
        )


_NAMES = {
    "n": "name",
    "a": "attribute",
    "b": "binary",
    "u": "unary",
    "i": "conditional",
    "w": "inner",
    "t": "sequence",
    "l": "sequence",
    "j": "text",
    "x": "subscript",
    "f": "lambda",
    "c": "call",
    "d": "dictionary",
}


def _python_random(origin, tail: str, call: Call):
    """`numpy.random.rand()` and the like without a size: these give Python numbers, unlike the rest of NumPy."""
    most = _NUMPY_RANDOM.get(tail)
    return (
        most is not None
        and len(call.args) <= most
        and not call.keywords
        and any(name.startswith("numpy.random.") for name in origin)
    )
