"""What parameters hold: what callers pass, what their annotations and defaults say."""

from tflint_mem import facts as F
from tflint_mem.facts import Constant
from tflint_mem.knowledge.api import canonical, result_of
from tflint_mem.project.holds.values import ClassValue, FunctionValue, Instance, MapValue, SelfValue, SequenceValue
from tflint_mem.project.linking.module import dotted as dotted_name
from tflint_mem.project.linking.module import tail_of

from .answers import EMPTY, remembered
from .values import MAX_CALLERS, MAX_VALUES, obj, one

_MANY = frozenset(
    (
        "map",
        "imap",
        "imap_unordered",
        "starmap",
        "map_async",
        "starmap_async",
        "apply",
        "applymap",
        "filter",
        "reduce",
        "vectorize",
    )
)
_COMPILED_METHODS = frozenset(
    ("call", "train_step", "test_step", "predict_step", "compute_loss", "compute_output_shape")
)
_ANNOTATIONS = {
    "keras.Model": "model",
    "keras.Sequential": "model",
    "keras.Functional": "model",
    "tf.Tensor": "tensor",
    "tf.data.Dataset": "dataset",
    "tf.Variable": "variable",
    "tf.Session": "session",
    "tf.Graph": "graph",
    "tf.GradientTape": "tape",
    "tf.types.experimental.TensorLike": "tensor",
    "tf.types.experimental.ConcreteFunction": "concrete",
    "numpy.ndarray": "ndarray",
    "numpy.array": "ndarray",
    "keras.History": "history",
    "keras.callbacks.History": "history",
    "keras.optimizers.Optimizer": "optimizer",
    "tf.optimizers.Optimizer": "optimizer",
    "tf.distribute.Strategy": "strategy",
    "tf.lite.Interpreter": "interpreter",
}


class Parameters:
    """The part of `infer.Infer` that answers for parameters and annotations."""

    @remembered("param")
    def parameter(self, m, scope, index):
        record = m.scopes[scope]
        name, annotation, default, kind = record[F.S_PARAMS][index]
        owner = record[F.S_PARENT]
        found = set()
        if index == 0 and record[F.S_KIND] == "function" and owner > 0 and m.scopes[owner][F.S_KIND] == "class":
            decorators = self.decorator_names(m, scope)
            if "builtins.classmethod" in decorators or record[F.S_NAME] in (
                "__new__",
                "__init_subclass__",
                "__class_getitem__",
            ):
                return one(ClassValue(m.index, owner))
            if "builtins.staticmethod" not in decorators:
                return one(SelfValue(m.index, owner))
        if annotation is not None:
            found |= self.annotated(m, record[F.S_PARENT] if record[F.S_PARENT] >= 0 else 0, annotation)
        if kind in ("*", "**"):
            return frozenset(found)
        if default is not None:
            found |= {v for v in self.values(m, record[F.S_PARENT], default, record[F.S_STMT]) if v != Constant(None)}
        if (
            owner > 0
            and m.scopes[owner][F.S_KIND] == "class"
            and record[F.S_NAME] in _COMPILED_METHODS
            and self.class_kind(m, owner) in ("model", "layer")
        ):
            found.add(obj("tensor"))
            return frozenset(found)
        if self.project.callers_of.is_everywhere(m, scope):
            return frozenset(found)  # a helper that takes whatever it is given: no value says what a call of it holds
        for caller, i, how in self.project.callers(m, scope)[:MAX_CALLERS]:
            found |= self.argument_for(m, scope, index, caller, i, how)
            if len(found) > MAX_VALUES:
                break
        if not found and record[F.S_KIND] == "function":
            found.update(FunctionValue(index, s) for index, s in self.project.callers_of.decorates(m, scope, index))
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
                if callee and all(v == FunctionValue(m.index, scope) for v in callee):
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
        position = index - (
            1 if m.is_method(scope) and "builtins.staticmethod" not in self.decorator_names(m, scope) else 0
        )
        if tail_of(call[0]) in _MANY or position < 0:
            return None
        for keyword, value in call[2]:
            if keyword == "args" and value[0] in ("t", "l") and position < len(value[1]):
                return value[1][position]
        for where, expression in enumerate(call[1]):
            if any(
                s == scope and fm.index == m.index
                for fm, s in self.project.functions_in(caller, call[3], expression, call[5])
            ):
                rest = call[1][where + 1 :]
                return (
                    rest[position]
                    if position < len(rest) and not any(e[0] == "s" for e in rest[: position + 1])
                    else None
                )
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
            expression = F.Name(names[0])
            for n in names[1:]:
                expression = F.Attribute(expression, n)
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
                return one(SequenceValue(found))
            if base and base[-1] in ("Dict", "dict", "Mapping"):
                inner = annotation[2]
                if inner[0] == "t" and len(inner[1]) == 2:
                    return one(MapValue((), self.annotated(m, scope, inner[1][1])))
            return EMPTY
        found = set()
        for v in self.values(m, scope, annotation, -1):
            if v[0] == "cls":
                found.add(Instance(v[1], v[2]))
            elif v[0] == "ext":
                name = canonical(v[1])
                kind = _ANNOTATIONS.get(name) or (
                    result_of(name)
                    if name.startswith(("keras.", "tf.")) and name.rpartition(".")[2][:1].isupper()
                    else None
                )
                if kind:
                    found.add(obj(kind))
                elif name.startswith("builtins."):
                    found.add(obj(name[9:]))
                elif not name.startswith(
                    ("typing.", "typing_extensions.", "collections.abc.")
                ):  # a plain `Dict` or `Any` promises nothing
                    found.add(obj("ext:" + v[1]))
        return frozenset(found)
