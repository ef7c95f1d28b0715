"""What names hold: the binding that is in force, followed through assignments, loops, imports and unpacking."""

from bisect import bisect_left
from operator import itemgetter

from tflint_mem import facts as F
from tflint_mem.facts import Constant
from tflint_mem.knowledge.api import ELEMENTS, canonical, result_of
from tflint_mem.project.holds.values import ClassValue, External, FunctionValue, MapValue, ModuleValue, SequenceValue
from tflint_mem.project.linking.module import dotted

from .answers import EMPTY, remembered
from .values import few, has_content, obj, one

_FEW = 8  # bindings of one name that are gone through one by one
_STATEMENT = itemgetter(1)  # of a binding
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


class Bindings:
    """The part of `infer.Infer` that answers for names."""

    def name(self, m, scope, name, at):
        """What a name in `scope` holds; where only one answer is possible it is the same for all places."""
        owner, bound, scopes, declared = scope, m.bound, m.scopes, m.declared_global
        while owner >= 0:
            bindings = (bound[owner] if owner in bound else m.bindings(owner)).get(name)
            if bindings is not None or declared and name in declared.get(owner, ()):
                break
            owner = scopes[owner][F.S_PARENT]
            while owner > 0 and scopes[owner][F.S_KIND] == "class":
                owner = scopes[owner][F.S_PARENT]
        if owner != scope:
            at = _FROM_INSIDE
        elif bindings is None or len(bindings) == 1:
            at = -1
        key = ("name", m.index, owner, name, at)
        found = self.memo.get(key)
        if found is None:
            found = self.deeper(self.guarded, key, Bindings._name, m, owner, name, at)
        return found

    def outside(self, m, scope, expression):
        """The dotted name of what belongs to another package, where the name of an import says so: `tf.add`; None where more has to be asked."""
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
            scope = scopes[scope][F.S_PARENT]
        return ".".join((found, *parts[1:]))

    def _package(self, m, name):
        """The dotted name that the only binding of a name at the top of a module, an import, gives it; None when that is not all, or leads into the project."""
        bindings = m.bindings(0).get(name)
        if bindings is None or len(bindings) != 1 or bindings[0][0] != "import" or m.declaring(name):
            return None
        found = self._imported(m, bindings[0][3])
        ((kind, dotted, *_),) = found if len(found) == 1 else ((None, None),)
        return dotted if kind == "ext" else None

    def _name(self, m, owner, name, at):
        """What the name holds that the scope `owner` binds (-1: none does), at a statement of that scope or `_FROM_INSIDE`."""
        if owner < 0:
            if m.declaring(name):
                return self._declared(m, name)
            star = self._star(m, name)
            if star is not None:
                return star
            return one(External("builtins." + name)) if name in _BUILTINS else EMPTY
        bindings = m.bindings(owner).get(name)
        if name in m.declared_global.get(owner, ()):
            return self._global(m, owner, name, bindings)
        found = set()
        for binding in bindings if at == _FROM_INSIDE else self.reaching(m, bindings, at):
            found |= self.binding(m, binding)
        if owner == 0 or at == _FROM_INSIDE:
            found |= self._declared(m, name)
        return few(found)

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

    def _star(self, m, name):
        """A name that only `from x import *` can have brought."""
        if "*" not in m.bindings(0):
            return None
        without = self.memo.setdefault(("no star brings", name), set())  # modules that nothing by that name comes into
        if m.index in without:
            return None
        seen, waiting = {m.index}, [iter(self._starred(m))]
        while waiting:
            brought = next(waiting[-1], None)
            if brought is None:
                waiting.pop()
                continue
            target, package = brought
            if target is None:
                known = self._of_package(package, name)
                if known is not None:
                    return known
            elif target not in seen and target not in without:
                seen.add(target)
                target = self.project.module(target)
                if name in target.bindings(0):
                    return self.module_name(target, name)
                waiting.append(iter(self._starred(target)))
        self.project.searches.count("what star imports bring", len(seen))
        without |= seen
        return None

    @staticmethod
    def _of_package(package, name):
        """What `from package import *` of another package brings by that name, None when that is not known."""
        if "contrib" in package and name in _BUILTINS:  # `range` stays Python's
            return None
        known = canonical(package + "." + name)
        if package.split(".")[0] in ("tensorflow", "keras", "tf_keras") and (
            result_of(known) or known.startswith(("keras.", "tf.")) and name in _STAR_NAMES
        ):
            return one(External(package + "." + name))
        return None

    def _starred(self, m):
        """[(index of a module of the project or None, name of the package)] for each star import at the top of a module; those that lead nowhere are left out."""
        found = self.memo.get(("stars", m.index))
        if found is None:
            found = self.memo["stars", m.index] = []
            for _, _, _, bound, _ in m.bindings(0).get("*", ()):
                target = self.project.resolve(m, bound[1], bound[3])
                if target is not None or not bound[3]:
                    found.append((target and target.index, bound[1]))
        return found

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
                    return one(ModuleValue(sub.index))
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
        if len(bindings) > _FEW and m.in_order(bindings):
            before, end = bindings, bisect_left(bindings, at, key=_STATEMENT)
        else:
            before = [b for b in bindings if b[1] < at]
            end = len(before)
        if not end:
            return bindings
        kill, inside = 0, -1
        for position in range(end - 1, -1, -1):
            binding = before[position]
            context = m.statements[binding[1]][2] if binding[1] >= 0 else -1
            if binding[0] not in ("augment", "annotation") and m.inside(here, context):
                kill, inside = position, context
                break
        kept = before[kill:end]
        if end < len(bindings):
            # what a later statement assigned in the pass before: of a loop around both that does not bind the name again on its way
            loops = [loop for loop in m.loops(here) if not m.inside(inside, loop)]
            if loops:
                outermost = loops[-1]
                kept = kept + [b for b in bindings if b[1] >= at and m.inside(m.statements[b[1]][2], outermost)]
        return kept

    def binding(self, m, binding):
        kind, statement, scope, expression, path = binding
        if kind == "assign":
            found = self.values(m, scope, expression, statement)
            if not path and expression[0] in ("l", "d", "c", "S") and not has_content(found):
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
            return one(FunctionValue(m.index, expression))
        if kind == F.CLASS:
            return one(ClassValue(m.index, expression))
        if kind == "param":
            return self.parameter(m, scope, expression)
        if kind == "annotation":
            return self.annotated(m, scope, expression)
        if kind == "augment":
            return frozenset(
                v
                for v in self.values(m, scope, expression, statement)
                if v[0] == "obj" and v[1] in ("tensor", "ndarray")
            )
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

    def unpack(self, values, path):
        for position in path:
            found = set()
            for v in values:
                if v[0] == "tup":
                    if position == "*":
                        found.add(SequenceValue(frozenset().union(*v[1]) if v[1] else EMPTY))
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
                found.update(Constant(key) for key, _ in v[1])
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
            step = (
                self.lookup(self.project.module(given[1]), given[2], "__next__")
                if given[0] in ("inst", "self")
                else None
            )
            found |= (
                self.returns(*step)
                if step
                else self.elements(one(given))
                if given[0] not in ("inst", "self")
                else EMPTY
            )
        return found

    def _with_added(self, m, scopes, target, values):
        """An empty container and what `.append`, `.add`, `.extend`, `[k] =` put into it in these scopes (None: a container of the module)."""
        added, keyed = set(), []
        if scopes is not None:
            self._added(m, scopes, target, added, keyed)
        else:
            for other in (m, *(o for o in self.project.mentioning(target[1], 16) if o is not m)):
                sees = [s for s in range(len(other.scopes)) if s == 0 or target[1] not in other.bindings(s)]
                if other is m or any(
                    b[0] == "import" and b[3][2] == target[1] for b in other.bindings(0).get(target[1], ())
                ):
                    self._added(other, sees, target, added, keyed)
        if not added:
            return values
        kinds = {v[0] for v in values}
        if "map" in kinds:
            return one(MapValue(tuple(sorted(keyed, key=lambda kv: repr(kv[0]))[:16]), few(added)))
        return one(SequenceValue(few(added)))

    def _added(self, m, scopes, target, added, keyed):
        for scope in scopes:
            calls, statements = m.fills(scope).get(target, ((), ()))
            for i in calls:
                call = m.calls[i]
                f = call[0]
                if f[1] == target:
                    if f[2] in ("append", "add", "appendleft"):
                        added |= self.values(m, scope, call[1][0], call[5])
                    elif f[2] == "extend":
                        added |= self.elements(self.values(m, scope, call[1][0], call[5]))
                    elif (
                        f[2] == "setdefault"
                        and len(call[1]) > 1
                        and call[1][1] not in (("l", ()), ("S", ()), ("d", (), ()))
                    ):
                        added |= self.values(m, scope, call[1][1], call[5])
                elif f[2] in ("append", "add"):  # table[k].append(v), table.setdefault(k, []).append(v)
                    added.add(SequenceValue(self.values(m, scope, call[1][0], call[5])))
            for i in statements:
                statement = m.statements[i]
                for t in statement[5]:
                    if t[0] == "x" and t[1] == target:
                        stored = self.values(m, scope, statement[6], i)
                        added |= stored
                        if t[2] is not None and t[2][0] == "k":
                            keyed.append((t[2][1], stored))
