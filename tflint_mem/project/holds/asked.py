"""What an unknown thing must be, judged by what is asked of it.

A parameter that nobody is seen to pass and the result of a factory that cannot be followed have no value.  What is called
on them can still tell: only a Keras model takes `compile(loss=…)` and `train_on_batch`, and a method that one class of the
project defines and nothing else is known to have makes its receiver an instance of that class.
"""

from tflint_mem import facts as F
from tflint_mem.facts import Constant
from tflint_mem.knowledge.api import MODEL_METHODS, canonical
from tflint_mem.project.holds.values import Instance, Thing, ThingMethod
from tflint_mem.project.linking.module import statement_expressions, tail_of, walk

from .answers import EMPTY

_NONE = frozenset((Constant(None),))
_KNOWN = frozenset(
    ("sklearn", "xgboost", "lightgbm", "catboost", "torch", "torchvision", "joblib", "cv2", "pandas", "numpy")
)

_ONLY_KERAS = frozenset(
    ("fit_generator", "predict_generator", "evaluate_generator", "train_on_batch", "test_on_batch", "predict_on_batch")
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


class Asked:
    """Answers for receivers that the inference knows nothing about."""

    def __init__(self, project):
        self.project = project
        self._memo, self._places, self._namesakes = {}, None, None

    def callee(self, m, i):
        """Values for what call `i` calls, when its receiver is unknown: a method of a Keras model or of a class of the project."""
        call = m.calls[i]
        f = call[0]
        if f[0] != "a" or f[1][0] not in ("n", "a"):
            return EMPTY
        base, name = f[1], f[2]
        keras = name in MODEL_METHODS
        if not keras and name not in self.project.defined or base in (("n", "self"), ("n", "cls")):
            return EMPTY
        values = self.project.infer.values(m, call[3], base, call[5])
        if not _unknown(values):
            return EMPTY
        if keras and self._is_model(m, call[3], base):
            return frozenset((ThingMethod(Thing("model", None), name),))
        if not values <= _NONE:
            return EMPTY  # of another library, whatever it is
        if base[0] == "a":  # an attribute of something unknown: `trainer.net.compile(…)`
            owner = self._owner(m, call[3], base[1]) if base[1][0] == "n" else None
            if owner is not None and not self._within(m, call[3], owner):
                values = self.project.infer.attribute(m, call[3], frozenset((Instance(*owner),)), base[2])
                if not _unknown(values):
                    return self.project.infer.attribute(m, call[3], values, name)
        owner = self._owner(m, call[3], base) if name in self.project.defined else None
        if owner is None or self._within(m, call[3], owner):
            return EMPTY
        return self.project.infer.attribute(m, call[3], frozenset((Instance(*owner),)), name)

    def parameter(self, m, scope, name):
        """Values for a parameter that no known call passes."""
        base = F.Name(name)
        asked = {m.calls[j][0][2] for j in m.scope_calls(scope) if m.calls[j][0][0] == "a" and m.calls[j][0][1] == base}
        namesake = self._namesake(m, scope, name)
        if namesake is not None:
            return frozenset((Instance(*namesake),))
        if not asked:
            return EMPTY
        if not asked.isdisjoint(MODEL_METHODS) and self._is_model(m, scope, base):
            return frozenset((Thing("model", None),))
        if asked.isdisjoint(self.project.defined):
            return EMPTY
        owner = self._owner(m, scope, base)
        return EMPTY if owner is None or self._within(m, scope, owner) else frozenset((Instance(*owner),))

    def _namesake(self, m, scope, name):
        """(module, class scope) of the one class that `def predict(model_data)` is named after (`ModelData`), when it has all that is read of it."""
        index = self._classes_by_words().get(name, -1)
        if index < 0 or self.project.modules[index].unit_test:
            return None
        owner = self.project.module(index)
        found = next((s for s in owner.classes() if _words(owner.scopes[s][F.S_NAME]) == name), None)
        if found is None or self._within(m, scope, (index, found)):
            return None
        read = {
            e[2]
            for s in m.scope_statements(scope)
            if m.statements[s]
            for expression in statement_expressions(m.statements[s])
            for e in walk(expression, m.calls)
            if e[0] == "a" and e[1] == ("n", name)
        }
        known = {*owner.members(found), *owner.bindings(found), *self.project.infer.attribute_assignments(owner, found)}
        return (index, found) if read and read <= known else None

    def _classes_by_words(self):
        """ "model_data" -> module of `ModelData`, for names of several words; -1 where there are several such classes."""
        if self._namesakes is None:
            self._namesakes = {}
            for module in self.project.modules:
                for name in module.defs:
                    if name[:1].isupper() and not name[1:].islower():
                        words = _words(name)
                        if "_" in words:
                            self._namesakes[words] = -1 if words in self._namesakes else module.index
        return self._namesakes

    # -- a Keras model ------------------------------------------------------------------------------------------------------

    def _is_model(self, m, scope, base):
        tail = (tail_of(base) or "").lower()
        if ("keras_" in tail or "_keras" in tail) and not any(word in tail for word in _WRAPPERS):
            return True
        if not self.project.mentions_in(m, ("tensorflow", "keras", "tf_keras")):
            return False
        key = ("model", m.index, *self._place(m, scope, base))
        if key not in self._memo:
            self._memo[key] = self._told(m, scope, base)
        return self._memo[key]

    def _told(self, m, scope, base):
        told, asked = False, set()
        for j in self._calls(m, scope, base):
            call = m.calls[j]
            f = call[0]
            if f[0] == "a" and f[1] == base:
                if f[2] in _OTHER:
                    return False
                asked.add(f[2])
                if (
                    f[2] in _TELLING and f[2] not in self.project.defined
                ):  # else it may be the project's own class that wraps a model
                    words = _WORDS.get(f[2])
                    told = told or words is None or len(words.intersection(k for k, _ in call[2])) > (f[2] == "fit")
            elif f == ("n", "isinstance") and len(call[1]) == 2 and call[1][0] == base:
                values = self.project.infer.values(m, call[3], call[1][1], call[5])
                told = told or any(
                    v[0] == "ext" and canonical(v[1]) in ("keras.Model", "keras.Sequential") for v in values
                )
            elif call[1][:1] == (base,) and "keras.clone_model" in self.project.apis(m, j):
                told = True
        # only Keras names them so; a worker or policy of Ray does too
        return (
            told
            or _WEIGHTS <= asked
            and _WEIGHTS.isdisjoint(self.project.defined)
            and not self.project.mentions_in(m, ("ray", "rllib"))
        )

    # -- an instance of the project -------------------------------------------------------------------------------------------

    def _owner(self, m, scope, base):
        """(module, class scope) of the one class of the project that has what is called on `base`, or None."""
        key = ("owner", m.index, *self._place(m, scope, base))
        if key not in self._memo:
            self._memo[key] = None
            self._memo[key] = self._only(m, scope, base)
        return self._memo[key]

    def _only(self, m, scope, base):
        owners = set()
        for j in self._calls(m, scope, base):
            f = m.calls[j][0]
            if f[0] == "a" and f[1] == base:
                owner = self._defining(m, f[2])
                if owner is not None:
                    owners.add(owner)
        return owners.pop() if len(owners) == 1 else None

    def _defining(self, m, name):
        """The class whose method is the only thing of that name in the project, when the name says enough."""
        if len(name) < _SHORTEST or name.startswith("__") or name in MODEL_METHODS:
            return None
        index = self._defined_once().get(name, -1)
        if index < 0 or self.project.modules[index].unit_test:
            return None
        owner = self.project.module(index)
        for scope, record in enumerate(owner.scopes):
            if record[F.S_NAME] == name and owner.is_method(scope):
                found = record[F.S_PARENT]
                if name in _COMMON and not self.project.mentions_in(m, (owner.scopes[found][F.S_NAME],)):
                    return None
                return (index, found)
        return None

    def _defined_once(self):
        """name -> module for functions, methods and classes that are defined once; -1 for the others."""
        if self._places is None:
            self._places = places = {}
            for module in self.project.modules:
                for name in module.defs:
                    places[name] = -1 if name in places else module.index
        return self._places

    def _within(self, m, scope, owner):
        """A class that wraps something with methods of the same names is not what it wraps."""
        index, found = owner
        while index == m.index and scope > 0:
            if scope == found:
                return True
            scope = m.scopes[scope][F.S_PARENT]
        return False

    # -- where a name or attribute is used ------------------------------------------------------------------------------------

    def _place(self, m, scope, base):
        """(scope, expression) under which everything about `base` is remembered: its class for an attribute of `self`."""
        if base[0] == "a" and base[1] == ("n", "self"):
            owner = scope
            while owner > 0 and m.scopes[owner][F.S_KIND] != "class":
                owner = m.scopes[owner][F.S_PARENT]
            if owner > 0:
                return owner, base
        return self._bound_in(m, scope, base), base

    @staticmethod
    def _bound_in(m, scope, base):
        root = base
        while root[0] == "a":
            root = root[1]
        inner = scope
        while scope >= 0:
            if root[0] == "n" and root[1] in m.bindings(scope):
                return scope
            scope = m.scopes[scope][F.S_PARENT]
        return inner

    def _calls(self, m, scope, base):
        place, _ = self._place(m, scope, base)
        if m.scopes[place][F.S_KIND] == "class":
            for function in m.members(place).values():
                yield from m.scope_calls(function)
        else:
            yield from m.scope_calls(place)
            if place != scope:
                yield from m.scope_calls(scope)


def _unknown(values):
    """Nothing, None, or the result of a foreign function (not a class: its name says what it is) of a library not known here."""
    for v in values:
        if v[0] == "obj" and v[1].startswith("ext:"):
            name = v[1][4:]
            if name.partition(".")[0] in _KNOWN or name.rpartition(".")[2][:1].isupper():
                return False
        elif v != Constant(None):
            return False
    return True


def _words(name):
    """ "model_data" for `ModelData`."""
    return "".join(
        ["_" + c.lower() if c.isupper() and i and not name[i - 1].isupper() else c.lower() for i, c in enumerate(name)]
    )
