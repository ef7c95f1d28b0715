"""Finds sessions that are set for Keras in eager TensorFlow 2, where nobody looks at them.

## What it does
Reports `set_session(Session(config=…))` of the Keras backend in code that runs eagerly: the names come from the
compatibility module `tf.compat.v1`, and nothing around it builds graphs, runs a session or switches eager execution
off. In TensorFlow 1 it is right and silent.

## Why is this bad?
The session holds the wish for memory growth, a memory limit or no GPU, and eager Keras never runs a session: the wish
is not heard. Keras 3 does not have the function at all.

## What was measured
On TensorFlow 2.15 the call silently does nothing; with Keras 3 (TensorFlow 2.16 and later) it is an `AttributeError`.

## Example
```python
config = tf.compat.v1.ConfigProto()
config.gpu_options.allow_growth = True
tf.compat.v1.keras.backend.set_session(tf.compat.v1.Session(config=config))
```

Use instead:
```python
for gpu in tf.config.list_physical_devices("GPU"):
    tf.config.experimental.set_memory_growth(gpu, True)
```

## Fix safety
At the top of a script that asks for growth, the fix puts in the two lines and takes out the session with its
configuration. It is unsafe because it changes how GPU memory is taken.
"""

from __future__ import annotations

from tflint_mem.analysis.gpu import session_setup
from tflint_mem.analysis.program import modes
from tflint_mem.facts import ExprStatement, Import, tail_of
from tflint_mem.finding import UNSAFE
from tflint_mem.project.holds.values import External
from tflint_mem.project.linking.call_names import call_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint_mem.codemod import Proposal
    from tflint_mem.facts import Expression
    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.draft import Draft, Repair
    from tflint_mem.ruleset.fix_context import FixContext

CODE = "TFM505"
MEASURED = "silently does nothing on TF 2.15; `AttributeError` with Keras 3 (TF 2.16 and later)"
_NAME = "keras.backend.set_session"
_SWITCHES = frozenset(("tf.disable_eager_execution", "tf.disable_v2_behavior"))
_SETUP = frozenset(
    ("tf.Session", "tf.InteractiveSession", "tf.ConfigProto", "tf.GPUOptions", _NAME, "keras.backend.get_session")
)


def find(context: Context) -> Iterator[Draft]:
    """Calls of `set_session` in eager code."""
    for m, i, _ in context.calls(("set_session",), frozenset((_NAME,))):
        if context.in_tests(m) or modes.switched(m, i) or not _eager(context, m, i):
            continue
        growth = session_setup.asks_for_growth(context, m, i)
        gone = context.project.versions.at_least(m, 2, 16)
        yield context.at_call(
            CODE,
            m,
            i,
            f"`{call_text(m, i)}` "
            + (
                "is gone in Keras 3"
                if gone
                else "does nothing in eager TensorFlow 2; the session's configuration is never used"
            ),
            measured=MEASURED,
            help="use tf.config.experimental.set_memory_growth for each GPU"
            if growth is not False
            else "use tf.config (set_visible_devices, set_logical_device_configuration)",
            fix="the session asks for more than memory growth, or nobody sees what for"
            if not growth
            else "it stands in a function or under a condition, where TensorFlow may have started already"
            if m.calls[i].scope or m.calls[i].block != -1
            else _growth_instead(m, i, context),
        )


def _eager(context: Context, m: Module, i: int) -> bool:
    """Is there evidence of TensorFlow 2, and none of graphs?"""
    if context.project.versions.at_least(m, 2, 0) is False or not _compatible(context, m, i):
        return False
    if context.project.versions.evidence(m).first - _SETUP or any(
        "session.run" in context.project.apis(m, k) for k in m.calls_by_tail().get("run", ())
    ):
        return False
    if any(
        "graph.as_default" in context.project.apis(m, k) or _named_graph(context.receiver(m, k))
        for k in m.calls_by_tail().get("as_default", ())
    ):
        return False
    return not any(context.project.versions.evidence(other).first & _SWITCHES for other in modes.near(context, m, i))


def _named_graph(e: Expression | None) -> bool:
    return e is not None and (tail_of(e) or "").endswith("graph")


def _compatible(context: Context, m: Module, i: int) -> bool:
    """Is the function, or the session it is given, spelled through `tensorflow.compat.v1`?"""
    session = session_setup.opened_by(context, m, i)
    if session is not None and any(keyword.name == "graph" for keyword in m.calls[session].keywords):
        return False  # what follows is built on a graph of its own
    return any(
        isinstance(v, External) and "compat.v1" in v.name
        for k in (i, session)
        if k is not None
        for v in context.infer.callee(m, k)
    )


def _growth_instead(m: Module, i: int, context: Context) -> Repair:
    """TensorFlow 2's growth in place of the session and all that is there for it alone."""

    def fix(fx: FixContext) -> Proposal:
        from tflint_mem.codemod import NoFix, Proposal
        from tflint_mem.codemod import operations as do

        if not isinstance(m.statements[m.calls[i].statement], ExprStatement):
            raise NoFix("the call is part of a larger statement")
        rows = sorted(m.statements[s].line for s in session_setup.with_setup(m, i))
        edits = []
        for row in rows:
            view = do.view_at(fx.source, row)
            edits.append(do.remove_statement(view, view.statement_on(row)))
        if not context.project.mentions_in(m, ("set_memory_growth",)):
            edits.append(do.growth_stanza(fx.source, _first_import(m)))
        return Proposal(UNSAFE, "Ask TensorFlow 2 for memory growth", do.join(*edits))

    return fix


def _first_import(m: Module) -> int:
    """Row of the module's first import of TensorFlow."""
    return next(
        (
            statement.line
            for statement in m.statements
            if isinstance(statement, Import)
            and statement.block == -1
            and any(bound.module.split(".")[0] == "tensorflow" for bound in statement.names)
        ),
        1,
    )
