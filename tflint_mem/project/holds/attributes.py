"""What attributes hold: of modules, objects, classes, and of things that other packages make."""

from __future__ import annotations

from tflint_mem.facts import (
    NONE,
    Assign,
    Attribute,
    CallRef,
    Def,
    DictDisplay,
    For,
    Jump,
    ListDisplay,
    Name,
    Starred,
    With,
    tail_of,
)
from tflint_mem.facts.expressions import SequenceDisplay
from tflint_mem.knowledge import ATTRIBUTES

from .answers import remembered, remembered_or
from .questions import Assignment, Questions
from .values import (
    EMPTY,
    MAX_CALLERS,
    MODEL_BASES,
    ClassValue,
    External,
    FunctionValue,
    Instance,
    MapValue,
    MethodValue,
    ModuleValue,
    PackageValue,
    SelfValue,
    SequenceValue,
    SuperValue,
    Thing,
    ThingMethod,
    TupleValue,
    has_content,
    one,
    thing,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from tflint_mem.facts import Expression, Statement
    from tflint_mem.project.linking.bindings import Path
    from tflint_mem.project.linking.module import Function, Module

    from .questions import Assignments
    from .values import Found, Value, Values

FEW_HEIRS = 3  # that override a method are all looked at
_FEW_MODULES = 24  # that assign an attribute from outside are looked into
_FRESH = frozenset((ListDisplay, DictDisplay, CallRef))  # what may be a container that is filled later
_NO_ASSIGNMENTS: Assignments = {}


class Attributes(Questions):
    """The part of `infer.Infer` that answers for attributes."""

    @remembered_or("attrs", lambda m, scope: _NO_ASSIGNMENTS)
    def attribute_assignments(self, m: Module, scope: int) -> Assignments:
        """attribute -> where `self.x = …` stands in a class's own methods, and in functions defined in them."""
        found: Assignments = {}
        stack: list[tuple[int, str | None]] = [(f, None) for f in m.members(scope).values()]
        while stack:
            function, me = stack.pop()
            record = m.scopes[function]
            if me is None:
                if not record.parameters:
                    continue
                me = record.parameters[0].name
            for i in m.scope_statements(function):
                statement = m.statements[i]
                if type(statement) is Def:
                    stack.append((statement.defines, me))
                    continue
                for target, value, kind in _assigned_in(statement):
                    for name, path in _own(target, me):
                        found.setdefault(name, []).append(Assignment(function, i, value, path, kind))
        return found

    @remembered("iattr")
    def instance_attribute(self, m: Module, scope: int, name: str) -> Values:
        """What an attribute of an object of a class holds, methods excluded."""
        found: set[Value] = set()
        for index, s in self.mro(m, scope):
            owner = self.project.module(index)
            for assignment in self.attribute_assignments(owner, s).get(name, ()):
                found |= self._assigned(owner, s, name, assignment)
            for binding in owner.bindings(s).get(name, ()):
                if binding.kind in ("assign", "annotation"):
                    found |= self.binding(owner, binding)
        found.discard(NONE)
        if not any(type(v) is Thing for v in found):
            found |= self._field(m, scope, name)
        if not found:
            found |= self._injected(m, scope, name)
        return frozenset(found)

    def _assigned(self, m: Module, scope: int, name: str, assignment: Assignment) -> Values:
        """What one assignment gives the attribute of a class."""
        function, value, path, kind = assignment.function, assignment.value, assignment.path, assignment.kind
        if kind == "annotation":
            return self.annotated(m, function, value)
        values = self.values(m, function, value, assignment.statement)
        if kind == "assign" and not path and type(value) in _FRESH and not has_content(values):
            members = [inner for method in m.members(scope).values() for inner in m.with_inner(method)]
            me = m.scopes[m.method_around(function)].parameters[0].name
            values = self.with_added(m, members, Attribute(Name(me), name), values)
        elif kind == "iter":
            values = self.elements(values)
        return self.unpack(values, path)

    def _field(self, m: Module, scope: int, name: str) -> Found:
        """What is given for a field of a class without a constructor of its own, such as a data class,
        where objects of it are made.
        """
        fields = self._fields(m, scope)
        if name not in fields or self.lookup(m, scope, "__init__"):
            return EMPTY
        position = fields.index(name)
        found: set[Value] = set()
        for other, i in self.project.callers_of.constructions(m, scope)[:MAX_CALLERS]:
            call = other.calls[i]
            given = {keyword.name: keyword.value for keyword in call.keywords}.get(name)
            if given is None and position < len(call.args):
                if not any(type(e) is Starred for e in call.args[: position + 1]):
                    given = call.args[position]
            if given is not None:
                found |= self.values(other, call.scope, given, call.statement)
        found.discard(NONE)
        return found

    @remembered_or("fields", lambda m, scope: ())
    def _fields(self, m: Module, scope: int) -> Sequence[str]:
        """Names of the annotated attributes in a class and its ancestors,
        in the order in which a data class takes them.
        """
        found: list[str] = []
        for index, s in reversed(self.mro(m, scope)):
            cm = self.project.module(index)
            for i in cm.scope_statements(s):
                statement = cm.statements[i]
                if type(statement) is Assign and statement.annotation is not None:
                    target = statement.targets[0]
                    if type(target) is Name and target.id not in found:
                        found.append(target.id)
        return found

    def _injected(self, m: Module, scope: int, name: str) -> Found:
        """`agent.model = …` written outside the class."""
        found: set[Value] = set()
        for other in self.project.found("foreign", name, _FEW_MODULES):
            for i, base in other.foreign_attributes().get(name, ()):
                statement = other.statements[i]
                if type(statement) is not Assign:
                    continue
                for v in self.values(other, statement.scope, base, i):
                    if type(v) is Instance or type(v) is SelfValue:
                        if v.module == m.index and v.scope == scope:
                            found |= self.values(other, statement.scope, statement.value, i)
        found.discard(NONE)
        return found

    def attribute(self, m: Module, scope: int, bases: Values, name: str) -> Values:
        """What the attribute `name` of these values holds."""
        if len(bases) == 1:
            return self._attribute_of(next(iter(bases)), name)
        found: set[Value] = set()
        for v in bases:
            found |= self._attribute_of(v, name)
        return frozenset(found)

    def _attribute_of(self, v: Value, name: str) -> Values:
        if type(v) is Instance or type(v) is SelfValue:
            return self._member(v, name)
        if type(v) is Thing:
            kind = ATTRIBUTES.get((v.kind, name))
            return one(thing(kind) if kind else ThingMethod(v, name))
        if type(v) is External:
            return one(External(v.name + "." + name))
        if type(v) is ModuleValue:
            return self.module_name(self.project.module(v.module), name)
        if type(v) is ClassValue:
            return self._class_attribute(v, name)
        if type(v) is SuperValue:
            return self._inherited(v, name)
        if type(v) is PackageValue:
            within = v.name + "." + name
            target = self.project.resolve(self.project.module(v.module), within, 0)
            return one(ModuleValue(target.index) if target is not None else PackageValue(v.module, within))
        if type(v) is MapValue:
            for key, values in v.items:  # types.SimpleNamespace(model=…).model
                if key == name and values:
                    return values
            return one(ThingMethod(v, name))
        if type(v) is SequenceValue or type(v) is TupleValue:
            return one(ThingMethod(v, name))
        if type(v) is FunctionValue and name == "remote":
            if "ray.remote" in self.decorator_names(self.project.module(v.module), v.scope):
                return one(v)  # a Ray task is called as f.remote(x)
        return EMPTY

    def _inherited(self, v: SuperValue, name: str) -> Values:
        """`super().name`: the method of the nearest ancestor that has it, or of the class of Keras."""
        owner = self.project.module(v.module)
        for index, s in self.mro(owner, v.scope)[1:]:
            method = self.project.module(index).members(s).get(name)
            if method is not None:
                return one(MethodValue(SelfValue(v.module, v.scope), index, method))
        kind = self.class_kind(owner, v.scope)
        return one(ThingMethod(thing(kind), name)) if kind else EMPTY

    def _class_attribute(self, v: ClassValue, name: str) -> Values:
        """`Class.name`: a method, or what is assigned in its body, in a constructor of Keras, or from outside."""
        cm = self.project.module(v.module)
        method = self.lookup(cm, v.scope, name)
        if method:
            owner, function = method
            if "builtins.classmethod" in self.decorator_names(owner, function):
                return one(MethodValue(v, owner.index, function))
            return one(FunctionValue(owner.index, function))
        found: set[Value] = set()
        for index, s in self.mro(cm, v.scope):
            owner = self.project.module(index)
            for binding in owner.bindings(s).get(name, ()):
                found |= self.binding(owner, binding)
        if not found:
            foreign = self.foreign_bases(cm, v.scope)
            if name == "from_config" and not MODEL_BASES.isdisjoint(foreign):
                found.add(External("keras.Model.from_config"))
        if not found:
            found |= self._injected_class(cm, v, name)
        return frozenset(found)

    def _injected_class(self, cm: Module, v: ClassValue, name: str) -> Found:
        """`Class.attr = …` written in a method or elsewhere in the module."""
        found: set[Value] = set()
        for i, statement in enumerate(cm.statements):
            if type(statement) is Assign and statement.value is not None:
                for target in statement.targets:
                    if type(target) is Attribute and target.attr == name and type(target.base) is Name:
                        if v in self.values(cm, statement.scope, target.base, i):
                            found |= self.values(cm, statement.scope, statement.value, i)
        found.discard(NONE)
        return found

    def _member(self, v: Instance | SelfValue, name: str) -> Values:
        """What an attribute of an object of the project holds: a bound method, or what is assigned to it."""
        cm = self.project.module(v.module)
        found: set[Value] = set()
        method = self.lookup(cm, v.scope, name)
        if method:
            found |= self._bound(v, method)
        own = type(v) is SelfValue
        heirs = self.project.subclasses(cm, v.scope) if own or method else ()
        # a subclass may override what its ancestor calls, and has to when that is only declared: of many that do
        # nothing tells which is meant
        if own or method and 0 < len(heirs) <= FEW_HEIRS and self.declared(*method):
            for index, s in heirs:
                sub = self.project.module(index)
                override = sub.members(s).get(name)
                if override is not None:
                    found |= self._bound(Instance(index, s), (sub, override))
        if not method:
            found |= self.instance_attribute(cm, v.scope, name)
            if not found and own:
                for index, s in self.project.subclasses(cm, v.scope):
                    found |= self.instance_attribute(self.project.module(index), s, name)
        if not found:
            kind = self.class_kind(cm, v.scope)
            if kind:
                attribute = ATTRIBUTES.get((kind, name))
                if attribute:
                    found.add(thing(attribute))
                else:
                    found.add(ThingMethod(thing(kind, Instance(v.module, v.scope)), name))
        return frozenset(found)

    def declared(self, m: Module, scope: int) -> bool:
        """Is the method only declared: by its decorator, or because it does nothing but raise NotImplementedError?"""
        if any(name.endswith("abstractmethod") for name in self.decorator_names(m, scope)):
            return True
        numbers = m.scope_statements(scope)
        if len(numbers) != 1:
            return False
        statement = m.statements[numbers[0]]
        raised = statement.value if type(statement) is Jump and statement.what == "raise" else None
        if type(raised) is CallRef:
            raised = m.calls[raised.number].func
        return raised is not None and tail_of(raised) == "NotImplementedError"

    def _bound(self, v: Instance | SelfValue, method: Function) -> Values:
        """What a method gives when it is looked up on an object: a bound method, or what a property returns."""
        owner, scope = method
        decorators = self.decorator_names(owner, scope)
        if "builtins.property" in decorators or any(d.endswith(("cached_property", ".getter")) for d in decorators):
            return self.returns(owner, scope)
        if "builtins.staticmethod" in decorators:
            return one(FunctionValue(owner.index, scope))
        receiver = v if type(v) is Instance else Instance(v.module, v.scope)
        return one(MethodValue(receiver, owner.index, scope))


def _assigned_in(statement: Statement) -> list[tuple[Expression, Expression, str]]:
    """(target, value, kind) for what a statement assigns; kinds are those of an `Assignment`."""
    if type(statement) is Assign:
        value, kind = (
            (statement.value, "assign") if statement.value is not None else (statement.annotation, "annotation")
        )
        return [(target, value, kind) for target in statement.targets] if value is not None else []
    if type(statement) is With:
        return [(item.target, item.context, "with") for item in statement.items if item.target is not None]
    if type(statement) is For:
        return [(statement.target, statement.iterable, "iter")]
    return []


def _own(target: Expression, me: str, path: Path = ()) -> list[tuple[str, Path]]:
    """(attribute, path to it) for what a target assigns on `me`; targets are taken apart."""
    if type(target) is Attribute:
        return [(target.attr, path)] if type(target.base) is Name and target.base.id == me else []
    if isinstance(target, SequenceDisplay):
        return [each for place, item in enumerate(target.items) for each in _own(item, me, (*path, place))]
    return []
