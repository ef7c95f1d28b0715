"""Loops on a way that run what they call once each: steps, hooks, entries of a table."""

from __future__ import annotations

from tflint_mem.facts import Attribute, CallRef, Name, Subscript, tail_of, walk
from tflint_mem.project.holds.values import Instance, Thing

from .headers import header

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.facts import Expression
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.project import Project

    from .repeat import Site


def takes_turns(project: Project, m: Module, i: int, loop: int) -> bool:
    """Does the loop run each function that call `i` may run once?

    `for step in steps: step.run()`, or `for hook in hooks: hook()` when nothing that they made comes out.
    """
    head = header(m, loop)
    if head is None:
        return False
    f, infer = m.calls[i].func, project.infer
    if type(f) is Attribute and type(f.base) is Name and f.base in walk(head.target):
        called = {(fm.index, s) for fm, s in project.functions_called(m, i) if not infer.declared(fm, s)}
        return len(called) > 1  # of several classes
    return (
        type(f) is Name
        and f in walk(head.target)
        and not any(isinstance(v, (Thing, Instance)) for v in infer.call_values(m, i))
    )


def picks(project: Project, hops: tuple[Site, ...], loop: int) -> bool:
    """Does a call on the way take what it calls out of a table by the loop's variable, so that each entry runs once?

    `for name in names: TABLE[name].run()`, with the loop in the function of the first hop.
    """
    m, _ = hops[0]
    head = header(m, loop)
    if head is None:
        return False
    for position, (hm, hi) in enumerate(hops[:-1]):
        key = _table_key(hm, hm.calls[hi].func)
        if key is None or len({(fm.index, s) for fm, s in project.functions_called(hm, hi)}) < 2:
            continue
        while position and key is not None:  # a parameter: what the hop before passes
            scope, position = hm.calls[hi].scope, position - 1
            names = [p.name for p in hm.scopes[scope].parameters]
            inner, (hm, hi) = hm, hops[position]
            if type(key) is Name and key.id in names:
                key = project.infer.argument(inner, scope, names.index(key.id), hm, hi)
            else:
                key = None
        if type(key) is Name and key in walk(head.target):
            return True
    return False


def _table_key(m: Module, f: Expression) -> Expression | None:
    """The key by which the called expression is taken from a table, else None.

    Of `TABLE[key]`, `TABLE[key].run`, `TABLE.get(key)`.
    """
    while type(f) is Attribute:
        f = f.base
    if type(f) is Subscript:
        return f.index
    if type(f) is CallRef:
        call = m.calls[f.number]
        return call.args[0] if tail_of(call.func) == "get" and call.args else None
    return None
