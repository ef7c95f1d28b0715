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

from tflint_mem.analysis.passes import tensor_views
from tflint_mem.facts import (
    CallRef,
)
from tflint_mem.finding import UNSAFE
from tflint_mem.ruleset.draft import Draft, TraceStep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint_mem.codemod import Proposal
    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.draft import Repair
    from tflint_mem.ruleset.fix_context import FixContext

CODE = "TFM704"
MEASURED = "4229 KiB per kept view: the interpreter of a model of 4.2 MiB stays (TF 2.21); get_tensor(): 0"


def find(context: Context) -> Iterator[Draft]:
    """Statements that keep or return a view."""
    seen: set[tuple[int, int]] = set()
    for m, i, _ in context.calls(("tensor",), frozenset(("interpreter.tensor",))):
        for scope in tensor_views.scopes(m, m.calls[i].scope):
            for keeper in tensor_views.keepers(context, m, scope):
                s = keeper.statement
                views = (tensor_views.of_expression(context, m, scope, value, s, 0) for value in keeper.values)
                view = next((v for v in views if v is not None), None)
                if (
                    view is None
                    or (m.index, s) in seen
                    or keeper.verb == "returns"
                    and not tensor_views.made_here(context, m, scope, view)
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
