"""What an unknown thing must be, judged by what is asked of it.

A parameter that nobody is seen to pass and the result of a factory that cannot be followed have no value.  What is
called on them can still tell: only a Keras model takes `compile(loss=…)` and `train_on_batch`, and a method that one
class of the project defines and nothing else is known to have makes its receiver an instance of that class.
"""

from __future__ import annotations

from tflint_mem.facts import CLS, NONE, SELF, Attribute, Name, tail_of, walk
from tflint_mem.facts.record import Record
from tflint_mem.knowledge import MODEL_METHODS, canonical
from tflint_mem.project.linking.body import statement_expressions

from .values import EMPTY, External, Instance, Thing, ThingMethod, one, thing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint_mem.facts import Expression
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.project import Project

    from .questions import Owner
    from .values import Values

_NONE: Values = one(NONE)
_KNOWN = frozenset(
    ("sklearn", "xgboost", "lightgbm", "catboost", "torch", "torchvision", "joblib", "cv2", "pandas", "numpy")
)

_ONLY_KERAS = frozenset(
    (
        "fit_generator",
        "predict_generator",
        "evaluate_generator",
        "train_on_batch",
        "test_on_batch",
        "predict_on_batch",
        "load_weights",
    )
)
_WORDS = {  # keywords that make a common name Keras' own: one of them, or two for `fit`
    "compile": frozenset(("loss", "optimizer")),
    "predict": frozenset(("verbose", "steps")),
    "fit": frozenset(("epochs", "batch_size", "validation_data", "validation_split", "steps_per_epoch", "callbacks")),
}
_TELLING = frozenset((*_ONLY_KERAS, *_WORDS))
_WEIGHTS = frozenset(("get_weights", "set_weights"))
_OTHER = frozenset(
    ("eval", "cuda", "state_dict", "partial_fit", "fit_transform", "zero_grad", "score")
)  # PyTorch's and scikit-learn's
_WRAPPERS = ("wrapper", "classifier", "clf", "regressor", "estimator", "part")

# Methods that so many classes have that the name alone says nothing.
_COMMON = frozenset(
    (
        "fit",
        "predict",
        "transform",
        "train",
        "evaluate",
        "run",
        "step",
        "forward",
        "call",
        "build",
        "load",
        "save",
        "reset",
        "close",
        "update",
        "score",
        "summary",
        "act",
        "start",
        "stop",
        "read",
        "write",
        "process",
        "setup",
        "render",
        "main",
        "decode",
        "encode",
        "generate",
        "apply",
        "compute",
        "execute",
        "plot",
        "draw",
        "show",
        "compile",
        "predict_proba",
        "sample",
        "extract",
        "parse",
        "open",
        "connect",
        "send",
        "search",
        "query",
        "validate",
        "test",
        "convert",
        "resize",
        "crop",
        "rotate",
        "paste",
        "merge",
        "clone",
        "flush",
        "commit",
        "format",
        "match",
        "group",
        "fetch",
        "request",
        "submit",
        "result",
        "cancel",
        "acquire",
        "release",
        "upload",
        "download",
        "publish",
        "subscribe",
        "listen",
        "accept",
        "export",
        "backward",
        "describe",
        "reshape",
        "detect",
        "infer",
        "normalize",
        "augment",
        "refresh",
        "configure",
        "initialize",
        "finalize",
        "register",
        "create",
        "delete",
        "remove",
        "print",
        "record",
        "track",
    )
)
_SHORTEST = 5
_ISINSTANCE = Name("isinstance")
_MODELS = frozenset(("keras.Model", "keras.Sequential"))


class _Place(Record):
    """Where everything about something is remembered: in a scope of a module, by its expression."""

    __slots__ = ()
    module: int
    scope: int
    base: Expression


class Asked:
    """Answers for receivers that the inference knows nothing about."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._models: dict[_Place, bool] = {}
        self._owners: dict[_Place, Owner | None] = {}
        self._once: dict[str, int] | None = None
        self._by_words: dict[str, int] | None = None

    def callee(self, m: Module, i: int) -> Values:
        """Values for what call `i` calls, when its receiver is unknown:
        a method of a Keras model or of a class of the project.
        """
        call = m.calls[i]
        scope, f = call.scope, call.func
        if type(f) is not Attribute:
            return EMPTY
        base, name = f.base, f.attr
        if type(base) is not Name and type(base) is not Attribute:
            return EMPTY
        keras, ours = name in MODEL_METHODS, name in self.project.defined
        if not keras and not ours or base == SELF or base == CLS:
            return EMPTY
        infer = self.project.infer
        values = infer.values(m, scope, base, call.statement)
        if not _unknown(values):
            return EMPTY
        if keras and self._is_model(m, scope, base):
            return one(ThingMethod(thing("model"), name))
        if not values <= _NONE:
            return EMPTY  # of another library, whatever it is
        if type(base) is Attribute:  # an attribute of something unknown: `trainer.net.compile(…)`
            owner = self._owner(m, scope, base.base) if type(base.base) is Name else None
            if owner is not None and not self._within(m, scope, owner):
                values = infer.attribute(m, scope, one(Instance(*owner)), base.attr)
                if not _unknown(values):
                    return infer.attribute(m, scope, values, name)
        owner = self._owner(m, scope, base) if ours else None
        if owner is None or self._within(m, scope, owner):
            return EMPTY
        return infer.attribute(m, scope, one(Instance(*owner)), name)

    def parameter(self, m: Module, scope: int, name: str) -> Values:
        """Values for a parameter that no known call passes."""
        base = Name(name)
        functions = [m.calls[j].func for j in m.scope_calls(scope)]
        asked = {f.attr for f in functions if type(f) is Attribute and f.base == base}
        namesake = self._namesake(m, scope, name)
        if namesake is not None:
            return one(Instance(*namesake))
        if not asked:
            return EMPTY
        if not asked.isdisjoint(MODEL_METHODS) and self._is_model(m, scope, base):
            return one(thing("model"))
        if asked.isdisjoint(self.project.defined):
            return EMPTY
        owner = self._owner(m, scope, base)
        return EMPTY if owner is None or self._within(m, scope, owner) else one(Instance(*owner))

    def _namesake(self, m: Module, scope: int, name: str) -> Owner | None:
        """The one class that `def predict(model_data)` is named after (`ModelData`),
        when it has all that is read of it.
        """
        index = self._classes_by_words().get(name, -1)
        if index < 0 or self.project.modules[index].unit_test:
            return None
        owner = self.project.module(index)
        found = next((s for s in owner.classes() if _words(owner.scopes[s].name) == name), None)
        if found is None or self._within(m, scope, (index, found)):
            return None
        base = Name(name)
        read = {
            e.attr
            for s in m.scope_statements(scope)
            for expression in statement_expressions(m.statements[s])
            for e in walk(expression, m.calls)
            if type(e) is Attribute and e.base == base
        }
        known = {*owner.members(found), *owner.bindings(found), *self.project.infer.attribute_assignments(owner, found)}
        return (index, found) if read and read <= known else None

    def _classes_by_words(self) -> dict[str, int]:
        """ "model_data" -> module of `ModelData`, for names of several words;
        -1 where there are several such classes.
        """
        if self._by_words is None:
            self._by_words = {}
            for module in self.project.modules:
                for name in module.defs:
                    if name[:1].isupper() and not name[1:].islower():
                        words = _words(name)
                        if "_" in words:
                            self._by_words[words] = -1 if words in self._by_words else module.index
        return self._by_words

    # -- a Keras model ------------------------------------------------------------------------------------------------

    def _is_model(self, m: Module, scope: int, base: Expression) -> bool:
        """Is it called like one, or asked what only one can answer?"""
        tail = (tail_of(base) or "").lower()
        if ("keras_" in tail or "_keras" in tail) and not any(word in tail for word in _WRAPPERS):
            return True
        if not self.project.mentions_in(m, ("tensorflow", "keras", "tf_keras")):
            return False
        place = self._place(m, scope, base)
        if place not in self._models:
            self._models[place] = self._told(m, scope, base)
        return self._models[place]

    def _told(self, m: Module, scope: int, base: Expression) -> bool:
        told = False
        asked: set[str] = set()
        for j in self._calls(m, scope, base):
            call = m.calls[j]
            f = call.func
            if type(f) is Attribute and f.base == base:
                if f.attr in _OTHER:
                    return False
                asked.add(f.attr)
                # a method that the project defines may be that of its own class that wraps a model
                if f.attr in _TELLING and f.attr not in self.project.defined:
                    words = _WORDS.get(f.attr)
                    told = (
                        told
                        or words is None
                        or len(words.intersection(keyword.name for keyword in call.keywords)) > (f.attr == "fit")
                    )
            elif f == _ISINSTANCE and len(call.args) == 2 and call.args[0] == base:
                values = self.project.infer.values(m, call.scope, call.args[1], call.statement)
                told = told or any(type(v) is External and canonical(v.name) in _MODELS for v in values)
            elif call.args[:1] == (base,) and "keras.clone_model" in self.project.apis(m, j):
                told = True
            elif not told and (base in call.args or any(keyword.value == base for keyword in call.keywords)):
                told = self._told_by_function(m, j, base)
        # only Keras names them so; a worker or policy of Ray does too
        return (
            told
            or _WEIGHTS <= asked
            and _WEIGHTS.isdisjoint(self.project.defined)
            and not self.project.mentions_in(m, ("ray", "rllib"))
        )

    def _told_by_function(self, m: Module, j: int, base: Expression) -> bool:
        """Does a function that call `j` gives it to ask it what only a model of Keras can answer?"""
        for fm, scope in self.project.functions_called(m, j):
            given = {
                parameter.name
                for index, parameter in enumerate(fm.scopes[scope].parameters)
                if self.project.infer.argument(fm, scope, index, m, j) == base
            }
            for k in fm.scope_calls(scope) if given else ():
                f = fm.calls[k].func
                if type(f) is Attribute and type(f.base) is Name and f.base.id in given:
                    if f.attr in _ONLY_KERAS and f.attr not in self.project.defined:
                        return True
        return False

    # -- an instance of the project -----------------------------------------------------------------------------------

    def _owner(self, m: Module, scope: int, base: Expression) -> Owner | None:
        """The one class of the project that has what is called on `base`, or None."""
        place = self._place(m, scope, base)
        if place not in self._owners:
            self._owners[place] = None
            self._owners[place] = self._only(m, scope, base)
        return self._owners[place]

    def _only(self, m: Module, scope: int, base: Expression) -> Owner | None:
        owners = set()
        for j in self._calls(m, scope, base):
            f = m.calls[j].func
            if type(f) is Attribute and f.base == base:
                owner = self._defining(m, f.attr)
                if owner is not None:
                    owners.add(owner)
        return owners.pop() if len(owners) == 1 else None

    def _defining(self, m: Module, name: str) -> Owner | None:
        """The class whose method is the only thing of that name in the project, when the name says enough."""
        if len(name) < _SHORTEST or name.startswith("__") or name in MODEL_METHODS:
            return None
        index = self._defined_once().get(name, -1)
        if index < 0 or self.project.modules[index].unit_test:
            return None
        owner = self.project.module(index)
        for scope, record in enumerate(owner.scopes):
            if record.name == name and owner.is_method(scope):
                found = record.parent
                if name in _COMMON and not self.project.mentions_in(m, (owner.scopes[found].name,)):
                    return None
                return (index, found)
        return None

    def _defined_once(self) -> dict[str, int]:
        """name -> module for functions, methods and classes that are defined once; -1 for the others."""
        if self._once is None:
            self._once = {}
            for module in self.project.modules:
                for name in module.defs:
                    self._once[name] = -1 if name in self._once else module.index
        return self._once

    def _within(self, m: Module, scope: int, owner: Owner) -> bool:
        """A class that wraps something with methods of the same names is not what it wraps."""
        index, found = owner
        while index == m.index and scope > 0:
            if scope == found:
                return True
            scope = m.scopes[scope].parent
        return False

    # -- where a name or attribute is used ----------------------------------------------------------------------------

    def _place(self, m: Module, scope: int, base: Expression) -> _Place:
        """Where everything about `base` is remembered: in its class for an attribute of `self`,
        else where its name is bound.
        """
        if type(base) is Attribute and base.base == SELF:
            owner = scope
            while owner > 0 and m.scopes[owner].kind != "class":
                owner = m.scopes[owner].parent
            if owner > 0:
                return _Place(m.index, owner, base)
        return _Place(m.index, self._bound_in(m, scope, base), base)

    @staticmethod
    def _bound_in(m: Module, scope: int, base: Expression) -> int:
        root = base
        while type(root) is Attribute:
            root = root.base
        inner = scope
        while scope >= 0:
            if type(root) is Name and root.id in m.bindings(scope):
                return scope
            scope = m.scopes[scope].parent
        return inner

    def _calls(self, m: Module, scope: int, base: Expression) -> Iterator[int]:
        """The calls among which those on `base` are."""
        place = self._place(m, scope, base).scope
        if m.scopes[place].kind == "class":
            for function in m.members(place).values():
                yield from m.scope_calls(function)
        else:
            yield from m.scope_calls(place)
            if place != scope:
                yield from m.scope_calls(scope)


def _unknown(values: Values) -> bool:
    """Nothing, None, or the result of a foreign function of a library not known here?

    What a foreign class makes is known: its name says what it is.
    """
    for v in values:
        if type(v) is Thing and v.kind.startswith("ext:"):
            name = v.kind[len("ext:") :]
            if name.partition(".")[0] in _KNOWN or name.rpartition(".")[2][:1].isupper():
                return False
        elif v != NONE:
            return False
    return True


def _words(name: str) -> str:
    """ "model_data" for `ModelData`."""
    return "".join(
        ["_" + c.lower() if c.isupper() and i and not name[i - 1].isupper() else c.lower() for i, c in enumerate(name)]
    )
