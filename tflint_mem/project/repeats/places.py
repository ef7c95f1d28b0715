"""Places that a test looks at: what fills them, and how long they keep what they hold.

A place is an expression that can be assigned to: `model`, `self.model`, `cache[key]`.
"""

from __future__ import annotations

from tflint_mem.facts import (
    NONE,
    SELF,
    Assign,
    Attribute,
    BoolOp,
    CallRef,
    Constant,
    DictDisplay,
    Expression,
    ExprStatement,
    ListDisplay,
    Name,
    SequenceDisplay,
    SetDisplay,
    Subscript,
    With,
    tail_of,
)

from .conditions import looked_up, looks_up, same_place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.project import Project

_FILLING = frozenset(("append", "add", "setdefault", "update", "put", "set"))


class Places:
    """Answers of one project."""

    def __init__(self, project: Project) -> None:
        self.project = project

    def filled_in(self, m: Module, scope: int, place: Expression, block: int) -> bool:
        """Is the guarded thing set inside the guarded block (directly, or by a method called there)?"""
        for s in m.scope_statements(scope):
            statement = m.statements[s]
            if not m.inside(statement.block, block):
                continue
            if type(statement) is Assign:
                for target in statement.targets:
                    for each in target.items if isinstance(target, SequenceDisplay) else (target,):
                        if same_place(each, place):
                            return True
            elif type(statement) is With:
                if any(item.target is not None and same_place(item.target, place) for item in statement.items):
                    return True
            elif type(statement) is ExprStatement and type(statement.value) is CallRef:
                if self._fills(m, statement.value.number, place):
                    return True
        return False

    def _fills(self, m: Module, i: int, place: Expression) -> bool:
        """Does call `i` put something into the place: `cache.update(…)`, `setattr(…)`, a function that sets it?"""
        call = m.calls[i]
        f = call.func
        if type(f) is Attribute and f.attr in _FILLING and same_place(f.base, place):
            return True
        if type(place) is Attribute:
            if tail_of(f) == "setattr" and call.args[1:2] == (Constant(place.attr),):
                return True
            if place.base == SELF and type(f) is Attribute and f.base == SELF:
                return any(_sets_attribute(fm, s, place.attr) for fm, s in self.project.functions_called(m, i))
        if type(place) is Name:
            return any(
                fm is m and place.id in m.global_names(s) and place.id in m.bindings(s)
                for fm, s in self.project.functions_called(m, i)
            )
        return False

    def of_object(self, m: Module, scope: int, place: Expression | bool) -> bool:
        """Is the place that a guard looks at one of the object's own, so that another object runs the call again?"""
        if not isinstance(place, Expression) or not m.is_method(scope) or not m.scopes[scope].parameters:
            return False
        while (type(place) is Attribute or type(place) is Subscript) and (
            type(place.base) is Attribute or type(place.base) is Subscript
        ):
            place = place.base
        if (
            type(place) is not Attribute
            or place.base != Name(m.scopes[scope].parameters[0].name)
            or "builtins.classmethod" in self.project.infer.decorator_names(m, scope)
        ):
            return False
        owner = m.scopes[scope].parent
        if m.scopes[scope].name == "__new__":
            return False
        # a container in the body of the class is shared by all objects, unless each makes one of its own
        shared = place.attr in m.bindings(owner)
        return not shared or any(
            each.kind == "assign" for each in self.project.infer.attribute_assignments(m, owner).get(place.attr, ())
        )

    def empty_at_first(self, m: Module, scope: int, place: Expression) -> bool:
        """Is the place a parameter that no caller gives anything for, so that each run begins with an empty container
        of its own: `models = models or {}`?
        """
        bindings = m.bindings(scope).get(place.id, ()) if type(place) is Name else ()
        index = next((b.value for b in bindings if b.kind == "param"), None)
        if type(index) is not int or not any(
            b.kind == "assign" and _is_empty_container(b.value, place) for b in bindings
        ):
            return False
        given = [
            self.project.infer.argument(m, scope, index, other, j)
            for other, j, how in self.project.callers(m, scope)
            if how == "call"
        ]
        return bool(given) and all(e is None or e == NONE for e in given)


def _is_empty_container(value: object, place: Expression) -> bool:
    """Is it `{}` or `[]`, by itself or as the alternative in `place or {}`?"""
    if type(value) is BoolOp and value.op == "or" and value.items[0] == place:
        value = value.items[-1]
    return type(value) is DictDisplay and not value.values or type(value) is ListDisplay and not value.items


def is_made_anew(m: Module, place: Expression | bool) -> bool:
    """Is the place that a once-guard looks at in a variable or class of this module, empty when it is run again?"""
    if not isinstance(place, Expression):
        return False
    while type(place) is Attribute or type(place) is Subscript:
        place = place.base
    bindings = m.bindings(0).get(place.id, ()) if type(place) is Name else ()
    return bool(bindings) and all(
        b.kind == "class"
        or b.kind == "assign"
        and isinstance(b.value, (Constant, DictDisplay, ListDisplay, SetDisplay))
        for b in bindings
    )


def persists(m: Module, scope: int, place: Expression, block: int, loop: int) -> bool:
    """Does the guarded name keep its value until the next repeat?

    A local of the repeated function does not, nor a name that is reset in the loop.
    """
    if _reset(m, scope, place, block, loop):
        return False
    root = place
    while type(root) is Attribute or type(root) is Subscript:
        root = root.base
    if type(root) is not Name or root.id in m.global_names(scope):
        return True
    bindings = m.bindings(scope).get(root.id, ())
    if any(b.kind == "param" for b in bindings):
        return type(place) is not Name or all(
            b.kind == "param" or not m.inside(m.statements[b.statement].block, block) for b in bindings
        )
    outside = [b for b in bindings if b.statement >= 0 and not m.inside(m.statements[b.statement].block, block)]
    if (
        type(place) is Attribute
        and outside
        and all(b.kind == "iter" or b.kind == "assign" and looks_up(m, b.value) for b in outside)
    ):
        return True  # of an object that was made before: an item, or what `registry.get_entry(name)` gives
    if loop == -1:
        return scope == 0 or not bindings or not outside and not any(b.kind == "assign" for b in bindings)
    return not any(b.kind == "assign" and m.inside(m.statements[b.statement].block, loop) for b in outside)


def _reset(m: Module, scope: int, place: Expression, block: int, loop: int) -> bool:
    """Is the guarded place set to None in the same repeat, before the guard?"""
    guard, around = m.blocks[block].statement, m.blocks[block].parent
    for s in m.scope_statements(scope):
        if s >= guard:
            return False
        statement = m.statements[s]
        if type(statement) is Assign and statement.value == NONE and m.inside(statement.block, loop):
            if place in statement.targets and m.inside(around, statement.block):
                return True
    return False


def looked_up_from(m: Module, scope: int, place: Expression, before: int) -> Iterator[Expression]:
    """`model = cache.get(key)` before `if model is None`: the cache is what is guarded."""
    if type(place) is not Name:
        return
    for binding in m.bindings(scope).get(place.id, ()):
        if binding.kind == "assign" and binding.statement < before and not binding.path:
            value = binding.value
            found = value.base if type(value) is Subscript else looked_up(m, value)
            if found is not None:
                yield found


def _sets_attribute(m: Module, scope: int, name: str) -> bool:
    """Does the function assign an attribute of that name, or an item of it, on whatever object?"""
    for s in m.scope_statements(scope):
        statement = m.statements[s]
        for target in statement.targets if type(statement) is Assign else ():
            filled = target.base if type(target) is Subscript else target
            if type(filled) is Attribute and filled.attr == name:
                return True
    return False
