"""The classes of the project: their bases and kinds, their methods, and the decorators of functions."""

from __future__ import annotations

from collections import deque

from tflint_mem.facts import CallRef, dotted
from tflint_mem.knowledge import canonical

from .answers import remembered_or
from .questions import Bases, Questions
from .values import MODEL_BASES, ClassValue, External, FunctionValue, MethodValue, PartialValue, Thing, ThingMethod

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.facts import Expression
    from tflint_mem.project.linking.module import Function, Module

    from .questions import Owner
    from .values import Value, Values

_MOST_ANCESTORS = 24  # are looked at
_NO_BASES = Bases((), ())
_KINDS = {  # what is derived from a class of these is of a kind
    **dict.fromkeys(MODEL_BASES, "model"),
    "tf.Module": "module",
    "keras.utils.Sequence": "sequence",
    "keras.utils.PyDataset": "sequence",
    "keras.utils.data_utils.Sequence": "sequence",
}
_KINDS_BY_MODULE = {  # and what is derived from any class of one of these modules
    "keras.layers.": "layer",
    "keras.callbacks.": "callback",
    "keras.optimizers.": "optimizers",
    "keras.losses.": "losses",
    "keras.metrics.": "metrics",
}


class Classes(Questions):
    """The part of `infer.Infer` that answers for classes and decorators."""

    @remembered_or("bases", lambda m, scope: _NO_BASES)
    def bases(self, m: Module, scope: int) -> Bases:
        """The bases of a class, as far as they are known."""
        record = m.scopes[scope]
        this = (m.index, scope)
        ours, foreign = [], []
        for expression in record.bases:
            for v in self.values(m, record.parent, expression, record.statement):
                if type(v) is ClassValue:
                    if (v.module, v.scope) != this:
                        ours.append((v.module, v.scope))
                elif type(v) is External:
                    foreign.append(canonical(v.name))
        return Bases(tuple(ours), tuple(foreign))

    @remembered_or("mro", lambda m, scope: [(m.index, scope)])
    def mro(self, m: Module, scope: int) -> list[Owner]:
        """The project classes of a class and its ancestors, nearest first."""
        order: list[Owner] = []
        queue = deque([(m.index, scope)])
        while queue and len(order) < _MOST_ANCESTORS:
            head = index, s = queue.popleft()
            if head in order:
                continue
            order.append(head)
            queue.extend(self.bases(self.project.module(index), s).ours)
        return order

    def foreign_bases(self, m: Module, scope: int) -> list[str]:
        """Canonical names of the foreign bases of a class and its ancestors, nearest first."""
        found: list[str] = []
        for index, s in self.mro(m, scope):
            found.extend(self.bases(self.project.module(index), s).foreign)
        return found

    def class_kind(self, m: Module, scope: int) -> str | None:
        """ "model", "layer", "callback", "sequence" … for classes that derive from Keras', else None."""
        return self._class_kind(m, scope) or None

    @remembered_or("kind", lambda m, scope: "")
    def _class_kind(self, m: Module, scope: int) -> str:
        for name in self.foreign_bases(m, scope):
            kind = _KINDS.get(name)
            if kind is not None:
                return kind
            for module, kind in _KINDS_BY_MODULE.items():
                if name.startswith(module):
                    return kind
        return ""

    def lookup(self, m: Module, scope: int, name: str) -> Function | None:
        """(module, function scope) of a method by name along the ancestors, or None."""
        for index, s in self.mro(m, scope):
            owner = self.project.module(index)
            found = owner.members(s).get(name)
            if found is not None:
                return (owner, found)
        return None

    def decorator_names(self, m: Module, scope: int) -> tuple[str, ...]:
        """Canonical names of a function's decorators (of what is called, for decorators with arguments), in order.

        One of the project is `fn:3:12` (module and scope), a method of a thing `tape.watch`, an unknown one `?name`.
        """
        if not m.scopes[scope].decorators:
            return ()
        return self._decorator_names(m, scope)

    @remembered_or("decorators", lambda m, scope: ())
    def _decorator_names(self, m: Module, scope: int) -> tuple[str, ...]:
        record = m.scopes[scope]
        around, at = record.parent, record.statement
        found: list[str] = []
        for expression in record.decorators:
            if type(expression) is CallRef:
                call = m.calls[expression.number]
                expression = call.func
                values = self.values(m, around, expression, at)
                if call.args and any(type(v) is External and v.name == "functools.partial" for v in values):
                    expression = call.args[0]
                    values = self.values(m, around, expression, at)
            else:
                values = self.values(m, around, expression, at)
            found.extend(_names_of(values) or _unknown(expression))
        return tuple(found)


def _names_of(values: Values) -> list[str]:
    """The names of decorators: those of other packages first."""
    known = [canonical(v.name) for v in values if type(v) is External]
    for v in values:
        if type(v) is Thing:
            if v.kind == "tf.function":
                known.append("tf.function")
        elif type(v) is PartialValue:  # compiled = functools.partial(tf.function, jit_compile=True)
            known.extend([canonical(inner.name) for inner in v.values if type(inner) is External])
        elif type(v) is ThingMethod:
            known.append(f"{_maker(v.receiver)}.{v.name}")
        elif type(v) is FunctionValue or type(v) is MethodValue:
            known.append(f"fn:{v.module}:{v.scope}")
    return known


def _maker(receiver: Value) -> str:
    return receiver.kind if type(receiver) is Thing else "?"


def _unknown(expression: Expression) -> list[str]:
    parts = dotted(expression)
    return ["?" + ".".join(parts)] if parts else []
