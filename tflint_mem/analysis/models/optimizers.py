"""Which optimizers keep nothing from step to step?  One of these made anew is as good as one that stays."""

from __future__ import annotations

from tflint_mem.facts import CallRef

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context

PLAIN = frozenset(("keras.optimizers.SGD", "keras.optimizers.sgd", "tf.optimizers.SGD"))
BEGINS_ANEW = "the new optimizer of each repeat begins without the state of the one before"


def plain(context: Context, m: Module, i: int) -> bool:
    """Does call `i` make plain SGD, without momentum and without a schedule that counts steps?"""
    call = m.calls[i]
    return (
        bool(context.project.apis(m, i) & PLAIN)
        and len(call.args) <= 1
        and all(keyword.name in ("learning_rate", "lr", "name") for keyword in call.keywords)
        and all(not isinstance(value, CallRef) for value in m.arguments(i))
    )
