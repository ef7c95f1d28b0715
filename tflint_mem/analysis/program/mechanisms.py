"""What keeps a Keras model that a repeat has dropped, in this very program?

The words and the severity of a finding follow from the answer, which is one of these; an unknown version of TensorFlow
counts as a new one.

PINNED     trained on TensorFlow 2.14 and later: the registry of custom gradients pins the graph and its weights for
           ever
CACHED     TensorFlow 2.15 and later, or unknown: dead models wait for a collection, kernels of new names for
           `clear_session()`
WAITING    TensorFlow before that: dead models wait for a collection
GRAPH      graph mode: the network stays on Keras' graph until `clear_session()`
COLLECTED  another backend: dead models wait for a collection, which takes nearly all
"""

from __future__ import annotations

from tflint_mem.facts import TRUE, Keyword
from tflint_mem.project.linking.requirements import ANY

from . import backends, modes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context

PINNED, CACHED, WAITING, GRAPH, COLLECTED = "pinned", "cached", "waiting", "graph", "collected"
FIRST_PINNED = (2, 14)  # the custom-gradient registry pins graphs since
FIRST_CACHED = (2, 15)  # TensorFlow keeps kernels for each newly named variable since
FIRST_KEEPING = (2, 10)  # kernels of functions that are gone stay since
FIRST_LETTING_GO = (2, 15)  # ... and those of data sets no more
_EAGERLY = Keyword("run_eagerly", TRUE)


def of(context: Context, modules: Sequence[Module], training: bool) -> str:
    """The mechanism for a model that the code in these modules makes, nearest first."""
    m = modules[0]
    if backends.other(context, m):
        return COLLECTED
    if modes.in_graph(context, m) or any(context.project.spelling.first_only(module) for module in modules):
        return GRAPH
    versions = context.project.versions
    old = any(versions.uses_removed(module) for module in modules)
    if training and not old and versions.at_least(m, *FIRST_PINNED) is not False and not _runs_eagerly(modules):
        return PINNED
    return WAITING if training or old or versions.at_least(m, *FIRST_CACHED) is False else CACHED


def certain(context: Context, m: Module) -> bool:
    """Is TensorFlow 2.14 or later sure where the module runs?"""
    return bool(context.project.versions.at_least(m, *FIRST_PINNED))


def keeps_pipelines(context: Context, m: Module) -> bool | None:
    """Is it sure that what is made for each new data set, as `predict` makes one in each call, stays until
    `clear_session()`?  That is so on TensorFlow 2.10 to 2.14; None when nothing says which one runs.
    """
    first, over = (context.project.versions.at_least(m, *version) for version in (FIRST_KEEPING, FIRST_LETTING_GO))
    if first is False or over:
        return False
    return True if first and over is False else None


def likely(context: Context, modules: Sequence[Module]) -> bool:
    """Is it sure, or does nothing at all tell of another TensorFlow?

    That is: no requirements, no API that later ones have lost.
    """
    versions = context.project.versions
    return (
        certain(context, modules[0])
        or versions.range(modules[0]) == ANY
        and not any(versions.looks_old(m) for m in modules)
    )


def _runs_eagerly(modules: Sequence[Module]) -> bool:
    """Is a model compiled to train eagerly, which registers no graph: `compile(…, run_eagerly=True)`?"""
    return any(_EAGERLY in m.calls[i].keywords for m in modules for i in m.calls_by_tail().get("compile", ()))
