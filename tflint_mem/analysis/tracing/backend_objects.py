"""Functions, gradients and variables of Keras' backend that are made again and again.

The question: *does the same thing get made again, where one would do?*  A loop over layers or weights makes one for
each of them, which is construction, and so is what is kept; a loop over samples, told by the names of its variables,
is none.
"""

from __future__ import annotations

from tflint_mem.analysis.models import lifetimes
from tflint_mem.analysis.passes import variance
from tflint_mem.facts import For, Name, walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context

_SAMPLES = frozenset(
    (
        "image",
        "img",
        "images",
        "file",
        "filename",
        "path",
        "frame",
        "sample",
        "photo",
        "picture",
        "face",
        "patch",
        "crop",
    )
)
_RELEASES = frozenset(("keras.clear_session", "tf.reset_default_graph"))


def made_again(context: Context, m: Module, i: int, kind: str) -> Iterator[Repeat]:
    """The ways in which the same thing is made again; a loop over layers or weights makes one for each, which is
    construction.
    """
    for repeat in context.repeats(m, i):
        if (
            repeat.count is not None
            and repeat.count <= 3
            or repeat.kind == "comprehension"
            or lifetimes.kept(context, repeat, "backend-function")
        ):
            continue
        if (
            kind != "variable"
            and repeat.local
            and not _over_samples(repeat)
            and any(variance.of(context, repeat, e) == variance.TARGET for e in m.calls[i].args)
        ):
            continue
        if not context.project.released(repeat, _RELEASES):
            yield repeat


def _over_samples(repeat: Repeat) -> bool:
    """Does the loop go through images, files or samples, as its variables are called?  They are data, not the parts of
    a network.
    """
    m = repeat.module
    if repeat.block is None or m.blocks[repeat.block].kind != "for":
        return False
    statement = m.statements[m.blocks[repeat.block].statement]
    if not isinstance(statement, For):
        return False
    words = {word for e in walk(statement.target) if isinstance(e, Name) for word in e.id.lower().split("_")}
    return not words.isdisjoint(_SAMPLES)
