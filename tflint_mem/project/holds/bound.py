"""What names hold: the binding that is in force, followed through assignments, loops, imports and unpacking."""

from __future__ import annotations

from bisect import bisect_left
from operator import attrgetter

from tflint_mem.facts import Assign, CallRef, DictDisplay, Expression, Imported, ListDisplay, Name, SetDisplay, dotted
from tflint_mem.facts.record import Record
from tflint_mem.knowledge import canonical, result_of

from .answers import SURE_DEPTH, remembered
from .questions import Questions
from .values import (
    EMPTY,
    ClassValue,
    External,
    FunctionValue,
    Instance,
    ModuleValue,
    PackageValue,
    Thing,
    few,
    has_content,
    one,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from tflint_mem.project.linking.bindings import Binding
    from tflint_mem.project.linking.module import Module

    from .values import Value, Values

_FEW = 8  # bindings of one name that are gone through one by one
_statement = attrgetter("statement")  # of a binding
_FROM_INSIDE = -2  # stands for the statement of an inner scope, from where all bindings of a name count
_STAR_NAMES = frozenset(
    (
        "load_model",
        "clone_model",
        "model_from_json",
        "Model",
        "Sequential",
        "Input",
        "function",
        "clear_session",
        "applications",
        "layers",
        "models",
        "optimizers",
        "backend",
        "metrics",
        "losses",
        "utils",
        "callbacks",
    )
)
_BUILTINS = frozenset(
    (
        "list",
        "tuple",
        "set",
        "iter",
        "reversed",
        "sorted",
        "frozenset",
        "dict",
        "enumerate",
        "zip",
        "range",
        "next",
        "map",
        "filter",
        "getattr",
        "super",
        "min",
        "max",
        "len",
        "int",
        "float",
        "round",
        "abs",
        "sum",
        "str",
        "repr",
        "bool",
        "input",
        "ord",
        "hash",
        "id",
        "open",
        "property",
        "staticmethod",
        "classmethod",
        "isinstance",
        "hasattr",
        "print",
        "setattr",
        "globals",
        "locals",
        "object",
        "type",
        "any",
        "all",
        "callable",
        "exit",
        "quit",
    )
)


_FRESH = frozenset((ListDisplay, DictDisplay, CallRef, SetDisplay))  # what may be a container that is filled later


class _Star(Record):
    """`from package import *`: the index of a module of the project, or None, and the name of the package."""

    __slots__ = ()
    module: int | None
    package: str


class Bindings(Questions):
    """The part of `infer.Infer` that answers for names."""

    def name(self, m: Module, scope: int, name: str, at: int) -> Values:
        """What a name in `scope` holds; where only one answer is possible it is the same for all places."""
        owner, bound, scopes, declared = scope, m.bound, m.scopes, m.declared_global
        while owner >= 0:
            bindings = (bound[owner] if owner in bound else m.bindings(owner)).get(name)
            if bindings is not None or declared and name in declared.get(owner, ()):
                break
            owner = scopes[owner].parent
            while owner > 0 and scopes[owner].kind == "class":
                owner = scopes[owner].parent
        if owner != scope:
            at = _FROM_INSIDE
        elif bindings is None or len(bindings) == 1:
            at = -1
        key = ("name", m.index, owner, name, at)
        found: Values | None = self.memo.get(key)
        if found is None:
            depth = self.depth  # see `infer.Infer.values`
            if depth >= SURE_DEPTH - 1:
                return self.deeper(self.guarded, key, Bindings._name, m, owner, name, at)
            self.depth = depth + 1
            try:
                found = self.guarded(key, Bindings._name, m, owner, name, at)
            finally:
                self.depth = depth
        return found

    def outside(self, m: Module, scope: int, expression: Expression) -> str | None:
        """The dotted name of what belongs to another package, where the name of an import says so: `tf.add`;
        None where more has to be asked.
        """
        parts = dotted(expression)
        if parts is None:
            return None
        name = parts[0]
        found = self.kept(m.packages, name, self._package, m, name)
        if found is None:
            return None
        bound, scopes = m.bound, m.scopes
        while scope > 0:
            if name in (bound[scope] if scope in bound else m.bindings(scope)):
                return None
            scope = scopes[scope].parent
        return ".".join((found, *parts[1:]))

    def _package(self, m: Module, name: str) -> str | None:
        """The dotted name that the only binding of a name at the top of a module, an import, gives it;
        None when that is not all, or leads into the project.
        """
        bindings = m.bindings(0).get(name)
        if bindings is None or len(bindings) != 1 or m.declaring(name):
            return None
        bound = bindings[0].value
        found = self.imported(m, bound) if isinstance(bound, Imported) else EMPTY
        if len(found) != 1:
            return None
        (v,) = found
        return v.name if type(v) is External else None

    def _name(self, m: Module, owner: int, name: str, at: int) -> Values:
        """What the name holds that the scope `owner` binds (-1: none does),
        at a statement of that scope or `_FROM_INSIDE`.
        """
        if owner < 0:
            if m.declaring(name):
                return self._declared(m, name)
            star = self._star(m, name)
            if star is not None:
                return star
            return one(External("builtins." + name)) if name in _BUILTINS else EMPTY
        if name in m.declared_global.get(owner, ()):
            return self._global(m, owner, name)
        bindings: Sequence[Binding] = m.bindings(owner).get(name, ())
        found: set[Value] = set()
        for binding in bindings if at == _FROM_INSIDE else self.reaching(m, bindings, at):
            found |= self.binding(m, binding)
        if owner == 0 or at == _FROM_INSIDE:
            found |= self._declared(m, name)
        return few(found)

    def _global(self, m: Module, scope: int, name: str) -> Values:
        """A name declared global or nonlocal: what the scopes around it and every function that declares it assign."""
        found = set(self._declared(m, name))
        while scope > 0:
            scope = m.scopes[scope].parent
            if m.scopes[scope].kind != "class" and name not in m.global_names(scope):
                for binding in m.bindings(scope).get(name, ()):
                    found |= self.binding(m, binding)
        return frozenset(found)

    def _declared(self, m: Module, name: str) -> Values:
        """What the functions that declare a name global or nonlocal assign to it."""
        found: set[Value] = set()
        for scope in m.declaring(name):
            for binding in m.bindings(scope).get(name, ()):
                found |= self.binding(m, binding)
        return frozenset(found)

    def _star(self, m: Module, name: str) -> Values | None:
        """A name that only `from x import *` can have brought."""
        if "*" not in m.bindings(0):
            return None
        # modules that nothing by that name comes into
        without: set[int] = self.memo.setdefault(("no star brings", name), set())
        if m.index in without:
            return None
        seen, waiting = {m.index}, [iter(self._starred(m))]
        while waiting:
            brought = next(waiting[-1], None)
            if brought is None:
                waiting.pop()
                continue
            if brought.module is None:
                known = self._of_package(brought.package, name)
                if known is not None:
                    return known
            elif brought.module not in seen and brought.module not in without:
                seen.add(brought.module)
                target = self.project.module(brought.module)
                if name in target.bindings(0):
                    return self.module_name(target, name)
                waiting.append(iter(self._starred(target)))
        self.project.searches.count("what star imports bring", len(seen))
        without |= seen
        return None

    @staticmethod
    def _of_package(package: str, name: str) -> Values | None:
        """What `from package import *` of another package brings by that name, None when that is not known."""
        if "contrib" in package and name in _BUILTINS:  # `range` stays Python's
            return None
        known = canonical(package + "." + name)
        if package.split(".")[0] in ("tensorflow", "keras", "tf_keras") and (
            result_of(known) or known.startswith(("keras.", "tf.")) and name in _STAR_NAMES
        ):
            return one(External(package + "." + name))
        return None

    def _starred(self, m: Module) -> list[_Star]:
        """The star imports at the top of a module; those that lead nowhere are left out."""
        found: list[_Star] | None = self.memo.get(("stars", m.index))
        if found is None:
            found = self.memo["stars", m.index] = []
            for binding in m.bindings(0).get("*", ()):
                bound = binding.value
                if isinstance(bound, Imported):
                    target = self.project.resolve(m, bound.module, bound.level)
                    if target is not None or not bound.level:
                        found.append(_Star(None if target is None else target.index, bound.module))
        return found

    @remembered("modname")
    def module_name(self, m: Module, name: str) -> Values:
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
                    return one(ModuleValue(sub.index))
            return EMPTY
        found: set[Value] = set()
        for binding in bindings:
            found |= self.binding(m, binding)
        return frozenset(found | self._declared(m, name))

    def reaching(self, m: Module, bindings: Sequence[Binding], at: int) -> Sequence[Binding]:
        """The bindings of a name that may be in force at statement `at` of the same scope (-1: all), in their order."""
        if len(bindings) == 1:
            return bindings
        if at < 0:
            return bindings
        statements = m.statements
        here = statements[at].block if at < len(statements) else -1
        before: Sequence[Binding]
        if len(bindings) > _FEW and m.in_order(bindings):
            before, end = bindings, bisect_left(bindings, at, key=_statement)
        else:
            before = [b for b in bindings if b.statement < at]
            end = len(before)
        if not end:
            return bindings
        kill, inside = 0, -1
        for position in range(end - 1, -1, -1):
            binding = before[position]
            block = statements[binding.statement].block if binding.statement >= 0 else -1
            if binding.kind not in ("augment", "annotation") and m.inside(here, block):
                kill, inside = position, block
                break
        kept = before[kill:end]
        if end < len(bindings):
            # what a later statement assigned in the pass before: of a loop around both that does not
            # bind the name again on its way
            loops = [loop for loop in m.loops(here) if not m.inside(inside, loop)]
            if loops:
                outermost = loops[-1]
                later = [
                    b for b in bindings if b.statement >= at and m.inside(statements[b.statement].block, outermost)
                ]
                return [*kept, *later]
        return kept

    def binding(self, m: Module, binding: Binding) -> Values:
        """What one binding gives the name."""
        value = binding.value
        if isinstance(value, Expression):
            return self._given(m, binding, value)
        if isinstance(value, Imported):
            return self.imported(m, value)
        if value is None:
            return EMPTY
        if binding.kind == "def":
            return one(FunctionValue(m.index, value))
        if binding.kind == "class":
            return one(ClassValue(m.index, value))
        return self.parameter(m, binding.scope, value)

    def _given(self, m: Module, binding: Binding, value: Expression) -> Values:
        """What a binding gives whose value is an expression."""
        kind, statement, scope, path = binding.kind, binding.statement, binding.scope, binding.path
        if kind == "annotation":
            return self.annotated(m, scope, value)
        found = self.values(m, scope, value, statement)
        if kind == "assign":
            if not path and type(value) in _FRESH and not has_content(found):
                assigned = m.statements[statement]
                target = assigned.targets[0] if type(assigned) is Assign and assigned.targets else None
                if type(target) is Name:
                    found = self.with_added(m, [scope] if scope else None, target, found)
            return self.unpack(found, path)
        if kind == "iter":
            return self.unpack(self.elements(found), path)
        if kind == "with":
            return self.unpack(self._entered(found), path)
        if kind == "augment":
            return frozenset([v for v in found if type(v) is Thing and v.kind in ("tensor", "ndarray")])
        return EMPTY

    def _entered(self, values: Values) -> Values:
        """`with X as y`: most context managers give themselves; a graph's and a session's `as_default` too."""
        found: set[Value] = set()
        for v in values:
            method = self.lookup(self.project.module(v.module), v.scope, "__enter__") if type(v) is Instance else None
            if method:
                found |= self.returns(*method)
            if not method or not found:
                found.add(v)
        return frozenset(found)

    def imported(self, m: Module, bound: Imported) -> Values:
        """What an import binds: a module of the project, what one holds by that name,
        or something of another package.
        """
        module, attribute, level = bound.module, bound.attribute, bound.level
        if attribute == "":  # import a.b.c binds a
            top = module.partition(".")[0]
            target = self.project.resolve(m, top, 0)
            if target is None and self.project.resolve(m, module, 0) is not None:
                return one(PackageValue(m.index, top))
            return one(ModuleValue(target.index)) if target is not None else one(External(top))
        if attribute is None:  # import a.b.c as d
            target = self.project.resolve(m, module, 0)
            return one(ModuleValue(target.index)) if target is not None else one(External(module))
        if attribute == "*":
            return EMPTY
        target = self.project.resolve(m, module, level) if module or level else None
        if target is not None:
            found = self.module_name(target, attribute)
            if found or attribute in target.bindings(0):
                return found
        sub = self.project.resolve(m, (module + "." if module else "") + attribute, level)
        if sub is not None:
            return one(ModuleValue(sub.index))
        if level or target is not None:
            return EMPTY
        return one(External(module + "." + attribute))
