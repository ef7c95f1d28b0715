"""The words for models that are built again: what keeps the one before, and what to do about it.

The question is `mechanisms.of`'s; here each of its answers has its words.  Where they say "for the life of the
process", that is so on TensorFlow 2.14 and later, which the rule adds where the version is not sure.
"""

from __future__ import annotations

from tflint_mem.analysis.program import mechanisms

_RESET = "begin each repeat with set_weights(initial_weights)"
# what becomes of the model before
KEEPS = {
    mechanisms.PINNED: "the training graph and weights of each stay for the life of the process, "
    "and neither clear_session() nor gc.collect() frees them",
    mechanisms.CACHED: "the one before stays until clear_session() and a garbage collection",
    mechanisms.WAITING: "the one before waits for a late garbage collection",
    mechanisms.GRAPH: "in graph mode each network stays on Keras' graph until clear_session()",
    mechanisms.COLLECTED: "the one before waits for a late garbage collection",
}
_HELP = {
    mechanisms.PINNED: "train each model in a child process of its own (spawn, one task per child), "
    f"or keep one compiled model and {_RESET}; an optimizer with moments (Adam) needs its variables reset, too",
    mechanisms.CACHED: "build it once before the repeat, "
    "or end each repeat with clear_session() and gc.collect(), in that order",
    mechanisms.WAITING: "end each repeat with clear_session() and gc.collect(), in that order",
    mechanisms.GRAPH: "end each repeat with clear_session() and gc.collect(), in that order",
    mechanisms.COLLECTED: "end each repeat with gc.collect()",
}
# for models that are trained
_OR_ONCE = (
    f"; to build it once instead, {_RESET} and the optimizer's variables reset, "
    "or it goes on with what it has learned before"
)
# for models that are pinned on later versions only
_BEFORE = "; before TensorFlow 2.14, clear_session() and gc.collect() at the end of each repeat are enough"


def advice(mechanism: str, training: bool, sure: bool) -> str:
    """What to do about models that are built again; `sure` says that the version of TensorFlow is."""
    if mechanism == mechanisms.PINNED:
        return _HELP[mechanism] + ("" if sure else _BEFORE)
    return _HELP[mechanism] + (_OR_ONCE if training else "")
