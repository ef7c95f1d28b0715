"""What calls give of what other packages have: of TensorFlow's functions and classes, of builtins,
of the standard library.
"""

from __future__ import annotations

from tflint_mem.facts import TRUE, Constant, tail_of
from tflint_mem.facts.expressions import SequenceDisplay
from tflint_mem.knowledge import canonical, result_of

from .questions import Questions
from .values import (
    EMPTY,
    CallOrigin,
    Decorated,
    External,
    MapValue,
    ModuleValue,
    PartialValue,
    SequenceValue,
    SuperValue,
    TupleValue,
    one,
    thing,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.facts import Call, Expression
    from tflint_mem.project.linking.module import Module

    from .values import Found, Key, Value, Values

_PASS_THROUGH = frozenset(
    (
        "copy.copy",
        "copy.deepcopy",
        "tqdm.tqdm",
        "tqdm.auto.tqdm",
        "tqdm.notebook.tqdm",
        "tqdm.tqdm_notebook",
        "tqdm.trange",
        "alive_progress.alive_it",
        "rich.progress.track",
        "tf.autograph.experimental.do_not_convert",
        "joblib.delayed",
        "dask.delayed",
        "asgiref.sync.sync_to_async",
        "asgiref.sync.async_to_sync",
        "channels.db.database_sync_to_async",
    )
)
_NAMESPACES = frozenset(
    (
        "types.SimpleNamespace",
        "argparse.Namespace",
        "easydict.EasyDict",
        "munch.Munch",
        "munch.munchify",
        "addict.Dict",
        "box.Box",
    )
)
_CONTAINERS = frozenset(("list", "tuple", "set", "iter", "reversed", "sorted", "frozenset"))
_NUMBERS = {
    "len": "int",
    "int": "int",
    "float": "float",
    "round": "number",
    "abs": "number",
    "sum": "number",
    "str": "str",
    "repr": "str",
    "bool": "bool",
    "input": "str",
    "ord": "int",
    "hash": "int",
    "id": "int",
    "open": "file",
}
_EXT_RESULTS = {
    "time.time": "float",
    "time.perf_counter": "float",
    "random.random": "float",
    "random.uniform": "float",
    "random.randint": "int",
    "random.randrange": "int",
    "math.exp": "float",
    "math.sqrt": "float",
    "math.cos": "float",
    "math.sin": "float",
    "math.log": "float",
    "math.pow": "float",
    "math.floor": "int",
    "math.ceil": "int",
    "random.gauss": "float",
    "os.path.join": "str",
    "os.listdir": "strs",
    "glob.glob": "strs",
}


class Foreign(Questions):
    """The part of `infer.Infer` that answers for calls of what other packages have."""

    def foreign(self, m: Module, i: int, call: Call, name: str) -> Found:
        """What call `i` gives, which calls something of that dotted name."""
        known = canonical(name)
        if name.startswith("builtins."):
            return self._builtin(m, i, call, name[len("builtins.") :])
        found = self._of_tensorflow(m, i, call, known)
        if found is None:
            found = self._of_library(m, call, name, known)
        return self._thing_made(m, i, name, known) if found is None else found

    def _of_tensorflow(self, m: Module, i: int, call: Call, known: str) -> Values | None:
        """What a function of TensorFlow gives that asks for more than a look into `knowledge`; None for any other."""
        args = call.args
        if known == "tf.function":
            if args or any(keyword.name in ("func", "python_function") for keyword in call.keywords):
                return one(thing("tf.function", CallOrigin(m.index, i)))
            return one(thing("tf.function", Decorated(m.index, i)))
        if known == "tf.get_collection" and args and _names_variables(args[0]):
            return one(thing("variables", CallOrigin(m.index, i)))
        if known == "tensorflow_datasets.load":
            return self._downloaded(m, i, call)
        if known == "keras.Sequential" or known == "keras.Model":
            return one(thing("model", CallOrigin(m.index, i)))
        return None

    def _of_library(self, m: Module, call: Call, name: str, known: str) -> Values | None:
        """What a function gives that hands on what it is given, or makes a container; None for any other."""
        scope, at, args = call.scope, call.statement, call.args
        if name == "functools.partial" and args:
            return one(PartialValue(self.values(m, scope, args[0], at), len(args) - 1))
        if known in _PASS_THROUGH and args:
            return self.values(m, scope, args[0], at)
        if name in ("itertools.chain", "itertools.islice", "itertools.cycle", "more_itertools.chunked") and args:
            found = EMPTY
            for a in args if name == "itertools.chain" else args[:1]:
                found |= self.elements(self.values(m, scope, a, at))
            return one(SequenceValue(found))
        if name in ("collections.defaultdict", "collections.OrderedDict"):
            return one(MapValue((), EMPTY))
        if name in _NAMESPACES:
            return one(MapValue(self._named(m, call), EMPTY))
        if name == "collections.deque":
            return one(SequenceValue(EMPTY))
        text = _text(args[0]) if name == "importlib.import_module" and args else None
        if text is not None:
            target = self.project.resolve(m, text, 0)
            return one(ModuleValue(target.index) if target is not None else External(text))
        return None

    @staticmethod
    def _thing_made(m: Module, i: int, name: str, known: str) -> Values:
        """The thing that a function or class makes by its name;
        nothing for a function of TensorFlow that is not known.
        """
        kind: str | None = _EXT_RESULTS.get(name) or result_of(known)
        if not kind:
            ours = known.startswith(("tf.", "keras."))
            if name.rpartition(".")[2] == "from_pretrained" and ".TF" in name:
                kind = "model"
            elif ours:
                return EMPTY
            else:
                kind = "ext:" + name
        return one(thing(kind, CallOrigin(m.index, i)))

    def _named(self, m: Module, call: Call) -> tuple[tuple[Key, Values], ...]:
        """What a call is given by keyword, `**` left out."""
        scope, at = call.scope, call.statement
        return tuple([(k.name, self.values(m, scope, k.value, at)) for k in call.keywords if k.name])

    def _downloaded(self, m: Module, i: int, call: Call) -> Values:
        """`tfds.load`: a data set per split, with a description when asked for."""
        words = {keyword.name: keyword.value for keyword in call.keywords}
        split = words.get("split") or (call.args[1] if len(call.args) > 1 else None)
        found = one(thing("dataset", CallOrigin(m.index, i)))
        if split is None:
            found = one(MapValue((), found))
        elif isinstance(split, SequenceDisplay):
            found = one(SequenceValue(found))
        return one(TupleValue((found, EMPTY))) if words.get("with_info") == TRUE else found

    def _builtin(self, m: Module, i: int, call: Call, name: str) -> Found:
        """What a builtin function gives."""
        scope, at, args = call.scope, call.statement, call.args
        if name == "dict":
            named = self._named(m, call)
            everything = [self.values(m, scope, keyword.value, at) for keyword in call.keywords]
            return one(MapValue(named, EMPTY.union(*everything)))
        if name == "zip":
            parts = [self.elements(self.values(m, scope, a, at)) for a in args]
            return one(SequenceValue(one(TupleValue(tuple(parts)))))
        if name == "range":
            return one(thing("range"))
        if name == "super":
            owner = scope
            while owner > 0 and m.scopes[owner].kind != "class":
                owner = m.scopes[owner].parent
            return one(SuperValue(m.index, owner)) if owner > 0 else EMPTY
        if name in _NUMBERS:
            return one(thing(_NUMBERS[name]))
        if not args:
            return one(SequenceValue(EMPTY)) if name in _CONTAINERS else EMPTY
        return self._of_arguments(m, i, call, name)

    def _of_arguments(self, m: Module, i: int, call: Call, name: str) -> Found:
        """What a builtin function gives that hands on what it is given."""
        scope, at, args = call.scope, call.statement, call.args
        if name in _CONTAINERS:
            return one(SequenceValue(self.elements(self.values(m, scope, args[0], at))))
        if name == "enumerate":
            items = self.elements(self.values(m, scope, args[0], at))
            return one(SequenceValue(one(TupleValue((one(thing("int")), items)))))
        if name == "next":
            return self.elements(self.values(m, scope, args[0], at))
        if name == "filter" and len(args) > 1:
            return one(SequenceValue(self.elements(self.values(m, scope, args[1], at))))
        if name == "map" and len(args) > 1:
            found: set[Value] = set()
            for v in self.values(m, scope, args[0], at):
                found |= self.result(m, i, call, v)
            return one(SequenceValue(frozenset(found)))
        if name == "getattr" and len(args) > 1:
            attribute = _text(args[1])
            if attribute is not None:
                return self.attribute(m, scope, self.values(m, scope, args[0], at), attribute)
        if name in ("min", "max"):
            given = self.values(m, scope, args[0], at)
            return self.elements(given) if len(args) == 1 else given
        return EMPTY


def _text(expression: Expression) -> str | None:
    """The text that a constant is, else None."""
    if type(expression) is Constant and isinstance(expression.value, str):
        return expression.value
    return None


def _names_variables(key: Expression) -> bool:
    """Is the key of a collection one of variables: `tf.GraphKeys.TRAINABLE_VARIABLES`, "trainable_variables"?"""
    return (_text(key) or tail_of(key) or "").lower().endswith("variables")
