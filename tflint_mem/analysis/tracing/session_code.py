"""Code of TensorFlow 1 that runs again and again together with a session.

The question: *which parts of functions run in the same repeat as a `session.run`?*  They are the functions on the way
from what repeats to the run, from the loop inwards, what those call (four calls deep), and methods that run a session,
which somebody may call again and again.  Left out are tests and modules of TensorFlow 2.  A part that is named here
need not add anything to a graph, and need not run as often as the session does.
"""

from __future__ import annotations

from tflint_mem.facts import CallRef, Name

from . import graphs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context

SETUP = frozenset(("__init__", "__new__", "__enter__", "setUp"))
_MAX_DEPTH = 4  # calls that are followed from the code around a run


def regions(context: Context) -> Iterator[tuple[Module, int, int]]:
    """(module, scope, block of a loop or -1) of the code that runs together with a session run in what repeats."""
    seen: set[tuple[int, int, int]] = set()
    queue: list[tuple[Module, int, int, int]] = []

    def add(m: Module, scope: int, region: int, depth: int) -> None:
        if (m.index, scope, -1) not in seen and (m.index, scope, region) not in seen and not _tests(context, m, scope):
            seen.add((m.index, scope, region))
            queue.append((m, scope, region, depth))

    for m, i in context.each(graphs.run_sites(context)):
        for repeat in _ways(context, m, i):
            for hm, hi in repeat.hops[1 if repeat.handed else 0 :]:
                first = repeat.block is not None and hm is repeat.module and (hm, hi) == repeat.hops[0]
                add(hm, hm.calls[hi].scope, repeat.block if first and repeat.block is not None else -1, 0)
        scope = m.calls[i].scope
        if m.is_method(scope) and m.scopes[scope].name not in SETUP:
            add(m, scope, -1, 0)
    while queue:
        m, scope, region, depth = queue.pop(0)
        if not eager(context, m):
            yield m, scope, region
        if depth < _MAX_DEPTH:
            for i in m.scope_calls(scope):
                if m.inside(m.calls[i].block, region):
                    for fm, fs in context.project.functions_called(m, i):
                        if not _replaced(fm, fs):
                            add(fm, fs, -1, depth + 1)


def eager(context: Context, m: Module) -> bool:
    """TensorFlow 2 code: what it runs in a session, if anything, is not what is asked for here."""
    two = context.project.versions.evidence(m).second
    return bool(two) and not context.project.versions.graph_mode(m)


def _replaced(m: Module, scope: int) -> bool:
    """Does the name of the function get what something makes of it, `resize = built_once(resize)`?  Then that runs."""
    record = m.scopes[scope]
    return any(
        b.kind == "assign" and isinstance(b.value, CallRef) and Name(record.name) in m.arguments(b.value.number)
        for b in m.bindings(record.parent).get(record.name, ())
    )


def _ways(context: Context, m: Module, i: int) -> Iterator[Repeat]:
    """Every way in which a run repeats; around a loop in its own function also those in which the function does."""
    local = False
    for repeat in context.repeats(m, i):
        yield repeat
        local = local or repeat.local
    if local and not context.project.repeats_of.guards.once(m, i, -1):
        for other, j, how in context.project.callers(m, m.calls[i].scope):
            if how == "call" and not context.in_tests(other):
                yield from context.repeats(other, j)


def _tests(context: Context, m: Module, scope: int) -> bool:
    """Is it a test, or a method of a test case: something that runs once, in a graph of its own?"""
    return (
        context.in_tests(m)
        or m.is_method(scope)
        and any(base.endswith(".TestCase") for base in context.infer.foreign_bases(m, m.scopes[scope].parent))
    )
