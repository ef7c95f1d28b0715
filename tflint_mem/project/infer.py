"""holds(name): what an expression may evaluate to, across functions, classes and files.

A value is a small tuple; an expression has a frozenset of them (empty: unknown).

    ("ext", dotted)          something of another package, by the dotted name it was reached through
    ("mod", m)               a module of the project          ("fn", m, scope)      a function or lambda of the project
    ("cls", m, scope)        a class of the project           ("inst", m, scope)    an instance of it
    ("meth", value, m, scope) a bound method                  ("bm", value, name)   a method of something that is not ours
    ("obj", kind, origin)    a thing that TensorFlow makes (kinds: see knowledge); origin is (m, call) or None
    ("seq", values)          a list, set or generator         ("tup", (values, ...)) a tuple
    ("map", items, values)   a dictionary: ((key, values), ...) and all its values
    ("part", values, count)  functools.partial of a callable with so many positional arguments given
    ("k", constant)

The inference is flow-insensitive between functions and follows the order of assignments inside one.  It never guesses:
an unknown receiver has no value, and a rule that needs one stays silent.
"""

from .. import facts as F
from ..knowledge import ATTRIBUTES, ELEMENTS, METHODS, canonical, result_of
from .answers import EMPTY, Answers, remembered
from .module import dotted as dotted_name, tail_of

MAX_VALUES = 16
MAX_DEPTH = 100  # of expressions in each other
SURE_DEPTH = 60  # answers that were found further down are not kept when a search was cut off there
MAX_CALLERS = 32
FEW_HEIRS = 3

_PASS_THROUGH = frozenset(("copy.copy", "copy.deepcopy", "tqdm.tqdm", "tqdm.auto.tqdm", "tqdm.notebook.tqdm", "tqdm.tqdm_notebook", "tqdm.trange",
                           "alive_progress.alive_it", "rich.progress.track", "tf.autograph.experimental.do_not_convert",
                           "joblib.delayed", "dask.delayed", "asgiref.sync.sync_to_async", "asgiref.sync.async_to_sync", "channels.db.database_sync_to_async"))
_MANY = frozenset(("map", "imap", "imap_unordered", "starmap", "map_async", "starmap_async", "apply", "applymap", "filter", "reduce", "vectorize"))
_NAMESPACES = frozenset(("types.SimpleNamespace", "argparse.Namespace", "easydict.EasyDict", "munch.Munch", "munch.munchify", "addict.Dict", "box.Box"))
_ELSEWHERE = frozenset(("run_in_executor", "to_thread", "run_in_threadpool", "run_sync"))
_CONTAINERS = frozenset(("list", "tuple", "set", "iter", "reversed", "sorted", "frozenset"))
_NUMBERS = {"len": "int", "int": "int", "float": "float", "round": "number", "abs": "number", "sum": "number", "str": "str", "repr": "str",
            "bool": "bool", "input": "str", "ord": "int", "hash": "int", "id": "int", "open": "file"}
_EXT_RESULTS = {"time.time": "float", "time.perf_counter": "float", "random.random": "float", "random.uniform": "float", "random.randint": "int",
                "random.randrange": "int", "math.exp": "float", "math.sqrt": "float", "math.cos": "float", "math.sin": "float", "math.log": "float",
                "math.pow": "float", "math.floor": "int", "math.ceil": "int", "random.gauss": "float", "os.path.join": "str",
                "os.listdir": "strs", "glob.glob": "strs"}
_TENSORS = frozenset(("tensor", "variable"))
_IDENTITY = frozenset(("is", "is not", "in", "not in"))
_MODEL_BASES = frozenset(("keras.Model", "keras.Sequential", "keras.Functional"))
_FROM_INSIDE = -2  # stands for the statement of an inner scope, from where all bindings of a name count
_COMPILED_METHODS = frozenset(("call", "train_step", "test_step", "predict_step", "compute_loss", "compute_output_shape"))


def obj(kind, origin=None):
    return ("obj", kind, origin)


def one(value):
    return frozenset((value,))


def _few(values):
    return frozenset(values if len(values) <= MAX_VALUES else sorted(values, key=repr)[:MAX_VALUES])


class Infer(Answers):
    """The inference over a project (`project` gives modules, names and callers)."""

    def __init__(self, project):
        super().__init__()
        self.project = project
        self.depth = 0
        self.sure = 0  # how many questions were open when SURE_DEPTH was reached

    def cut_off(self):
        """Nothing, at MAX_DEPTH: the answers on the way here that stand close to it are forgotten with the one at SURE_DEPTH."""
        self.low = min(self.low, self.sure - 1)
        return EMPTY

    # -- entry points -----------------------------------------------------------------------------------------------

    def values(self, m, scope, expression, at):
        """Values of an expression of module `m` (a Module) in `scope`, seen from statement number `at`."""
        if expression is None:
            return EMPTY
        tag = expression[0]
        if tag == "n":
            return self.name(m, scope, expression[1], at)
        handler = _HANDLERS.get(tag)
        if handler is None:
            return EMPTY
        if self.depth >= MAX_DEPTH:
            return self.cut_off()
        self.depth += 1
        if self.depth == SURE_DEPTH:
            self.sure = len(self.active)
        try:
            found = handler(self, m, scope, expression, at)
        finally:
            self.depth -= 1
        return found if len(found) <= MAX_VALUES else _few(found)

    @remembered("callee")
    def callee(self, m, i):
        """What the called expression of call `i` evaluates to."""
        call = m.calls[i]
        found = self.values(m, call[3], call[0], call[5])
        if found and not all(v[0] == "bm" and v[1][0] == "obj" and v[1][1].startswith("ext:") for v in found):
            return found
        return self.project.asked.callee(m, i) or found  # unknown, or made by a function that cannot be followed

    # -- names --------------------------------------------------------------------------------------------------------

    def name(self, m, scope, name, at):
        """What a name in `scope` holds; where only one answer is possible it is the same for all places."""
        owner = scope
        while owner >= 0:
            bindings = m.bindings(owner).get(name)
            if bindings is not None or name in m.declared_global.get(owner, ()):
                break
            owner = m.scopes[owner][F.S_PARENT]
            while owner > 0 and m.scopes[owner][F.S_KIND] == "class":
                owner = m.scopes[owner][F.S_PARENT]
        if owner != scope:
            at = _FROM_INSIDE
        elif bindings is None or len(bindings) == 1:
            at = -1
        key = ("name", m.index, owner, name, at)
        found = self.memo.get(key)
        if found is None:
            if self.depth >= MAX_DEPTH:
                return self.cut_off()
            self.depth += 1
            if self.depth == SURE_DEPTH:
                self.sure = len(self.active)
            try:
                found = self.guarded(key, Infer._name, m, owner, name, at)
            finally:
                self.depth -= 1
        return found

    def _name(self, m, owner, name, at):
        """What the name holds that the scope `owner` binds (-1: none does), at a statement of that scope or `_FROM_INSIDE`."""
        if owner < 0:
            if m.declaring(name):
                return self._declared(m, name)
            star = self._star(m, name)
            if star is not None:
                return star
            return one(("ext", "builtins." + name)) if name in _BUILTINS else EMPTY
        bindings = m.bindings(owner).get(name)
        if name in m.declared_global.get(owner, ()):
            return self._global(m, owner, name, bindings)
        found = set()
        for binding in bindings if at == _FROM_INSIDE else self.reaching(m, bindings, at):
            found |= self.binding(m, binding)
        if owner == 0 or at == _FROM_INSIDE:
            found |= self._declared(m, name)
        return _few(found)

    def _global(self, m, scope, name, bindings):
        """A name declared global or nonlocal: what the scopes around it and every function that declares it assign."""
        found = set(self._declared(m, name))
        while scope > 0:
            scope = m.scopes[scope][F.S_PARENT]
            if m.scopes[scope][F.S_KIND] != "class" and name not in m.global_names(scope):
                for binding in m.bindings(scope).get(name, ()):
                    found |= self.binding(m, binding)
        return frozenset(found)

    def _declared(self, m, name):
        """What the functions that declare a name global or nonlocal assign to it."""
        found = set()
        for scope in m.declaring(name):
            for binding in m.bindings(scope).get(name, ()):
                found |= self.binding(m, binding)
        return frozenset(found)

    def _star(self, m, name, seen=()):
        """A name that only `from x import *` can have brought; `seen` are the modules on the way, which may import each other."""
        for binding in m.bindings(0).get("*", ()):
            _, statement, _, bound, _ = binding
            target = self.project.resolve(m, bound[1], bound[3])
            if target is not None:
                if name in target.bindings(0):
                    return self.module_name(target, name)
                found = self._star(target, name, (*seen, m.index)) if target is not m and target.index not in seen else None
                if found is not None:
                    return found
            elif not bound[3]:
                known = canonical(bound[1] + "." + name)
                if bound[1].split(".")[0] in ("tensorflow", "keras", "tf_keras") and (result_of(known) or known.startswith(("keras.", "tf.")) and name in _STAR_NAMES):
                    return one(("ext", bound[1] + "." + name))
        return None

    @remembered("modname")
    def module_name(self, m, name):
        """What the module-level name of a module holds in the end."""
        bindings = m.bindings(0).get(name)
        if not bindings and m.declaring(name):
            return self._declared(m, name)
        if not bindings:
            star = self._star(m, name)
            if star is not None:
                return star
            if m.package:
                sub = self.project.resolve(m, name, 1)
                if sub is not None:
                    return one(("mod", sub.index))
            return EMPTY
        found = set()
        for binding in bindings:
            found |= self.binding(m, binding)
        return frozenset(found | self._declared(m, name))

    def reaching(self, m, bindings, at):
        """The bindings that may be in force at statement `at` of the same scope."""
        if len(bindings) == 1:
            return bindings
        if at < 0:
            return bindings
        here = m.statements[at][2] if at < len(m.statements) and m.statements[at] is not None else -1
        before = [b for b in bindings if b[1] < at]
        if not before:
            return bindings
        kill = 0
        for position, binding in enumerate(before):
            context = m.statements[binding[1]][2] if binding[1] >= 0 else -1
            if binding[0] not in ("augment", "annotation") and m.inside(here, context):
                kill = position
        kept = before[kill:]
        if len(before) < len(bindings):
            loops = m.loops(here)
            if loops:  # what a later statement of the same loop assigned in the pass before
                outermost = loops[-1]
                kept = kept + [b for b in bindings if b[1] >= at and m.inside(m.statements[b[1]][2], outermost)]
        return kept

    def binding(self, m, binding):
        kind, statement, scope, expression, path = binding
        if kind == "assign":
            found = self.values(m, scope, expression, statement)
            if not path and expression[0] in ("l", "d", "c", "S") and not _has_content(found):
                target = m.statements[statement][5]
                if target and target[0][0] == "n":
                    found = self._with_added(m, [scope] if scope else None, target[0], found)
            return self.unpack(found, path)
        if kind == "iter":
            return self.unpack(self.elements(self.values(m, scope, expression, statement)), path)
        if kind == "with":
            return self.unpack(self._entered(self.values(m, scope, expression, statement)), path)
        if kind == "import":
            return self._imported(m, expression)
        if kind == F.DEF:
            return one(("fn", m.index, expression))
        if kind == F.CLASS:
            return one(("cls", m.index, expression))
        if kind == "param":
            return self.parameter(m, scope, expression)
        if kind == "annotation":
            return self.annotated(m, scope, expression)
        if kind == "augment":
            return frozenset(v for v in self.values(m, scope, expression, statement) if v[0] == "obj" and v[1] in ("tensor", "ndarray"))
        return EMPTY

    def _entered(self, values):
        """`with X as y`: most context managers give themselves; a graph's and a session's `as_default` too."""
        found = set()
        for v in values:
            if v[0] == "inst":
                cm = self.project.module(v[1])
                method = self.lookup(cm, v[2], "__enter__")
                found |= self.returns(*method) if method else {v}
                if method and not found:
                    found.add(v)
            else:
                found.add(v)
        return frozenset(found)

    def _imported(self, m, bound):
        name, module, attribute, level = bound
        if attribute == "":  # import a.b.c binds a
            top = module.partition(".")[0]
            target = self.project.resolve(m, top, 0)
            if target is None and self.project.resolve(m, module, 0) is not None:
                return one(("pkg", m.index, top))
            return one(("mod", target.index)) if target is not None else one(("ext", top))
        if attribute is None:  # import a.b.c as d
            target = self.project.resolve(m, module, 0)
            return one(("mod", target.index)) if target is not None else one(("ext", module))
        if attribute == "*":
            return EMPTY
        target = self.project.resolve(m, module, level) if module or level else None
        if target is not None:
            found = self.module_name(target, attribute)
            if found or attribute in target.bindings(0):
                return found
        sub = self.project.resolve(m, (module + "." if module else "") + attribute, level)
        if sub is not None:
            return one(("mod", sub.index))
        if level or target is not None:
            return EMPTY
        return one(("ext", module + "." + attribute))

    def unpack(self, values, path):
        for position in path:
            found = set()
            for v in values:
                if v[0] == "tup":
                    if position == "*":
                        found.add(("seq", frozenset().union(*v[1]) if v[1] else EMPTY))
                    elif position < len(v[1]):
                        found |= v[1][position]
                else:
                    found |= self.elements(one(v))
            values = frozenset(found)
        return values

    def elements(self, values):
        """What iterating over a value gives."""
        found = set()
        for v in values:
            tag = v[0]
            if tag == "seq":
                found |= v[1]
            elif tag == "tup":
                for item in v[1]:
                    found |= item
            elif tag == "map":
                found.update(("k", key) for key, _ in v[1])
            elif tag == "obj":
                if v[1] in ELEMENTS:
                    found.add(obj(ELEMENTS[v[1]]))
                elif v[1] == "range":
                    found.add(obj("int"))
                elif v[1] == "strs":
                    found.add(obj("str"))
            elif tag in ("inst", "self"):
                found |= self._iterated(v)
        return frozenset(found)

    def _iterated(self, v):
        """What an object of the project gives for each item: `__next__` of the iterator that its `__iter__` returns, or `__getitem__`."""
        cm = self.project.module(v[1])
        method = self.lookup(cm, v[2], "__iter__")
        if method is None:
            method = self.lookup(cm, v[2], "__next__") or self.lookup(cm, v[2], "__getitem__")
            return self.returns(*method) if method else EMPTY
        found = set()
        for given in self.returns(*method):
            step = self.lookup(self.project.module(given[1]), given[2], "__next__") if given[0] in ("inst", "self") else None
            found |= self.returns(*step) if step else self.elements(one(given)) if given[0] not in ("inst", "self") else EMPTY
        return found

    # -- parameters, annotations ------------------------------------------------------------------------------------------

    @remembered("param")
    def parameter(self, m, scope, index):
        record = m.scopes[scope]
        name, annotation, default, kind = record[F.S_PARAMS][index]
        owner = record[F.S_PARENT]
        found = set()
        if index == 0 and record[F.S_KIND] == "function" and owner > 0 and m.scopes[owner][F.S_KIND] == "class":
            decorators = self.decorator_names(m, scope)
            if "builtins.classmethod" in decorators or record[F.S_NAME] in ("__new__", "__init_subclass__", "__class_getitem__"):
                return one(("cls", m.index, owner))
            if "builtins.staticmethod" not in decorators:
                return one(("self", m.index, owner))
        if annotation is not None:
            found |= self.annotated(m, record[F.S_PARENT] if record[F.S_PARENT] >= 0 else 0, annotation)
        if kind in ("*", "**"):
            return frozenset(found)
        if default is not None:
            found |= {v for v in self.values(m, record[F.S_PARENT], default, record[F.S_STMT]) if v != ("k", None)}
        if owner > 0 and m.scopes[owner][F.S_KIND] == "class" and record[F.S_NAME] in _COMPILED_METHODS and self.class_kind(m, owner) in ("model", "layer"):
            found.add(obj("tensor"))
            return frozenset(found)
        if self.project.callers_of.is_everywhere(m, scope):
            return frozenset(found)  # a helper that takes whatever it is given: no value says what a call of it holds
        for caller, i, how in self.project.callers(m, scope)[:MAX_CALLERS]:
            found |= self.argument_for(m, scope, index, caller, i, how)
            if len(found) > MAX_VALUES:
                break
        if not found and record[F.S_KIND] == "function":
            found.update(("fn", index, s) for index, s in self.project.callers_of.decorates(m, scope, index))
        return frozenset(found) or self.project.asked.parameter(m, scope, name)

    def argument_for(self, m, scope, index, caller, i, how):
        """Values that call `i` of module `caller` gives to parameter `index` of the function (m, scope)."""
        record = m.scopes[scope]
        name, _, _, kind = record[F.S_PARAMS][index]
        call = caller.calls[i]
        if how == "call":
            expression = self.argument(m, scope, index, caller, i)
            return self.values(caller, call[3], expression, call[5]) if expression is not None else EMPTY
        if how in ("dataset", "compiled-map"):
            return one(obj("tensor"))
        if how == "map":  # map(f, xs), executor.map(f, xs), df.apply(f)
            found = self.callee(caller, i)
            position = index - (1 if m.is_method(scope) else 0)
            if any(v[0] == "ext" for v in found) and 0 <= position + 1 < len(call[1]) + 0:
                return self.elements(self.values(caller, call[3], call[1][position + 1], call[5]))
        if how == "submit":
            position = index - (1 if m.is_method(scope) else 0) + 1
            if position < len(call[1]):
                return self.values(caller, call[3], call[1][position], call[5])
        return EMPTY

    def argument(self, m, scope, index, caller, i):
        """The expression that call `i` passes for parameter `index` of (m, scope), or None."""
        record = m.scopes[scope]
        name, _, _, kind = record[F.S_PARAMS][index]
        call = caller.calls[i]
        if not any(s == scope and fm.index == m.index for fm, s in self.project.functions_called(caller, i)):
            return self._handed_argument(m, scope, index, caller, i)
        for keyword, expression in call[2]:
            if keyword == name:
                return expression
        if kind == "k":
            return None
        shift = 0
        if m.is_method(scope):
            decorators = self.decorator_names(m, scope)
            if "builtins.staticmethod" not in decorators:
                shift = 1
                callee = self.callee(caller, i)
                if callee and all(v == ("fn", m.index, scope) for v in callee):
                    shift = 0  # Class.method(self, ...)
        position = index - shift
        if position < 0:
            return None
        for given in call[1]:
            items = (given,) if given[0] != "s" else self._spread(caller, call, given[1])
            if items is None:
                return None
            if position < len(items):
                return items[position]
            position -= len(items)
        return None

    def _spread(self, m, call, expression):
        """The items that `*expression` passes when they are written down: a literal, or the name of one."""
        if expression[0] == "n":
            bindings = self.reaching(m, m.bindings(call[3]).get(expression[1], ()), call[5])
            if len(bindings) != 1 or bindings[0][0] != "assign" or bindings[0][4]:
                return None
            expression = bindings[0][3]
        if expression[0] not in ("l", "t") or any(item[0] == "s" for item in expression[1]):
            return None
        return expression[1]

    def _handed_argument(self, m, scope, index, caller, i):
        """The same for a call that is given the function to run it once: `submit(f, x)`, `Thread(target=f, args=(x,))`."""
        call = caller.calls[i]
        position = index - (1 if m.is_method(scope) and "builtins.staticmethod" not in self.decorator_names(m, scope) else 0)
        if tail_of(call[0]) in _MANY or position < 0:
            return None
        for keyword, value in call[2]:
            if keyword == "args" and value[0] in ("t", "l") and position < len(value[1]):
                return value[1][position]
        for where, expression in enumerate(call[1]):
            if any(s == scope and fm.index == m.index for fm, s in self.project.functions_in(caller, call[3], expression, call[5])):
                rest = call[1][where + 1:]
                return rest[position] if position < len(rest) and not any(e[0] == "s" for e in rest[: position + 1]) else None
        return None

    def annotated(self, m, scope, annotation):
        """Values that an annotation promises."""
        tag = annotation[0]
        if tag == "k" and isinstance(annotation[1], str):
            parts = annotation[1].strip().split("|")[0].strip()
            if parts.startswith("Optional[") and parts.endswith("]"):
                parts = parts[9:-1]
            names = parts.split(".")
            if not all(n.isidentifier() for n in names):
                return EMPTY
            expression = ("n", names[0])
            for n in names[1:]:
                expression = ("a", expression, n)
            return self.annotated(m, scope, expression)
        if tag == "b" and annotation[1] == "|":
            return self.annotated(m, scope, annotation[2]) | self.annotated(m, scope, annotation[3])
        if tag == "x":
            base = dotted_name(annotation[1])
            if base and base[-1] in ("Optional", "Union", "Annotated", "Final", "ClassVar"):
                inner = annotation[2]
                items = inner[1] if inner[0] == "t" else (inner,)
                found = EMPTY
                for item in items:
                    found |= self.annotated(m, scope, item)
                return found
            if base and base[-1] in ("List", "list", "Sequence", "Iterable", "Iterator", "Tuple", "tuple", "Set"):
                inner = annotation[2]
                items = inner[1] if inner[0] == "t" else (inner,)
                found = EMPTY
                for item in items:
                    found |= self.annotated(m, scope, item)
                return one(("seq", found))
            if base and base[-1] in ("Dict", "dict", "Mapping"):
                inner = annotation[2]
                if inner[0] == "t" and len(inner[1]) == 2:
                    return one(("map", (), self.annotated(m, scope, inner[1][1])))
            return EMPTY
        found = set()
        for v in self.values(m, scope, annotation, -1):
            if v[0] == "cls":
                found.add(("inst", v[1], v[2]))
            elif v[0] == "ext":
                name = canonical(v[1])
                kind = _ANNOTATIONS.get(name) or (result_of(name) if name.startswith(("keras.", "tf.")) and name.rpartition(".")[2][:1].isupper() else None)
                if kind:
                    found.add(obj(kind))
                elif name.startswith("builtins."):
                    found.add(obj(name[9:]))
                elif not name.startswith(("typing.", "typing_extensions.", "collections.abc.")):  # a plain `Dict` or `Any` promises nothing
                    found.add(obj("ext:" + v[1]))
        return frozenset(found)

    # -- classes --------------------------------------------------------------------------------------------------------

    @remembered("bases")
    def bases(self, m, scope):
        """(project classes, canonical names of foreign bases) of a class."""
        record = m.scopes[scope]
        ours, foreign = [], []
        for expression in record[F.S_BASES]:
            for v in self.values(m, record[F.S_PARENT], expression, record[F.S_STMT]):
                if v[0] == "cls" and (v[1], v[2]) != (m.index, scope):
                    ours.append((v[1], v[2]))
                elif v[0] == "ext":
                    foreign.append(canonical(v[1]))
        return (tuple(ours), tuple(foreign))

    @remembered("mro", lambda self, m, scope: [(m.index, scope)])
    def mro(self, m, scope):
        """The project classes of a class and its ancestors, nearest first."""
        order, queue = [], [(m.index, scope)]
        while queue and len(order) < 24:
            head = queue.pop(0)
            if head in order:
                continue
            order.append(head)
            bases = self.bases(self.project.module(head[0]), head[1])
            queue.extend(bases[0] if bases else ())
        return order

    def foreign_bases(self, m, scope):
        found = []
        for index, s in self.mro(m, scope):
            bases = self.bases(self.project.module(index), s)
            found.extend(bases[1] if bases else ())
        return found

    def class_kind(self, m, scope):
        """ "model", "layer", "callback", "sequence" … for classes that derive from Keras', else None."""
        return self._class_kind(m, scope) or None

    @remembered("kind")
    def _class_kind(self, m, scope):
        for name in self.foreign_bases(m, scope):
            if name in _MODEL_BASES:
                return "model"
            if name == "tf.Module":
                return "module"
            if name.startswith("keras.layers."):
                return "layer"
            if name.startswith("keras.callbacks."):
                return "callback"
            if name.startswith("keras.optimizers.") or name.startswith("keras.losses.") or name.startswith("keras.metrics."):
                return name.split(".")[1]
            if name in ("keras.utils.Sequence", "keras.utils.PyDataset", "keras.utils.data_utils.Sequence"):
                return "sequence"
        return ""

    def lookup(self, m, scope, name):
        """(module, function scope) of a method by name along the ancestors, or None."""
        for index, s in self.mro(m, scope):
            owner = self.project.module(index)
            found = owner.members(s).get(name)
            if found is not None:
                return (owner, found)
        return None

    @remembered("attrs")
    def attribute_assignments(self, m, scope):
        """attribute -> [(function scope, statement, value expression, path, kind)] for `self.x = …` in a class's own methods and body."""
        found = {}
        stack = [(f, None) for f in m.members(scope).values()]
        while stack:
            function, me = stack.pop()
            record = m.scopes[function]
            if me is None:
                if not record[F.S_PARAMS]:
                    continue
                me = record[F.S_PARAMS][0][0]
            for i in m.scope_statements(function):
                statement = m.statements[i]
                if statement is None:
                    continue
                if statement[0] == F.ASSIGN and (statement[6] is not None or statement[7] is not None):
                    for target in statement[5]:
                        value = statement[6]
                        _note_attribute(found, target, me, function, i, value if value is not None else statement[7], (), "assign" if value is not None else "annotation")
                elif statement[0] == F.WITH:
                    for expression, target in statement[5]:
                        if target is not None:
                            _note_attribute(found, target, me, function, i, expression, (), "with")
                elif statement[0] == F.FOR:
                    _note_attribute(found, statement[5], me, function, i, statement[6], (), "iter")
                elif statement[0] == F.DEF:
                    stack.append((statement[5], me))
        return found

    @remembered("iattr")
    def instance_attribute(self, m, scope, name):
        found = set()
        known = False
        for index, s in self.mro(m, scope):
            owner = self.project.module(index)
            for function, statement, value, path, kind in self.attribute_assignments(owner, s).get(name, ()):
                known = True
                if kind == "annotation":
                    found |= self.annotated(owner, function, value)
                    continue
                values = self.values(owner, function, value, statement)
                if kind == "assign" and not path and value[0] in ("l", "d", "c") and not _has_content(values):
                    members = [inner for method in owner.members(s).values() for inner in owner.with_inner(method)]
                    values = self._with_added(owner, members, ("a", ("n", owner.scopes[function][F.S_PARAMS][0][0]), name), values)
                elif kind == "iter":
                    values = self.elements(values)
                found |= self.unpack(values, path)
            for binding in owner.bindings(s).get(name, ()):
                if binding[0] in ("assign", "annotation"):
                    known = True
                    found |= self.binding(owner, binding)
        found.discard(("k", None))
        if not any(v[0] == "obj" for v in found):
            found |= self._field(m, scope, name)
        if not found:
            found |= self._injected(m, scope, name)
        return frozenset(found)

    def _field(self, m, scope, name):
        """What is given for a field of a class without a constructor of its own, such as a data class, where objects of it are made."""
        fields = self._fields(m, scope)
        if name not in fields or self.lookup(m, scope, "__init__"):
            return EMPTY
        position = fields.index(name)
        found = set()
        for other, i in self.project.callers_of.constructions(m, scope)[:MAX_CALLERS]:
            call = other.calls[i]
            given = dict(call[2]).get(name)
            if given is None and position < len(call[1]) and not any(e[0] == "s" for e in call[1][: position + 1]):
                given = call[1][position]
            if given is not None:
                found |= self.values(other, call[3], given, call[5])
        found.discard(("k", None))
        return found

    def _fields(self, m, scope):
        """Names of the annotated attributes in a class and its ancestors, in the order in which a data class takes them."""
        found = []
        for index, s in reversed(self.mro(m, scope)):
            cm = self.project.module(index)
            for i in cm.scope_statements(s):
                statement = cm.statements[i]
                if statement and statement[0] == F.ASSIGN and statement[7] is not None and statement[5][0][0] == "n" and statement[5][0][1] not in found:
                    found.append(statement[5][0][1])
        return found

    def _injected(self, m, scope, name):
        """`agent.model = …` written outside the class."""
        found = set()
        for other in self.project.found("foreign", name, 24):
            for i, base in other.foreign_attributes().get(name, ()):
                statement = other.statements[i]
                for v in self.values(other, statement[1], base, i):
                    if v[0] in ("inst", "self") and (v[1], v[2]) == (m.index, scope):
                        found |= self.values(other, statement[1], statement[6], i)
        found.discard(("k", None))
        return found

    def _with_added(self, m, scopes, target, values):
        """An empty container and what `.append`, `.add`, `.extend`, `[k] =` put into it in these scopes (None: a container of the module)."""
        added, keyed = set(), []
        if scopes is not None:
            self._added(m, scopes, target, added, keyed)
        else:
            for other in (m, *(o for o in self.project.mentioning(target[1], 16) if o is not m)):
                sees = [s for s in range(len(other.scopes)) if s == 0 or target[1] not in other.bindings(s)]
                if other is m or any(b[0] == "import" and b[3][2] == target[1] for b in other.bindings(0).get(target[1], ())):
                    self._added(other, sees, target, added, keyed)
        if not added:
            return values
        kinds = {v[0] for v in values}
        if "map" in kinds:
            return one(("map", tuple(sorted(keyed, key=lambda kv: repr(kv[0]))[:16]), frozenset(sorted(added, key=repr)[:MAX_VALUES])))
        return one(("seq", frozenset(sorted(added, key=repr)[:MAX_VALUES])))

    def _added(self, m, scopes, target, added, keyed):
        for scope in scopes:
            for i in m.scope_calls(scope):
                call = m.calls[i]
                f = call[0]
                if f[0] != "a" or not call[1]:
                    continue
                if f[1] == target:
                    if f[2] in ("append", "add", "appendleft"):
                        added |= self.values(m, scope, call[1][0], call[5])
                    elif f[2] == "extend":
                        added |= self.elements(self.values(m, scope, call[1][0], call[5]))
                    elif f[2] == "setdefault" and len(call[1]) > 1 and call[1][1] not in (("l", ()), ("S", ()), ("d", (), ())):
                        added |= self.values(m, scope, call[1][1], call[5])
                elif f[2] in ("append", "add") and _item_of(m, f[1], target):  # table[k].append(v), table.setdefault(k, []).append(v)
                    added.add(("seq", self.values(m, scope, call[1][0], call[5])))
            for i in m.scope_statements(scope):
                statement = m.statements[i]
                if statement and statement[0] == F.ASSIGN and statement[6] is not None:
                    for t in statement[5]:
                        if t[0] == "x" and t[1] == target:
                            stored = self.values(m, scope, statement[6], i)
                            added |= stored
                            if t[2] is not None and t[2][0] == "k":
                                keyed.append((t[2][1], stored))

    # -- functions ------------------------------------------------------------------------------------------------------

    def decorator_names(self, m, scope):
        """Canonical names of a function's decorators (of what is called, for decorators with arguments)."""
        if not m.scopes[scope][F.S_DECORATORS]:
            return ()
        return self._decorator_names(m, scope) or ()

    @remembered("decorators")
    def _decorator_names(self, m, scope):
        record = m.scopes[scope]
        found = []
        for expression in record[F.S_DECORATORS]:
            if expression[0] == "c":
                call = m.calls[expression[1]]
                expression = call[0]
                values = self.values(m, record[F.S_PARENT], expression, record[F.S_STMT])
                if any(v[0] == "ext" and v[1] == "functools.partial" for v in values) and call[1]:
                    expression = call[1][0]
                    values = self.values(m, record[F.S_PARENT], expression, record[F.S_STMT])
            else:
                values = self.values(m, record[F.S_PARENT], expression, record[F.S_STMT])
            known = [canonical(v[1]) for v in values if v[0] == "ext"]
            for v in values:
                if v[0] == "obj" and v[1] == "tf.function":
                    known.append("tf.function")
                elif v[0] == "part":  # compiled = functools.partial(tf.function, jit_compile=True)
                    known.extend(canonical(inner[1]) for inner in v[1] if inner[0] == "ext")
                elif v[0] == "bm":
                    known.append(f"{v[1][1] if v[1][0] == 'obj' else '?'}.{v[2]}")
                elif v[0] in ("fn", "meth"):
                    known.append(f"fn:{v[-2]}:{v[-1]}")
            if not known:
                parts = dotted_name(expression)
                if parts:
                    known.append("?" + ".".join(parts))
            found.extend(known)
        return tuple(found)

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
            return one(("seq", frozenset(yields)))
        if not found and record[F.S_RETURNS] is not None:
            found |= self.annotated(m, record[F.S_PARENT], record[F.S_RETURNS])
        found.discard(("k", None))
        return frozenset(found)

    # -- calls ----------------------------------------------------------------------------------------------------------

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

    def _result(self, m, i, call, v):
        tag = v[0]
        scope, at = call[3], call[5]
        if tag == "ext":
            return self._foreign(m, i, call, v[1])
        if tag == "fn":
            fm = self.project.module(v[1])
            return self._through(m, call, fm, v[2], self.returns(fm, v[2]))
        if tag == "meth":
            fm = self.project.module(v[2])
            return self._through(m, call, fm, v[3], self.returns(fm, v[3]))
        if tag == "cls":
            return one(("inst", v[1], v[2]))
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
            if statement and statement[0] == F.RETURN and statement[5] is not None and statement[5][0] == "n" and statement[5][1] in names:
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
        if known == "tensorflow_datasets.load":
            return self._downloaded(m, i, call)
        if known == "keras.Sequential" or known == "keras.Model":
            return one(obj("model", (m.index, i)))
        if name == "functools.partial" and args:
            return one(("part", self.values(m, scope, args[0], at), len(args) - 1))
        if known in _PASS_THROUGH and args:
            return self.values(m, scope, args[0], at)
        if name in ("itertools.chain", "itertools.islice", "itertools.cycle", "more_itertools.chunked") and args:
            found = EMPTY
            for a in args if name == "itertools.chain" else args[:1]:
                found |= self.elements(self.values(m, scope, a, at))
            return one(("seq", found))
        if name in ("collections.defaultdict", "collections.OrderedDict"):
            return one(("map", (), EMPTY))
        if name in _NAMESPACES:
            return one(("map", tuple((k, self.values(m, scope, e, at)) for k, e in call[2] if k), EMPTY))
        if name in ("collections.deque",):
            return one(("seq", EMPTY))
        if name == "importlib.import_module" and args and args[0][0] == "k" and isinstance(args[0][1], str):
            target = self.project.resolve(m, args[0][1], 0)
            return one(("mod", target.index)) if target is not None else one(("ext", args[0][1]))
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
            found = one(("map", (), found))
        elif split[0] in ("l", "t"):
            found = one(("seq", found))
        return one(("tup", (found, EMPTY))) if words.get("with_info") == ("k", True) else found

    def _builtin(self, m, i, call, name):
        scope, at, args = call[3], call[5], call[1]
        if name in _CONTAINERS:
            return one(("seq", self.elements(self.values(m, scope, args[0], at)) if args else EMPTY))
        if name == "dict":
            return one(("map", tuple((k, self.values(m, scope, e, at)) for k, e in call[2] if k),
                        frozenset().union(*[self.values(m, scope, e, at) for _, e in call[2]]) if call[2] else EMPTY))
        if name == "enumerate" and args:
            return one(("seq", one(("tup", (one(obj("int")), self.elements(self.values(m, scope, args[0], at)))))))
        if name == "zip":
            return one(("seq", one(("tup", tuple(self.elements(self.values(m, scope, a, at)) for a in args)))))
        if name == "range":
            return one(obj("range"))
        if name == "next" and args:
            return self.elements(self.values(m, scope, args[0], at))
        if name in ("map", "filter") and len(args) > 1:
            if name == "filter":
                return one(("seq", self.elements(self.values(m, scope, args[1], at))))
            found = set()
            for v in self.values(m, scope, args[0], at):
                found |= self._result(m, i, call, v)
            return one(("seq", frozenset(found)))
        if name == "getattr" and len(args) >= 2 and args[1][0] == "k" and isinstance(args[1][1], str):
            return self.attribute(m, scope, self.values(m, scope, args[0], at), args[1][1])
        if name == "super":
            owner = scope
            while owner > 0 and m.scopes[owner][F.S_KIND] != "class":
                owner = m.scopes[owner][F.S_PARENT]
            return one(("super", m.index, owner)) if owner > 0 else EMPTY
        if name in ("min", "max") and args:
            return self.elements(self.values(m, scope, args[0], at)) if len(args) == 1 else self.values(m, scope, args[0], at)
        kind = _NUMBERS.get(name)
        return one(obj(kind)) if kind else EMPTY

    def _method_result(self, m, i, call, v):
        receiver, name = v[1], v[2]
        scope, at = call[3], call[5]
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
                return one(("seq", one(("tup", (one(obj("tensor")), one(obj("tensor")))))))
            return one(obj(result, (m.index, i)))
        if tag == "map":
            if name == "items":
                keys = frozenset(("k", k) for k, _ in receiver[1])
                return one(("seq", one(("tup", (keys, receiver[2])))))
            if name == "values":
                return one(("seq", receiver[2]))
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

    # -- attributes -------------------------------------------------------------------------------------------------------

    def attribute(self, m, scope, bases, name):
        if len(bases) == 1:
            return self._attribute_of(next(iter(bases)), name)
        found = set()
        for v in bases:
            found |= self._attribute_of(v, name)
        return frozenset(found)

    def _attribute_of(self, v, name):
        tag = v[0]
        if tag == "ext":
            return one(("ext", v[1] + "." + name))
        if tag == "mod":
            target = self.project.module(v[1])
            found = self.module_name(target, name)
            if found or name in target.bindings(0):
                return found
            if target.package:
                sub = self.project.resolve(target, name, 1)
                if sub is not None:
                    return one(("mod", sub.index))
            return EMPTY
        if tag == "pkg":
            importer = self.project.module(v[1])
            target = self.project.resolve(importer, v[2] + "." + name, 0)
            return one(("mod", target.index)) if target is not None else one(("pkg", v[1], v[2] + "." + name))
        if tag in ("inst", "self"):
            return self._member(v, name)
        if tag == "super":
            owner = self.project.module(v[1])
            for index, s in self.mro(owner, v[2])[1:]:
                base = self.project.module(index)
                method = base.members(s).get(name)
                if method is not None:
                    return one(("meth", ("self", v[1], v[2]), index, method))
            kind = self.class_kind(owner, v[2])
            return one(("bm", obj(kind), name)) if kind else EMPTY
        if tag == "cls":
            cm = self.project.module(v[1])
            method = self.lookup(cm, v[2], name)
            if method:
                decorators = self.decorator_names(*method)
                if "builtins.classmethod" in decorators:
                    return one(("meth", v, method[0].index, method[1]))
                return one(("fn", method[0].index, method[1]))
            found = set()
            for index, s in self.mro(cm, v[2]):
                owner = self.project.module(index)
                for binding in owner.bindings(s).get(name, ()):
                    found |= self.binding(owner, binding)
            if not found:
                for base in self.foreign_bases(cm, v[2]):
                    if base in _MODEL_BASES and name == "from_config":
                        found.add(("ext", "keras.Model.from_config"))
            if not found:
                found |= self._injected_class(cm, v[2], name)
            return frozenset(found)
        if tag == "fn" and name == "remote" and "ray.remote" in self.decorator_names(self.project.module(v[1]), v[2]):
            return one(v)  # a Ray task is called as f.remote(x)
        if tag == "obj":
            kind = ATTRIBUTES.get((v[1], name))
            if kind:
                return one(obj(kind))
            return one(("bm", v, name))
        if tag == "map":
            for key, values in v[1]:  # types.SimpleNamespace(model=…).model
                if key == name and values:
                    return values
        if tag in ("seq", "map", "tup"):
            return one(("bm", v, name))
        return EMPTY

    def _injected_class(self, cm, scope, name):
        """`Class.attr = …` written in a method or elsewhere in the module."""
        found = set()
        for i, statement in enumerate(cm.statements):
            if statement and statement[0] == F.ASSIGN and statement[6] is not None:
                for target in statement[5]:
                    if target[0] == "a" and target[2] == name and target[1][0] == "n":
                        if ("cls", cm.index, scope) in self.values(cm, statement[1], target[1], i):
                            found |= self.values(cm, statement[1], statement[6], i)
        found.discard(("k", None))
        return found

    def _member(self, v, name):
        cm = self.project.module(v[1])
        found = set()
        method = self.lookup(cm, v[2], name)
        if method:
            found |= self._bound(v, method)
        heirs = self.project.subclasses(cm, v[2]) if v[0] == "self" or method else ()
        # a subclass may override what its ancestor calls, and has to when that is only declared: of many that do nothing tells which is meant
        if v[0] == "self" or 0 < len(heirs) <= FEW_HEIRS and self.declared(*method):
            for index, s in heirs:
                sub = self.project.module(index)
                override = sub.members(s).get(name)
                if override is not None:
                    found |= self._bound(("inst", index, s), (sub, override))
        if not method:
            found |= self.instance_attribute(cm, v[2], name)
            if not found and v[0] == "self":
                for index, s in self.project.subclasses(cm, v[2]):
                    found |= self.instance_attribute(self.project.module(index), s, name)
        if not found:
            kind = self.class_kind(cm, v[2])
            if kind:
                attribute = ATTRIBUTES.get((kind, name))
                found.add(obj(attribute) if attribute else ("bm", obj(kind, ("inst", v[1], v[2])), name))
            elif "tf.Module" in self.foreign_bases(cm, v[2]):
                pass
        return frozenset(found)

    def declared(self, m, scope):
        """Is the method only declared: by its decorator, or because it does nothing but raise NotImplementedError?"""
        if any(name.endswith("abstractmethod") for name in self.decorator_names(m, scope)):
            return True
        first, behind = m.scopes[scope][F.S_STMTS]
        if behind != first + 1 or m.statements[first] is None or m.statements[first][0] != F.JUMP or len(m.statements[first]) < 7:
            return False
        raised = m.statements[first][6]
        return raised is not None and tail_of(m.calls[raised[1]][0] if raised[0] == "c" else raised) == "NotImplementedError"

    def _bound(self, v, method):
        owner, scope = method
        decorators = self.decorator_names(owner, scope)
        if "builtins.property" in decorators or any(d.endswith(("cached_property", ".getter")) for d in decorators):
            return self.returns(owner, scope)
        if "builtins.staticmethod" in decorators:
            return one(("fn", owner.index, scope))
        return one(("meth", v if v[0] != "self" else ("inst", v[1], v[2]), owner.index, scope))


def _note_attribute(found, target, me, function, statement, value, path, kind):
    """Enter `me.x = …` under x; targets are taken apart."""
    tag = target[0]
    if tag == "a" and target[1] == ("n", me):
        found.setdefault(target[2], []).append((function, statement, value, path, kind))
    elif tag in ("t", "l"):
        for i, item in enumerate(target[1]):
            _note_attribute(found, item, me, function, statement, value, path + (i,), kind)


def _item_of(m, expression, target):
    """Is the expression an item of a container: `target[k]`, `target.setdefault(k, [])`?"""
    if expression[0] == "x":
        return expression[1] == target
    return expression[0] == "c" and m.calls[expression[1]][0] in (("a", target, "setdefault"), ("a", target, "get"))


def _has_content(values):
    for v in values:
        if v[0] == "seq" and v[1] or v[0] == "map" and v[2] or v[0] == "tup" and v[1] or v[0] == "obj" or v[0] == "inst":
            return True
        if v[0] in ("ext", "fn", "cls", "k"):
            return True
    return not any(v[0] in ("seq", "map") for v in values)


# -- expression handlers ------------------------------------------------------------------------------------------------


def _h_attribute(self, m, scope, e, at):
    return self.attribute(m, scope, self.values(m, scope, e[1], at), e[2])


def _h_call(self, m, scope, e, at):
    return self.call_values(m, e[1])


def _h_constant(self, m, scope, e, at):
    return one(e)


def _h_tuple(self, m, scope, e, at):
    if any(item[0] == "s" for item in e[1]):
        return _h_list(self, m, scope, e, at)
    return one(("tup", tuple(self.values(m, scope, item, at) for item in e[1][:16])))


def _h_list(self, m, scope, e, at):
    found = set()
    for item in e[1][:24]:
        if item[0] == "s":
            found |= self.elements(self.values(m, scope, item[1], at))
        else:
            found |= self.values(m, scope, item, at)
    return one(("seq", frozenset(sorted(found, key=repr)[:MAX_VALUES])))


def _h_dict(self, m, scope, e, at):
    items, everything = [], set()
    for key, value in list(zip(e[1], e[2]))[:24]:
        values = self.values(m, scope, value, at)
        if key is None:
            for v in values:
                if v[0] == "map":
                    items.extend(v[1])
                    everything |= v[2]
            continue
        if key[0] == "k":
            items.append((key[1], values))
        everything |= values
    return one(("map", tuple(items), frozenset(sorted(everything, key=repr)[:MAX_VALUES])))


def _h_subscript(self, m, scope, e, at):
    found = set()
    index = e[2]
    for v in self.values(m, scope, e[1], at):
        tag = v[0]
        if tag == "map":
            found |= self._item(v, index)
        elif tag == "tup":
            if index is not None and index[0] == "k" and isinstance(index[1], int) and -len(v[1]) <= index[1] < len(v[1]):
                found |= v[1][index[1]]
            elif index is not None and index[0] == "sl":
                found.add(("seq", frozenset().union(*v[1]) if v[1] else EMPTY))
            else:
                for item in v[1]:
                    found |= item
        elif tag == "seq":
            found |= one(v) if index is not None and index[0] == "sl" else v[1]
        elif tag == "obj":
            if v[1] in ("tensor", "ndarray"):
                found.add(obj(v[1]))
            elif index is not None and index[0] == "sl":
                found.add(obj(v[1]))
            elif v[1] in ELEMENTS:
                found.add(obj(ELEMENTS[v[1]]))
            elif v[1].startswith("ext:"):
                found.add(obj(v[1] + "[]"))
    return frozenset(found)


def _h_binop(self, m, scope, e, at):
    left, right = self.values(m, scope, e[2], at), self.values(m, scope, e[3], at)
    arrays = _arrays(left, right)
    if arrays:
        return arrays
    kinds = {v[1] for v in left | right if v[0] == "obj"}
    if left and right and all(_is_number(v) for v in left | right):
        floating = e[1] == "/" or any(v[1] == "float" if v[0] == "obj" else isinstance(v[1], float) for v in left | right)
        return one(obj("float" if floating else "int"))
    if kinds & {"str"} or any(v[0] == "k" and isinstance(v[1], str) for v in left):
        return one(obj("str"))
    if any(v[0] == "seq" for v in left) and e[1] in ("+", "*"):
        return frozenset(v for v in left | right if v[0] == "seq")
    return EMPTY


def _arrays(left, right):
    """What an operator makes of arrays: a tensor where one operand is surely one, both where an operand may be either."""
    kinds = {v[1] for v in left | right if v[0] == "obj"}
    if kinds.isdisjoint(_TENSORS):
        return one(obj("ndarray")) if "ndarray" in kinds else EMPTY
    certain = any(side and all(v[0] == "obj" and v[1] in _TENSORS for v in side) for side in (left, right))
    return one(obj("tensor")) if certain or "ndarray" not in kinds else frozenset((obj("tensor"), obj("ndarray")))


def _is_number(v):
    return v[0] == "obj" and v[1] in ("int", "float", "number") or v[0] == "k" and isinstance(v[1], (int, float)) and not isinstance(v[1], bool)


def _h_unary(self, m, scope, e, at):
    if e[1] == "not":
        return one(obj("bool"))
    return frozenset(v for v in self.values(m, scope, e[2], at) if v[0] == "obj" and v[1] in ("tensor", "ndarray", "variable", "int", "float", "number") or v[0] == "k")


def _h_boolean(self, m, scope, e, at):
    found = set()
    for item in e[2]:
        found |= self.values(m, scope, item, at)
    found.discard(("k", None))
    return frozenset(found)


def _h_compare(self, m, scope, e, at):
    found = self.values(m, scope, e[1], at)
    for operator, other in zip(e[2], e[3]):
        if operator in _IDENTITY:
            return one(obj("bool"))
        found = _arrays(found, self.values(m, scope, other, at)) or one(obj("bool"))
    return found


def _h_conditional(self, m, scope, e, at):
    return frozenset(v for v in self.values(m, scope, e[2], at) | self.values(m, scope, e[3], at) if v != ("k", None))


def _h_lambda(self, m, scope, e, at):
    return one(("fn", m.index, e[1]))


def _h_comprehension(self, m, scope, e, at):
    if e[1] == "dict":
        return one(("map", (), self.values(m, scope, e[2][1], at)))
    return one(("seq", self.values(m, scope, e[2][0], at)))


def _h_inner(self, m, scope, e, at):
    return self.values(m, scope, e[1], at)


def _h_walrus(self, m, scope, e, at):
    return self.values(m, scope, e[2], at)


def _h_string(self, m, scope, e, at):
    return one(obj("str"))


_HANDLERS = {
    "a": _h_attribute, "c": _h_call, "k": _h_constant, "t": _h_tuple, "l": _h_list, "S": _h_list, "d": _h_dict,
    "x": _h_subscript, "b": _h_binop, "u": _h_unary, "o": _h_boolean, "q": _h_compare, "i": _h_conditional, "f": _h_lambda,
    "g": _h_comprehension, "v": _h_inner, "s": _h_inner, "w": _h_walrus, "j": _h_string,
}

_ANNOTATIONS = {
    "keras.Model": "model", "keras.Sequential": "model", "keras.Functional": "model", "tf.Tensor": "tensor", "tf.data.Dataset": "dataset",
    "tf.Variable": "variable", "tf.Session": "session", "tf.Graph": "graph", "tf.GradientTape": "tape", "tf.types.experimental.TensorLike": "tensor",
    "tf.types.experimental.ConcreteFunction": "concrete", "numpy.ndarray": "ndarray", "numpy.array": "ndarray", "keras.History": "history",
    "keras.callbacks.History": "history", "keras.optimizers.Optimizer": "optimizer", "tf.optimizers.Optimizer": "optimizer",
    "tf.distribute.Strategy": "strategy", "tf.lite.Interpreter": "interpreter",
}
_STAR_NAMES = frozenset(("load_model", "clone_model", "model_from_json", "Model", "Sequential", "Input", "function", "clear_session", "applications",
                         "layers", "models", "optimizers", "backend", "metrics", "losses", "utils", "callbacks"))
_BUILTINS = frozenset((
    "list", "tuple", "set", "iter", "reversed", "sorted", "frozenset", "dict", "enumerate", "zip", "range", "next", "map", "filter", "getattr", "super",
    "min", "max", "len", "int", "float", "round", "abs", "sum", "str", "repr", "bool", "input", "ord", "hash", "id", "open", "property", "staticmethod",
    "classmethod", "isinstance", "hasattr", "print", "setattr", "globals", "locals", "object", "type", "any", "all", "callable", "exit", "quit",
))
