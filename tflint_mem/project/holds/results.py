"""What calls give: of functions of the project, of TensorFlow, of methods of things, of other packages."""

from tflint_mem import facts as F
from tflint_mem.facts import Constant
from tflint_mem.knowledge.api import METHODS, canonical, result_of
from tflint_mem.project.holds.values import (
    External,
    Instance,
    MapValue,
    ModuleValue,
    PartialValue,
    SequenceValue,
    TupleValue,
)
from tflint_mem.project.linking.module import tail_of

from .answers import EMPTY, remembered
from .values import MAX_VALUES, obj, one

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
_ELSEWHERE = frozenset(("run_in_executor", "to_thread", "run_in_threadpool", "run_sync"))
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


class Results:
    """The part of `infer.Infer` that answers for calls."""

    @remembered("callee")
    def callee(self, m, i):
        """What the called expression of call `i` evaluates to."""
        call = m.calls[i]
        found = self.values(m, call[3], call[0], call[5])
        if found and not all(v[0] == "bm" and v[1][0] == "obj" and v[1][1].startswith("ext:") for v in found):
            return found
        return self.project.asked.callee(m, i) or found  # unknown, or made by a function that cannot be followed

    @remembered("returns")
    def returns(self, m, scope):
        """What a function of the project returns."""
        found = set()
        record = m.scopes[scope]
        yields = set()
        for i in m.scope_statements(scope):
            statement = m.statements[i]
            if statement is None:
                continue
            if statement[0] == F.RETURN and statement[5] is not None:
                found |= self.values(m, scope, statement[5], i)
            elif "g" in record[F.S_FLAGS] and statement[0] == F.EXPR and statement[5][0] == "y":
                yields |= self.values(m, scope, statement[5][1], i)
            if len(found) > MAX_VALUES:
                break
        if "g" in record[F.S_FLAGS]:
            if "contextlib.contextmanager" in self.decorator_names(m, scope):
                return frozenset(yields)
            return one(SequenceValue(frozenset(yields)))
        if not found and record[F.S_RETURNS] is not None:
            found |= self.annotated(m, record[F.S_PARENT], record[F.S_RETURNS])
        found.discard(Constant(None))
        return frozenset(found)

    @remembered("call")
    def call_values(self, m, i):
        """What call number `i` of module `m` returns."""
        call = m.calls[i]
        found = set()
        if tail_of(call[0]) in _ELSEWHERE:  # await loop.run_in_executor(None, load, path) gives what load gives
            for e in call[1][:2]:
                for v in self.values(m, call[3], e, call[5]):
                    if v[0] in ("fn", "meth", "part", "ext"):
                        found |= self._result(m, i, call, v)
            if found:
                return frozenset(found)
        for v in self.callee(m, i):
            found |= self._result(m, i, call, v)
        return frozenset(found)

    def _made_by(self, v):
        """What calling a class gives: an object of it, or what its own `__new__` gives where that is an object of another class."""
        cm = self.project.module(v[1])
        new = cm.members(v[2]).get("__new__")
        given = frozenset(r for r in self.returns(cm, new) if r[0] == "inst") if new is not None else EMPTY
        return given if given and Instance(v[1], v[2]) not in given else one(Instance(v[1], v[2]))

    def _result(self, m, i, call, v):
        tag = v[0]
        if tag == "ext":
            return self._foreign(m, i, call, v[1])
        if tag == "fn":
            fm = self.project.module(v[1])
            return self._through(m, call, fm, v[2], self.returns(fm, v[2]))
        if tag == "meth":
            fm = self.project.module(v[2])
            return self._through(m, call, fm, v[3], self.returns(fm, v[3]))
        if tag == "cls":
            return self._made_by(v)
        if tag in ("inst", "self"):
            cm = self.project.module(v[1])
            method = self.lookup(cm, v[2], "__call__")
            if method:
                return self.returns(*method)
            kind = self.class_kind(cm, v[2])
            if kind in ("model", "layer", "module"):
                inner = self.lookup(cm, v[2], "call")
                found = self.returns(*inner) if inner else EMPTY
                return found or one(obj("tensor", (m.index, i)))
            return EMPTY
        if tag == "bm":
            return self._method_result(m, i, call, v)
        if tag == "obj":
            kind = v[1]
            if kind == "tf.function" and v[2] is not None and v[2][0] == "deco":
                return one(obj("tf.function", (m.index, i)))
            result = METHODS.get((kind, "__call__"))
            return one(obj(result, (m.index, i))) if result else EMPTY
        if tag == "part":
            found = set()
            for inner in v[1]:
                found |= self._result(m, i, call, inner)
            return found
        return EMPTY

    def _through(self, m, call, fm, scope, found):
        """Results of a project function; a parameter that is handed back is what this call passed."""
        record = fm.scopes[scope]
        names = {p[0]: n for n, p in enumerate(record[F.S_PARAMS])}
        extra = set()
        for i in fm.scope_statements(scope):
            statement = fm.statements[i]
            if (
                statement
                and statement[0] == F.RETURN
                and statement[5] is not None
                and statement[5][0] == "n"
                and statement[5][1] in names
            ):
                expression = self._positional(fm, scope, names[statement[5][1]], call)
                if expression is not None:
                    extra |= self.values(m, call[3], expression, call[5])
        return found | extra if extra else found

    def _positional(self, fm, scope, index, call):
        name = fm.scopes[scope][F.S_PARAMS][index][0]
        for keyword, expression in call[2]:
            if keyword == name:
                return expression
        position = index - (1 if fm.is_method(scope) else 0)
        return call[1][position] if 0 <= position < len(call[1]) and call[1][position][0] != "s" else None

    def _foreign(self, m, i, call, name):
        scope, at = call[3], call[5]
        args = call[1]
        known = canonical(name)
        if name.startswith("builtins."):
            return self._builtin(m, i, call, name[9:])
        if known == "tf.function":
            if args:
                return one(obj("tf.function", (m.index, i)))
            for keyword, value in call[2]:
                if keyword in ("func", "python_function"):
                    return one(obj("tf.function", (m.index, i)))
            return one(obj("tf.function", ("deco", m.index, i)))
        if known == "tf.get_collection" and args and _names_variables(args[0]):
            return one(obj("variables", (m.index, i)))
        if known == "tensorflow_datasets.load":
            return self._downloaded(m, i, call)
        if known == "keras.Sequential" or known == "keras.Model":
            return one(obj("model", (m.index, i)))
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
            return one(MapValue(tuple((k, self.values(m, scope, e, at)) for k, e in call[2] if k), EMPTY))
        if name in ("collections.deque",):
            return one(SequenceValue(EMPTY))
        if name == "importlib.import_module" and args and args[0][0] == "k" and isinstance(args[0][1], str):
            target = self.project.resolve(m, args[0][1], 0)
            return one(ModuleValue(target.index)) if target is not None else one(External(args[0][1]))
        kind = _EXT_RESULTS.get(name) or result_of(known)
        if kind == "tensor" and known.startswith("keras.ops."):
            return one(obj("tensor", (m.index, i)))
        if kind:
            return one(obj(kind, (m.index, i)))
        tail = name.rpartition(".")[2]
        if tail[:1].isupper() and not known.startswith(("tf.", "keras.")):
            return one(obj("ext:" + name, (m.index, i)))
        if tail == "from_pretrained" and ".TF" in name:
            return one(obj("model", (m.index, i)))
        return one(obj("ext:" + name, (m.index, i))) if not known.startswith(("tf.", "keras.")) else EMPTY

    def _downloaded(self, m, i, call):
        """`tfds.load`: a data set per split, with a description when asked for."""
        words = dict(call[2])
        split = words.get("split") or (call[1][1] if len(call[1]) > 1 else None)
        found = one(obj("dataset", (m.index, i)))
        if split is None:
            found = one(MapValue((), found))
        elif split[0] in ("l", "t"):
            found = one(SequenceValue(found))
        return one(TupleValue((found, EMPTY))) if words.get("with_info") == Constant(True) else found

    def _builtin(self, m, i, call, name):
        scope, at, args = call[3], call[5], call[1]
        if name in _CONTAINERS:
            return one(SequenceValue(self.elements(self.values(m, scope, args[0], at)) if args else EMPTY))
        if name == "dict":
            return one(
                MapValue(
                    tuple((k, self.values(m, scope, e, at)) for k, e in call[2] if k),
                    frozenset().union(*[self.values(m, scope, e, at) for _, e in call[2]]) if call[2] else EMPTY,
                )
            )
        if name == "enumerate" and args:
            return one(
                SequenceValue(one(TupleValue((one(obj("int")), self.elements(self.values(m, scope, args[0], at))))))
            )
        if name == "zip":
            return one(SequenceValue(one(TupleValue(tuple(self.elements(self.values(m, scope, a, at)) for a in args)))))
        if name == "range":
            return one(obj("range"))
        if name == "next" and args:
            return self.elements(self.values(m, scope, args[0], at))
        if name in ("map", "filter") and len(args) > 1:
            if name == "filter":
                return one(SequenceValue(self.elements(self.values(m, scope, args[1], at))))
            found = set()
            for v in self.values(m, scope, args[0], at):
                found |= self._result(m, i, call, v)
            return one(SequenceValue(frozenset(found)))
        if name == "getattr" and len(args) >= 2 and args[1][0] == "k" and isinstance(args[1][1], str):
            return self.attribute(m, scope, self.values(m, scope, args[0], at), args[1][1])
        if name == "super":
            owner = scope
            while owner > 0 and m.scopes[owner][F.S_KIND] != "class":
                owner = m.scopes[owner][F.S_PARENT]
            return one(("super", m.index, owner)) if owner > 0 else EMPTY
        if name in ("min", "max") and args:
            return (
                self.elements(self.values(m, scope, args[0], at))
                if len(args) == 1
                else self.values(m, scope, args[0], at)
            )
        kind = _NUMBERS.get(name)
        return one(obj(kind)) if kind else EMPTY

    def _method_result(self, m, i, call, v):
        receiver, name = v[1], v[2]
        tag = receiver[0]
        if tag == "obj":
            kind = receiver[1]
            if kind.startswith("ext:"):
                if kind == "ext:tf.io.gfile" or not name:
                    return EMPTY
                return one(obj(f"{kind}.{name}", (m.index, i)))
            if name == "as_default" and kind in ("graph", "session"):  # with tf.Graph().as_default() as graph
                return one(receiver)
            result = METHODS.get((kind, name))
            if result is None:
                return EMPTY
            if kind == "dataset" and name == "enumerate":
                return one(SequenceValue(one(TupleValue((one(obj("tensor")), one(obj("tensor")))))))
            return one(obj(result, (m.index, i)))
        if tag == "map":
            if name == "items":
                keys = frozenset(Constant(k) for k, _ in receiver[1])
                return one(SequenceValue(one(TupleValue((keys, receiver[2])))))
            if name == "values":
                return one(SequenceValue(receiver[2]))
            if name in ("get", "pop", "setdefault"):
                return self._item(receiver, call[1][0] if call[1] else None)
            if name == "copy":
                return one(receiver)
        if tag in ("seq", "tup"):
            if name in ("pop", "popleft"):
                return self.elements(one(receiver))
            if name == "copy":
                return one(receiver)
        return EMPTY

    def _item(self, mapping, key):
        if key is not None and key[0] == "k":
            for k, values in mapping[1]:
                if k == key[1]:
                    return values
        return mapping[2]


def _names_variables(key):
    """Is the key of a collection one of variables: `tf.GraphKeys.TRAINABLE_VARIABLES`, "trainable_variables"?"""
    name = key[1] if key[0] == "k" and isinstance(key[1], str) else tail_of(key) or ""
    return name.lower().endswith("variables")
