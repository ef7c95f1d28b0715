"""Can forked workers be spawned instead?

The question: *does anything in the code rely on the copy of the parent that a fork gives?*  Spawned workers import the
main module again and get their arguments pickled, so they need importable functions, a `__main__` guard on the way, and
nothing that only the parent has.  The answer is the first objection that is found; none means that nobody saw one.
"""

from __future__ import annotations

from tflint_mem.analysis.program import execution_order
from tflint_mem.analysis.tracing import frozen
from tflint_mem.facts import If, SequenceDisplay
from tflint_mem.project.holds.values import ClassValue, Thing

from .forked_workers import PACKAGES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from tflint_mem.project.linking.module import Function, Module
    from tflint_mem.ruleset.context import Context

_SHARED = frozenset(
    (
        "Queue",
        "JoinableQueue",
        "SimpleQueue",
        "Lock",
        "RLock",
        "Event",
        "Condition",
        "Semaphore",
        "BoundedSemaphore",
        "Barrier",
        "Value",
        "Array",
    )
)
_BOUND_TO_PROCESS = frozenset(
    (
        "model",
        "session",
        "graph",
        "dataset",
        "iterator",
        "tf.function",
        "variable",
        "strategy",
        "saved_model",
        "layer",
        "optimizer",
        "interpreter",
    )
)


def objection(context: Context, m: Module, i: int, workers: Sequence[Function]) -> str:
    """Why the workers cannot be spawned as the code stands, "" when they can.

    They need importable functions, a `__main__` guard on the way, and nothing that only the parent has.
    """
    if any(isinstance(v, ClassValue) for v in context.infer.callee(m, i)):
        return "the worker is a class of processes"
    if m.notebook:
        return "a notebook's functions cannot be imported by spawned workers"
    if any(fm.scopes[s].kind == "lambda" or fm.scopes[fm.scopes[s].parent].kind == "function" for fm, s in workers):
        return "spawned workers can only import functions at the top of a module"
    if any(fm.is_method(s) for fm, s in workers):
        return "a method takes its object along, and that may not be picklable"
    if not _guarded(context, m, i, 0):
        return 'spawned workers import the main module again, which has no `if __name__ == "__main__":` on the way'
    if _shares(context, m):
        return "queues or locks are made for the default start method"
    if _hands_over(context, m, i, workers):
        return "the workers are given things of TensorFlow, which cannot be pickled"
    name = _set_in_parent(context, workers)
    return f"the workers read {name}, which only the parent sets" if name else ""


def _hands_over(context: Context, m: Module, i: int, workers: Sequence[Function]) -> bool:
    """Are models, sessions or the like arguments of the workers?"""
    given = [*m.arguments(i)]
    for argument in list(given):
        given += argument.items if isinstance(argument, SequenceDisplay) else ()
    kinds = {kind for e in given for kind in context.kinds(m, i, e)}
    for fm, s in workers:
        for index in range(len(fm.scopes[s].parameters)):
            kinds |= {v.kind for v in context.infer.parameter(fm, s, index) if isinstance(v, Thing)}
    return bool(kinds & _BOUND_TO_PROCESS)


def _set_in_parent(context: Context, workers: Sequence[Function]) -> str:
    """A name or setting that the workers read and that code outside of them sets: in the main block, in a function, or
    again; "" for none.
    """
    seen: dict[Function, bool] = {}
    for fm, s in workers:
        seen.update(frozen.functions(context, fm, s))
    for fm, s in seen:
        for name, owner in frozen.outer_names(fm, s):
            if owner == 0 and _later(fm, name, seen):
                return name
        for e in frozen.module_attributes(context, fm, s):
            if any(
                name == e.attr
                for other in context.project.mentioning(e.attr, frozen.MAX_MODULES)
                for name in other.foreign_attributes()
            ):
                return e.attr
    return ""


def _later(m: Module, name: str, workers: Container[Function]) -> bool:
    """Is a module's name bound in its main block, or by a function that the workers do not run?"""
    for binding in m.bindings(0).get(name, ()):
        if binding.statement >= 0 and _in_main_block(m, m.statements[binding.statement].block):
            return True
    return any((m, s) not in workers and name in m.bindings(s) for s in m.declaring(name))


def _in_main_block(m: Module, place: int) -> bool:
    """Is the block inside `if __name__ == "__main__":`?"""
    for block in m.chain(place):
        statement = m.statements[m.blocks[block].statement]
        if isinstance(statement, If) and execution_order.is_main_test(statement.test):
            return True
    return False


def _shares(context: Context, m: Module) -> bool:
    """Are queues or locks made for the default start method?  Spawned processes refuse them."""
    return any(
        name.startswith(PACKAGES)
        for tail in _SHARED
        for k in m.calls_by_tail().get(tail, ())
        for name in context.project.apis(m, k)
    )


def _guarded(context: Context, m: Module, i: int, depth: int) -> bool:
    """Does every way to the call, as far as it is followed, begin in a main block?"""
    call = m.calls[i]
    if call.scope == 0:
        return _in_main_block(m, call.block)
    if depth > 4:
        return False
    return all(
        _guarded(context, cm, k, depth + 1) for cm, k, how in context.project.callers(m, call.scope) if how == "call"
    )
