"""Where do models come from: which calls load or construct one, and how do they repeat?

A call counts when the inference knows what it calls.  A class of the project is a model's when one of its bases is; a
ready-made network, such as one of `keras.applications`, counts as constructed.  Left out are tests, and models that are
blocks of other ones: see `parts`.
"""

from __future__ import annotations

from tflint_mem.facts import Assign, Attribute, CallRef, Constant, tail_of
from tflint_mem.knowledge import BUILDERS, LOADERS, canonical
from tflint_mem.project.holds.values import External

from .called import layer_called
from .parts import part
from .releases import FEW, all_unreleased, unreleased

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context

    from .releases import Making

    Named = tuple[Module, int, frozenset[str]]  # a call, and the canonical names of what it calls

LOAD_TAILS = frozenset(name.rpartition(".")[2] for name in LOADERS)
_CONSTRUCTORS = frozenset(("Model", "Sequential", "Functional", "clone_model", "from_config", "KerasLayer", "cls"))
_BASES = frozenset(("Model", "Sequential", "Functional"))
_READY_MADE = frozenset(("applications", "segmentation_models", "transformers"))
_APPLICATIONS = "keras.applications."
_LAYERS = frozenset(("hub.KerasLayer",))  # of a file: a whole model where it is called by itself
_ANY_OBJECT = frozenset(("keras.saving.deserialize_keras_object",))
_ONLY_MODELS = frozenset(
    (
        "fit",
        "predict",
        "evaluate",
        "compile",
        "train_on_batch",
        "test_on_batch",
        "predict_on_batch",
        "load_weights",
        "summary",
    )
)


class Acquired:
    """A call that makes a model, and the unreleased way in which it repeats.

    m, i    the module of the call, and its number there
    kind    "load" or "build"
    names   canonical names of what is called
    repeat  the unreleased way in which it repeats, None when it does not
    short   without such a repeat: one of two or three passes, else None
    """

    __slots__ = ("m", "i", "kind", "names", "repeat", "short")

    def __init__(
        self,
        m: Module,
        i: int,
        kind: Making,
        names: frozenset[str],
        repeat: Repeat | None,
        short: Repeat | None = None,
    ) -> None:
        self.m = m
        self.i = i
        self.kind = kind
        self.names = names
        self.repeat = repeat
        self.short = short


def _acquired(context: Context, m: Module, i: int, kind: Making, names: frozenset[str]) -> Acquired:
    repeat = unreleased(context, m, i, kind)
    short = (
        None
        if repeat is not None
        else next((r for r in all_unreleased(context, m, i, kind, short=True) if r.block is not None), None)
    )
    return Acquired(m, i, kind, names, repeat, short)


def ways(context: Context, acquired: Acquired) -> Iterator[Repeat]:
    """Every way in which a model is made again as it is by its repeat."""
    nearest = acquired.repeat or acquired.short
    short = nearest is not None and nearest.count is not None and nearest.count <= FEW
    for repeat in all_unreleased(context, acquired.m, acquired.i, acquired.kind, short):
        if not short or repeat.block is not None:
            yield repeat


# -- loads -------------------------------------------------------------------------------------------------------------


def loads(context: Context) -> list[Acquired]:
    """Every call that loads a model, with its repeat."""
    return context.once("loads", lambda: _loads(context))


def _loads(context: Context) -> list[Acquired]:
    found = [
        _acquired(context, m, i, "load", names)
        for m, i, names in context.everywhere(LOAD_TAILS, LOADERS)
        if not context.in_tests(m)
        and not _is_submodule_load(context, m, i)
        and not _is_deserializer(m, i)
        and (names != _ANY_OBJECT or _used_as_model(m, i))
        and ("transformers.pipeline" not in names or _of_tensorflow(context, m, i))
    ]
    found.extend(_acquired(context, m, i, "load", names) for m, i, names in _handed_loads(context))
    found.extend(
        _acquired(context, m, i, "load", names)
        for m, i, names in context.everywhere(("KerasLayer",), _LAYERS)
        if not context.in_tests(m) and context.argument(m, i, None, "trainable") is None and layer_called(context, m, i)
    )
    return found


def _handed_loads(context: Context) -> Iterator[Named]:
    """The calls that hand a loader to what runs it once: `run_in_executor(None, load_model, path)`."""
    index = context.project.index
    for number in context.shown(sorted({number for tail in LOAD_TAILS for number in index.modules("given", tail)})):
        m = context.project.module(number)
        for tail in LOAD_TAILS:
            for i, where in m.references().get(tail, ()):
                call = m.calls[i]
                if not isinstance(where, int) or tail_of(call.args[where]) != tail:
                    continue
                names = {
                    canonical(v.name)
                    for v in context.infer.values(m, call.scope, call.args[where], call.statement)
                    if isinstance(v, External)
                } & LOADERS
                if names and context.project.callers_of.consumer(m, i, where) == "submit":
                    yield m, i, frozenset(names)


def _is_submodule_load(context: Context, m: Module, i: int) -> bool:
    """`tf.saved_model.load` into a graph session is TF1's restore, not a model object."""
    return (
        "tf.saved_model.loader.load" in context.project.apis(m, i)
        and len(m.calls[i].args) >= 2
        and "session" in context.kinds(m, i, m.calls[i].args[0])
    )


def _of_tensorflow(context: Context, m: Module, i: int) -> bool:
    """Is a pipeline of Hugging Face told to use TensorFlow, or given a model that does?"""
    model, framework = context.argument(m, i, 1, "model"), context.argument(m, i, None, "framework")
    return framework == Constant("tf") or model is not None and "model" in context.kinds(m, i, model)


def _used_as_model(m: Module, i: int) -> bool:
    """Is the Keras object, which may be a layer or a loss as well, used as a model in the same function?"""
    statement = m.statements[m.calls[i].statement]
    places = statement.targets if isinstance(statement, Assign) and statement.value == CallRef(i) else ()
    for j in m.scope_calls(m.calls[i].scope):
        f = m.calls[j].func
        if isinstance(f, Attribute) and f.attr in _ONLY_MODELS and (f.base == CallRef(i) or f.base in places):
            return True
    return False


def _is_deserializer(m: Module, i: int) -> bool:
    """Inside a `from_config` or `deserialize…` function a sub-model is a part of the one model that is being read."""
    record = m.scopes[m.calls[i].scope]
    parent = m.scopes[record.parent].name if record.parent >= 0 else ""
    return any("from_config" in name or "deserialize" in name for name in (record.name, parent))


# -- constructions -----------------------------------------------------------------------------------------------------


def builds(context: Context) -> list[Acquired]:
    """Every call that constructs a Keras model (the project's own subclasses included), with its repeat."""
    return context.once(
        "builds",
        lambda: [
            _acquired(context, m, i, "build", names)
            for m, i, names in constructions(context)
            if not context.in_tests(m)
        ],
    )


def constructions(context: Context) -> Sequence[Named]:
    """(module, call, names) of every construction of a Keras model."""
    return context.once("constructions", lambda: list(_constructions(context)))


def _constructions(context: Context) -> Iterator[Named]:
    tails = _CONSTRUCTORS | _model_classes(context)
    for index in context.shown(sorted({*context.project.calling(tails), *context.project.mentioned(_READY_MADE)})):
        m = context.project.module(index)
        by_tail, aliases = m.calls_by_tail(), m.aliases()
        wanted = {name for tail in tails for name in (tail, *aliases.get(tail, ()))}
        ready_made = bool(_READY_MADE & context.project.mentions_in(m, _READY_MADE))
        for tail, calls in by_tail.items():
            if tail not in wanted and not (ready_made and tail[:1].isupper()):
                continue
            for i in calls:
                found = {
                    n for n in context.project.apis(m, i) if n in BUILDERS or n == "new:model" or _is_ready_made(n)
                }
                if found and m.scopes[m.calls[i].scope].kind != "class" and not part(context, m, i):
                    yield m, i, frozenset(found)


def _is_ready_made(name: str) -> bool:
    """A whole network with its weights: `keras.applications.ResNet50`."""
    return (
        name.startswith(_APPLICATIONS)
        and name.count(".") == 2
        and name[len(_APPLICATIONS) : len(_APPLICATIONS) + 1].isupper()
    )


def _model_classes(context: Context) -> frozenset[str]:
    """Names of the project's classes that may derive from a Keras model, judged by the names of their bases."""
    heirs: dict[str, list[str]] = {}
    for m in context.project.modules:
        for name, base in m.bases:
            heirs.setdefault(base, []).append(name)
    known = set(_BASES)
    waiting = list(known)
    while waiting:
        for name in heirs.get(waiting.pop(), ()):
            if name not in known:
                known.add(name)
                waiting.append(name)
    return frozenset(known - _BASES)
