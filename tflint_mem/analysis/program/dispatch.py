"""Does a way lead where its calls surely do not go?

Callers of a method are found by the classes of its receiver, and, where those are not known, by its name: a call of
`self.result()` in a base class counts for each class below it.  Two ways can be told to lead elsewhere: through an
object whose class is known, and is none that has the method; and through a name that a `from x import *` puts over one
of Python's own, which nobody means to call there.
"""

from __future__ import annotations

import builtins

from tflint_mem.facts import SELF, Attribute, Name
from tflint_mem.project.holds.values import Instance

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context

    ClassId = tuple[int, int]  # the index of a module, and a scope in it


def through_other(context: Context, repeat: Repeat) -> bool:
    """Does the way lead through a method that the object it is called on has not, or through a hidden builtin?"""
    known: set[ClassId] = set()  # classes of the object whose method runs, empty for unknown ones
    for position in range(repeat.handed, len(repeat.hops) - 1):
        m, i = repeat.hops[position]
        inner, j = repeat.hops[position + 1]
        scope = inner.method_around(inner.calls[j].scope)
        func = m.calls[i].func
        if isinstance(func, Name) and _hides(m, i, func.id):
            return True
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


def _hides(m: Module, i: int, name: str) -> bool:
    """Is it a name of Python that only a star import can have given another meaning?"""
    return hasattr(builtins, name) and not any(name in m.bindings(scope) for scope in (0, m.calls[i].scope))


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
