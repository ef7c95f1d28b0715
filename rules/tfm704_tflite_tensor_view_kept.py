"""Finds NumPy views into a TFLite interpreter that are kept.

## What it does
Reports a statement that keeps or returns the array of `interpreter.tensor(i)()`: in a list, a dictionary or an
attribute, or returned from a function that made the interpreter. Copies, numbers taken from it, and the function
`interpreter.tensor(i)` itself are fine.

## Why is this bad?
The array is no copy but a view into the interpreter's memory. As long as it lives, the interpreter with its model and
all its buffers lives; and `invoke()` refuses to run or overwrites what was kept.

## What was measured
TensorFlow 2.21: 4229 KiB per kept view of an interpreter with a model of 4.2 MiB; `get_tensor()`: 0.

## Example
```python
results.append(interpreter.tensor(output)())
```

Use instead:
```python
results.append(interpreter.get_tensor(output))
```

## Fix safety
The fix asks for a copy with `get_tensor`. It is unsafe only in so far as a person should look at it.
"""

from __future__ import annotations

from tflint_mem.analysis.passes import kept
from tflint_mem.facts import (
    SELF,
    Assign,
    Attribute,
    CallRef,
    Name,
    Pos,
    Record,
    Reference,
    Return,
    Subscript,
    TupleDisplay,
)
from tflint_mem.finding import UNSAFE
from tflint_mem.project.holds.values import CallOrigin, Thing
from tflint_mem.ruleset.draft import Draft, TraceStep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tflint_mem.codemod import Proposal
    from tflint_mem.facts import Expression
    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.draft import Repair
    from tflint_mem.ruleset.fix_context import FixContext

CODE = "TFM704"
MEASURED = "4229 KiB per kept view: the interpreter of a model of 4.2 MiB stays (TF 2.21); get_tensor(): 0"
_VIEWS = frozenset(("reshape", "squeeze", "transpose", "view", "ravel", "swapaxes"))


def find(context: Context) -> Iterator[Draft]:
    """Statements that keep or return a view."""
    seen: set[tuple[int, int]] = set()
    for m, i, _ in context.calls(("tensor",), frozenset(("interpreter.tensor",))):
        for scope in _scopes(m, m.calls[i].scope):
            for keeper in _keepers(context, m, scope):
                s = keeper.statement
                views = (_view(context, m, scope, value, s, 0) for value in keeper.values)
                view = next((v for v in views if v is not None), None)
                if (
                    view is None
                    or (m.index, s) in seen
                    or keeper.verb == "returns"
                    and not _made_here(context, m, scope, view)
                ):
                    continue
                seen.add((m.index, s))
                yield Draft(
                    code=CODE,
                    m=m,
                    pos=keeper.pos,
                    message=f"{keeper.verb} a view into the interpreter's memory, and with it the interpreter",
                    measured=MEASURED,
                    help="use get_tensor(), or copy the array",
                    trace=(TraceStep.at(m, m.calls[view].pos, "gives a view, no copy"),),
                    fix=_copied(m, view),
                    noqa_row=m.statements[s].end_line,
                    site=s,
                )


class _Keeper(Record):
    """A statement that "keeps" or "returns" values, and where."""

    __slots__ = ()
    statement: int
    values: Sequence[Expression]
    pos: Pos
    verb: str


def _scopes(m: Module, scope: int) -> list[int]:
    """The function itself, and for a method its sisters: they may use the same attribute."""
    owner = m.scopes[scope].parent
    if owner > 0 and m.scopes[owner].kind == "class":
        return sorted(m.members(owner).values())
    return [scope]


def _keepers(context: Context, m: Module, scope: int) -> Iterator[_Keeper]:
    """What keeps or returns something."""
    for keeping in kept.in_scope(context, m, scope):
        yield _Keeper(keeping.s, keeping.values, kept.position(m, keeping.s), "keeps")
    for s in m.scope_statements(scope):
        statement = m.statements[s]
        if (
            isinstance(statement, Assign)
            and statement.value is not None
            and any(isinstance(t, Attribute) and t.base == SELF for t in statement.targets)
        ):
            calls = [m.calls[k].pos for k in m.scope_calls(scope) if m.calls[k].statement == s]
            if calls:
                first = min(pos.line for pos in calls)
                column = min(pos.column for pos in calls if pos.line == first)
                end_line, end_column = max((pos.end_line, pos.end_column) for pos in calls)
                yield _Keeper(s, (statement.value,), Pos(statement.line, column, end_line, end_column), "keeps")
        elif isinstance(statement, Return) and statement.value is not None:
            values = statement.value.items if isinstance(statement.value, TupleDisplay) else (statement.value,)
            yield _Keeper(s, values, statement.pos, "returns")


def _view(context: Context, m: Module, scope: int, e: object, at: int, depth: int) -> int | None:
    """The call that gives the view an expression is (or is cut from), or None."""
    if depth > 6:
        return None
    if isinstance(e, Subscript):
        return _view(context, m, scope, e.base, at, depth + 1)
    if isinstance(e, Name):
        bindings = context.infer.reaching(m, m.bindings(scope).get(e.id, ()), at)
        if len(bindings) != 1 or bindings[0].kind != "assign" or bindings[0].path:
            return None
        return _view(context, m, scope, bindings[0].value, bindings[0].statement, depth + 1)
    if not isinstance(e, CallRef):
        return None
    f = m.calls[e.number].func
    if isinstance(f, Attribute) and f.attr in _VIEWS:
        return _view(context, m, scope, f.base, at, depth + 1)
    if (
        "interpreter.tensor" in (context.project.apis(m, f.number) if isinstance(f, CallRef) else ())
        or isinstance(f, Reference)
        and _gives_views(context, m, scope, f)
    ):
        return e.number
    return None


def _gives_views(context: Context, m: Module, scope: int, f: Reference) -> bool:
    """Is the called name or attribute what `interpreter.tensor(i)` gave?"""
    if isinstance(f, Name):
        bindings = m.bindings(scope).get(f.id, ())
        values = [b.value for b in bindings if b.kind == "assign" and not b.path]
        return (
            bool(values)
            and len(values) == len(bindings)
            and all(_is_tensor_call(context, m, value) for value in values)
        )
    owner = scope
    while owner > 0 and m.scopes[owner].kind != "class":
        owner = m.scopes[owner].parent
    if owner <= 0 or not isinstance(f, Attribute) or f.base != SELF:
        return False
    assigned = context.infer.attribute_assignments(m, owner).get(f.attr, ())
    return bool(assigned) and all(
        each.kind == "assign" and not each.path and _is_tensor_call(context, m, each.value) for each in assigned
    )


def _is_tensor_call(context: Context, m: Module, e: object) -> bool:
    return isinstance(e, CallRef) and "interpreter.tensor" in context.project.apis(m, e.number)


def _made_here(context: Context, m: Module, scope: int, view: int) -> bool:
    """Is the interpreter made in this function, so that only the view would keep it?"""
    f = m.calls[view].func
    made: object = f
    if isinstance(f, Name):
        assigned = [b.value for b in m.bindings(scope).get(f.id, ()) if b.kind == "assign"]
        made = next((value for value in assigned if isinstance(value, CallRef)), None)
    if not isinstance(made, CallRef):
        return False
    interpreter = context.receiver(m, made.number)
    return any(
        isinstance(v, Thing)
        and v.kind == "interpreter"
        and isinstance(v.origin, CallOrigin)
        and v.origin.module == m.index
        and m.calls[v.origin.call].scope == scope
        for v in context.infer.values(m, scope, interpreter, m.calls[made.number].statement)
    )


def _copied(m: Module, view: int) -> Repair | None:
    """`interpreter.tensor(i)()` becomes `interpreter.get_tensor(i)`."""
    inner = m.calls[view].func
    if not isinstance(inner, CallRef):
        return None

    def fix(fx: FixContext) -> Proposal:
        import libcst as cst

        from tflint_mem.codemod import NoFix, Proposal
        from tflint_mem.codemod import operations as do

        concrete, call = fx.at(m, view)
        _, asked = fx.at(m, inner.number)
        if not isinstance(asked.func, cst.Attribute):
            raise NoFix("nobody sees the interpreter")
        interpreter = concrete.code(asked.func.value)
        arguments = ", ".join(concrete.code(arg.value) for arg in asked.args)
        edits = do.replace_expression(concrete, call, f"{interpreter}.get_tensor({arguments})")
        return Proposal(UNSAFE, "Take a copy with get_tensor", edits)

    return fix
