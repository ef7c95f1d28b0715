"""Do names and attributes hold another value in each pass: loop variables, counters, and what is made from them?"""

from __future__ import annotations

from tflint_mem.facts import (
    Assign,
    Attribute,
    Augment,
    BinaryOp,
    CallRef,
    Constant,
    Expression,
    Name,
    SequenceDisplay,
    tail_of,
    walk,
)
from tflint_mem.project.holds.values import Instance, SelfValue, Thing

from .steady import bound_by
from .varying import FEW, Questions, Varying, is_float, is_number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from tflint_mem.project.linking.bindings import Binding, Path
    from tflint_mem.project.linking.module import Module

_STARTS = frozenset(("__init__", "reset", "build", "setup"))  # methods that give an attribute its first value


class Names(Questions):
    """Questions about names and attributes."""

    def name(self, position: int, e: Name, at: int, around: int, depth: int) -> Varying | None:
        m, scope = self.place(position)
        key = (m.index, scope, e.id, at)
        bindings: Sequence[Binding] | None = m.bindings(scope).get(e.id)
        if not bindings:
            return None
        if key in self.names:
            self.cuts += 1
            return None
        if e.id in m.global_names(scope):
            self.names.add(key)
            try:
                return self._counter(position, e.id, bindings)
            finally:
                self.names.discard(key)
        bindings = self.infer.reaching(m, bindings, at)
        asked = (position, *map(id, bindings), m.loops(around), depth)
        if asked in self.known:
            return self.known[asked]
        cuts = self.cuts
        self.names.add(key)  # a name that is made from itself says nothing new
        try:
            found = next(filter(None, (self._binding(position, e.id, b, around, depth) for b in bindings)), None)
        finally:
            self.names.discard(key)
        if self.cuts == cuts:
            self.known[asked] = found
            self.held.append(bindings)
        return found

    def _binding(self, position: int, name: str, binding: Binding, around: int, depth: int) -> Varying | None:
        """What varies in what one binding gives the name."""
        m, scope = self.place(position)
        kind, statement, value = binding.kind, binding.statement, binding.value
        if kind == "param":
            if position == 0 or not isinstance(value, int):
                return None
            other, j = self.repeat.hops[position - 1]
            given = self.infer.argument(m, scope, value, other, j)
            if given is None:
                return None
            return self.of(position - 1, given, other.calls[j].statement, other.calls[j].block, depth)
        if not isinstance(value, Expression):
            return None
        if kind == "iter":
            return self._loop_variable(position, name, binding, value, around)
        where = m.statements[statement].block
        if kind == "assign":
            if binding.path:
                first = binding.path[0]
                if isinstance(value, SequenceDisplay) and isinstance(first, int) and first < len(value.items):
                    return self.of(position, value.items[first], statement, where, depth)
                return None
            if self.repeated(position, where):
                return _named(name, self.of(position, value, statement, where, depth))
            return None
        if kind == "augment" and self._starts(m, scope, name):
            if m.loops(where) and self.repeated(position, where) and self.plain(position, value, statement):
                floating = self.floating(position, value, statement) or self._starts_floating(position, name)
                return Varying(f"the counter `{name}`", floating=floating)
        return None

    def _starts(self, m: Module, scope: int, name: str) -> bool:
        """Is the name assigned numbers, and nothing else?"""
        start = _assigned(m, scope, name)
        return bool(start) and all(
            isinstance(b.value, Expression) and self.is_number(m, scope, b.value, b.statement) for b in start
        )

    def _starts_floating(self, position: int, name: str) -> bool:
        """Is the first number that the name is assigned a float?"""
        m, scope = self.place(position)
        for b in _assigned(m, scope, name)[:1]:
            return isinstance(b.value, Expression) and self.floating(position, b.value, b.statement)
        return False

    def _counter(self, position: int, name: str, bindings: Sequence[Binding]) -> Varying | None:
        """A global name that is counted up in the function."""
        for b in bindings:
            if b.kind == "augment" and isinstance(b.value, Expression) and self.plain(position, b.value, b.statement):
                return Varying(f"the counter `{name}`")
        return None

    def _loop_variable(
        self, position: int, name: str, binding: Binding, iterable: Expression, around: int
    ) -> Varying | None:
        """A name that a loop binds, which may not be one around the place."""
        m, scope = self.place(position)
        statement, path = binding.statement, binding.path
        loop = next((c for c in m.loops(around) if bound_by(m, binding, c)), None)
        if loop is None:
            return None
        count = self.context.project.repeats_of.length(m, scope, iterable, statement)
        if count is not None and count <= FEW:
            return None
        if isinstance(iterable, CallRef) and tail_of(m.calls[iterable.number].func) == "product":
            return None  # a grid of few values each
        values = self.infer.unpack(self.infer.elements(self.values(position, iterable, statement)), path)
        if not values:
            counts = _counts(m, _part(m, iterable, path) if path else iterable)
            return Varying(f"the loop variable `{name}`", "number", (m, loop)) if counts else None
        if all(is_number(v) for v in values):
            return Varying(f"the loop variable `{name}`", "number", (m, loop), any(is_float(v) for v in values))
        if all(
            isinstance(v, Thing) and v.kind == "str" or isinstance(v, Constant) and isinstance(v.value, str)
            for v in values
        ):
            return Varying(f"the loop variable `{name}`, a text", "text", (m, loop))
        return None

    def attribute(self, position: int, e: Attribute, at: int, around: int, depth: int) -> Varying | None:
        if not isinstance(e.base, Name):
            return None
        for v in self.values(position, e.base, at):
            if isinstance(v, (SelfValue, Instance)):
                changed = self._changed_attribute(self.context.project.module(v.module), v.scope, e.attr)
                if changed:
                    return changed
        return None

    def _changed_attribute(self, cm: Module, owner: int, name: str) -> Varying | None:
        """`self.step += 1`, `self.epsilon = max(self.epsilon * decay, low)` outside the constructor, numbers all of
        them.
        """
        assigned = self.infer.attribute_assignments(cm, owner).get(name, ())
        start = [a for a in assigned if cm.scopes[a.function].name in _STARTS and a.kind == "assign"]
        if not start or not all(self.is_number(cm, a.function, a.value, a.statement) for a in start):
            return None
        for function in cm.members(owner).values():
            if cm.scopes[function].name == "__init__" or not cm.scopes[function].parameters:
                continue
            me = Attribute(Name(cm.scopes[function].parameters[0].name), name)
            for s in cm.scope_statements(function):
                statement = cm.statements[s]
                if isinstance(statement, Augment):
                    if statement.target == me and self.is_number(cm, function, statement.value, s, unknown=True):
                        return Varying(f"the counter `self.{name}`")
                elif isinstance(statement, Assign) and me in statement.targets:
                    value = statement.value
                    if isinstance(value, (BinaryOp, CallRef)) and any(inner == me for inner in walk(value, cm.calls)):
                        return Varying(f"the changing number `self.{name}`", floating=True)
        return None


def _named(name: str, found: Varying | None) -> Varying | None:
    """What was found, under the name that holds it."""
    if found and found.kind == "number" and not found.what.startswith("the "):
        return Varying(f"the changing number `{name}`", "number", found.loop, found.float)
    return found


def _assigned(m: Module, scope: int, name: str) -> list[Binding]:
    """The bindings that assign the name itself, not a part of something."""
    return [b for b in m.bindings(scope).get(name, ()) if b.kind == "assign" and not b.path]


def _counts(m: Module, e: Expression | None) -> bool:
    """`itertools.count()`"""
    return isinstance(e, CallRef) and tail_of(m.calls[e.number].func) == "count"


def _part(m: Module, iterable: Expression, path: Path) -> Expression | None:
    """What of `zip(…)` a loop variable goes through."""
    if isinstance(iterable, CallRef):
        call, first = m.calls[iterable.number], path[0]
        if tail_of(call.func) == "zip" and isinstance(first, int) and first < len(call.args):
            return call.args[first]
    return None
