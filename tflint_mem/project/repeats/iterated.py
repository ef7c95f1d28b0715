"""Who iterates: `for batch in reader:` runs the reader's `__next__` in each pass, and its `__iter__` once before."""

from __future__ import annotations

from tflint_mem.facts import Attribute, CallRef, Name, tail_of
from tflint_mem.facts.record import Record
from tflint_mem.project.holds.values import Instance, SelfValue

from .headers import header

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.facts import Expression
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.project import Project

    from .repeat import Caller, ClassId

_STEPS = frozenset(("__next__", "__getitem__"))
METHODS = frozenset(("__iter__", *_STEPS))
_PASSING = frozenset(
    ("enumerate", "zip", "tqdm", "trange", "iter", "islice", "track", "alive_it", "reversed")
)  # one item for each of an argument's
_DRAINING = frozenset(
    (
        "list",
        "tuple",
        "set",
        "sorted",
        "sum",
        "min",
        "max",
        "any",
        "all",
        "from_generator",
        "fit",
        "fit_generator",
        "evaluate",
        "predict",
    )
)
MAX_MODULES = 24  # that name a class; where more do, its objects are not followed


class _Iterations(Record):
    """What runs a method by iterating over an object.

    loops  (module, call, block of the loop) whose every pass runs it; the call stands in the header or the body
    calls  that run it: `next(reader)` now, `list(reader)` for each item
    """

    __slots__ = ()
    loops: tuple[tuple[Module, int, int], ...]
    calls: tuple[Caller, ...]


_NONE = _Iterations((), ())


class Iterated:
    """Loops and calls that iterate over objects of a class of the project."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._memo: dict[tuple[int, int], _Iterations] = {}

    def loops(self, m: Module, scope: int) -> tuple[tuple[Module, int, int], ...]:
        """(module, call, block) of loops whose every pass runs the method; the call is in the header or the body."""
        return self._places(m, scope).loops

    def calls(self, m: Module, scope: int) -> tuple[Caller, ...]:
        """The calls that run the method by iterating: `next(reader)` now, `list(reader)` for each item."""
        return self._places(m, scope).calls

    def _places(self, m: Module, scope: int) -> _Iterations:
        key = (m.index, scope)
        if key not in self._memo:
            self._memo[key] = _NONE  # what it asks meanwhile
            if m.is_method(scope) and m.scopes[scope].name in METHODS and self._is_way(m, scope):
                self._memo[key] = self._find(m, scope)
        return self._memo[key]

    def _is_way(self, m: Module, scope: int) -> bool:
        """Does iterating run the method?  `__getitem__` only where there is no `__iter__`."""
        record = m.scopes[scope]
        return record.name != "__getitem__" or not self.project.infer.lookup(m, record.parent, "__iter__")

    def _find(self, m: Module, scope: int) -> _Iterations:
        owner, name = m.scopes[scope].parent, m.scopes[scope].name
        each = name in _STEPS
        heirs = {(m.index, owner), *self.project.subclasses(m, owner)}
        if name == "__next__":
            heirs |= self._iterables(m, owner, heirs)
        loops: list[tuple[Module, int, int]] = []
        calls: list[Caller] = []
        for other in self._modules(heirs):
            for block, around in enumerate(other.blocks):
                head = header(other, block) if around.kind in ("for", "comp") else None
                if head is None:
                    continue
                e, here = head.iterable, other.statements[around.statement].scope
                if not self._goes_through(other, here, e, around.statement, heirs):
                    continue
                call = e.number if type(e) is CallRef else None
                if each:
                    if call is None:
                        inside = (j for j in other.scope_calls(here) if other.inside(other.calls[j].block, block))
                        call = next(inside, None)
                    if call is not None:
                        loops.append((other, call, block))
                elif call is not None:
                    calls.append((other, call, "call"))
            for tail in ("next" if each else "iter", *_DRAINING):
                for j in other.calls_by_tail().get(tail, ()):
                    made = other.calls[j]
                    if made.args and self._goes_through(other, made.scope, made.args[0], made.statement, heirs):
                        calls.append((other, j, "map" if each and tail != "next" else "call"))
        return _Iterations(tuple(loops), tuple(calls))

    def _iterables(self, m: Module, owner: int, heirs: set[ClassId]) -> set[ClassId]:
        """Classes whose `__iter__` gives an object of these classes."""
        found: set[ClassId] = set()
        for other in self.project.mentioning(m.scopes[owner].name, MAX_MODULES):
            for each in other.classes():
                scope = other.members(each).get("__iter__")
                if scope is not None and any(
                    isinstance(v, Instance) and (v.module, v.scope) in heirs
                    for v in self.project.infer.returns(other, scope)
                ):
                    found.add((other.index, each))
        return found

    def _modules(self, heirs: set[ClassId]) -> list[Module]:
        """Modules that name the classes, and what they import: there their objects may be handed to."""
        found: set[int] = set()
        for name in sorted({self.project.module(index).scopes[s].name for index, s in heirs}):
            for other in self.project.mentioning(name, MAX_MODULES):
                found.add(other.index)
                found.update(self.project.imports.direct(other))
        return [self.project.module(index) for index in sorted(found)[:MAX_MODULES]]

    def _goes_through(self, m: Module, scope: int, e: Expression, at: int, heirs: set[ClassId]) -> bool:
        """Is what is iterated over an object of the classes, by itself or in `enumerate(…)`?"""
        queue = [e]
        while queue:
            e = queue.pop()
            if type(e) is CallRef and tail_of(m.calls[e.number].func) in _PASSING:
                queue.extend(m.calls[e.number].args)
            elif (type(e) is Name or type(e) is Attribute or type(e) is CallRef) and any(
                isinstance(v, (Instance, SelfValue)) and (v.module, v.scope) in heirs
                for v in self.project.infer.values(m, scope, e, at)
            ):
                return True
        return False
