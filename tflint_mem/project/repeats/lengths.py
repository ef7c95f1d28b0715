"""How often a loop runs, how long a container is, which number an expression is: when the code says so.

A length is what is written there, or the only assignment of a name, or the most that all callers pass for a parameter.
"""

from __future__ import annotations

from tflint_mem.facts import (
    MAX_ITEMS,
    Attribute,
    Augment,
    CallRef,
    Comprehension,
    Constant,
    DictDisplay,
    Display,
    Expression,
    Name,
    SequenceDisplay,
    Slice,
    Starred,
    Subscript,
    tail_of,
)

from . import leaving
from .headers import header

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tflint_mem.facts import Call
    from tflint_mem.project.linking.bindings import Binding
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.project import Project

    Measure = Callable[[Module, int, Expression, int], "int | None"]  # of (module, scope, expression, statement)

MAX_DEPTH = 12  # names, calls and literals in each other; a parameter counts for several
PARAMETER_DEPTH = 4
MAX_GIVEN = 2  # parameters that pass a number on
_CUTS = frozenset(("take", "head", "islice", "sample"))  # so many of something, whatever its length
_PASSES = frozenset(
    (
        "items",
        "keys",
        "values",
        "as_numpy_iterator",
        "prefetch",
        "cache",
        "map",
        "filter",
        "batch",
        "shuffle",
        "skip",
        "iterrows",
        "itertuples",
        "copy",
    )
)  # one for each of the receiver
_SAME = frozenset(("enumerate", "sorted", "list", "tuple", "reversed", "tqdm", "set", "iter"))  # ... of the argument
_GROWING = ("append", "extend", "insert", "add", "update")
_READING = _SAME | {"len", "print", "zip", "str"}


class Lengths:
    """Answers of one project."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._growing: dict[tuple[int, str], bool] = {}
        self._leaving: dict[tuple[int, int], int | None] = {}
        self._lengths: dict[tuple[int, int, str, int, int], int | None] = {}

    def count(self, m: Module, loop: int) -> int | None:
        """Number of passes of a loop when the code says it, else None."""
        head = header(m, loop)
        if head is None:
            return self._left(m, loop)
        block = m.blocks[loop]
        length = self.length(m, m.statements[block.statement].scope, head.iterable, block.statement)
        if block.kind == "comp":
            return length
        left = self._left(m, loop)
        return length if left is None else left if length is None else min(length, left)

    def _left(self, m: Module, loop: int) -> int | None:
        """The passes after which the loop leaves by a count of its own, found once."""
        key = (m.index, loop)
        if key not in self._leaving:
            self._leaving[key] = leaving.passes(m, loop)
        return self._leaving[key]

    def length(self, m: Module, scope: int, e: Expression | None, at: int, depth: int = 0) -> int | None:
        """The number of elements of what an expression gives at statement `at`, at most; None when it is unknown."""
        if depth > MAX_DEPTH or e is None:
            return None
        if type(e) is Name:
            key = (m.index, scope, e.id, at, depth)
            if key not in self._lengths:
                self._lengths[key] = self._length_of(m, scope, e.id, at, depth)
            return self._lengths[key]
        if type(e) is CallRef:
            return self._length_of_result(m, scope, m.calls[e.number], at, depth)
        if isinstance(e, Display):
            whole = len(e.items) < MAX_ITEMS and not any(type(item) is Starred for item in e.items)
            return len(e.items) if whole else None
        if type(e) is DictDisplay:
            return len(e.keys) if all(k is not None for k in e.keys) else None
        if type(e) is Constant:
            return len(e.value) if isinstance(e.value, str) else None
        if type(e) is Comprehension:  # one element at most for each of what it goes through
            block = m.blocks[e.block]
            alone = block.parent < 0 or m.blocks[block.parent].kind != "comp"
            return self.length(m, scope, block.clause.iterable, at, depth + 1) if alone else None
        if type(e) is Subscript:
            cut = e.index
            if type(cut) is not Slice or cut.high is None or cut.step is not None:
                return None
            low = 0 if cut.low is None else self.number(m, scope, cut.low, at)
            high = self.number(m, scope, cut.high, at)
            return high - low if low is not None and high is not None and 0 <= low <= high else None
        return None

    def _length_of_result(self, m: Module, scope: int, call: Call, at: int, depth: int) -> int | None:
        """The number of elements of what a call gives."""
        name = tail_of(call.func)
        if name in _CUTS:
            return self._cut(m, scope, call, at)
        if name in _PASSES and type(call.func) is Attribute:
            return self.length(m, scope, call.func.base, at, depth + 1)
        if not call.args:
            return None
        if name == "range" and not call.keywords:
            numbers = [number for number in (self.number(m, scope, e, at) for e in call.args) if number is not None]
            if len(numbers) < len(call.args) or len(numbers) > 3:
                return None
            try:
                return len(range(*numbers))
            except (ValueError, OverflowError):
                return None
        if name in _SAME:
            return self.length(m, scope, call.args[0], at, depth + 1)
        if name == "zip":
            lengths = [self.length(m, scope, e, at, depth + 1) for e in call.args]
            return min((n for n in lengths if n is not None), default=None)
        return None

    def _length_of(self, m: Module, scope: int, name: str, at: int, depth: int) -> int | None:
        """The number of elements of what has that name."""
        value = self._single(m, scope, name, at)
        if isinstance(value, SequenceDisplay) and self._grows(m, name):
            before, more = self.length(m, scope, value, at, depth + 1), _appended_by_rows(m, name)
            return None if before is None or not more else before + more
        if value is not None and _has_length(value):
            return None if self._grows(m, name) else self.length(m, scope, value, at, depth + 1)
        index = _parameter(m, scope, name)
        if index is None or self._grows(m, name):
            return None
        deeper = depth + PARAMETER_DEPTH
        return self._given(m, scope, index, lambda other, inside, e, at: self.length(other, inside, e, at, deeper))

    def _cut(self, m: Module, scope: int, call: Call, at: int) -> int | None:
        """`ds.take(3)`, `df.head(5)`, `islice(xs, 10)`, `random.sample(xs, 4)`: so many at most."""
        method = tail_of(call.func) in ("take", "head")
        if len(call.args) != (1 if method else 2):
            return None
        count = self.number(m, scope, call.args[-1], at)
        return count if count is not None and count >= 0 else None

    def number(self, m: Module, scope: int, e: Expression, at: int, depth: int = 0) -> int | None:
        """The whole number that an expression is at statement `at`, else None.

        One that is written there, or in the only assignment of its name, or given by all callers or by default.
        """
        if type(e) is Constant:
            return int(e.value) if isinstance(e.value, int) else None
        if type(e) is not Name:
            return None
        value = self._single(m, scope, e.id, at)
        if value is not None:
            return int(value.value) if type(value) is Constant and isinstance(value.value, int) else None
        index = _parameter(m, scope, e.id)
        if index is None:
            return None

        def measure(other: Module, inside: int, given: Expression, at: int) -> int | None:
            if type(given) is Constant or depth < MAX_GIVEN:
                return self.number(other, inside, given, at, depth + 1)
            return None

        return self._given(m, scope, index, measure)

    def _given(self, m: Module, scope: int, index: int, measure: Measure) -> int | None:
        """The largest number that is measured of what callers pass for a parameter (or leave to its default).

        None when it fails for one.
        """
        numbers = []
        for caller, i, how in self.project.callers(m, scope):
            if how != "call":
                return None
            given = self.project.infer.argument(m, scope, index, caller, i)
            if given is None:
                record = m.scopes[scope]
                given = record.parameters[index].default
                number = None if given is None else measure(m, record.parent, given, record.statement)
            else:
                call = caller.calls[i]
                number = measure(caller, call.scope, given, call.statement)
            if not number:  # an empty list stands for one that is filled elsewhere
                return None
            numbers.append(number)
        return max(numbers, default=None)

    def _single(self, m: Module, scope: int, name: str, at: int) -> Expression | None:
        """The expression of a name's only assignment (in this scope or the module), or None."""
        while scope >= 0:
            bindings: Sequence[Binding] = m.bindings(scope).get(name, ())
            if bindings:
                if m.statements[at].scope == scope:
                    bindings = self.project.infer.reaching(m, bindings, at)
                if len(bindings) == 1 and bindings[0].kind == "assign" and not bindings[0].path:
                    value = bindings[0].value
                    return value if isinstance(value, Expression) else None
                return None
            scope = m.scopes[scope].parent
        return None

    def _grows(self, m: Module, name: str) -> bool:
        """Does the module put anything into the list of that name?"""
        key = (m.index, name)
        found = self._growing.get(key)
        if found is None:
            found = self._growing[key] = _is_extended(m, Name(name))
        return found


def _parameter(m: Module, scope: int, name: str) -> int | None:
    """The position of the parameter that a name is in a function which never assigns it, else None."""
    bindings = m.bindings(scope).get(name, ())
    value = bindings[0].value if len(bindings) == 1 and bindings[0].kind == "param" else None
    return value if isinstance(value, int) else None


def _has_length(value: Expression) -> bool:
    """Can the length of such an expression be told?  An empty list stands for one that is filled elsewhere."""
    if isinstance(value, SequenceDisplay):
        return bool(value.items)
    if type(value) is DictDisplay:
        return bool(value.keys)
    return type(value) is Comprehension or type(value) is CallRef or type(value) is Subscript


def _appended_by_rows(m: Module, name: str) -> int | None:
    """How many elements a script appends to its list by rows of its own, each run once; None when others may, too."""
    container, count = Name(name), 0
    for i, call in enumerate(m.calls):
        f = call.func
        if type(f) is Attribute and f.base == container and f.attr in _GROWING:
            if f.attr != "append" or call.scope != 0 or any(True for _ in m.loops(call.block)):
                return None
            count += 1
        elif tail_of(f) not in _READING and container in m.arguments(i):
            return None  # a function may fill it
    if any(type(statement) is Augment and statement.target == container for statement in m.statements):
        return None
    return count


def _is_extended(m: Module, container: Name) -> bool:
    """Does the module put anything into what has that name?"""
    for tail in _GROWING:
        for i in m.calls_by_tail().get(tail, ()):
            f = m.calls[i].func
            if type(f) is Attribute and f.base == container:
                return True
    return any(type(statement) is Augment and statement.target == container for statement in m.statements)
