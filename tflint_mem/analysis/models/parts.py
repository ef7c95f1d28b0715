"""Is a model a block of another one that the same function makes of it, and not a model of its own?

Then it is counted with the other.  The answer goes by the text of the function: `part` says no where nothing in it says
so, as when the other model is made in a function that is called.
"""

from __future__ import annotations

from tflint_mem.facts import (
    SELF,
    Assign,
    Attribute,
    CallRef,
    ExprStatement,
    Name,
    Return,
    tail_of,
    walk,
)
from tflint_mem.knowledge import FUNCTIONAL, MODEL_METHODS

from .stored import ADDERS
from .syntax import holds, local_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.facts import Expression, Statement
    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context

_FUNCTIONAL_TAILS = frozenset(("Model", "Functional", "print", "len"))
_ENDS = frozenset(("input", "inputs", "output", "outputs", "get_layer", "layers"))


def part(context: Context, m: Module, i: int) -> bool:
    """Is the model a block of another one that the same function makes of it, and not a model of its own?

    `x = ResNet50(…)(x)`, or `base = ResNet50(…)` with `Model(base.input, head(base.output))`, unless the base itself is
    trained or returned.
    """
    if _in_constructor(context, m, i):
        return True
    scope = m.calls[i].scope
    here = m.scope_calls(scope)
    name = local_name(m, i)
    places: tuple[Expression, ...] = (CallRef(i),) if name is None else (CallRef(i), Name(name))
    called = context.once(("first calls", m.index, scope), lambda: {m.calls[j].func: j for j in reversed(here)})
    applied = min((called[each] for each in places if each in called), default=None)
    if applied is None and name is None:
        return False
    built = context.once(
        ("built", m.index, scope), lambda: [j for j in here if context.project.apis(m, j) & FUNCTIONAL]
    )
    for j in built:
        if (
            j > i
            and m.inside(m.calls[i].block, m.calls[j].block)
            and (applied is not None and applied < j or name is not None and _reached_into(m, j, Name(name)))
        ):
            return name is None or not _of_its_own(m, i, name)
    return False


def _in_constructor(context: Context, m: Module, i: int) -> bool:
    """Does a Keras model or layer of the project make it for itself?

    As by `self.head = Sequential(…)` in its `__init__` or `build`.
    """
    scope, statement = m.calls[i].scope, m.statements[m.calls[i].statement]
    if m.scopes[scope].name not in ("__init__", "build") or not m.is_method(scope):
        return False
    if not (
        any(isinstance(t, Attribute) and t.base == SELF for t in statement.targets)
        if isinstance(statement, Assign)
        else _given_to_self(m, i, statement)
    ):
        return False
    return context.infer.class_kind(m, m.scopes[scope].parent) in ("model", "layer")


def _given_to_self(m: Module, i: int, statement: Statement) -> bool:
    """`setattr(self, name, Sequential(…))`, `self.blocks.append(Sequential(…))`."""
    if not isinstance(statement, ExprStatement) or not isinstance(statement.value, CallRef):
        return False
    outer = m.calls[statement.value.number]
    f = outer.func
    if CallRef(i) not in outer.args:
        return False
    if f == Name("setattr"):
        return outer.args[0] == SELF
    return isinstance(f, Attribute) and f.attr in ADDERS and isinstance(f.base, Attribute) and f.base.base == SELF


def _reached_into(m: Module, j: int, name: Name) -> bool:
    """Do the arguments of call `j` take layers of the model: `base.input`, `base.get_layer("pool").output`?"""
    return any(
        isinstance(e, Attribute) and e.base == name and e.attr in _ENDS
        for argument in m.arguments(j)
        for e in walk(argument, m.calls)
    )


def _of_its_own(m: Module, i: int, name: str) -> bool:
    """Is the model itself used, returned or kept, besides being a block of another?"""
    at, me = m.calls[i].statement, Name(name)
    for j in m.scope_calls(m.calls[i].scope):
        f = m.calls[j].func
        if isinstance(f, Attribute) and f.base == me and f.attr in MODEL_METHODS and f.attr not in _ENDS:
            return True
        if (
            m.calls[j].statement > at
            and any(holds(a, me) for a in m.arguments(j))
            and tail_of(f) not in _FUNCTIONAL_TAILS
        ):
            return True
    for s in m.scope_statements(m.calls[i].scope):
        statement = m.statements[s]
        if (
            s > at
            and isinstance(statement, (Return, Assign))
            and statement.value is not None
            and holds(statement.value, me)
        ):
            return True
    return False
