"""Finds `reset_default_graph()` where it does nothing or fails.

## What it does
Reports `reset_default_graph()` in code that runs eagerly, and inside a `tf.function`, a `with graph.as_default()` or a
`with Session()` block. TF1 graph code, where the call is right, stays silent, and so do branches that ask for the
version.

## Why is this bad?
Eager TensorFlow keeps nothing in the default graph: the call frees no memory and hides that something else should. In
TensorFlow 2 the plain name `tf.reset_default_graph` is gone. Inside a traced function or another graph TensorFlow
refuses the call.

## What was measured
In eager code: no effect at all; a loop that loads or builds models grows as before (TF 2.21 and 2.15). Inside a
`tf.function` or an `as_default()` block: `AssertionError`.

## Example
```python
for width in widths:
    tf.compat.v1.reset_default_graph()
    model = build(width)
```

Use instead:
```python
for width in widths:
    model = build(width)
    ...
    tf.keras.backend.clear_session()
    gc.collect()
```

## Fix safety
Taking out a call that does nothing is safe. Where a Keras model is built after it in the same repeat, the fix puts
`clear_session()` in its place, which is unsafe: it ends every live Keras model of the process.
"""

from __future__ import annotations

from tflint_mem.analysis.program import modes
from tflint_mem.facts import CallRef, Imported, With, dotted
from tflint_mem.finding import SAFE, UNSAFE
from tflint_mem.knowledge import BUILDERS, LOADERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint_mem.codemod import Proposal
    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.draft import Draft, Repair
    from tflint_mem.ruleset.fix_context import FixContext

CODE = "TFM501"
MEASURED = "a silent no-op in eager code: the growth of a loop stays the same (TF 2.21 and 2.15)"
MEASURED_INSIDE = "`AssertionError` at this call"
_NAME = "tf.reset_default_graph"
_MODELS = BUILDERS | LOADERS | {"new:model"}


def find(context: Context) -> Iterator[Draft]:
    """Calls of `reset_default_graph` inside a graph or a traced function, and those in eager code."""
    for m, i, _ in context.calls(("reset_default_graph",), frozenset((_NAME,))):
        if context.in_tests(m) or modes.switched(m, i):
            continue
        inside = "traced code" if context.project.compiled(m, m.calls[i].scope) else _open_graph(context, m, i)
        if inside:
            yield context.at_call(
                CODE,
                m,
                i,
                f"`reset_default_graph()` fails inside {inside}",
                measured=MEASURED_INSIDE,
                severity="error",
                help="take it out; a graph of one's own (`with tf.Graph().as_default():`) needs no reset",
                fix=_remove(m, i, UNSAFE),
            )
        elif _eager(context, m, i):
            gone = dotted(m.calls[i].func) == ("tf", "reset_default_graph") and not _compat_module(m)
            again = _model_again(context, m, i)
            yield context.at_call(
                CODE,
                m,
                i,
                "TensorFlow 2 has no `tf.reset_default_graph`, and in eager code there would be nothing to reset"
                if gone
                else "`reset_default_graph()` does nothing in eager code; it frees no memory",
                measured="" if gone else MEASURED,
                help="use keras.backend.clear_session() and gc.collect() to let go of Keras models"
                if again
                else "take it out",
                fix=_clear_session(m, i) if again else _remove(m, i, UNSAFE if gone else SAFE),
            )


def _open_graph(context: Context, m: Module, i: int) -> str:
    """ "a `with` block of …" when another graph is the default one at the call, else ""."""
    for block in m.chain(m.calls[i].block):
        statement = m.statements[m.blocks[block].statement]
        if m.blocks[block].kind != "with" or not isinstance(statement, With):
            continue
        for item in statement.items:
            if not isinstance(item.context, CallRef):
                continue
            names = context.project.apis(m, item.context.number)
            if "graph.as_default" in names:
                return "`with graph.as_default()`"
            if "tf.Session" in names:
                return "`with Session()`"
    return ""


# -- eager or not ------------------------------------------------------------------------------------------------------


def _eager(context: Context, m: Module, i: int) -> bool:
    """Is there evidence that the call runs in eager TensorFlow 2, and none of graph code around it?"""
    versions = context.project.versions
    known = versions.at_least(m, 2, 0)
    if versions.graph_mode(m) or known is False:
        return False
    near = modes.near(context, m, i)
    if any(versions.graph_mode(other) for other in near):
        return False
    if any(versions.evidence(other).second for other in near) or known:
        return True
    # a name of TensorFlow 2's compatibility module in a file that builds Keras models
    spelled = dotted(m.calls[i].func) or ()
    return "compat" in spelled and any(_builds(context, other) for other in near)


def _builds(context: Context, m: Module) -> bool:
    """Does the module build or load models?"""
    key = ("builds models", m.index)
    known: bool | None = context.memo.get(key)
    if known is None:
        known = context.memo[key] = any(
            context.project.apis(m, i) & _MODELS
            for tail, calls in m.calls_by_tail().items()
            if tail[:1].isupper() or tail.startswith(("load", "clone"))
            for i in calls
        )
    return known


def _compat_module(m: Module) -> bool:
    """Is `tf` in this file the compatibility module, which has the name?"""
    return any(
        isinstance(b.value, Imported) and "compat" in b.value.module.split(".") for b in m.bindings(0).get("tf", ())
    )


def _model_again(context: Context, m: Module, i: int) -> bool:
    """Is a model built or loaded in what runs after the call, and Keras not cleared anyway?"""
    released = context.project.released_by
    call = m.calls[i]
    loops = m.loops(call.block)
    region = loops[0] if loops else -1
    if call.scope == 0 and not loops:
        return False  # once, at the start of a script: nothing to let go of
    return bool(released.in_region(m, call.scope, region, _MODELS)) and not released.in_region(
        m, call.scope, region, frozenset(("keras.clear_session",))
    )


# -- fixes -------------------------------------------------------------------------------------------------------------


def _remove(m: Module, i: int, applicability: str) -> Repair:
    """The call is taken out: SAFE where it does nothing, UNSAFE where it fails."""

    def fix(fx: FixContext) -> Proposal:
        from tflint_mem.codemod import NoFix, Proposal
        from tflint_mem.codemod import operations as do

        view, call = fx.at(m, i)
        small = view.small(call)
        if getattr(small, "value", None) is not call:
            raise NoFix("the call is part of a larger statement")
        message = "Take out the call that does nothing" if applicability == SAFE else "Take out the call that fails"
        return Proposal(applicability, message, do.remove_statement(view, call))

    return fix


def _clear_session(m: Module, i: int) -> Repair:
    """Keras' session is cleared instead."""

    def fix(fx: FixContext) -> Proposal:
        from tflint_mem.codemod import Proposal
        from tflint_mem.codemod import operations as do

        view, call = fx.at(m, i)
        clear = do.clear_session_expression(fx.source, m.calls[i].pos.line)
        code = clear.expression if clear.expression.endswith(")") else f"{clear.expression}()"
        edits = do.join(do.replace_expression(view, call, code), clear.edits)
        return Proposal(UNSAFE, "Clear Keras' session instead", edits)

    return fix
