"""What parameters hold: what callers pass, what their annotations and defaults say."""

from __future__ import annotations

from tflint_mem.facts import (
    NONE,
    Attribute,
    BinaryOp,
    Constant,
    Name,
    Starred,
    Subscript,
    TupleDisplay,
    dotted,
    tail_of,
)
from tflint_mem.facts.expressions import SequenceDisplay
from tflint_mem.knowledge import canonical, result_of

from .answers import remembered
from .questions import Questions
from .values import (
    EMPTY,
    MAX_CALLERS,
    MAX_VALUES,
    ClassValue,
    External,
    FunctionValue,
    Instance,
    MapValue,
    SelfValue,
    SequenceValue,
    one,
    thing,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from tflint_mem.facts import Call, Expression
    from tflint_mem.project.linking.module import Module

    from .values import Value, Values

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
_OF_ITS_CLASS = frozenset(
    ("__new__", "__init_subclass__", "__class_getitem__")
)  # methods whose first parameter is the class
_EITHER = frozenset(("Optional", "Union", "Annotated", "Final", "ClassVar"))
_MANY_OF = frozenset(("List", "list", "Sequence", "Iterable", "Iterator", "Tuple", "tuple", "Set"))
_TABLES = frozenset(("Dict", "dict", "Mapping"))


class Parameters(Questions):
    """The part of `infer.Infer` that answers for parameters and annotations."""

    @remembered("param")
    def parameter(self, m: Module, scope: int, index: int) -> Values:
        """What parameter number `index` of a function holds."""
        record = m.scopes[scope]
        parameter = record.parameters[index]
        owner = record.parent
        method = record.kind == "function" and owner > 0 and m.scopes[owner].kind == "class"
        if index == 0 and method:
            decorators = self.decorator_names(m, scope)
            if "builtins.classmethod" in decorators or record.name in _OF_ITS_CLASS:
                return one(ClassValue(m.index, owner))
            if "builtins.staticmethod" not in decorators:
                return one(SelfValue(m.index, owner))
        found: set[Value] = set()
        if parameter.annotation is not None:
            found |= self.annotated(m, max(owner, 0), parameter.annotation)
        if parameter.kind in ("*", "**"):
            return frozenset(found)
        if parameter.default is not None:
            found.update([v for v in self.values(m, owner, parameter.default, record.statement) if v != NONE])
        if (
            owner > 0
            and m.scopes[owner].kind == "class"
            and record.name in _COMPILED_METHODS
            and self.class_kind(m, owner) in ("model", "layer")
        ):
            found.add(thing("tensor"))
            return frozenset(found)
        if self.project.callers_of.is_everywhere(m, scope):
            return frozenset(found)  # a helper that takes whatever it is given: no value says what a call of it holds
        for caller, i, how in self.project.callers(m, scope)[:MAX_CALLERS]:
            found |= self.argument_for(m, scope, index, caller, i, how)
            if len(found) > MAX_VALUES:
                break
        if not found and record.kind == "function":
            decorated = self.project.callers_of.decorates(m, scope, index)
            found.update([FunctionValue(module, function) for module, function in decorated])
        return frozenset(found) or self.project.asked.parameter(m, scope, parameter.name)

    def argument_for(self, m: Module, scope: int, index: int, caller: Module, i: int, how: str) -> Values:
        """Values that call `i` of module `caller` gives to parameter `index` of the function (m, scope).

        how   in which way the call runs the function: see `callers.Callers`
        """
        call = caller.calls[i]
        if how == "call":
            expression = self.argument(m, scope, index, caller, i)
            return self.values(caller, call.scope, expression, call.statement) if expression is not None else EMPTY
        if how in ("dataset", "compiled-map"):
            return one(thing("tensor"))
        position = index - (1 if m.is_method(scope) else 0) + 1
        if how == "map":  # map(f, xs), executor.map(f, xs), df.apply(f)
            found = self.callee(caller, i)
            if any(type(v) is External for v in found) and 0 <= position < len(call.args):
                return self.elements(self.values(caller, call.scope, call.args[position], call.statement))
        if how == "submit" and position < len(call.args):
            return self.values(caller, call.scope, call.args[position], call.statement)
        return EMPTY

    def argument(self, m: Module, scope: int, index: int, caller: Module, i: int) -> Expression | None:
        """The expression that call `i` passes for parameter `index` of (m, scope), or None."""
        parameter = m.scopes[scope].parameters[index]
        call = caller.calls[i]
        if not any(s == scope and fm.index == m.index for fm, s in self.project.functions_called(caller, i)):
            return self._handed_argument(m, scope, index, caller, i)
        for keyword in call.keywords:
            if keyword.name == parameter.name:
                return keyword.value
        if parameter.kind == "k":
            return None
        shift = 0
        if m.is_method(scope):
            decorators = self.decorator_names(m, scope)
            if "builtins.staticmethod" not in decorators:
                shift = 1
                if self.callee(caller, i) == {FunctionValue(m.index, scope)}:
                    shift = 0  # Class.method(self, ...)
        position = index - shift
        if position < 0:
            return None
        for given in call.args:
            items = (given,) if type(given) is not Starred else self._spread(caller, call, given.value)
            if items is None:
                return None
            if position < len(items):
                return items[position]
            position -= len(items)
        return None

    def _spread(self, m: Module, call: Call, expression: Expression) -> tuple[Expression, ...] | None:
        """The items that `*expression` passes when they are written down: a literal, or the name of one."""
        if type(expression) is Name:
            bindings = self.reaching(m, m.bindings(call.scope).get(expression.id, ()), call.statement)
            if len(bindings) != 1:
                return None
            (binding,) = bindings
            value = binding.value
            if binding.kind != "assign" or binding.path or not isinstance(value, SequenceDisplay):
                return None
            expression = value
        if not isinstance(expression, SequenceDisplay) or any(type(item) is Starred for item in expression.items):
            return None
        return expression.items

    def _handed_argument(self, m: Module, scope: int, index: int, caller: Module, i: int) -> Expression | None:
        """The same for a call that is given the function to run it once:
        `submit(f, x)`, `Thread(target=f, args=(x,))`.
        """
        call = caller.calls[i]
        bound = m.is_method(scope) and "builtins.staticmethod" not in self.decorator_names(m, scope)
        position = index - (1 if bound else 0)
        if tail_of(call.func) in _MANY or position < 0:
            return None
        for keyword in call.keywords:
            value = keyword.value
            if keyword.name == "args" and isinstance(value, SequenceDisplay) and position < len(value.items):
                return value.items[position]
        for where, expression in enumerate(call.args):
            if any(
                s == scope and fm.index == m.index
                for fm, s in self.project.functions_in(caller, call.scope, expression, call.statement)
            ):
                rest = call.args[where + 1 :]
                if position < len(rest) and not any(type(e) is Starred for e in rest[: position + 1]):
                    return rest[position]
                return None
        return None

    def annotated(self, m: Module, scope: int, annotation: Expression) -> Values:
        """Values that an annotation promises."""
        if type(annotation) is Constant and isinstance(annotation.value, str):
            meant = _quoted(annotation.value)
            return EMPTY if meant is None else self.annotated(m, scope, meant)
        if type(annotation) is BinaryOp and annotation.op == "|":
            return self.annotated(m, scope, annotation.left) | self.annotated(m, scope, annotation.right)
        if type(annotation) is Subscript:
            return self._generic(m, scope, annotation)
        found: set[Value] = set()
        for v in self.values(m, scope, annotation, -1):
            if type(v) is ClassValue:
                found.add(Instance(v.module, v.scope))
            elif type(v) is External:
                kind = _kind_of(v.name)
                if kind is not None:
                    found.add(thing(kind))
        return frozenset(found)

    def _generic(self, m: Module, scope: int, annotation: Subscript) -> Values:
        """Values that `Optional[…]`, `list[…]`, `dict[…]` promise; nothing for any other generic."""
        base, inner = dotted(annotation.base), annotation.index
        if base is None:
            return EMPTY
        tail = base[-1]
        items: Sequence[Expression] = inner.items if type(inner) is TupleDisplay else (inner,)
        if tail in _TABLES:
            if type(inner) is not TupleDisplay or len(inner.items) != 2:
                return EMPTY
            _, value = inner.items
            return one(MapValue((), self.annotated(m, scope, value)))
        if tail not in _EITHER and tail not in _MANY_OF:
            return EMPTY
        found = EMPTY
        for item in items:
            found |= self.annotated(m, scope, item)
        return one(SequenceValue(found)) if tail in _MANY_OF else found


def _quoted(text: str) -> Expression | None:
    """The dotted name that an annotation in quotes begins with, `Optional` taken off; None when it is none."""
    text = text.strip().split("|")[0].strip()
    if text.startswith("Optional[") and text.endswith("]"):
        text = text[len("Optional[") : -1]
    first, *rest = names = text.split(".")
    if not all(name.isidentifier() for name in names):
        return None
    expression: Expression = Name(first)
    for name in rest:
        expression = Attribute(expression, name)
    return expression


def _kind_of(foreign: str) -> str | None:
    """The kind of thing that an annotation promises which names something of another package;
    None when it promises nothing.
    """
    name: str = canonical(foreign)
    a_class = name.startswith(("keras.", "tf.")) and name.rpartition(".")[2][:1].isupper()
    kind: str | None = _ANNOTATIONS.get(name) or (result_of(name) if a_class else None)
    if kind:
        return kind
    if name.startswith("builtins."):
        return name[len("builtins.") :]
    if name.startswith(("typing.", "typing_extensions.", "collections.abc.")):  # a plain `Dict` or `Any`
        return None
    return "ext:" + foreign
