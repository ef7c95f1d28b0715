"""What containers hold: what goes into them, what iterating over them gives, and what taking them apart gives."""

from __future__ import annotations

from tflint_mem.facts import (
    Assign,
    Attribute,
    Constant,
    DictDisplay,
    Imported,
    ListDisplay,
    Name,
    SetDisplay,
    Subscript,
)
from tflint_mem.knowledge import ELEMENTS

from .questions import Questions
from .values import EMPTY, Instance, MapValue, SelfValue, SequenceValue, Thing, TupleValue, few, one, thing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from tflint_mem.facts import Expression, Reference
    from tflint_mem.project.linking.bindings import Path
    from tflint_mem.project.linking.module import Module

    from .values import Found, Key, Value, Values

    Entry = tuple[Key, Values]

_FEW_MODULES = 16  # that name a container of a module are looked into for what they put into it
_FEW_KEYS = 16  # of a dictionary are known one by one
_EMPTY_DISPLAYS = (ListDisplay(()), SetDisplay(()), DictDisplay((), ()))


class Containers(Questions):
    """The part of `infer.Infer` that answers for containers."""

    def elements(self, values: Found) -> Values:
        """What iterating over a value gives."""
        found: set[Value] = set()
        for v in values:
            if type(v) is SequenceValue:
                found |= v.values
            elif type(v) is TupleValue:
                for item in v.items:
                    found |= item
            elif type(v) is MapValue:
                found.update([Constant(key) for key, _ in v.items])
            elif type(v) is Thing:
                if v.kind in ELEMENTS:
                    found.add(thing(ELEMENTS[v.kind]))
                elif v.kind == "range":
                    found.add(thing("int"))
                elif v.kind == "strs":
                    found.add(thing("str"))
            elif type(v) is Instance or type(v) is SelfValue:
                found |= self._iterated(v)
        return frozenset(found)

    def _iterated(self, v: Instance | SelfValue) -> Found:
        """What an object of the project gives for each item: `__next__` of the iterator that its `__iter__` returns,
        or `__getitem__`.
        """
        cm = self.project.module(v.module)
        method = self.lookup(cm, v.scope, "__iter__")
        if method is None:
            method = self.lookup(cm, v.scope, "__next__") or self.lookup(cm, v.scope, "__getitem__")
            return self.returns(*method) if method else EMPTY
        found: set[Value] = set()
        for given in self.returns(*method):
            if type(given) is Instance or type(given) is SelfValue:
                step = self.lookup(self.project.module(given.module), given.scope, "__next__")
                if step:
                    found |= self.returns(*step)
            else:
                found |= self.elements(one(given))
        return found

    def unpack(self, values: Values, path: Path) -> Values:
        """What stands at a path in values: at a position, at one in that, and so on;
        "*" is the list of a starred target.
        """
        for position in path:
            found: set[Value] = set()
            for v in values:
                if type(v) is not TupleValue:
                    found |= self.elements(one(v))
                elif isinstance(position, str):
                    found.add(SequenceValue(EMPTY.union(*v.items)))
                elif position < len(v.items):
                    found |= v.items[position]
            values = frozenset(found)
        return values

    def item(self, mapping: MapValue, key: Expression | None) -> Values:
        """What a dictionary holds at a key; all that it holds when the key is none that is known."""
        if type(key) is Constant:
            for known, values in mapping.items:
                if known == key.value:
                    return values
        return mapping.values

    def with_added(self, m: Module, scopes: Sequence[int] | None, target: Reference, values: Values) -> Values:
        """An empty container and what `.append`, `.add`, `.extend`, `[k] =` put into it in these scopes
        (None: a container of the module).
        """
        added: set[Value] = set()
        keyed: list[Entry] = []
        if scopes is not None:
            self._added(m, scopes, target, added, keyed)
        elif type(target) is Name:
            name = target.id
            for other in (m, *(o for o in self.project.mentioning(name, _FEW_MODULES) if o is not m)):
                sees = [s for s in range(len(other.scopes)) if s == 0 or name not in other.bindings(s)]
                if other is m or any(
                    isinstance(b.value, Imported) and b.value.attribute == name for b in other.bindings(0).get(name, ())
                ):
                    self._added(other, sees, target, added, keyed)
        if not added:
            return values
        if any(type(v) is MapValue for v in values):
            return one(MapValue(tuple(sorted(keyed, key=_by_key)[:_FEW_KEYS]), few(added)))
        return one(SequenceValue(few(added)))

    def _added(
        self, m: Module, scopes: Sequence[int], target: Reference, added: set[Value], keyed: list[Entry]
    ) -> None:
        for scope in scopes:
            calls, statements = m.fills(scope).get(target, ((), ()))
            for i in calls:
                call = m.calls[i]
                f, given, at = call.func, call.args, call.statement
                if type(f) is not Attribute:
                    continue
                if f.base == target:
                    if f.attr in ("append", "add", "appendleft"):
                        added |= self.values(m, scope, given[0], at)
                    elif f.attr == "extend":
                        added |= self.elements(self.values(m, scope, given[0], at))
                    elif f.attr == "setdefault" and len(given) > 1 and given[1] not in _EMPTY_DISPLAYS:
                        added |= self.values(m, scope, given[1], at)
                elif f.attr in ("append", "add"):  # table[k].append(v), table.setdefault(k, []).append(v)
                    added.add(SequenceValue(self.values(m, scope, given[0], at)))
            for s in statements:
                statement = m.statements[s]
                if type(statement) is not Assign:
                    continue
                for t in statement.targets:
                    if type(t) is Subscript and t.base == target:
                        stored = self.values(m, scope, statement.value, s)
                        added |= stored
                        if type(t.index) is Constant:
                            keyed.append((t.index.value, stored))


def _by_key(entry: Entry) -> str:
    key, _ = entry
    return repr(key)
