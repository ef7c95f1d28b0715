"""Does a pass of a repeat run eagerly, or inside a traced function?

`eager` answers for the way from a repeat to a place; a function that nobody is seen to trace runs eagerly.  Uncertain:
of
functions that some callers trace and others do not; `compiled_somewhere` says so.
"""

from __future__ import annotations

from tflint_mem.facts import CallRef, Constant, Expression, For, Name
from tflint_mem.project.holds.values import Thing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context

MOST_CALLERS = 40


def eager(context: Context, repeat: Repeat) -> bool:
    """Does nothing on the way from the repeat to the place run inside a traced function, as far as anybody can tell?"""
    return not any(
        context.project.compiled_by.call(m, i)
        or _for_autograph(context, m, i)
        or _wrapped_by_name(context, m, m.calls[i].scope)
        for m, i in repeat.hops
    )


def _for_autograph(context: Context, m: Module, i: int) -> bool:
    """Does the call stand, in a function, in a loop over `tf.range(…)`?  That is written for a traced function,
    wherever
    it is traced.
    """
    if not m.calls[i].scope or "range" not in m.calls_by_tail():
        return False
    for loop in m.loops(m.calls[i].block):
        block = m.blocks[loop]
        statement = m.statements[block.statement]
        if block.kind == "for" and isinstance(statement, For) and isinstance(statement.iterable, CallRef):
            if "tf.range" in context.project.apis(m, statement.iterable.number):
                return True
    return False


def _wrapped_by_name(context: Context, m: Module, scope: int) -> bool:
    """Does the class of the method, or one that it derives from, make methods traced functions by names that nobody can
    read: `setattr(self, name, tf.function(getattr(self, name)))`?
    """
    while scope > 0 and m.scopes[m.scopes[scope].parent].kind != "class":
        scope = m.scopes[scope].parent
    if scope <= 0:
        return False
    owner = m.scopes[scope].parent
    for index, cls in {(m.index, owner), *context.infer.mro(m, owner)}:
        module = context.project.module(index)
        key = ("wrapped by name", index, cls)
        if key not in context.memo:
            context.memo[key] = "setattr" in module.calls_by_tail() and any(
                _sets_traced(context, module, method) for method in module.members(cls).values()
            )
        if context.memo[key]:
            return True
    return False


def _sets_traced(context: Context, m: Module, scope: int) -> bool:
    """Does the function set an attribute whose name it computes to a traced function?"""
    for i in m.scope_calls(scope):
        call = m.calls[i]
        if call.func == Name("setattr") and len(call.args) == 3:
            _, name, given = call.args
            if isinstance(name, Constant):
                continue
            if _makes_traced(context, m, given) or any(
                isinstance(v, Thing) and v.kind == "tf.function"
                for v in context.infer.values(m, scope, given, call.statement)
            ):
                return True
            if isinstance(given, Name) and any(
                b.kind == "assign" and isinstance(b.value, Expression) and _makes_traced(context, m, b.value)
                for b in m.bindings(scope).get(given.id, ())
            ):
                return True
    return False


def _makes_traced(context: Context, m: Module, e: Expression) -> bool:
    return isinstance(e, CallRef) and "tf.function" in context.project.apis(m, e.number)


def compiled_somewhere(context: Context, m: Module, i: int) -> bool:
    """Do some of those who run the function around call `i` compile it?  Then its loop is unrolled there, and no claim
    can be made about the others.
    """
    waiting = [(m, m.calls[i].scope)]
    seen = {(m.index, m.calls[i].scope)}
    for fm, scope in waiting:
        for other, j, how in context.project.callers(fm, scope):
            around = other.calls[j].scope
            if other.unit_test or (other.index, around) in seen:
                continue
            if how in ("compiled", "compiled-map") or context.project.compiled(other, around):
                return True
            if how == "call" and len(seen) < MOST_CALLERS:
                seen.add((other.index, around))
                waiting.append((other, around))
    return False
