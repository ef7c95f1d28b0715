"""Models that a function makes anew and gives to a traced function.

The question: *is an argument of the call a Keras model that each run of the function around it makes?*  Asked of
functions that only others call: users of a library.  The model counts where it is seen how it is made, right there or
in a function that always makes and returns one; kept or cached ones do not.
"""

from __future__ import annotations

from tflint_mem.analysis.passes import hot, varying_values
from tflint_mem.analysis.program import public
from tflint_mem.facts import (
    Attribute,
    CallRef,
    Expression,
    Name,
    Return,
    walk,
)
from tflint_mem.knowledge import ENDS, GENERAL_MODELS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from tflint_mem.project.linking.module import Module, Site
    from tflint_mem.ruleset.context import Context


def given(context: Context, m: Module, i: int) -> varying_values.Found | None:
    """The same for a call in a function that others are there to call, when it makes the model that it passes, or has
    it made.
    """
    given: list[tuple[int | str, Expression]] = [
        *enumerate(m.calls[i].args),
        *[(k.name, k.value) for k in m.calls[i].keywords if k.name],
    ]
    made = next(((which, makers) for which, e in given for makers in (_makers(context, m, i, e),) if makers), None)
    if made is None:
        return None
    which, makers = made
    repeat = public.each_call(context, m, i)
    if repeat is None or not hot.eager(context, repeat):
        return None
    if all(
        any(
            isinstance(e, Attribute) and e.attr in ENDS
            for argument in fm.arguments(j)
            for e in walk(argument, fm.calls)
        )
        for fm, j in makers
    ):
        return varying_values.Found(repeat, varying_values.Varying("a new model around another one", "wrapper"), which)
    return varying_values.Found(repeat, varying_values.Varying("a new model", "model"), which)


def _makers(context: Context, m: Module, i: int, e: Expression) -> Sequence[Site]:
    """(module, call) that make the Keras model: the expression is what a call in the same function gives, which makes
    one, or calls a function that always makes and returns one.  Else ().
    """
    scope = m.calls[i].scope
    made: object = e
    if isinstance(e, Name):
        bindings = m.bindings(scope).get(e.id, ())
        if len(bindings) == 1 and bindings[0].kind == "assign" and not bindings[0].path:
            made = bindings[0].value
    if not isinstance(made, CallRef) or not public.drops(m, made.number):
        return ()
    if context.project.apis(m, made.number) & GENERAL_MODELS:
        return ((m, made.number),)
    functions = context.project.functions_called(m, made.number)
    if len(functions) != 1 or context.project.repeats_of.guards.cached(*functions[0]):
        return ()
    fm, scope = functions[0]
    found = []
    for s in fm.scope_statements(scope):
        statement = fm.statements[s]
        if isinstance(statement, Return):
            value = statement.value
            if not isinstance(value, CallRef) or not context.project.apis(fm, value.number) & GENERAL_MODELS:
                return ()
            found.append((fm, value.number))
    return found
