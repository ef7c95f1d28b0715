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
from tflint_mem.facts import Assign, Attribute, CallRef, Name, Reference, Return, Subscript, TupleDisplay
from tflint_mem.finding import UNSAFE
from tflint_mem.project.holds.values import Thing
from tflint_mem.ruleset.draft import Draft, TraceStep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.facts import Expression
    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.fix_context import FixContext

CODE = "TFM704"
MEASURED = "4229 KiB per kept view: the interpreter of a model of 4.2 MiB stays (TF 2.21); get_tensor(): 0"
_VIEWS = frozenset(("reshape", "squeeze", "transpose", "view", "ravel", "swapaxes"))


def find(context: Context) -> Iterator[Draft]:
    """Statements that keep or return a view."""
    seen = set()
    for m, i, _ in context.calls(("tensor",), frozenset(("interpreter.tensor",))):
        for scope in _scopes(m, m.calls[i].scope):
            for s, values, pos, what in _keeping(context, m, scope):
                view = next(
                    (v for v in (_view(context, m, scope, value, s, 0) for value in values) if v is not None), None
                )
                if (
                    view is None
                    or (m.index, s) in seen
                    or what == "returns"
                    and not _made_here(context, m, scope, view)
                ):
                    continue
                seen.add((m.index, s))
                yield Draft(
                    code=CODE,
                    m=m,
                    pos=pos,
                    message=f"{what} a view into the interpreter's memory, and with it the interpreter",
                    measured=MEASURED,
                    help="use get_tensor(), or copy the array",
                    trace=(TraceStep(m, m.calls[view][6][0], m.calls[view][6][1], "gives a view, no copy"),),
                    fix=_copied(context, m, view),
                    noqa_row=m.statements[s][4],
                    site=s,
                )


def _scopes(m: Module, scope: int):
    """The function itself, and for a method its sisters: they may use the same attribute."""
    owner = m.scopes[scope].parent
    if owner > 0 and m.scopes[owner].kind == "class":
        return sorted(m.members(owner).values())
    return [scope]


def _keeping(context: Context, m: Module, scope: int):
    """(statement, values, position, verb) of what keeps or returns something."""
    for keeping in kept.in_scope(context, m, scope):
        yield keeping.s, keeping.values, kept.position(m, keeping.s), "keeps"
    for s in m.scope_statements(scope):
        statement = m.statements[s]
        if statement is None:
            continue
        if (
            isinstance(statement, Assign)
            and statement.value is not None
            and any(isinstance(t, Attribute) and t.base == Name("self") for t in statement.targets)
        ):
            calls = [m.calls[k].pos for k in m.scope_calls(scope) if m.calls[k].statement == s]
            if calls:
                yield (
                    s,
                    (statement.value,),
                    (
                        statement.line,
                        min(c.column for c in calls if c.line == min(c.line for c in calls)),
                        *max(c[2:] for c in calls),
                    ),
                    "keeps",
                )
        elif isinstance(statement, Return) and statement.value is not None:
            yield (
                s,
                statement.value.items if isinstance(statement.value, TupleDisplay) else (statement.value,),
                statement.pos,
                "returns",
            )


def _view(context: Context, m: Module, scope: int, e: Expression, at: int, depth):
    """The call that gives the view an expression is (or is cut from), or None."""
    if e is None or depth > 6:
        return None
    if isinstance(e, Subscript):
        return _view(context, m, scope, e.base, at, depth + 1)
    if isinstance(e, Name):
        bindings = context.infer.reaching(m, m.bindings(scope).get(e.id, ()), at)
        return (
            _view(context, m, scope, bindings[0][3], bindings[0][1], depth + 1)
            if len(bindings) == 1 and bindings[0][0] == "assign" and not bindings[0][4]
            else None
        )
    if not isinstance(e, CallRef):
        return None
    f = m.calls[e.number].func
    if isinstance(f, Attribute) and f.attr in _VIEWS:
        return _view(context, m, scope, f.base, at, depth + 1)
    if (
        "interpreter.tensor" in (context.project.apis(m, f.number) if isinstance(f, CallRef) else ())
        or isinstance(f, Reference)
        and _gives_views(context, m, scope, f, at)
    ):
        return e.number
    return None


def _gives_views(context: Context, m: Module, scope: int, f: Expression, at: int):
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
    if owner <= 0 or f[1] != Name("self"):
        return False
    assigned = context.infer.attribute_assignments(m, owner).get(f[2], ())
    return bool(assigned) and all(
        kind == "assign" and not path and _is_tensor_call(context, m, value) for _, _, value, path, kind in assigned
    )


def _is_tensor_call(context: Context, m: Module, e: Expression):
    return isinstance(e, CallRef) and "interpreter.tensor" in context.project.apis(m, e.number)


def _made_here(context: Context, m: Module, scope: int, view):
    """Is the interpreter made in this function, so that only the view would keep it?"""
    f = m.calls[view][0]
    source = (
        f.number
        if isinstance(f, CallRef)
        else next(
            (
                b.value.number
                for b in m.bindings(scope).get(f.id, ())
                if b.kind == "assign" and isinstance(b.value, CallRef)
            ),
            None,
        )
        if isinstance(f, Name)
        else None
    )
    if source is None:
        return False
    receiver = m.calls[source].func[1]
    return any(
        isinstance(v, Thing)
        and v.kind == "interpreter"
        and v.origin is not None
        and v.origin[0] == m.index
        and isinstance(v.origin[1], int)
        and m.calls[v.origin[1]].scope == scope
        for v in context.infer.values(m, scope, receiver, m.calls[source].statement)
    )


def _copied(context: Context, m: Module, view):
    """`interpreter.tensor(i)()` becomes `interpreter.get_tensor(i)`."""
    inner = m.calls[view][0]
    if not isinstance(inner, CallRef):
        return None

    def fix(fx: FixContext) -> Proposal:
        from tflint_mem.codemod import operations as do

        concrete, call = fx.at(m, view)
        asked = call.func
        arguments = ", ".join(concrete.code(arg.value) for arg in asked.args)
        return (
            UNSAFE,
            "Take a copy with get_tensor",
            do.replace_expression(concrete, call, f"{concrete.code(asked.func.value)}.get_tensor({arguments})"),
        )

    return fix
