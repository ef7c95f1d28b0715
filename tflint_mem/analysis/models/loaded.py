"""What is said of models that are loaded or built again?

What becomes of the one before, what was measured, what no clean-up frees.  The figures hold for the versions that they
name; for others nothing was measured.
"""

from __future__ import annotations

from tflint_mem.analysis.program import mechanisms

from .releases import LIBRARY_LOADERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context

    from .origins import Acquired

SOME = 10  # passes: what the models of so many leave behind is little, unless each is large
_LOAD_MEASURED = {
    mechanisms.GRAPH: "6160-14569 KiB for a model of 4.2 MiB that is loaded and asked once, until clear_session() "
    "(graph mode, TF 1.15 to 2.15)",
    mechanisms.COLLECTED: "dead models wait for a garbage collection, which takes them (Keras 3.15 with JAX on a CPU)",
}
_TABLES = frozenset(
    (
        "StringLookup",
        "IntegerLookup",
        "TextVectorization",
        "StaticHashTable",
        "DenseHashTable",
        "StaticVocabularyTable",
        "Hashing",
        "SentencepieceTokenizer",
        "BertTokenizer",
        "tensorflow_text",
    )
)
_OF_ANY_GRAPH = frozenset(("tf.saved_model.load", "hub.load", "hub.KerasLayer", "keras.TFSMLayer"))

# what models keep that are built, and where the mechanism says so trained, in each repeat
BUILT_MEASURED = {
    mechanisms.PINNED: "5013 KiB per repeat with SGD, 19508 with Adam for a model of 4.2 MiB stay for ever (TF 2.21; "
    "11328 and 17733 on 2.15); up to TF 2.13 only 0-300",
    mechanisms.CACHED: "877 KiB per repeat for a model of 4.2 MiB (TF 2.21; 844 on 2.15), 216-269 of them until "
    "clear_session()",
    mechanisms.WAITING: "models wait for a late garbage collection; behind it 0-300 KiB per repeat stay for a model of "
    "4.2 MiB (TF 2.4, 2.8 and 2.10 to 2.13)",
    mechanisms.GRAPH: "5600-9750 KiB per repeat for a model of 4.2 MiB until clear_session() (TF 1.15, 2.8 and 2.15 "
    "in graph mode)",
    mechanisms.COLLECTED: "3406 KiB per repeat of a model that is fitted, 49 behind gc.collect() (Keras 3.15 "
    "with JAX on a CPU)",
}


def loaded_before(mechanism: str, names: frozenset[str]) -> str:
    """What becomes of the model that was loaded before by one of the loaders `names`."""
    if mechanism == mechanisms.GRAPH:
        return "in graph mode the network of each stays on Keras' graph until clear_session()"
    if names & LIBRARY_LOADERS:
        return "the model before it stays in memory until clear_session() and a garbage collection"
    return "the model before it stays in memory until a full garbage collection"


def load_measured(mechanism: str, names: frozenset[str], default: str) -> str:
    """What was measured of such loads; `default` where nothing special is known."""
    if names & LIBRARY_LOADERS and mechanism != mechanisms.GRAPH:
        return (
            "1393 KiB per repeat for 2.4 MiB of weights (transformers on Keras 2); gc.collect() alone frees nothing, "
            "clear_session() and gc.collect() do"
        )
    return _LOAD_MEASURED.get(mechanism, default)


def few(context: Context, repeat: Repeat, most: int = SOME, unknown: bool = False) -> bool:
    """Does the repeat have at most so many passes, for sure or by default?  `unknown` is the answer where nothing
    tells.
    """
    times = context.project.repeats_of.usual.times(repeat)
    return unknown if times is None else times <= most


def so_often(context: Context, repeat: Repeat) -> str:
    """ ", 3 times in all" or ", 4 times by default" where a repeat is as short as that: what a few models cost depends
    on their size.
    """
    if not few(context, repeat):
        return ""
    if repeat.count is not None:
        return f", {repeat.count} times in all"
    return f", {context.project.repeats_of.usual.times(repeat)} times by default"


def severity(context: Context, repeat: Repeat, m: Module, mechanism: str, cleaned: bool) -> str:
    """Of models that are built again; `cleaned` says that each repeat releases what it can.  A handful that is freed at
    last is worth a hint.
    """
    if mechanism != mechanisms.PINNED:
        return "hint" if few(context, repeat) else "warning"
    return "error" if mechanisms.certain(context, m) or not cleaned else "warning"


def may_hold_tables(context: Context, acquired: Acquired) -> bool:
    """May what is loaded hold a lookup table: an arbitrary graph, or a model of a project that uses them?"""
    return bool(acquired.names & _OF_ANY_GRAPH) or bool(context.project.mentioned(_TABLES))
