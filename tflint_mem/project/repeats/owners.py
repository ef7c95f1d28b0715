"""Is a new object made in each repeat?  Then what is made when an object is first asked for it is made in each, too.

`Detector(path).run(x)` makes one, and so does `make("fast").run(x)` of a function that returns a new one, and
`Service().answer(x)` of an object whose constructor makes one for itself, and a handler whose framework asks such a
function for a parameter.
"""

from __future__ import annotations

from tflint_mem.facts import SELF, Assign, Attribute, CallRef, Return, Subscript, TupleDisplay, tail_of
from tflint_mem.project.holds.values import ClassValue, FunctionValue, MethodValue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    from tflint_mem.facts import Expression
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.project import Project

    from .repeat import ClassId, Repeat

    Heirs: TypeAlias = frozenset[ClassId]  # a class and those that derive from it

MAX_DEPTH = 3  # functions that return what another one makes
_DEPENDS = frozenset(("Depends", "Security", "Provide"))


class Owners:
    """Answers of one project."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._memo: dict[tuple[int, int, Heirs, int], bool] = {}

    def made(self, repeat: Repeat, owner: ClassId) -> bool:
        """Is a new object of the class made in each repeat?"""
        index, scope = owner
        cm, repeats = self.project.module(index), self.project.repeats_of
        if repeat.kind == "handler" and repeats.handlers.made_per_request(cm, scope):
            return True
        heirs = frozenset((owner, *self.project.subclasses(cm, scope)))
        for position, (m, i) in enumerate(repeat.hops):
            if position == 0 and repeat.handed:
                continue
            loop = repeat.region_at(position)
            for j in m.scope_calls(m.calls[i].scope):
                if (
                    m.inside(m.calls[j].block, loop)
                    and self._makes(m, j, heirs, 0)
                    and not repeats.guards.once(m, j, loop)
                ):
                    return True
        return repeat.kind == "handler" and any(
            self._asked_for(m, scope, heirs) for m, scope in {(m, m.calls[i].scope) for m, i in repeat.hops}
        )

    def _makes(self, m: Module, j: int, heirs: Heirs, depth: int) -> bool:
        """Does the call make a new object of the classes: itself, in a function that returns it, in a constructor?"""
        tail = tail_of(m.calls[j].func)
        defined = self.project.defined
        if tail != "cls" and tail not in defined and tail not in m.aliases_of_defined(defined):
            return False
        if any(isinstance(v, ClassValue) and (v.module, v.scope) in heirs for v in self.project.infer.callee(m, j)):
            return True
        return depth < MAX_DEPTH and any(
            self._gives(fm, s, heirs, depth + 1) for fm, s in self.project.functions_called(m, j)
        )

    def _gives(self, m: Module, scope: int, heirs: Heirs, depth: int) -> bool:
        """Does each run of the function make a new object, and return it or keep it in what is constructed?"""
        key = (m.index, scope, heirs, depth)
        found: bool = self.project.infer.kept(self._memo, key, self._makes_and_gives, m, scope, heirs, depth)
        return found

    def _makes_and_gives(self, m: Module, scope: int, heirs: Heirs, depth: int) -> bool:
        repeats = self.project.repeats_of
        if repeats.caching.cached(m, scope):
            return False
        constructor = m.scopes[scope].name == "__init__"
        given = {statement.value for statement in m.returns(scope)}
        for s in m.scope_statements(scope):
            statement = m.statements[s]
            if type(statement) is Return:
                kept = not constructor
            elif type(statement) is Assign and constructor:
                kept = any(type(t) is Attribute and t.base == SELF for t in statement.targets)
            elif type(statement) is Assign:
                kept = not given.isdisjoint(statement.targets)
            else:
                continue
            value = statement.value
            if kept and type(value) is CallRef and self._makes(m, value.number, heirs, depth):
                if not repeats.guards.once(m, value.number, -1):
                    return True
        return False

    def _asked_for(self, m: Module, scope: int, heirs: Heirs) -> bool:
        """`def answer(x, detector=Depends(get_detector))`: the framework runs the function for each request."""
        for parameter in m.scopes[scope].parameters:
            default = parameter.default
            given = default if type(default) is CallRef else _annotated(parameter.annotation)
            call = m.calls[given.number] if type(given) is CallRef else None
            if call is None or tail_of(call.func) not in _DEPENDS or not call.args:
                continue
            for v in self.project.infer.values(m, call.scope, call.args[0], call.statement):
                if isinstance(v, ClassValue) and (v.module, v.scope) in heirs:
                    return True
                if isinstance(v, (FunctionValue, MethodValue)):
                    if any(self._gives(fm, s, heirs, 1) for fm, s in self.project.functions_of(v)):
                        return True
        return False


def _annotated(annotation: Expression | None) -> Expression | None:
    """The last item of `Annotated[Detector, Depends(get_detector)]`, or None."""
    if type(annotation) is not Subscript or tail_of(annotation.base) != "Annotated":
        return None
    return annotation.index.items[-1] if type(annotation.index) is TupleDisplay and annotation.index.items else None
