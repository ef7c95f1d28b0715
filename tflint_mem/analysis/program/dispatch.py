"""Does a way lead where its calls surely do not go?

Callers of a method are found by the classes of its receiver, and, where those are not known, by its name: a call of
`self.result()` in a base class counts for each class below it.  Two ways can be told to lead elsewhere: through an
object whose class is known, and is none that has the method; and through a function of the project that hides one of
Python's own (`def min(x)`), which nobody means to call with numbers.
"""

from __future__ import annotations

from tflint_mem.facts import SELF, Attribute, Name
from tflint_mem.project.holds.values import Instance

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context

    ClassId = tuple[int, int]  # the index of a module, and a scope in it

_PYTHONS = frozenset(("min", "max", "sum", "abs", "round", "all", "any", "pow", "len"))


def through_other(context: Context, repeat: Repeat) -> bool:
    """Does the way lead through a method that the object it is called on surely has not?"""
    known: set[ClassId] = set()  # classes of the object whose method runs, empty for unknown ones
    for position in range(repeat.handed, len(repeat.hops) - 1):
        m, i = repeat.hops[position]
        inner, j = repeat.hops[position + 1]
        scope = inner.method_around(inner.calls[j].scope)
        func = m.calls[i].func
        if not isinstance(func, Attribute):
            known = set()
            continue
        if func.base != SELF:
            known = _classes(context, m, i)
        if known and scope > 0 and inner.is_method(scope):
            taken = (inner.index, inner.scopes[scope].parent)
            if inner.scopes[scope].name == func.attr and not any(
                _finds(context, each, func.attr) == taken for each in known
            ):
                return True
    return False


def through_hidden(repeat: Repeat) -> bool:
    """Does the way lead through a function that hides one of Python's own?"""
    funcs = (m.calls[i].func for m, i in repeat.hops[repeat.handed : -1])
    return any(isinstance(func, Name) and func.id in _PYTHONS for func in funcs)


def _classes(context: Context, m: Module, i: int) -> set[ClassId]:
    """The classes of the receiver of a call, empty where one of its values is something else."""
    receiver, call = context.receiver(m, i), m.calls[i]
    values = context.infer.values(m, call.scope, receiver, call.statement) if receiver is not None else ()
    found = {(v.module, v.scope) for v in values if isinstance(v, Instance)}
    return found if found and all(isinstance(v, Instance) for v in values) else set()


def _finds(context: Context, owner: ClassId, name: str) -> ClassId | None:
    """The class in whose body an object of a class finds a method."""
    for index, scope in context.infer.mro(context.project.module(owner[0]), owner[1]):
        if name in context.project.module(index).members(scope):
            return index, scope
    return None
