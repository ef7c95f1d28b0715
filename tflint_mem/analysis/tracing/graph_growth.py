"""Graphs of TensorFlow 1 that grow while a session runs.

The question: *which statements add operations to a graph in each repeat of something that also runs a session?*  A
repeat counts when it goes on for more than three passes, gives no new graph to its passes, and does not only put a
graph together: loops over variables, layers or objects that each have a part of it.  A method without a loop in sight
counts where others call it now and then, or next to runs of the session.  Ways that may lead to something else, graphs
of unknown origin and traced functions count as no growth.
"""

from __future__ import annotations

from tflint_mem.analysis.models import models
from tflint_mem.facts import Assign, Attribute, BinaryOp, Comparison, Constant, For, If, Name, walk
from tflint_mem.project.holds.values import Instance, Thing
from tflint_mem.project.linking.body import statement_expressions

from . import graphs, operation_makers, session_code

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context

    from .operation_makers import Made

_RELEASES = frozenset(("tf.reset_default_graph", "keras.clear_session"))
_PARTS = frozenset(("tensor", "variable", "operation", "layer", "model"))
_FEW = 3  # passes
_PREPARING = ("init", "setup", "set_up", "build", "create", "make", "load", "restore", "save", "pretrain", "start")


def find(context: Context) -> Iterator[Made]:
    """The statements by which graphs grow: one for each chain of operations, one for a whole network."""
    found = [
        made
        for m, scope, region in session_code.regions(context)
        for made in operation_makers.in_region(context, m, scope, region)
        if _repeats(context, made)
    ]
    return _merged(context, found)


# -- whether it repeats ------------------------------------------------------------------------------------------------


def _repeats(context: Context, made: Made) -> bool:
    """Does the maker repeat together with a session run?  The Repeat is noted in it, none for a method that is called
    again and again from elsewhere.
    """
    m, scope = made.m, made.scope
    site = graphs.stand_in(context, m, scope, made.block, made.statement)
    if site is None or graphs.in_unknown_graph(context, m, made.block) or context.project.compiled(m, scope):
        return False
    made.repeat = next(ways(context, made), None)
    if made.repeat is not None:
        return True
    guards, own = context.project.repeats_of.guards, graphs.in_graph_of_its_own(context, m, made.block)
    if guards.once(m, site, -1) or guards.cached(m, scope) or not m.is_method(scope) or own:
        return False
    return _called_later(context, made, site)


def ways(context: Context, made: Made) -> Iterator[Repeat]:
    """The repeats in which a session runs."""
    m = made.m
    site = graphs.stand_in(context, m, made.scope, made.block, made.statement)
    own = graphs.in_graph_of_its_own(context, m, made.block)
    of_object = graphs.in_graph_of_its_object(context, m, made.block)
    for repeat in context.repeats(m, site) if site is not None else ():
        if own and not repeat.local:
            continue  # each run of the function starts a graph
        if any(hm.scopes[hm.calls[hi].scope].name == "__init__" for hm, hi in repeat.hops) and (
            of_object or any(graphs.in_graph_of_its_object(context, hm, hm.calls[hi].block) for hm, hi in repeat.hops)
        ):
            continue  # ... each new object does
        if repeat.count is not None and repeat.count <= _FEW or context.project.released(repeat, _RELEASES):
            continue
        if (
            repeat.block is not None
            and graphs.over_names(repeat.module, repeat.block)
            or _builds_up(context, repeat)
            or _of_each(context, made, repeat)
            or any(session_code.eager(context, hm) for hm, _ in repeat.hops)
        ):
            continue
        if not _either(context, repeat) and _runs(context, repeat):
            yield repeat


def _either(context: Context, repeat: Repeat) -> bool:
    """Does the way lead through a method of something that may also be of a class that has nothing to do with it: an
    environment inside the graph or one outside of it?
    """
    for position in range(repeat.handed, len(repeat.hops) - 1):
        m, i = repeat.hops[position]
        fm, fi = repeat.hops[position + 1]
        taken = fm.calls[fi].scope
        if not isinstance(m.calls[i].func, Attribute) or not fm.is_method(taken):
            continue
        family = _family(context, fm, taken)
        if any(
            om.is_method(s) and family.isdisjoint(_family(context, om, s))
            for om, s in context.project.functions_called(m, i)
        ):
            return True
    return False


def _family(context: Context, m: Module, method: int) -> set[tuple[int, int]]:
    """The classes of the project that the class of a method derives from, itself included."""
    return set(context.infer.mro(m, m.scopes[method].parent))


def _runs(context: Context, repeat: Repeat) -> bool:
    """Does a session run on the way of the repeat?

    A call on the way counts by the function that the way takes, not by its other targets.
    """
    for position, (m, i) in enumerate(repeat.hops):
        if position == 0 and repeat.handed:
            continue
        region = repeat.region_at(position) if m is repeat.module else -1
        onward = i if position < len(repeat.hops) - 1 else None
        if graphs.run_inside(context, m, m.calls[i].scope, region, without=onward):
            return True
    return False


def _builds_up(context: Context, repeat: Repeat) -> bool:
    """Is the repeat a loop over variables in a caller, or one that collects parts of the graph, or objects that each
    have one?
    """
    if repeat.block is not None and graphs.collects_tensors(context, repeat.module, repeat.block):
        return True
    if repeat.handed or repeat.local:
        return False
    if repeat.block is not None and graphs.over_graph(context, repeat.module, repeat.block):
        return True
    m, i = repeat.hops[0]
    if _over_objects(context, repeat):
        return True
    parts = any(
        isinstance(v, Instance) or isinstance(v, Thing) and v.kind in _PARTS for v in context.infer.call_values(m, i)
    )
    return parts and models.stored(context, m, i, repeat.block)


def _of_each(context: Context, made: Made, repeat: Repeat) -> bool:
    """Does it make an initializer of the variable that a loop inside the repeat goes through?  Then the repeat tries
    those again that wait for others.
    """
    if made.name != "tf.variables_initializer" or made.call is None or repeat.block is None or not repeat.local:
        return False
    m, call = made.m, made.m.calls[made.call]
    given = {e for argument in m.arguments(made.call) for e in walk(argument, m.calls)}
    heads = (m.statements[m.blocks[b].statement] for b in m.loops(call.block) if b > repeat.block)
    return any(isinstance(head, For) and head.target in given for head in heads)


def _over_objects(context: Context, repeat: Repeat) -> bool:
    """`for part in parts: part.train()`, and nothing runs the loop again: each object makes what belongs to it once."""
    m, i = repeat.hops[0]
    if repeat.block is None or m.blocks[repeat.block].kind != "for":
        return False
    header, f = m.statements[m.blocks[repeat.block].statement], m.calls[i].func
    if (
        not isinstance(header, For)
        or not isinstance(header.target, Name)
        or not isinstance(f, Attribute)
        or f.base != header.target
        or len(m.loops(m.calls[i].block)) > 1
    ):
        return False
    return not any(
        how != "call" or context.first_repeat(cm, j) for cm, j, how in context.project.callers(m, m.calls[i].scope)
    )


def _called_later(context: Context, made: Made, site: int) -> bool:
    """Without a loop in sight: a method that runs what it makes, is no part of setting up, and is called by another
    method now and then (`if step % n == 0`) or next to runs of the session.
    """
    m, scope = made.m, made.scope
    if _sets_up(m, scope) or any(graphs.structural(name) for name in made.names):
        return False
    if "g" in m.scopes[scope].flags:
        return False  # a source that a whole training runs through
    if not any(graphs.runs_session(context, m, i) for i in m.scope_calls(scope)):
        return False
    if _now_and_then(m, m.calls[site].block):
        return True
    for cm, j, how in context.project.callers(m, scope):
        caller = cm.calls[j].scope
        if how != "call" or not cm.is_method(caller) or _constructs(context, cm, caller):
            continue
        if context.project.repeats_of.guards.once(cm, j, -1):
            continue
        if _now_and_then(cm, cm.calls[j].block) or any(
            graphs.runs_session(context, cm, i) for i in cm.scope_calls(caller)
        ):
            return True
    return False


def _now_and_then(m: Module, place: int) -> bool:
    """Is the block under a condition such as `step % 100 == 0`?"""
    for each in m.chain(place):
        statement = m.statements[m.blocks[each].statement]
        if isinstance(statement, If) and m.blocks[each].branch:
            for e in walk(statement.test, m.calls):
                if (
                    isinstance(e, Comparison)
                    and e.ops == ("==",)
                    and isinstance(e.left, BinaryOp)
                    and e.left.op == "%"
                    and not isinstance(e.left.left, Constant)
                ):
                    return True
    return False


def _sets_up(m: Module, scope: int) -> bool:
    """Is the method one that prepares or stores an object, by its name?"""
    name = m.scopes[scope].name
    return name in session_code.SETUP or name.strip("_").startswith(_PREPARING)


def _constructs(context: Context, m: Module, scope: int, depth: int = 0) -> bool:
    """Is the method the constructor, or called only from it?"""
    if _sets_up(m, scope):
        return True
    callers = [(cm, cm.calls[j].scope) for cm, j, _ in context.project.callers(m, scope)]
    methods = [(cm, caller) for cm, caller in callers if cm.is_method(caller)]
    return bool(methods) and depth < 3 and all(_constructs(context, cm, caller, depth + 1) for cm, caller in methods)


# -- one for what belongs together -------------------------------------------------------------------------------------


def _merged(context: Context, found: Sequence[Made]) -> Iterator[Made]:
    """The first statement of each chain of operations, and only the first of a network that each repeat builds."""
    networks = {_key(made) for made in found if any(graphs.structural(name) for name in made.names)}
    first: dict[object, Made] = {}
    for made in found:
        key = _key(made)
        if key in networks and (key not in first or _distance(made) < _distance(first[key])):
            first[key] = made
    chained: dict[tuple[int, int], set[str]] = {}
    for made in found:
        key = _key(made)
        if key in networks:
            if made is first[key]:
                made.whole = True
                yield made
            continue
        names = chained.setdefault((made.m.index, made.scope), set())
        statement = made.m.statements[made.statement]
        continues = isinstance(statement, Assign) and any(
            graphs.names_in(made.m, e) & names for e in statement_expressions(statement)[len(statement.targets) :]
        )
        if isinstance(statement, Assign) and not _result_is_run(context, made):
            for target in statement.targets:
                names |= graphs.names_in(made.m, target)
        if not continues:
            yield made


def _key(made: Made) -> object:
    """What repeats: the same for all that one repeat makes."""
    repeat = made.repeat
    if repeat is None:
        return made.m.index, made.scope
    return repeat.module.index, repeat.block, repeat.scope, repeat.kind


def _distance(made: Made) -> tuple[bool, int]:
    """How far from the repeat a statement is; one that initializes a network is farther than all that build it."""
    return made.names <= graphs.INITIALIZERS, len(made.repeat.hops) if made.repeat is not None else 0


def _result_is_run(context: Context, made: Made) -> bool:
    """Does the statement also run what it makes, so that its name holds numbers?"""
    return any(
        graphs.runs_session(context, made.m, i)
        for i in made.m.scope_calls(made.scope)
        if made.m.calls[i].statement == made.statement
    )
