"""What calls give: of functions and classes of the project, of methods of things, of other packages."""

from __future__ import annotations

from tflint_mem.facts import NONE, Constant, ExprStatement, Name, Return, Starred, Yield, tail_of
from tflint_mem.knowledge import METHODS

from .answers import remembered
from .foreign import Foreign
from .values import (
    EMPTY,
    MAX_VALUES,
    CallOrigin,
    ClassValue,
    Decorated,
    External,
    FunctionValue,
    Instance,
    MapValue,
    MethodValue,
    PartialValue,
    SelfValue,
    SequenceValue,
    Thing,
    ThingMethod,
    TupleValue,
    one,
    thing,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.facts import Call, Expression
    from tflint_mem.project.linking.module import Module

    from .values import Found, Value, Values

_ELSEWHERE = frozenset(("run_in_executor", "to_thread", "run_in_threadpool", "run_sync"))
_CALLABLE = frozenset((FunctionValue, MethodValue, PartialValue, External))
_TWO_TENSORS: Values = one(TupleValue((one(thing("tensor")), one(thing("tensor")))))


class Results(Foreign):
    """The part of `infer.Infer` that answers for calls."""

    @remembered("callee")
    def callee(self, m: Module, i: int) -> Values:
        """What the called expression of call `i` evaluates to."""
        call = m.calls[i]
        found = self.values(m, call.scope, call.func, call.statement)
        if found and not all(map(_of_something_foreign, found)):
            return found
        return self.project.asked.callee(m, i) or found  # unknown, or made by a function that cannot be followed

    @remembered("returns")
    def returns(self, m: Module, scope: int) -> Values:
        """What a function of the project returns; what a generator yields, as a sequence or as what `with` enters."""
        record = m.scopes[scope]
        generates = "g" in record.flags
        found: set[Value] = set()
        yields: set[Value] = set()
        for i in m.scope_statements(scope):
            statement = m.statements[i]
            if type(statement) is Return:
                if statement.value is not None:
                    found |= self.values(m, scope, statement.value, i)
            elif generates and type(statement) is ExprStatement and type(statement.value) is Yield:
                yields |= self.values(m, scope, statement.value.value, i)
            if len(found) > MAX_VALUES:
                break
        if generates:
            if "contextlib.contextmanager" in self.decorator_names(m, scope):
                return frozenset(yields)
            return one(SequenceValue(frozenset(yields)))
        if not found and record.returns is not None:
            found |= self.annotated(m, record.parent, record.returns)
        found.discard(NONE)
        return frozenset(found)

    @remembered("call")
    def call_values(self, m: Module, i: int) -> Values:
        """What call number `i` of module `m` returns."""
        call = m.calls[i]
        found: set[Value] = set()
        if tail_of(call.func) in _ELSEWHERE:  # await loop.run_in_executor(None, load, path) gives what load gives
            for e in call.args[:2]:
                for v in self.values(m, call.scope, e, call.statement):
                    if type(v) in _CALLABLE:
                        found |= self.result(m, i, call, v)
            if found:
                return frozenset(found)
        for v in self.callee(m, i):
            found |= self.result(m, i, call, v)
        return frozenset(found)

    def result(self, m: Module, i: int, call: Call, v: Value) -> Found:
        """What calling one value gives in call `i`."""
        if type(v) is External:
            return self.foreign(m, i, call, v.name)
        if type(v) is ThingMethod:
            return self._method_result(m, i, call, v)
        if type(v) is FunctionValue or type(v) is MethodValue:
            fm = self.project.module(v.module)
            return self._through(m, call, fm, v.scope, self.returns(fm, v.scope))
        if type(v) is ClassValue:
            return self._constructed(v)
        if type(v) is Instance or type(v) is SelfValue:
            return self._called(m, i, v)
        if type(v) is Thing:
            origin = CallOrigin(m.index, i)
            if v.kind == "tf.function" and type(v.origin) is Decorated:
                return one(thing("tf.function", origin))
            made = METHODS.get((v.kind, "__call__"))
            return one(thing(made, origin)) if made else EMPTY
        if type(v) is PartialValue:
            found: set[Value] = set()
            for inner in v.values:
                found |= self.result(m, i, call, inner)
            return found
        return EMPTY

    def _constructed(self, v: ClassValue) -> Values:
        """What calling a class gives: an object of it,
        or what its own `__new__` gives where that is an object of another class, or a thing such as a model.
        """
        cm = self.project.module(v.module)
        own = Instance(v.module, v.scope)
        constructor = cm.members(v.scope).get("__new__")
        if constructor is not None:
            returned = self.returns(cm, constructor)
            given = frozenset([r for r in returned if type(r) is Instance])
            if given and own not in given:
                return given
            if returned and all(type(r) is Thing and not r.kind.startswith("ext:") for r in returned):
                return returned
        return one(own)

    def _called(self, m: Module, i: int, v: Instance | SelfValue) -> Values:
        """What calling an object of the project gives: what its `__call__` returns; of a model or layer its `call`,
        else a tensor.
        """
        cm = self.project.module(v.module)
        method = self.lookup(cm, v.scope, "__call__")
        if method:
            return self.returns(*method)
        if self.class_kind(cm, v.scope) not in ("model", "layer", "module"):
            return EMPTY
        inner = self.lookup(cm, v.scope, "call")
        found = self.returns(*inner) if inner else EMPTY
        return found or one(thing("tensor", CallOrigin(m.index, i)))

    def _through(self, m: Module, call: Call, fm: Module, scope: int, found: Values) -> Values:
        """Results of a project function; a parameter that is handed back is what this call passed."""
        names = {parameter.name: number for number, parameter in enumerate(fm.scopes[scope].parameters)}
        extra: set[Value] = set()
        for i in fm.scope_statements(scope):
            statement = fm.statements[i]
            if type(statement) is Return:
                returned = statement.value
                if type(returned) is Name and returned.id in names:
                    expression = self._passed(fm, scope, names[returned.id], call)
                    if expression is not None:
                        extra |= self.values(m, call.scope, expression, call.statement)
        return found | extra if extra else found

    def _passed(self, fm: Module, scope: int, index: int, call: Call) -> Expression | None:
        """What a call gives for parameter `index` of a function, by its name or at its place."""
        name = fm.scopes[scope].parameters[index].name
        for keyword in call.keywords:
            if keyword.name == name:
                return keyword.value
        position = index - (1 if fm.is_method(scope) else 0)
        if 0 <= position < len(call.args):
            given = call.args[position]
            return given if type(given) is not Starred else None
        return None

    def _method_result(self, m: Module, i: int, call: Call, method: ThingMethod) -> Values:
        """What a method of something gives that is not the project's."""
        receiver, name = method.receiver, method.name
        if type(receiver) is Thing:
            return self._of_thing(m, i, receiver, name)
        if type(receiver) is MapValue:
            if name == "items":
                keys: Values = frozenset([Constant(key) for key, _ in receiver.items])
                return one(SequenceValue(one(TupleValue((keys, receiver.values)))))
            if name == "values":
                return one(SequenceValue(receiver.values))
            if name in ("get", "pop", "setdefault"):
                return self.item(receiver, call.args[0] if call.args else None)
            if name == "copy":
                return one(receiver)
        elif type(receiver) is SequenceValue or type(receiver) is TupleValue:
            if name in ("pop", "popleft"):
                return self.elements(one(receiver))
            if name == "copy":
                return one(receiver)
        return EMPTY

    def _of_thing(self, m: Module, i: int, receiver: Thing, name: str) -> Values:
        """What a method of a thing gives, as `knowledge` has it."""
        kind = receiver.kind
        if kind.startswith("ext:"):
            if kind == "ext:tf.io.gfile" or not name:
                return EMPTY
            return one(thing(f"{kind}.{name}", CallOrigin(m.index, i)))
        if name == "as_default" and kind in ("graph", "session"):  # with tf.Graph().as_default() as graph
            return one(receiver)
        made = METHODS.get((kind, name))
        if made is None:
            return EMPTY
        if kind == "dataset" and name == "enumerate":
            return one(SequenceValue(_TWO_TENSORS))
        return one(thing(made, CallOrigin(m.index, i)))


def _of_something_foreign(v: Value) -> bool:
    """Is it a method of what another package has made?"""
    return type(v) is ThingMethod and type(v.receiver) is Thing and v.receiver.kind.startswith("ext:")
