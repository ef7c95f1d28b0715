"""The names in a module by the part they play, for the questions that are asked of all modules at once."""

from __future__ import annotations

from .expressions import SELF, Attribute, CallRef, DictDisplay, ListDisplay, Name, TupleDisplay
from .statements import Assign, Import

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .expressions import Expression
    from .records import Call
    from .statements import Imported
    from .walker import Walk

    Add = Callable[[str], None]

_HOLDING = frozenset((Name, Attribute, TupleDisplay, ListDisplay, DictDisplay, CallRef))


class Mentioned:
    """What `records.Facts` lists under the same names."""

    __slots__ = ("called", "given", "imports", "bases", "stored", "foreign", "decorating")

    def __init__(self, w: Walk) -> None:
        self.called: set[str] = set()
        self.given: set[str] = set()
        self.imports: list[Imported] = []
        self.bases: list[tuple[str, str]] = []
        self.stored: set[str] = set()
        self.foreign: set[str] = set()
        self.decorating: set[str] = set()
        self._in_scopes(w)
        self._in_calls(w.calls)
        self._in_statements(w)

    def _in_scopes(self, w: Walk) -> None:
        for record in w.scopes:
            for base in record.bases:
                if type(base) is Name or type(base) is Attribute:
                    self.bases.append((record.name, base.tail))
            for e in record.decorators:
                if type(e) is CallRef:
                    e = w.calls[e.number].func
                if type(e) is Name or type(e) is Attribute:
                    self.decorating.add(e.tail)
            for parameter in record.parameters:
                default = parameter.default
                if type(default) is Name or type(default) is Attribute:
                    self.given.add(default.tail)

    def _in_calls(self, calls: Sequence[Call]) -> None:
        call, add = self.called.add, self.given.add
        for each in calls:
            func = each.func
            if type(func) is Attribute:
                call(func.attr)
                if func.attr == "remote":  # a Ray task: f.remote(x)
                    _tails(func.base, call)
            elif type(func) is Name:
                call(func.id)
            elif type(func) is CallRef:  # what a function has given is called: make_step()(x)
                inner = calls[func.number].func
                if (type(inner) is Name or type(inner) is Attribute) and inner.tail[0].islower():
                    call("()")
            for e in each.args:
                if type(e) is Name:
                    add(e.id)
                elif type(e) is Attribute:
                    add(e.attr)
                elif type(e) in _HOLDING:
                    _tails(e, add, calls)
            for keyword in each.keywords:
                if type(keyword.value) in _HOLDING:
                    _tails(keyword.value, add, calls)

    def _in_statements(self, w: Walk) -> None:
        derive, add = self.bases.append, self.given.add
        for statement in w.statements:
            if type(statement) is Assign:
                value = statement.value
                if value is not None:
                    _tails(value, add)
                for target in statement.targets:
                    if type(target) is Name:
                        if (type(value) is Name or type(value) is Attribute) and value.tail[:1].isupper():
                            derive((target.id, value.tail))
                        continue
                    for item in target.items if type(target) is TupleDisplay else (target,):
                        if type(item) is Attribute:
                            self.stored.add(item.attr)
                            if item.base != SELF:
                                self.foreign.add(item.attr)
            elif type(statement) is Import:
                self.imports.extend(statement.names)
                for imported in statement.names:
                    attribute = imported.attribute
                    if attribute and imported.name != attribute:
                        add(attribute)
                        if attribute[:1].isupper():
                            derive((imported.name, attribute))


def _tails(e: Expression, add: Add, calls: Sequence[Call] = ()) -> None:
    """The last names of a name, an attribute or the items of a literal; with `calls`, those of what is called there,
    too.
    """
    if type(e) is Name:
        add(e.id)
    elif type(e) is Attribute:
        add(e.attr)
    elif type(e) is TupleDisplay or type(e) is ListDisplay:
        for item in e.items:
            _tails(item, add, calls)
    elif type(e) is DictDisplay:
        for item in e.values:
            _tails(item, add, calls)
    elif type(e) is CallRef and calls:  # an object that is made there: study.optimize(Objective(data))
        _tails(calls[e.number].func, add)
