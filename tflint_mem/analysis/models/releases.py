"""In which ways does a call repeat without a release of what it made before?

The ways are those of `project.repeats`, less those of two or three passes, those that a release ends, and those whose
models are kept on purpose.  What counts as a release depends on what is made and on TensorFlow's version.
"""

from __future__ import annotations

from tflint_mem.analysis.program import mechanisms
from tflint_mem.knowledge import GRAPH_RELEASES, RELEASES

from .stored import kept

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Literal

    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context

    Making = Literal["load", "build"]

CLEARS = frozenset(("keras.clear_session",))
FEW = 3  # passes: so many models are a comparison first
LIBRARY_LOADERS = frozenset(
    ("transformers.TFModel.from_pretrained", "transformers.pipeline")
)  # models of Keras 2, whose graph of names keeps them


def unreleased(context: Context, m: Module, i: int, kind: Making = "load") -> Repeat | None:
    """A way in which call `i` repeats without a release; a request or task handler is preferred to a loop."""
    first = None
    for repeat in all_unreleased(context, m, i, kind):
        if repeat.kind in ("handler", "script"):
            return repeat
        first = first or repeat
    return first


def all_unreleased(context: Context, m: Module, i: int, kind: Making, short: bool = False) -> Iterator[Repeat]:
    """Every way in which call `i` repeats without a release, nearest first.

    short   those of two or three passes instead
    """
    ends = release_names(
        context, m, "library" if kind == "load" and context.project.apis(m, i) & LIBRARY_LOADERS else kind
    )
    for repeat in context.repeats(m, i):
        if (repeat.count is not None and repeat.count <= FEW) is not short:
            continue  # two or three models are a comparison first
        if any("tf.function" in context.infer.decorator_names(hm, hm.calls[hi].scope) for hm, hi in repeat.hops):
            continue  # it runs while a graph is traced, and not again
        if not context.project.released(repeat, ends) and not kept(context, repeat):
            yield repeat


def release_names(context: Context, m: Module, kind: Making | Literal["library"]) -> frozenset[str]:
    """The canonical names of what ends the life of such a model.

    A collection is enough for a loaded one; a built one and one of a "library" need `clear_session()`.  Before
    TensorFlow 2.15, and on other backends, nothing but the collection is needed.  In graph code (TF1, or eager
    execution switched off) `reset_default_graph()` ends it as well.
    """
    names = (
        CLEARS
        if kind == "library" or kind == "build" and mechanisms.of(context, [m], False) == mechanisms.CACHED
        else RELEASES
    )
    return names | GRAPH_RELEASES if context.project.versions.graph_mode(m) else names
