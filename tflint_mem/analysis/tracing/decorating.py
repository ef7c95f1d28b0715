"""May the function around a call be decorated with `@tf.function`?

The fix of two rules: a step that runs eagerly is traced.  The answer is the fix, or a few words that say why the
function has to run in Python: it is defined again and again, it is given Python values, it does something on the host,
or a trace would keep what it should read anew each time.  What a function that it calls does counts as its own doing.
"""

from __future__ import annotations

from tflint_mem.finding import UNSAFE
from tflint_mem.project.holds.values import Thing

from . import frozen, tracing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from tflint_mem.codemod import Proposal
    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.draft import Repair
    from tflint_mem.ruleset.fix_context import FixContext

_UPDATE_TAILS = ("apply_gradients", "minimize")
_UPDATES = frozenset("optimizer." + tail for tail in _UPDATE_TAILS)
_SWITCHED_OFF = ("tf.function", "@function", "def_function")


def decorate(context: Context, m: Module, i: int) -> Repair | str:
    """A fix that decorates the function around call `i`, or a few words that say why it has to run in Python."""
    scope = m.calls[i].scope
    record = m.scopes[scope]
    if record.kind != "function":
        return "the step stands in no function of its own"
    if not _made_once(context, m, scope):
        return "the function is defined again in each repeat"
    if record.decorators:
        return "the function has another decorator"
    if _python_arguments(context, m, scope):
        return "it is given Python values, each of which would be traced"
    if _updates_at_times(context, m, scope):
        return "the update stands under a condition: a later trace would make the optimizer's variables, and fail"
    effect = tracing.host_effect(context, m, scope)
    if effect:
        return f"the function {effect}"
    refusal: str = frozen.reason(context, m, scope)
    if refusal:
        return refusal

    def fix(fx: FixContext) -> Proposal:
        from tflint_mem.codemod import NoFix, Proposal
        from tflint_mem.codemod import operations as do

        view, _ = fx.at(m, i)
        row = m.statements[m.scopes[scope].statement].line
        if _switched_off(fx.source.lines, row):
            raise NoFix("its author switched the decorator off")
        edits = do.add_decorator(view, view.function_on(row), f"{do.tf_name(fx.source, row)}.function")
        return Proposal(UNSAFE, "Trace the step once", edits)

    return fix


def _updates_at_times(context: Context, m: Module, scope: int) -> bool:
    """Does the function let an optimizer update variables under a condition, which the first trace may leave out?

    The optimizer makes its variables with the first update, and a tf.function may make some in its first trace only.
    """
    return any(
        m.calls[j].scope == scope
        and any(m.blocks[b].kind == "if" for b in m.chain(m.calls[j].block))
        and not context.project.apis(m, j).isdisjoint(_UPDATES)
        for tail in _UPDATE_TAILS
        for j in m.calls_by_tail().get(tail, ())
    )


def _switched_off(lines: Sequence[str], row: int) -> bool:
    """Does a comment right around the head of the function hold the decorator: `# @tf.function`?

    row  of the head, from 1
    """
    above = row - 1
    while above > 0 and (
        lines[above - 1].lstrip().startswith(("#", "@")) or not lines[above - 1].strip() and row - above < 2
    ):
        above -= 1
    comments = [line.partition("#")[2] for line in lines[above : row + 1]]
    return any(word in comment for comment in comments for word in _SWITCHED_OFF)


def _made_once(context: Context, m: Module, scope: int) -> bool:
    """Is the function defined once, and not again in each run of one that repeats?"""
    record = m.scopes[scope]
    owner = record.parent
    if m.loops(m.statements[record.statement].block):
        return False
    if owner == 0 or m.scopes[owner].kind == "class":
        return True
    return not any(
        how != "call" or context.first_repeat(other, j) for other, j, how in context.project.callers(m, owner)
    )


def _python_arguments(context: Context, m: Module, scope: int) -> bool:
    """Is the function given Python numbers or texts, which would trace it again for each value?"""
    for index in range(len(m.scopes[scope].parameters)):
        if any(
            isinstance(v, Thing) and v.kind in ("int", "float", "number", "str")
            for v in context.infer.parameter(m, scope, index)
        ):
            return True
    return False
