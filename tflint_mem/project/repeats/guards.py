"""Once-guards: what makes a call run only the first time although it stands in something that repeats.

Tests of a place that the call fills (`if self.model is None`, `if name not in cache`, `hasattr`), early returns from a
cache, handlers of what a look-up raises, conditional expressions, `while model is None`.  Functions whose results are
kept are in `caching`, loops that leave in their first pass in `leaving`.
"""

from __future__ import annotations

from tflint_mem.facts import (
    NONE,
    SELF,
    Assign,
    Attribute,
    BoolOp,
    CallRef,
    Comparison,
    Conditional,
    Constant,
    Expression,
    If,
    Jump,
    Name,
    Return,
    Subscript,
    Try,
    TupleDisplay,
    tail_of,
    walk,
)
from tflint_mem.project.linking.body import statement_expressions
from tflint_mem.project.repeats.conditions import EQUALITY

from .conditions import conditions, missing, present, same_place
from .headers import calls_in, test_of
from .leaving import holds_once, whole_number
from .places import Places, looked_up_from, persists
from .tables import Tables

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TypeAlias

    from tflint_mem.facts import Call
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.project import Project

    Guard: TypeAlias = Expression | bool
    Chosen: TypeAlias = list[tuple[Expression, frozenset[int] | None]]

_NOT_THERE = frozenset(("KeyError", "AttributeError", "NameError"))


class Guards:
    """Answers of one project."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.tables = Tables(project)
        self.places = Places(project)
        self._guarding: dict[tuple[int, int, int], Guard] = {}
        self._change: dict[tuple[int, int], bool] = {}
        self._returning: dict[tuple[int, int], list[tuple[int, Return | Jump]]] = {}
        self._asked_about: dict[tuple[int, int], frozenset[Expression]] = {}
        self._instead: dict[tuple[int, int], Chosen] = {}

    def once(self, m: Module, i: int, loop: int, time: bool = False) -> Guard:
        """What is looked at between call `i` and block `loop` to let the call run only the first time.

        An expression, such as `self.model`; True when it is no place in particular; False when there is nothing.
        loop  -1 for the whole function
        time  whether it is about the time that all runs take: then a table with ever new keys is no guard, see `tables`
        """
        call = m.calls[i]
        scope = call.scope
        own = m.statements[call.statement].block
        if (
            own > loop
            and m.blocks[own].kind == "if"
            and m.blocks[own].branch
            and not self._may_guard(m, scope, own, loop)
        ):
            found = self._ends_itself(
                m, call, own, loop
            )  # no block further in guards: the call stands in this one itself
            if found:
                return found
        for block in m.outward(("once", loop), call.block, lambda b: b <= loop or self._may_guard(m, scope, b, loop)):
            if block <= loop:  # a block is numbered after the one around it
                break
            around = m.blocks[block]
            if around.kind == "if":
                found = self._guard(m, scope, block, loop) or self._changing(m, scope, block) and _replaces(m, i)
                found = found or around.branch is True and self._ends_itself(m, call, block, loop)
                if found and not (time and self.tables.by_key(m, scope, found)):
                    return found
            elif around.kind == "except":
                if self._cache_miss(m, block, time):
                    return True
            elif around.kind == "while":
                if self.until_loaded(m, i, block):
                    return True
        return self._early_return(m, i, loop, time) or self._conditional_expression(m, i)

    def cached(self, m: Module, scope: int) -> bool:
        """Is the function run once per argument at most?  See `caching`."""
        return self.project.repeats_of.caching.cached(m, scope)

    # -- tests around the call -----------------------------------------------------------------------------------------

    def _may_guard(self, m: Module, scope: int, block: int, loop: int) -> bool:
        """May the block keep a call in it from running again, whichever call that is?"""
        kind = m.blocks[block].kind
        return (
            kind in ("except", "while")
            or kind == "if"
            and bool(self._guard(m, scope, block, loop) or self._changing(m, scope, block))
        )

    def _guard(self, m: Module, scope: int, block: int, loop: int) -> Guard:
        """What an `if` looks at to let its branch run only the first time between passes of `loop`: see `once`."""
        key = (m.index, block, loop)
        found = self._guarding.get(key)
        if found is None:
            found = self._guarding[key] = self._find_guard(m, scope, block, loop)
        return found

    def _find_guard(self, m: Module, scope: int, block: int, loop: int) -> Guard:
        for condition, positive in conditions(test_of(m, block), m.blocks[block].branch is True):
            place = missing(m, condition, positive) or self._got(m, condition, positive)
            if place is True:
                return True
            if place is not None:
                for each in (place, *looked_up_from(m, scope, place, m.blocks[block].statement)):
                    if (
                        self.places.filled_in(m, scope, each, block)
                        and persists(m, scope, each, block, loop)
                        and not self.places.empty_at_first(m, scope, each)
                    ):
                        return each
            if positive and _first_pass(m, scope, condition, loop, block):
                return True
        return False

    def _got(self, m: Module, condition: Expression, positive: bool) -> Expression | None:
        """`if self.network() is None:` speaks of the attribute that the method returns."""
        e = condition
        if type(e) is Comparison and e.ops in (("is",), ("==",)) and e.rights[0] == NONE:
            e, positive = e.left, not positive
        if positive or type(e) is not CallRef:
            return None
        f = m.calls[e.number].func
        if type(f) is not Attribute or f.base != SELF:
            return None
        for fm, scope in self.project.functions_called(m, e.number):
            for statement in fm.returns(scope):
                given: Expression | None = statement.value
                if type(given) is Attribute and given.base == SELF:
                    return given
        return None

    def _ends_itself(self, m: Module, call: Call, block: int, loop: int) -> Guard:
        """`if self.model.version != wanted: self.model = load(wanted)`: what is made changes the condition."""
        statement = m.statements[call.statement]
        if type(statement) is not Assign or statement.block != block:
            return False
        key = (m.index, m.blocks[block].statement)
        asked = self._asked_about.get(key)
        if asked is None:
            asked = self._asked_about[key] = frozenset(
                e for e in walk(test_of(m, block), m.calls) if type(e) is Name or type(e) is Attribute
            )
        for target in statement.targets:
            if target in asked:
                return target if persists(m, call.scope, target, block, loop) else False
        return False

    def _changing(self, m: Module, scope: int, block: int) -> bool:
        """Does the branch run when something has changed?"""
        key = (m.index, block)
        found = self._change.get(key)
        if found is None:
            found = self._change[key] = any(
                positive and _on_change(m, scope, condition, block)
                for condition, positive in conditions(test_of(m, block), m.blocks[block].branch is True)
            )
        return found

    def until_loaded(self, m: Module, i: int, loop: int) -> bool:
        """`while model is None:` around the load; `while not done:` around anything else is a loop like any other."""
        for condition, positive in conditions(test_of(m, loop), True):
            place = missing(m, condition, positive)
            if place is None or place is True:
                continue
            if condition == place:  # only truth is tested: the call must be what sets it
                filled = m.statements[m.calls[i].statement]
                if type(filled) is Assign and any(same_place(target, place) for target in filled.targets):
                    return True
            elif self.places.filled_in(m, m.statements[m.blocks[loop].statement].scope, place, loop):
                return True
        return False

    # -- what a look-up raises ----------------------------------------------------------------------------------------

    def _cache_miss(self, m: Module, block: int, time: bool) -> bool:
        """`try: return cache[k]` / `except KeyError: cache[k] = load()`; also `except AttributeError` / NameError."""
        statement = m.statements[m.blocks[block].statement]
        for handler in statement.handlers if type(statement) is Try else ():
            if handler.block == block and handler.type is not None:
                kinds = handler.type.items if type(handler.type) is TupleDisplay else (handler.type,)
                if not _NOT_THERE.isdisjoint(map(tail_of, kinds)):
                    return self._fills_what_was_looked_at(m, block, time)
        return False

    def _fills_what_was_looked_at(self, m: Module, handler: int, time: bool) -> bool:
        """Does the handler put something where the `try` has looked: into the table, the attribute, the name?"""
        statement = m.blocks[handler].statement
        scope = m.statements[statement].scope
        places: set[Expression] = set()
        for s in m.behind(statement):
            if m.inside(m.statements[s].block, handler):
                break
            for expression in statement_expressions(m.statements[s]):
                for e in walk(expression, m.calls):
                    if type(e) is Subscript:
                        places.add(e.base)
                    elif type(e) is Attribute or type(e) is Name:
                        places.add(e)
        return any(
            self.places.filled_in(m, scope, place, handler) and not (time and self.tables.by_key(m, scope, place))
            for place in places
            if type(place) is not Name or _is_read_first(m, scope, place.id, statement)
        )

    # -- tests before the call, and in its statement -------------------------------------------------------------------

    def _early_return(self, m: Module, i: int, loop: int, time: bool) -> Guard:
        """`if key in cache: return cache[key]` before the call, and the cache is filled afterwards."""
        call = m.calls[i]
        scope = call.scope
        for s, leaves in self._leaving_ifs(m, scope):
            if s >= call.statement:
                break
            statement = m.statements[s]
            if not m.inside(call.block, statement.block) or loop != -1 and not m.inside(statement.block, loop):
                continue
            for condition, positive in conditions(statement.test, True) if type(statement) is If else ():
                place = present(m, condition, positive)
                if place is None or not _is_guard_by(m, condition, place, leaves):
                    continue
                if place is True:
                    return True
                shared = type(place) is Name and place.id in m.global_names(scope)
                if (self.places.filled_in(m, scope, place, -1) or shared) and not self.places.empty_at_first(
                    m, scope, place
                ):
                    looked = (place, *looked_up_from(m, scope, place, s)) if time else ()
                    if not any(self.tables.by_key(m, scope, each) for each in looked):
                        return place
        return False

    def _leaving_ifs(self, m: Module, scope: int) -> list[tuple[int, Return | Jump]]:
        """[(`if` statement, what ends its block)] of those that end with `return`, `continue` or `break`, in order."""
        found = self._returning.get((m.index, scope))
        if found is None:
            found = self._returning[m.index, scope] = []
            jumps = m.jumps(scope)
            for s in m.ifs(scope):
                statement = m.statements[s]
                for at, what in jumps.get(statement.body, ()) if type(statement) is If else ():
                    ending = m.statements[at]
                    if what in ("return", "continue", "break") and (type(ending) is Return or type(ending) is Jump):
                        found.append((s, ending))
                        break
        return found

    def _conditional_expression(self, m: Module, i: int) -> Guard:
        """`model = model or load()`, `self.m = self.m if self.m else load()`, `cache.setdefault(k, load())` is none."""
        statement = m.statements[m.calls[i].statement]
        if type(statement) is not Assign:
            return False
        value = statement.value
        if type(value) is not BoolOp and type(value) is not Conditional:
            return False
        key = (m.index, m.calls[i].statement)
        if key not in self._instead:
            self._instead[key] = list(_chosen(m, statement.targets, value))
        return next((place for place, calls in self._instead[key] if calls is None or i in calls), False)


def _replaces(m: Module, i: int) -> bool:
    """Is what call `i` makes put in the place of one before: an attribute, an item, a name bound elsewhere, too?"""
    statement = m.statements[m.calls[i].statement]
    if type(statement) is not Assign:
        return False
    bindings = m.bindings(statement.scope)
    for target in statement.targets:
        if type(target) is Attribute or type(target) is Subscript:
            return True
        if type(target) is Name:
            if len(bindings.get(target.id, ())) > 1 or target.id in m.global_names(statement.scope):
                return True
    return False


def _on_change(m: Module, scope: int, condition: Expression, block: int) -> bool:
    """`if stamp != last:` with `last = stamp` inside: runs when something changed, not in each repeat.

    That keeps what replaces an older one; what is made for the occasion is made again for each change.
    """
    if type(condition) is not Comparison or condition.ops not in (("!=",), (">",), ("<",)):
        return False
    sides = (condition.left, condition.rights[0])
    for s in m.scope_statements(scope):
        statement = m.statements[s]
        if type(statement) is Assign and statement.value in sides and m.inside(statement.block, block):
            for target in statement.targets:
                if target in sides and target != statement.value and isinstance(target, (Name, Attribute, Subscript)):
                    return True
    return False


def _first_pass(m: Module, scope: int, condition: Expression, loop: int, block: int) -> bool:
    """`if i == 0`, `if step == 1`, `if epoch == 10`: one pass of the loop that counts `i`."""
    if type(condition) is not Comparison or condition.ops != ("==",):
        return False
    left, right = condition.left, condition.rights[0]
    if type(left) is Constant:
        left, right = right, left
    number = whole_number(right)
    if type(left) is not Name or number is None:
        return False
    return (
        any(binding.kind == "iter" for binding in m.bindings(scope).get(left.id, ()))
        or loop != -1
        and holds_once(m, left.id, number, loop, block)
    )


def _is_read_first(m: Module, scope: int, name: str, statement: int) -> bool:
    """Is a name bound anywhere but in the `try` itself, so that the `try` looks whether it is there already?"""
    bindings = m.bindings(scope)
    return (
        name in m.global_names(scope)
        or scope == 0
        or name not in bindings
        or any(b.statement < statement for b in bindings[name])
    )


def _is_guard_by(m: Module, condition: Expression, place: Expression | bool, leaves: Return | Jump) -> bool:
    """Does leaving when the place is there mean that it is used again?  `if done: break` does not."""
    if type(leaves) is not Return:  # nor `if key in seen: continue`
        return type(condition) is Comparison and condition.ops[0] in EQUALITY
    if type(condition) is Name or type(condition) is Attribute or type(condition) is Subscript:
        return isinstance(place, Expression) and any(same_place(place, e) for e in walk(leaves.value, m.calls))
    return True


def _chosen(
    m: Module, targets: tuple[Expression, ...], value: BoolOp | Conditional
) -> Iterator[tuple[Expression, frozenset[int] | None]]:
    """(place, calls made only when it is empty; None: all) of `place = place or …` and `place = place if … else …`."""
    if type(value) is BoolOp:
        if value.op == "or" and any(same_place(t, value.items[0]) for t in targets):
            yield value.items[0], calls_in(m, *value.items[1:])
        return
    if type(value) is Conditional:
        absent, there = (
            any(missing(m, condition, positive) is not None for condition, positive in conditions(value.test, branch))
            for branch in (True, False)
        )
        for t in targets:
            if any(same_place(t, e) for e in walk(value.test)):
                yield t, None if there == absent else calls_in(m, value.body if absent else value.orelse)
