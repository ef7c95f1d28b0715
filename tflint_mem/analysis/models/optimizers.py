"""Optimizers that keep nothing from step to step: one made anew is as good as one that stays."""

PLAIN = frozenset(("keras.optimizers.SGD", "keras.optimizers.sgd", "tf.optimizers.SGD"))
BEGINS_ANEW = "the new optimizer of each repeat begins without the state of the one before"


def plain(context, m, i):
    """Does call `i` make plain SGD, without momentum and without a schedule that counts steps?"""
    call = m.calls[i]
    return (
        bool(context.project.apis(m, i) & PLAIN)
        and len(call[1]) <= 1
        and all(name in ("learning_rate", "lr", "name") for name, _ in call[2])
        and all(value[0] != "c" for value in m.arguments(i))
    )
