"""One trace for all passes.

The question: *would a function that is traced once, before the loop, do the same as one that is traced in each pass?*
Not where a trace has an effect of its own, or reads what the loop changes.  What is unsure is told in words: the
effects of calls that nobody knows, functions that nobody sees.
"""

from __future__ import annotations

from tflint_mem.analysis.models import side_effects
from tflint_mem.analysis.passes import hot
from tflint_mem.facts import Attribute

from . import frozen, traced_functions, tracing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.analysis.tracing.traced_functions import Traced
    from tflint_mem.codemod.view import Comprehension, Loop
    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context

    AnyLoop = Loop | Comprehension

_ONLY_SEEN = ("reads a NumPy array", "calls print()")  # what a trace does that changes no result


def doubt(context: Context, m: Module, i: int, traced: Traced, loop: int) -> str:
    """What makes it unsafe to trace once what `loop` traces in each pass, "" for nothing.

    Raises NoFix where another trace would give something else.
    """
    from tflint_mem.codemod import NoFix

    effects = side_effects.of_loop(context, m, loop, but=None if traced_functions.stands_for_definition(m) else i)
    if traced.m is None:
        wrapped = traced_functions.argument(m, i)
        keras = wrapped is not None and context.kinds(
            m, i, wrapped.base if isinstance(wrapped, Attribute) else wrapped
        ) & {
            "model",
            "layer",
            "saved_model",
        }
        return "" if keras and not effects.unknown else "nobody sees the function that is traced"
    effect = tracing.host_effect(context, traced.m, traced.scope)
    if effect and not effect.startswith(_ONLY_SEEN):
        raise NoFix(f"each trace of the function {effect}")
    reads = frozen.reads(context, traced.m, traced.scope)
    names, attributes = reads.names, reads.attributes
    own = m.statements[m.blocks[loop].statement].scope
    bound = {
        (m.index, name) for name, bindings in m.bindings(own).items() for b in bindings if hot.bound_inside(m, b, loop)
    }
    changed = sorted(name for _, name in names & (bound | effects.names)) or sorted(
        (attributes | {name for _, name in names}) & effects.attributes
    )
    if changed:
        raise NoFix(f"the loop changes {changed[0]}, which the function reads when it is traced")
    return effect or effects.unknown and (attributes or names) and f"nobody knows what {effects.unknown} does" or ""
