"""Data sets that are built again in each pass.

The question: *which calls build a data set in each pass, from the same data or with a copy of all of it?*  Told by what
the arguments do from pass to pass.  What belongs to a new model, to a new graph or to a pipeline that is put together
of many parts is built on purpose, and what follows the loop variable is another data set each time.
"""

from __future__ import annotations

from tflint_mem.analysis.models import lifetimes
from tflint_mem.analysis.program import modes
from tflint_mem.facts import Record

from . import dataset_uses, trials, variance

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context

_CONSTANTS = frozenset(("tf.data.Dataset.from_tensor_slices", "tf.data.Dataset.from_tensors"))
_SOURCES = _CONSTANTS | frozenset(
    (
        "tf.data.Dataset.from_generator",
        "tf.data.Dataset.list_files",
        "tf.data.TFRecordDataset",
        "tf.data.TextLineDataset",
        "tf.data.experimental.CsvDataset",
        "tf.data.experimental.make_csv_dataset",
        "keras.utils.image_dataset_from_directory",
        "keras.preprocessing.image_dataset_from_directory",
        "keras.utils.text_dataset_from_directory",
        "keras.utils.timeseries_dataset_from_array",
        "tensorflow_datasets.load",
    )
)
_FEW = 3  # passes


class Rebuilt(Record):
    """A call that builds a data set again; same: from the same data."""

    __slots__ = ()
    m: Module
    i: int
    names: frozenset[str]
    repeat: Repeat
    same: bool


def find(context: Context) -> Iterator[Rebuilt]:
    """The calls in the part that build a data set again."""
    for m, i, names in context.calls({name.rpartition(".")[2] for name in _SOURCES}, _SOURCES):
        if context.in_tests(m) or context.project.compiled(m, m.calls[i].scope):
            continue
        built = next(again(context, m, i, names), None)
        if built is not None:
            yield built


def again(context: Context, m: Module, i: int, names: frozenset[str]) -> Iterator[Rebuilt]:
    """The ways in which call `i`, of one of these names, builds its data set again."""
    for repeat in context.repeats(m, i):
        if repeat.kind not in ("loop", "while", "callback") or repeat.count is not None and repeat.count <= _FEW:
            continue
        if (
            lifetimes.in_loop_of_new_models(context, repeat)
            or lifetimes.kept(context, repeat, "dataset")
            or modes.new_graph(context, repeat)
        ):
            continue
        given = (*m.calls[i].args, *[keyword.value for keyword in m.calls[i].keywords])
        how = max((variance.of(context, repeat, e) for e in given), default=variance.CHANGED)
        if (
            how == variance.TARGET
            or how == variance.CHANGED
            and not (names & _CONSTANTS and dataset_uses.used_up(context, m, i))
        ):
            continue
        if (
            dataset_uses.put_together(context, m, i, repeat)
            or dataset_uses.into_graph(context, repeat)
            or trials.trains_new(context, repeat)
        ):
            continue
        yield Rebuilt(m, i, names, repeat, how == variance.SAME)
