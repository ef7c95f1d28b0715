"""What attributes hold: of modules, objects, classes, and of things that other packages make."""

from tflint_mem import facts as F
from tflint_mem.facts import Constant
from tflint_mem.knowledge.api import ATTRIBUTES
from tflint_mem.project.holds.values import (
    ClassValue,
    External,
    FunctionValue,
    Instance,
    MethodValue,
    ModuleValue,
    SelfValue,
    ThingMethod,
)
from tflint_mem.project.linking.module import tail_of

from .answers import EMPTY, remembered
from .values import MAX_CALLERS, MODEL_BASES, has_content, obj, one

FEW_HEIRS = 3


class Attributes:
    """The part of `infer.Infer` that answers for attributes."""

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
                        _note_attribute(
                            found,
                            target,
                            me,
                            function,
                            i,
                            value if value is not None else statement[7],
                            (),
                            "assign" if value is not None else "annotation",
                        )
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
        for index, s in self.mro(m, scope):
            owner = self.project.module(index)
            for function, statement, value, path, kind in self.attribute_assignments(owner, s).get(name, ()):
                if kind == "annotation":
                    found |= self.annotated(owner, function, value)
                    continue
                values = self.values(owner, function, value, statement)
                if kind == "assign" and not path and value[0] in ("l", "d", "c") and not has_content(values):
                    members = [inner for method in owner.members(s).values() for inner in owner.with_inner(method)]
                    values = self._with_added(
                        owner,
                        members,
                        F.Attribute(F.Name(owner.scopes[owner.method_around(function)][F.S_PARAMS][0][0]), name),
                        values,
                    )
                elif kind == "iter":
                    values = self.elements(values)
                found |= self.unpack(values, path)
            for binding in owner.bindings(s).get(name, ()):
                if binding[0] in ("assign", "annotation"):
                    found |= self.binding(owner, binding)
        found.discard(Constant(None))
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
        found.discard(Constant(None))
        return found

    @remembered("fields")
    def _fields(self, m, scope):
        """Names of the annotated attributes in a class and its ancestors, in the order in which a data class takes them."""
        found = []
        for index, s in reversed(self.mro(m, scope)):
            cm = self.project.module(index)
            for i in cm.scope_statements(s):
                statement = cm.statements[i]
                if (
                    statement
                    and statement[0] == F.ASSIGN
                    and statement[7] is not None
                    and statement[5][0][0] == "n"
                    and statement[5][0][1] not in found
                ):
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
        found.discard(Constant(None))
        return found

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
            return one(External(v[1] + "." + name))
        if tag == "mod":
            return self.module_name(self.project.module(v[1]), name)
        if tag == "pkg":
            importer = self.project.module(v[1])
            target = self.project.resolve(importer, v[2] + "." + name, 0)
            return one(ModuleValue(target.index)) if target is not None else one(("pkg", v[1], v[2] + "." + name))
        if tag in ("inst", "self"):
            return self._member(v, name)
        if tag == "super":
            owner = self.project.module(v[1])
            for index, s in self.mro(owner, v[2])[1:]:
                base = self.project.module(index)
                method = base.members(s).get(name)
                if method is not None:
                    return one(MethodValue(SelfValue(v[1], v[2]), index, method))
            kind = self.class_kind(owner, v[2])
            return one(ThingMethod(obj(kind), name)) if kind else EMPTY
        if tag == "cls":
            cm = self.project.module(v[1])
            method = self.lookup(cm, v[2], name)
            if method:
                decorators = self.decorator_names(*method)
                if "builtins.classmethod" in decorators:
                    return one(MethodValue(v, method[0].index, method[1]))
                return one(FunctionValue(method[0].index, method[1]))
            found = set()
            for index, s in self.mro(cm, v[2]):
                owner = self.project.module(index)
                for binding in owner.bindings(s).get(name, ()):
                    found |= self.binding(owner, binding)
            if not found:
                for base in self.foreign_bases(cm, v[2]):
                    if base in MODEL_BASES and name == "from_config":
                        found.add(External("keras.Model.from_config"))
            if not found:
                found |= self._injected_class(cm, v[2], name)
            return frozenset(found)
        if tag == "fn" and name == "remote" and "ray.remote" in self.decorator_names(self.project.module(v[1]), v[2]):
            return one(v)  # a Ray task is called as f.remote(x)
        if tag == "obj":
            kind = ATTRIBUTES.get((v[1], name))
            if kind:
                return one(obj(kind))
            return one(ThingMethod(v, name))
        if tag == "map":
            for key, values in v[1]:  # types.SimpleNamespace(model=…).model
                if key == name and values:
                    return values
        if tag in ("seq", "map", "tup"):
            return one(ThingMethod(v, name))
        return EMPTY

    def _injected_class(self, cm, scope, name):
        """`Class.attr = …` written in a method or elsewhere in the module."""
        found = set()
        for i, statement in enumerate(cm.statements):
            if statement and statement[0] == F.ASSIGN and statement[6] is not None:
                for target in statement[5]:
                    if target[0] == "a" and target[2] == name and target[1][0] == "n":
                        if ClassValue(cm.index, scope) in self.values(cm, statement[1], target[1], i):
                            found |= self.values(cm, statement[1], statement[6], i)
        found.discard(Constant(None))
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
                    found |= self._bound(Instance(index, s), (sub, override))
        if not method:
            found |= self.instance_attribute(cm, v[2], name)
            if not found and v[0] == "self":
                for index, s in self.project.subclasses(cm, v[2]):
                    found |= self.instance_attribute(self.project.module(index), s, name)
        if not found:
            kind = self.class_kind(cm, v[2])
            if kind:
                attribute = ATTRIBUTES.get((kind, name))
                found.add(obj(attribute) if attribute else ThingMethod(obj(kind, Instance(v[1], v[2])), name))
            elif "tf.Module" in self.foreign_bases(cm, v[2]):
                pass
        return frozenset(found)

    def declared(self, m, scope):
        """Is the method only declared: by its decorator, or because it does nothing but raise NotImplementedError?"""
        if any(name.endswith("abstractmethod") for name in self.decorator_names(m, scope)):
            return True
        first, behind = m.scopes[scope][F.S_STMTS]
        if (
            behind != first + 1
            or m.statements[first] is None
            or m.statements[first][0] != F.JUMP
            or len(m.statements[first]) < 7
        ):
            return False
        raised = m.statements[first][6]
        return (
            raised is not None
            and tail_of(m.calls[raised[1]][0] if raised[0] == "c" else raised) == "NotImplementedError"
        )

    def _bound(self, v, method):
        owner, scope = method
        decorators = self.decorator_names(owner, scope)
        if "builtins.property" in decorators or any(d.endswith(("cached_property", ".getter")) for d in decorators):
            return self.returns(owner, scope)
        if "builtins.staticmethod" in decorators:
            return one(FunctionValue(owner.index, scope))
        return one(MethodValue(v if v[0] != "self" else Instance(v[1], v[2]), owner.index, scope))


def _note_attribute(found, target, me, function, statement, value, path, kind):
    """Enter `me.x = …` under x; targets are taken apart."""
    tag = target[0]
    if tag == "a" and target[1] == ("n", me):
        found.setdefault(target[2], []).append((function, statement, value, path, kind))
    elif tag in ("t", "l"):
        for i, item in enumerate(target[1]):
            _note_attribute(found, item, me, function, statement, value, path + (i,), kind)
