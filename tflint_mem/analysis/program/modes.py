"""Does code that could be TensorFlow 1's run in eager TensorFlow 2?

What says so are conditions on the version or the mode around a place, and the modules around its own: who imports it,
and what it imports.  A condition counts when a word in it sounds like a version or a mode, whatever it really asks.
"""

from __future__ import annotations

from tflint_mem.facts import CallRef, If, Reference, tail_of, walk
from tflint_mem.knowledge import GRAPH_RELEASES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint_mem.facts import Expression
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context

_SWITCHES = ("version", "executing_eagerly", "major", "tf1", "tf2", "is_v1", "is_v2", "v2_enabled", "eager")
_NEAR = 40  # functions that lead to a call: what calls those is not looked at


def switched(m: Module, i: int) -> bool:
    """Does a condition around the call, or an `except` that it stands in, ask for the version or the mode?"""

    def switches(block: int) -> bool:
        return m.blocks[block].kind == "except" or _asks_version(m, block)

    return any(True for _ in m.outward("version or mode", m.calls[i].block, switches))


def _asks_version(m: Module, block: int) -> bool:
    """Is the block a branch of a condition that asks for the version or the mode?"""
    for e in walk(_condition(m, block), m.calls):
        name = e.tail.lower() if isinstance(e, Reference) else ""
        if name and any(word in name for word in _SWITCHES):
            return True
    return False


def _condition(m: Module, block: int) -> Expression | None:
    """The condition of the `if` statement of which the block is a branch; None when it is no such block."""
    if m.blocks[block].kind != "if":
        return None
    statement = m.statements[m.blocks[block].statement]
    return statement.test if isinstance(statement, If) else None


def version_tests(m: Module, i: int) -> Iterator[int]:
    """The branches around call `i` of conditions that ask for the version or the mode, innermost first."""
    return m.outward("version", m.calls[i].block, lambda block: _asks_version(m, block))


def in_graph(context: Context, m: Module) -> bool:
    """Does Keras build and run a graph in this module?

    Of itself, because all of its project is as old, or because a module that is imported or imports it switches eager
    execution off.
    """
    imports, versions = context.project.imports, context.project.versions
    return (
        by_itself(context, m)
        or versions.at_least(m, 2, 4) is not True
        and context.project.spelling.old_project(m)
        or any(
            versions.switches_to_graphs(context.project.module(index))
            for index in (*imports.direct(m), *imports.importers(m))
        )
    )


def by_itself(context: Context, m: Module) -> bool:
    """Does the module run a graph whoever imports it: TF1, Keras before 2.4, eager execution switched off here?"""
    versions = context.project.versions
    return (
        versions.graph_mode(m) or versions.at_least(m, 2, 0) is False or context.project.spelling.before_tensorflow(m)
    )


def asks_for_eager(m: Module, i: int) -> bool:
    """Does a condition around the call ask for eager execution?"""

    def asks(block: int) -> bool:
        return any(
            isinstance(e, CallRef) and tail_of(m.calls[e.number].func) == "executing_eagerly"
            for e in walk(_condition(m, block), m.calls)
        )

    return any(True for _ in m.outward("eager", m.calls[i].block, asks))


def new_graph(context: Context, repeat: Repeat) -> bool:
    """Does each pass of a graph program begin with an empty graph: `tf.reset_default_graph()`?"""
    return (
        context.project.versions.graph_mode(repeat.module)
        and context.project.released(repeat, GRAPH_RELEASES) is not None
    )


def near(context: Context, m: Module, i: int) -> list[Module]:
    """The module, those it imports, and those that call the function around the call."""
    project = context.project
    found = {m.index: m}
    for index in project.imports.direct(m):
        found[index] = project.module(index)
    queue = [(m, m.calls[i].scope)]
    seen: set[tuple[int, int]] = set()
    while queue and len(seen) < _NEAR:
        other, scope = queue.pop()
        if (other.index, scope) in seen or scope == 0:
            for index in project.imports.importers(other) if scope == 0 else ():
                found[index] = project.module(index)
            continue
        seen.add((other.index, scope))
        for cm, j, _ in project.callers(other, scope):
            found[cm.index] = cm
            queue.append((cm, cm.calls[j].scope))
    return list(found.values())
