"""Do operations, texts, records and calls give another value in each pass?"""

from __future__ import annotations

from tflint_mem.facts import (
    Attribute,
    BinaryOp,
    CallRef,
    Conditional,
    Constant,
    DictDisplay,
    Expression,
    FString,
    Lambda,
    Name,
    Reference,
    SequenceDisplay,
    Subscript,
    UnaryOp,
    Walrus,
    tail_of,
    walk,
)
from tflint_mem.project.holds.values import ClassValue, External, Instance, SequenceValue, Thing, TupleValue

from .varying import ARRAYS, FEW, Questions, Varying, is_float, is_number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from collections.abc import Set as AbstractSet

    from tflint_mem.facts import Call
    from tflint_mem.project.holds.values import Values
    from tflint_mem.project.linking.module import Module

    Origin = AbstractSet[str]  # names of what a call may call in other packages

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
_TEXT = "a text made for each call"
_NUMBER = "a changing Python number"


class Results(Questions):
    """Questions about what operations and calls give."""

    def binary(self, position: int, e: BinaryOp, at: int, around: int, depth: int) -> Varying | None:
        left, right = e.left, e.right
        kinds = self.kinds(position, left, at) | self.kinds(position, right, at)
        if kinds & ARRAYS and not (self.old and kinds & ARRAYS == {"ndarray"}):
            return None
        if e.op == "%":
            if isinstance(left, FString) or isinstance(left, Constant) and isinstance(left.value, str):
                found = self.of(position, right, at, around, depth) or self.unsteady(position, right, at, around)
                return found and Varying(_TEXT, "text", found.loop)
            if isinstance(right, Constant) and isinstance(right.value, int) and right.value <= FEW:
                return None
        for one, other in ((left, right), (right, left)):
            found = self.of(position, one, at, around, depth)
            if not found:
                continue
            if found.kind == "text":
                return Varying(_TEXT, "text", found.loop)
            if found.kind == "number" and self.plain(position, other, at):
                floating = found.float or e.op == "/" or self.floating(position, other, at)
                return Varying(_NUMBER, "number", found.loop, floating)
        return None

    def unary(self, position: int, e: UnaryOp, at: int, around: int, depth: int) -> Varying | None:
        return None if e.op == "not" else self.of(position, e.operand, at, around, depth)

    def conditional(self, position: int, e: Conditional, at: int, around: int, depth: int) -> Varying | None:
        return self.any(position, (e.body, e.orelse), at, around, depth)

    def walrus(self, position: int, e: Walrus, at: int, around: int, depth: int) -> Varying | None:
        return self.of(position, e.value, at, around, depth)

    def sequence(self, position: int, e: SequenceDisplay, at: int, around: int, depth: int) -> Varying | None:
        found = self.any(position, e.items, at, around, depth)
        return found and Varying("a list of changing values", "object", found.loop)

    def dictionary(self, position: int, e: DictDisplay, at: int, around: int, depth: int) -> Varying | None:
        return self._record(position, e.values, at, around, depth)

    def _record(self, position: int, items: Iterable[Expression], at: int, around: int, depth: int) -> Varying | None:
        """A dictionary or named tuple of values: TensorFlow takes it apart, and a Python number in it is a key like any
        other.
        """
        found = self.any(position, items, at, around, depth)
        return found and Varying(f"a record with {found.what}", "object", found.loop)

    def text(self, position: int, e: FString, at: int, around: int, depth: int) -> Varying | None:
        found = self.any(position, e.items, at, around, depth)
        for item in e.items if not found else ():
            if not isinstance(item, Constant):
                found = self.unsteady(position, item, at, around)
                if found:
                    break
        return found and Varying(_TEXT, "text", found.loop)

    def subscript(self, position: int, e: Subscript, at: int, around: int, depth: int) -> Varying | None:
        m, scope = self.place(position)
        values = self.values(position, e.base, at)
        if (
            values
            and all(isinstance(v, (SequenceValue, TupleValue)) for v in values)
            and self.of(position, e.index, at, around, depth)
        ):
            elements = self.infer.elements(values)
            count = self.context.project.repeats_of.length(m, scope, e.base, at)
            if elements and all(is_number(v) for v in elements) and not (count is not None and count <= FEW):
                return Varying("another element of a list of numbers")
        return None

    def function(self, position: int, e: Lambda, at: int, around: int, depth: int) -> Varying | None:
        return Varying("a new function", "object") if self.repeated(position, around) else None

    # -- calls ---------------------------------------------------------------------------------------------------------

    def call(self, position: int, e: CallRef, at: int, around: int, depth: int) -> Varying | None:
        m, _ = self.place(position)
        call = m.calls[e.number]
        tail = tail_of(call.func) or ""
        values = self.infer.call_values(m, e.number)
        origin = {v.name for v in self.infer.callee(m, e.number) if isinstance(v, External)}
        if _python_random(origin, tail, call):
            if not self.repeated(position, around):
                return None
            return Varying("a random number, which NumPy gives as a Python number", floating=tail != "randint")
        if self.old and tail in _NUMPY_NUMBERS and _of(origin, "numpy."):
            found = self.any(position, call.args, at, around, depth)
            if not found or found.kind != "number":
                return None
            what = "a changing NumPy number, which TensorFlow before 2.3 takes for a Python one"
            return Varying(what, "number", found.loop, True)
        if any(isinstance(v, Thing) and v.kind in ARRAYS for v in values):
            return None
        if "builtins.dict" in origin or isinstance(call.func, Name) and self._named_tuple(position, call.func):
            return self._record(position, m.arguments(e.number), at, around, depth)
        if tail in _ROUND and _of(origin, "builtins."):
            return self._rounded(position, tail, call, at, around, depth)
        if _of(origin, "math."):
            found = self.any(position, call.args, at, around, depth) or next(
                filter(None, (self._in_math(position, a, at, around, depth) for a in call.args)), None
            )
            return found and Varying(_NUMBER, "number", found.loop, True)
        if tail in _RANDOM and _of(origin, ("random.", "time.")) or _of(origin, "time."):
            if not self.repeated(position, around):
                return None
            return Varying("a random number" if tail in _RANDOM else "the time", floating=True)
        if isinstance(call.func, Attribute) and tail == "item" and not call.args:
            if not self.unsteady(position, call.func.base, at, around):
                return None
            return Varying("a number taken from an array", floating=True)
        if _of(origin, "os.path.") or _formats(call):
            found = self.any(position, call.args, at, around, depth)
            return found and Varying(_TEXT, "text", found.loop)
        return self._made(position, e.number, values, at, around, depth)

    def _named_tuple(self, position: int, f: Name) -> bool:
        """Is the name that is called a named tuple: `class Batch(NamedTuple)`, `Batch = namedtuple("Batch", …)`?"""
        m, scope = self.place(position)
        for v in self.values(position, f, -1):
            if isinstance(v, ClassValue) and any(
                base.endswith("NamedTuple")
                for base in self.infer.foreign_bases(self.context.project.module(v.module), v.scope)
            ):
                return True
        while scope >= 0 and f.id not in m.bindings(scope):
            scope = m.scopes[scope].parent
        return scope >= 0 and any(
            b.kind == "assign"
            and isinstance(b.value, CallRef)
            and tail_of(m.calls[b.value.number].func) in ("namedtuple", "NamedTuple")
            for b in m.bindings(scope)[f.id]
        )

    def _rounded(self, position: int, tail: str, call: Call, at: int, around: int, depth: int) -> Varying | None:
        """What a function of Python's own makes of numbers."""
        if not call.args:
            return None
        first = call.args[0]
        if tail == "min" and self._rest(position, call.args, at, around, depth):
            return None
        found = self.any(position, call.args, at, around, depth)
        if found:
            if tail in ("str", "repr"):
                return Varying(_TEXT, "text", found.loop)
            if found.kind != "number":
                return None
            return Varying(_NUMBER, "number", found.loop, found.float or tail == "float")
        m, _ = self.place(position)
        if tail in ("float", "int", "len") and any(
            (tail_of(inner) or "") in ("shape", "ndim", "dtype") for inner in walk(first, m.calls)
        ):
            return None
        if tail == "len" and (
            self.kinds(position, first, at) & ARRAYS or "batch" in (tail_of(first) or "batch").lower()
        ):
            return None
        if tail in ("float", "str", "repr", "len") and self.unsteady(position, first, at, around):
            if tail == "len":
                iterated = self._iterated(position, first, at)
                return Varying(f"`len({tail_of(first)})`, which changes") if iterated else None
            if tail == "float":
                return Varying("a Python float made for each call", floating=True)
            return Varying(_TEXT, "text")
        if tail == "int" and self.kinds(position, first, at) & ARRAYS and self.unsteady(position, first, at, around):
            return Varying("a Python int made for each call")
        return None

    def _rest(self, position: int, arguments: Sequence[Expression], at: int, around: int, depth: int) -> bool:
        """`min(size, total - done)`: the size of a part, which is another one for the last part only."""
        varies = [self.of(position, a, at, around, depth) is not None for a in arguments]
        return not all(varies) and all(
            isinstance(a, BinaryOp) and a.op == "-" for a, changes in zip(arguments, varies) if changes
        )

    def _iterated(self, position: int, e: Expression, at: int) -> bool:
        """Is it an element of something that a loop around goes through?"""
        m, scope = self.place(position)
        if not isinstance(e, Name):
            return False
        return any(b.kind == "iter" for b in self.infer.reaching(m, m.bindings(scope).get(e.id, []), at))

    def _in_math(self, position: int, e: Expression, at: int, around: int, depth: int) -> Varying | None:
        """Inside `math.…` everything is a Python number: one part that varies is enough."""
        m, _ = self.place(position)
        for inner in walk(e, m.calls):
            if isinstance(inner, Reference):
                found = self.of(position, inner, at, around, depth)
                if found and found.kind == "number":
                    return found
        return None

    def _made(self, position: int, i: int, values: Values, at: int, around: int, depth: int) -> Varying | None:
        """What a function or class of the project gives, in call `i`."""
        m, _ = self.place(position)
        for v in values:
            if isinstance(v, Instance) and self.repeated(position, around):
                cm = self.context.project.module(v.module)
                if ClassValue(v.module, v.scope) not in self.infer.callee(m, i):
                    continue
                if self.infer.class_kind(cm, v.scope) == "model":
                    return Varying("a new model", "model")
                if self._by_identity(cm, v.scope):
                    return Varying(f"a new `{cm.scopes[v.scope].name}` object", "object")
            if isinstance(v, Thing) and v.kind == "model" and v.origin is not None and self.repeated(position, around):
                return Varying("a new model", "model")
        if values and all(is_number(v) for v in values):
            found = self.any(position, m.arguments(i), at, around, depth)
            return found and Varying(_NUMBER, "number", found.loop, any(is_float(v) for v in values))
        return None

    def _by_identity(self, cm: Module, scope: int) -> bool:
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


def _of(origin: Origin, packages: str | tuple[str, ...]) -> bool:
    """Does one of the names begin so?"""
    return any(name.startswith(packages) for name in origin)


def _formats(call: Call) -> bool:
    """`"{}".format(x)`"""
    f = call.func
    return isinstance(f, Attribute) and f.attr == "format" and isinstance(f.base, (Constant, FString))


def _python_random(origin: Origin, tail: str, call: Call) -> bool:
    """`numpy.random.rand()` and the like without a size: these give Python numbers, unlike the rest of NumPy."""
    most = _NUMPY_RANDOM.get(tail)
    return most is not None and len(call.args) <= most and not call.keywords and _of(origin, "numpy.random.")
