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

from tflint_mem.analysis.program import modes
from tflint_mem.facts import Assign, Attribute, CallRef, ExprStatement, Import, Name, tail_of, walk
from tflint_mem.finding import UNSAFE
from tflint_mem.project.holds.values import CallOrigin, External, Thing
from tflint_mem.project.linking.module import call_text, statement_expressions

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
        growth = _growth(context, m, i)
        gone = context.project.versions.at_least(2, 16)
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
            fix=_growth_instead(m, i, context) if growth and m.calls[i].scope == 0 and m.calls[i].block == -1 else None,
        )


def _eager(context: Context, m: Module, i: int) -> bool:
    """Is there evidence of TensorFlow 2, and none of graphs?"""
    if context.project.versions.at_least(2, 0) is False or not _compatible(context, m, i):
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
    session = _session(context, m, i)
    return any(
        isinstance(v, External) and "compat.v1" in v.name
        for k in (i, session)
        if k is not None
        for v in context.infer.callee(m, k)
    )


def _session(context: Context, m: Module, i: int) -> int | None:
    """The call in this module that makes the session, or None."""
    given = context.argument(m, i, 0, "session")
    for v in context.infer.values(m, m.calls[i].scope, given, m.calls[i].statement) if given is not None else ():
        if isinstance(v, Thing) and v.kind == "session":
            origin = v.origin
            if isinstance(origin, CallOrigin) and origin.module == m.index:
                return origin.call
    return None


def _growth(context: Context, m: Module, i: int) -> bool | None:
    """Does the session's configuration ask for growth?  None when there is no configuration to be seen."""
    session = _session(context, m, i)
    if session is None:
        return None
    config = context.argument(m, session, None, "config")
    if config is None:
        return None
    for e in walk(config, m.calls):
        if _asks_for_growth(m, e):
            return True
        if isinstance(e, Name) and _configured(m, m.calls[session].scope, e):
            return True
    return False


def _asks_for_growth(m: Module, e: Expression) -> bool:
    return isinstance(e, CallRef) and any(k.name == "allow_growth" for k in m.calls[e.number].keywords)


def _configured(m: Module, scope: int, name: Name) -> bool:
    """`config.gpu_options.allow_growth = True`, or a configuration made with it."""
    for s in m.scope_statements(scope):
        statement = m.statements[s]
        if isinstance(statement, Assign) and statement.value is not None:
            for target in statement.targets:
                if target == Attribute(Attribute(name, "gpu_options"), "allow_growth"):
                    return True
                if target == name and any(_asks_for_growth(m, e) for e in walk(statement.value, m.calls)):
                    return True
    return False


def _growth_instead(m: Module, i: int, context: Context) -> Repair:
    """TensorFlow 2's growth in place of the session and all that is there for it alone."""

    def fix(fx: FixContext) -> Proposal:
        from tflint_mem.codemod import NoFix, Proposal
        from tflint_mem.codemod import operations as do

        if not isinstance(m.statements[m.calls[i].statement], ExprStatement):
            raise NoFix("the call is part of a larger statement")
        rows = sorted(m.statements[s].line for s in _with_setup(m, i))
        edits = []
        for row in rows:
            view = do.view_at(fx.source, row)
            edits.append(do.remove_statement(view, view.statement_on(row)))
        if not context.project.mentions_in(m, ("set_memory_growth",)):
            edits.append(do.growth_stanza(fx.source, _first_import(m)))
        return Proposal(UNSAFE, "Ask TensorFlow 2 for memory growth", do.join(*edits))

    return fix


def _with_setup(m: Module, i: int) -> set[int]:
    """The statement of call `i`, and those before it that only make its session and configuration."""
    found = {m.calls[i].statement}
    while True:
        more = {s for s in m.scope_statements(0) if s not in found and _only_for(m, s, found)}
        if not more:
            return found
        found |= more


def _only_for(m: Module, s: int, found: set[int]) -> bool:
    """Does statement `s` bind or change a name that nothing outside of `found` reads?"""
    statement = m.statements[s]
    if not isinstance(statement, Assign) or statement.block != -1 or len(statement.targets) != 1 or s > max(found):
        return False
    base = _root(statement.targets[0])
    if not isinstance(base, Name) or not any(base in _read(m, other) for other in found):
        return False
    same = set()
    for k in m.scope_statements(0):
        other = m.statements[k]
        if isinstance(other, Assign) and any(_root(target) == base for target in other.targets):
            same.add(k)
    return all(k in found or k in same or base not in _read(m, k) for k in range(len(m.statements)))


def _root(e: Expression) -> Expression:
    """What a chain of attributes begins with."""
    while isinstance(e, Attribute):
        e = e.base
    return e


def _read(m: Module, s: int) -> set[Name]:
    """The names in the expressions of a statement."""
    expressions = statement_expressions(m.statements[s])
    return {e for expression in expressions for e in walk(expression, m.calls) if isinstance(e, Name)}


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
