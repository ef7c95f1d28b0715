"""Whether code that could be TensorFlow 1's runs in eager TensorFlow 2: conditions on the version, and the modules around it."""

from __future__ import annotations

from tflint_mem.facts import CallRef, Reference
from tflint_mem.knowledge import GRAPH_RELEASES
from tflint_mem.project.linking.module import tail_of, walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context

_SWITCHES = ("version", "executing_eagerly", "major", "tf1", "tf2", "is_v1", "is_v2", "v2_enabled", "eager")


def switched(m: Module, i: int):
    """Does a condition around the call, or an `except` that it stands in, ask for the version or the mode?"""

    def switches(c):
        kind, _, statement, _ = m.contexts[c]
        return kind == "except" or kind == "if" and asks_version(m, statement)

    return any(True for _ in m.outward("version or mode", m.calls[i].block, switches))


def asks_version(m: Module, statement: int):
    """Does the condition of an `if` statement ask for the version or the mode?"""
    for e in walk(m.statements[statement][5], m.calls):
        name = (tail_of(e) or "").lower() if isinstance(e, Reference) else ""
        if name and any(word in name for word in _SWITCHES):
            return True
    return False


def version_tests(m: Module, i: int):
    """The branches around call `i` of conditions that ask for the version or the mode, innermost first."""
    return m.outward(
        "version", m.calls[i].block, lambda c: m.contexts[c].kind == "if" and asks_version(m, m.contexts[c].statement)
    )


def in_graph(context: Context, m: Module):
    """Does Keras build and run a graph in this module: of itself, or eager execution switched off by a module that is imported or imports it?"""
    imports, versions = context.project.imports, context.project.versions
    return by_itself(context, m) or any(
        versions.switches_to_graphs(context.project.module(index))
        for index in (*imports.direct(m), *imports.importers(m))
    )


def by_itself(context: Context, m: Module):
    """Does the module run a graph whoever imports it: TF1, Keras before 2.4, eager execution switched off here?"""
    versions = context.project.versions
    return versions.graph_mode(m) or versions.at_least(2, 0) is False or context.project.spelling.before_tensorflow(m)


def asks_for_eager(m: Module, i: int):
    """Does a condition around the call ask for eager execution?"""

    def asks(c):
        kind, _, statement, _ = m.contexts[c]
        return kind == "if" and any(
            isinstance(e, CallRef) and tail_of(m.calls[e.number].func) == "executing_eagerly"
            for e in walk(m.statements[statement][5], m.calls)
        )

    return any(True for _ in m.outward("eager", m.calls[i].block, asks))


def new_graph(context: Context, repeat: Repeat):
    """Does each pass of a graph program begin with an empty graph: `tf.reset_default_graph()`?"""
    return (
        context.project.versions.graph_mode(repeat.module)
        and context.project.released(repeat, GRAPH_RELEASES) is not None
    )


def near(context: Context, m: Module, i: int):
    """The module, those it imports, and those that call the function around the call."""
    project = context.project
    found = {m.index: m}
    for index in project.imports.direct(m):
        found[index] = project.module(index)
    queue, seen = [(m, m.calls[i].scope)], set()
    while queue and len(seen) < 40:
        other, scope = queue.pop()
        if (other.index, scope) in seen or scope == 0:
            for index in project.imports.importers(other) if scope == 0 else ():
                found[index] = project.module(index)
            continue
        seen.add((other.index, scope))
        for cm, j, _ in project.callers(other, scope):
            found[cm.index] = cm
            queue.append((cm, cm.calls[j][3]))
    return list(found.values())
