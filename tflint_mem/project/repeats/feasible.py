"""Can a way through the program be taken?  What callers pass decides conditions on parameters.

`def answer(text, model=None): if model is None: model = load()` loads nothing in a loop that passes a model,
`def net(x, pretrained=False): if pretrained: …` builds nothing more for callers that leave the default, and
`def build(fresh=False): if fresh: clear()` is not cleaned by `build()`.

Conditions are three-valued: True, False, or None for "depends".
"""

from __future__ import annotations

from tflint_mem.facts import (
    NONE,
    SELF,
    Attribute,
    BoolOp,
    CallRef,
    Comparison,
    Conditional,
    Constant,
    Display,
    If,
    Lambda,
    Name,
    Starred,
    UnaryOp,
    tail_of,
    walk,
)
from tflint_mem.facts.record import Record
from tflint_mem.knowledge import canonical
from tflint_mem.project.holds.values import External, FunctionValue, Instance, MethodValue, Thing
from tflint_mem.project.linking.body import statement_expressions
from tflint_mem.project.repeats.conditions import EQUALITY
from tflint_mem.project.repeats.leaving import RETURNS

from .headers import calls_in, test_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import TypeAlias

    from tflint_mem.facts import Call, Expression
    from tflint_mem.project.holds.values import Values
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.project import Project

    from .repeat import ClassId, Site

    Hops: TypeAlias = Sequence[Site]  # calls, the outermost first: each runs the function around the next

MAX_PASSED = 6  # parameters that pass a value on
_TRUE_KINDS = frozenset(("model", "saved_model", "layer", "optimizer", "session", "graph", "dataset", "tf.function"))
_TRUE_VALUES = (Instance, FunctionValue, MethodValue)
_DECIDED = frozenset(("is", "is not", "==", "!=", "in", "not in"))  # what `_compare` has an answer for
_MEMBERSHIP = (("in",), ("not in",))
_SUPER = Name("super")
_BINDING_VALUES = frozenset(("assign", "with", "iter", "import", "def"))  # kinds of bindings whose values are known


class _Condition(Record):
    """A test that must give `needed` for a call to be reached, and the statement it stands in."""

    __slots__ = ()
    test: Expression
    needed: bool
    statement: int


class _Choice(Record):
    """A conditional expression: its test, and the calls that it makes when that holds and when it does not."""

    __slots__ = ()
    test: Expression
    then: frozenset[int]
    otherwise: frozenset[int]


class _Passed(Record):
    """What a call passes for a parameter: an expression of the caller, or the default; None when it cannot be told."""

    __slots__ = ()
    expression: Expression | None
    default: bool


class _Known(Record, tag="known"):
    """What is known of a value that is no constant: whether it is surely true, and whether it is a model."""

    __slots__ = ()
    true: bool
    model: bool


if TYPE_CHECKING:
    Given: TypeAlias = Constant | _Known  # what is passed for a parameter

_UNTOLD = _Passed(None, False)


class Feasible:
    """Answers of one project."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._needed: dict[tuple[int, int], tuple[_Condition, ...]] = {}
        self._arguments: dict[tuple[int, int, str, int, int], _Passed] = {}
        self._methods: dict[tuple[ClassId, str], tuple[int, int] | None] = {}
        self._chosen_in: dict[tuple[int, int], list[_Choice]] = {}

    def way(self, hops: Hops) -> bool:
        """May these calls run one inside the other, as far as constants and models tell?"""
        for position in range(1, len(hops)):
            m, i = hops[position]
            for condition in self._conditions(m, i):
                if self._holds(hops, position, condition.test, condition.statement) is (not condition.needed):
                    return False
        return self._one_object(hops)

    def sure(self, hops: Hops) -> bool:
        """Does the last call surely run when the one before calls its function: is each branch around it taken?"""
        m, i = hops[-1]
        decided = {
            each.statement: self._holds(hops, len(hops) - 1, each.test, each.statement) is each.needed
            for each in self._conditions(m, i)
        }
        blocks = map(m.blocks.__getitem__, m.chain(m.calls[i].block))
        around = {block.statement for block in blocks if block.kind in ("if", "except", "while", "for")}
        return all(decided.values()) and around <= decided.keys()

    def _one_object(self, hops: Hops) -> bool:
        """Is there a class whose objects run all the methods that the way calls on `self`, one from the other?

        `Base.score` calls `self.predict`: on the way from a subclass with its own, that of `Base` does not run.
        `super().score()` runs the method of an ancestor on the object of this class.
        """
        heirs: Sequence[ClassId] | None = None
        for position in range(1, len(hops)):
            (m, i), (tm, ti) = hops[position - 1 : position + 1]
            f, scope, target = m.calls[i].func, m.calls[i].scope, tm.calls[ti].scope
            if type(f) is not Attribute or tm.scopes[target].name != f.attr or not m.is_method(scope):
                heirs = None
                continue
            inherited = type(f.base) is CallRef and m.calls[f.base.number].func == _SUPER
            if not inherited and f.base != SELF:
                heirs = None
                continue
            first = heirs is None
            if heirs is None:
                owner = m.scopes[scope].parent
                heirs = ((m.index, owner), *self.project.subclasses(m, owner))
            if inherited:
                continue
            heirs = [each for each in heirs if self._method(each, f.attr) == (tm.index, target)]
            if not heirs:
                if not first:
                    return False
                heirs = None  # how it was found is not known here
        return True

    def _method(self, owner: ClassId, name: str) -> tuple[int, int] | None:
        """(module index, scope) of the method that objects of a class run by that name, or None."""
        key = (owner, name)
        if key not in self._methods:
            index, scope = owner
            found = self.project.infer.lookup(self.project.module(index), scope, name)
            if found is None:
                self._methods[key] = None
            else:
                m, method = found
                self._methods[key] = (m.index, method)
        return self._methods[key]

    # -- what must hold for a call to be reached -----------------------------------------------------------------------

    def _conditions(self, m: Module, i: int) -> tuple[_Condition, ...]:
        """The conditions on parameters of the function around call `i`."""
        key = (m.index, i)
        found = self._needed.get(key)
        if found is None:
            asked = m.scopes[m.calls[i].scope].parameters
            found = self._needed[key] = tuple(self._around(m, i)) if asked else ()
        return found

    def _around(self, m: Module, i: int) -> Iterator[_Condition]:
        call = m.calls[i]
        scope = call.scope

        def asks(block: int) -> bool:
            around = m.blocks[block]
            return around.kind == "if" and _asks(m, scope, test_of(m, block), around.statement)

        for block in m.outward("parameters", call.block, asks):
            yield _Condition(test_of(m, block), m.blocks[block].branch is True, m.blocks[block].statement)
        for choice in self._choices(m, scope, call.statement):
            if i in choice.then:
                yield _Condition(choice.test, True, call.statement)
            if i in choice.otherwise:
                yield _Condition(choice.test, False, call.statement)
        for s in m.ifs(scope):
            if s >= call.statement:
                break
            statement = m.statements[s]
            if type(statement) is If and m.inside(call.block, statement.block):
                if not m.inside(call.block, statement.body) and _leaves(m, scope, statement.body):
                    if _asks(m, scope, statement.test, s):
                        yield _Condition(statement.test, False, s)

    def _choices(self, m: Module, scope: int, statement: int) -> list[_Choice]:
        """The conditional expressions on parameters in a statement: `net if trained else build()`."""
        found = self._chosen_in.get((m.index, statement))
        if found is None:
            found = self._chosen_in[m.index, statement] = [
                _Choice(e.test, calls_in(m, e.body), calls_in(m, e.orelse))
                for expression in statement_expressions(m.statements[statement])
                for e in walk(expression, m.calls)
                if type(e) is Conditional and _asks(m, scope, e.test, statement)
            ]
        return found

    # -- three-valued --------------------------------------------------------------------------------------------------

    def _holds(self, hops: Hops, position: int, test: Expression, at: int) -> bool | None:
        """Does a test in the function of a hop hold when the hop before has called it?"""
        if type(test) is UnaryOp and test.op == "not":
            inner = self._holds(hops, position, test.operand, at)
            return None if inner is None else not inner
        if type(test) is BoolOp:
            values = [self._holds(hops, position, item, at) for item in test.items]
            decisive = test.op == "or"
            return decisive if decisive in values else None if None in values else not decisive
        if type(test) is Name:
            return _truth(self._asked(hops, position, test.id, at))
        if type(test) is Comparison:
            return self._compares(hops, position, test, at)
        if type(test) is CallRef:
            m, _ = hops[position]
            call = m.calls[test.number]
            if tail_of(call.func) == "isinstance" and len(call.args) == 2:
                of, kind = call.args
                if type(of) is Name:
                    return self._is_a(m, call, kind, self._asked(hops, position, of.id, at))
        return None

    def _compares(self, hops: Hops, position: int, test: Comparison, at: int) -> bool | None:
        left, right = test.left, test.rights[0]
        if len(test.ops) == 1 and type(left) is Name:
            return _compare(test.ops[0], self._asked(hops, position, left.id, at), right)
        if _looks_for_text(test):  # "combined" in mode
            given = self._asked(hops, position, right.id, at) if type(right) is Name else None
            if type(given) is Constant and isinstance(given.value, str):
                if type(left) is Constant and isinstance(left.value, str):
                    return (left.value in given.value) is (test.ops[0] == "in")
        return None

    def _is_a(self, m: Module, call: Call, kind: Expression, given: Given | None) -> bool | None:
        """Is what is given a Keras model, when that is what `isinstance` asks?"""
        if given is None:
            return None
        for v in self.project.infer.values(m, call.scope, kind, call.statement):
            if isinstance(v, External) and canonical(v.name) == "keras.Model":
                return False if type(given) is Constant else True if type(given) is _Known and given.model else None
        return None

    def _asked(self, hops: Hops, position: int, name: str, at: int) -> Given | None:
        """What is given for a name in the test at statement `at`; None for no parameter, or one assigned before."""
        m, i = hops[position]
        return self._given(hops, position, name) if _untouched(m, m.calls[i].scope, name, at) else None

    def _given(self, hops: Hops, position: int, name: str, depth: int = 0) -> Given | None:
        """What the hop before passes for a parameter; None when it cannot be told."""
        if position < 1 or depth > MAX_PASSED:
            return None
        m, i = hops[position]
        other, j = hops[position - 1]
        scope = m.calls[i].scope
        key = (m.index, scope, name, other.index, j)
        passed = self._arguments.get(key)
        if passed is None:
            passed = self._arguments[key] = self._passed(m, scope, name, other, j)
        if passed.default:
            return passed.expression if type(passed.expression) is Constant else None
        return None if passed.expression is None else self._value(hops, position - 1, passed.expression, depth)

    def _passed(self, m: Module, scope: int, name: str, other: Module, j: int) -> _Passed:
        """What call `j` passes for a parameter of the function."""
        parameters = m.scopes[scope].parameters
        index = next((n for n, p in enumerate(parameters) if p.name == name), None)
        call = other.calls[j]
        if (
            index is None
            or parameters[index].kind in ("*", "**")
            or any(type(e) is Starred for e in call.args)
            or any(keyword.name is None for keyword in call.keywords)
            or not any(fm is m and s == scope for fm, s in self.project.functions_called(other, j))
        ):
            return _UNTOLD
        expression = self.project.infer.argument(m, scope, index, other, j)
        return _Passed(expression, False) if expression is not None else _Passed(parameters[index].default, True)

    def _value(self, hops: Hops, position: int, e: Expression, depth: int) -> Given | None:
        """What an expression of a hop's function is; None when it cannot be told."""
        m, i = hops[position]
        scope = m.calls[i].scope
        if type(e) is Constant:
            return e
        if type(e) is Name:
            bindings = m.bindings(scope).get(e.id, ())
            if len(bindings) == 1 and bindings[0].kind == "param":
                return self._given(hops, position, e.id, depth + 1)
            if any(b.kind not in _BINDING_VALUES for b in bindings):
                return None
        elif type(e) is not CallRef and type(e) is not Attribute and type(e) is not Lambda:
            return None
        return _known(self.project.infer.values(m, scope, e, m.calls[i].statement))


def _known(values: Values) -> Given | None:
    """What is known of something that has these values, None when it cannot be told."""
    if len(values) == 1:
        for v in values:
            if isinstance(v, Constant):
                return v
    if not values or any(isinstance(v, Constant) or isinstance(v, Thing) and v.kind.startswith("ext:") for v in values):
        return None
    return _Known(
        true=all(v.kind in _TRUE_KINDS if isinstance(v, Thing) else isinstance(v, _TRUE_VALUES) for v in values),
        model=all(isinstance(v, Thing) and v.kind == "model" for v in values),
    )


def _asks(m: Module, scope: int, test: Expression, at: int) -> bool:
    """Is the test about parameters, at least in part, with the values that callers passed?"""
    return any(_untouched(m, scope, name, at) for name in _names(m, test))


def _untouched(m: Module, scope: int, name: str, at: int) -> bool:
    """Is a name a parameter that is not assigned before statement `at`?"""
    bindings = m.bindings(scope).get(name, ())
    return any(b.kind == "param" for b in bindings) and all(b.kind == "param" or b.statement > at for b in bindings)


def _leaves(m: Module, scope: int, block: int) -> bool:
    """Does a block end its function whatever happens in it?"""
    return any(what in RETURNS for _, what in m.jumps(scope).get(block, ()))


def _looks_for_text(test: Comparison) -> bool:
    """Is it `"text" in name`, or `not in`?"""
    left = test.left
    return (
        test.ops in _MEMBERSHIP
        and type(left) is Constant
        and isinstance(left.value, str)
        and type(test.rights[0]) is Name
    )


def _names(m: Module, test: Expression) -> Iterator[str]:
    """Names that a test of a known form is about; something else in it gives a name that no parameter has."""
    if type(test) is UnaryOp and test.op == "not":
        yield from _names(m, test.operand)
    elif type(test) is BoolOp:
        for item in test.items:
            yield from _names(m, item)
    else:
        name = _name_in(m, test)
        yield "" if name is None else name.id


def _name_in(m: Module, test: Expression) -> Name | None:
    """The name that an atomic test of a known form is about, else None."""
    found: Expression | None = None
    if type(test) is Name:
        found = test
    elif type(test) is Comparison:
        right = test.rights[0]
        if _looks_for_text(test):
            found = right
        elif len(test.ops) == 1 and test.ops[0] in _DECIDED and isinstance(right, (Constant, Display)):
            found = test.left
    elif type(test) is CallRef:
        call = m.calls[test.number]
        if tail_of(call.func) == "isinstance" and call.args:
            found = call.args[0]
    return found if type(found) is Name else None


def _truth(given: Given | None) -> bool | None:
    """Is what is given true?"""
    if type(given) is Constant:
        return bool(given.value)
    return True if type(given) is _Known and given.true else None


def _compare(op: str, given: Given | None, right: Expression) -> bool | None:
    """Does a comparison of what is given with a literal hold?"""
    if given is None:
        return None
    if right == NONE and op in EQUALITY:
        return (given == right) is (op in ("is", "=="))
    if type(given) is not Constant:
        return None
    if type(right) is Constant and op in EQUALITY:
        same = given.value == right.value and type(given.value) is type(right.value)
        return same is (op in ("is", "=="))
    if op in ("in", "not in") and isinstance(right, Display) and all(type(item) is Constant for item in right.items):
        return (given in right.items) is (op == "in")
    return None
