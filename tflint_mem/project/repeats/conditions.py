"""What a condition says about a place: that something is missing there, or that it is there.

A place is an expression that can be assigned to: `model`, `self.model`, `cache[key]`.  True stands for the first time
in general, without a place that is looked at.
"""

from __future__ import annotations

from tflint_mem.facts import (
    NONE,
    Attribute,
    BoolOp,
    CallRef,
    Comparison,
    Constant,
    Name,
    Subscript,
    UnaryOp,
    Walrus,
    dotted,
    tail_of,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Literal, TypeAlias

    from tflint_mem.facts import Expression
    from tflint_mem.project.linking.module import Module

    Place: TypeAlias = Expression | Literal[True]

_SAME = frozenset(("is", "=="))
EQUALITY = frozenset(("is", "==", "is not", "!="))
_SPACES = frozenset(("globals", "locals", "vars", "dir", "keys"))  # calls that give the names that there are
_FLAGS = frozenset(("first", "first_run", "first_time", "is_first", "need_init", "first_call", "first_frame"))
_PATHS = frozenset(("str", "Path", "PathLike"))


def conditions(test: Expression, branch: bool) -> Iterator[tuple[Expression, bool]]:
    """(condition, does it hold?) of the atomic conditions that are known in the branch where `test` is `branch`."""
    if type(test) is UnaryOp and test.op == "not":
        yield from conditions(test.operand, not branch)
    elif type(test) is BoolOp:
        # of several of which only one holds the first counts: `if model is None or changed` runs only now and then
        for item in test.items if (test.op == "and") is branch else test.items[:1]:
            yield from conditions(item, branch)
    else:
        yield test, branch


def missing(m: Module, condition: Expression, positive: bool) -> Place | None:
    """The place whose absence it states that the condition holds (`positive`) or does not, else None.

    `x is None`, `k not in d`, `not hasattr(o, "x")`, `not x`.
    """
    if type(condition) is Comparison:
        return _missing_in(m, condition, positive) if len(condition.ops) == 1 else None
    if type(condition) is CallRef:
        return _missing_to(m, condition, positive)
    if type(condition) is Name or type(condition) is Attribute:
        return condition if not positive or condition.tail.lstrip("_") in _FLAGS else None
    return condition if type(condition) is Subscript and not positive else None


def present(m: Module, condition: Expression, positive: bool) -> Place | None:
    """The place whose presence is stated: the opposite of `missing`."""
    return missing(m, condition, not positive)


def _missing_in(m: Module, comparison: Comparison, positive: bool) -> Place | None:
    """The place whose absence a comparison of two sides states, else None."""
    op, left, right = comparison.ops[0], comparison.left, comparison.rights[0]
    if type(left) is Walrus:  # (model := cache.get(key)) is None
        left = looked_up(m, left.value) or Name(left.name)
    if op in EQUALITY:
        if (op in _SAME) is not positive:
            return None
        if right == NONE:
            return (
                left if type(left) is Name or type(left) is Attribute or type(left) is Subscript else looked_up(m, left)
            )
        if type(right) is not Constant:
            return None
        if right.value is False and (type(left) is Name or type(left) is Attribute):
            return left  # a flag: `if self.ready is False:`
        if right.value in (0, False) and type(left) is CallRef and op in ("==", "!="):
            call = m.calls[left.number]
            if tail_of(call.func) == "len" and call.args:
                return call.args[0]
    elif op in ("in", "not in") and (op == "not in") is positive:
        if type(right) is CallRef and tail_of(m.calls[right.number].func) in _SPACES:
            return looked_up(m, right) or True
        if type(right) is Attribute and right.attr == "session_state":
            return True
        if type(right) is Name or type(right) is Attribute or type(right) is Subscript:
            return right
    return None


def _missing_to(m: Module, condition: CallRef, positive: bool) -> Place | None:
    """The place whose absence a call states, else None."""
    call = m.calls[condition.number]
    if len(call.args) == 2:
        name, (of, what) = tail_of(call.func), call.args
        if name == "hasattr" and not positive and type(what) is Constant and isinstance(what.value, str):
            return Attribute(of, what.value)
        if name == "isinstance" and positive and tail_of(what) in _PATHS:
            if type(of) is Attribute or type(of) is Subscript:
                return of  # if isinstance(entry.model, str): entry.model = load(entry.model)
    return looked_up(m, condition) if not positive else None


def looked_up(m: Module, e: object) -> Expression | None:
    """What a call looks into, else None: `cache.get(k) is None` speaks of `cache`; `d.keys()` of d."""
    if type(e) is CallRef:
        call = m.calls[e.number]
        if type(call.func) is Attribute and call.func.attr in ("get", "keys", "pop"):
            return call.func.base
        if tail_of(call.func) == "getattr" and len(call.args) >= 2:
            of, what = call.args[:2]
            if type(what) is Constant and isinstance(what.value, str):
                return Attribute(of, what.value)
    return None


def looks_up(m: Module, e: object) -> bool:
    """Is something taken out of an object: `entries[k]`, `self.entry`, `entries.get(k)`, `self.find_entry(k)`?"""
    if type(e) is CallRef:
        f = m.calls[e.number].func
        return type(f) is Attribute and f.attr.startswith(("get", "find", "best", "current", "lookup"))
    return type(e) is Subscript or type(e) is Attribute


def same_place(target: Expression, subject: Expression) -> bool:
    """Does an assignment to `target` fill what `subject` names?  `cache[k] = …` fills `cache` and `cache[k]`."""
    if target == subject:
        return True
    if type(target) is Subscript:
        return target.base == (subject.base if type(subject) is Subscript else subject)
    if type(subject) is Subscript and subject.base == target:
        return True
    if type(target) is Attribute and type(subject) is Attribute:
        return target.attr == subject.attr and dotted(target) == dotted(subject)
    return False
