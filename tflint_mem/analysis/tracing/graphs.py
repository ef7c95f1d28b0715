"""What do the rules about TF1 graphs share: which calls make operations, which run a session, what does a loop go over?

Uncertain: a session of unknown origin, which counts by its name in modules that build graphs, and a call that may reach
several functions, which counts, outside of graph code, when all of them run a session.
"""

from __future__ import annotations

from bisect import bisect_left

from tflint_mem.facts import Assign, Attribute, CallRef, Comprehension, Expression, For, Name, With, tail_of, walk
from tflint_mem.knowledge import is_op
from tflint_mem.project.holds.values import CallOrigin, Thing, TupleValue
from tflint_mem.project.linking.body import statement_expressions
from tflint_mem.project.repeats.headers import header

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import TypeVar

    from tflint_mem.project.linking.module import Module, Site
    from tflint_mem.ruleset.context import Context

    T = TypeVar("T")

RUNS = frozenset(("session.run", "tensor.eval", "variable.eval", "operation.run"))
_SESSION_NAMES = frozenset(("sess", "session", "_sess", "_session", "tf_session"))

# Makers of graph nodes that `knowledge.is_op` leaves out because they give something else than a tensor.
INITIALIZERS = frozenset(
    (
        "tf.global_variables_initializer",
        "tf.local_variables_initializer",
        "tf.variables_initializer",
        "tf.tables_initializer",
    )
)
ASSIGNMENTS = frozenset(
    ("tf.assign", "tf.assign_add", "tf.assign_sub", "variable.assign", "variable.assign_add", "variable.assign_sub")
)
# What only the construction of a whole network does.
STRUCTURE = frozenset(
    (
        "tf.placeholder",
        "tf.get_variable",
        "tf.Variable",
        "tf.import_graph_def",
        "tf.train.import_meta_graph",
        "layer.__call__",
    )
)
_MORE_OPS = (
    INITIALIZERS
    | ASSIGNMENTS
    | frozenset(
        (
            "tf.group",
            "tf.no_op",
            "tf.train.Saver",
            "tf.placeholder",
            "tf.Print",
            "tf.data.make_one_shot_iterator",
            "tf.data.make_initializable_iterator",
            "dataset.make_one_shot_iterator",
            "dataset.make_initializable_iterator",
            "iterator.get_next",
            "optimizer.minimize",
            "optimizer.apply_gradients",
            "optimizer.compute_gradients",
            "layer.__call__",
            "tf.import_graph_def",
            "tf.train.import_meta_graph",
            "keras.backend.gradients",
        )
    )
)
_NO_OPS = frozenset(
    (
        "tf.make_ndarray",
        "tf.make_tensor_proto",
        "tf.get_seed",
        "tf.colocate_with",
        "tf.container",
        "tf.variable_creator_scope",
        "tf.variable_op_scope",
        "tf.get_variable",
        "tf.train.Optimizer",
    )
)
CALLEES = 3  # levels of calls that are looked into for a session run


def makes_op(names: frozenset[str]) -> str | None:
    """The canonical name among `names` whose call adds operations to the default graph, or None."""
    for name in sorted(names):
        if name in _MORE_OPS or name not in _NO_OPS and not _contrib_helper(name) and is_op(name):
            return name
    return None


def _contrib_helper(name: str) -> bool:
    return name.startswith("tf.contrib.") and not name.startswith(("tf.contrib.layers.", "tf.contrib.losses."))


def structural(name: str) -> bool:
    """Does the call belong to the construction of a network rather than to a single operation?"""
    return name in STRUCTURE or name.startswith(("tf.layers.", "tf.contrib.layers."))


# -- sessions ----------------------------------------------------------------------------------------------------------


def runs_session(context: Context, m: Module, i: int) -> bool:
    """Does call `i` run a session (or evaluate a tensor in one)?

    A session of unknown origin counts by its name only in a module that builds TF1 graphs.
    """
    f = m.calls[i].func
    if not isinstance(f, Attribute) or f.attr not in ("run", "eval"):
        return False
    if context.project.apis(m, i) & RUNS:
        return True
    if f.attr != "run" or tail_of(f.base) not in _SESSION_NAMES:
        return False
    return not context.infer.values(
        m, m.calls[i].scope, f.base, m.calls[i].statement
    ) and context.project.versions.graph_mode(m)


def run_sites(context: Context) -> list[Site]:
    """Every call that runs a session."""
    return context.once(
        "session runs",
        lambda: [(m, i) for m, i, _ in context.everywhere(("run", "eval")) if runs_session(context, m, i)],
    )


def run_inside(context: Context, m: Module, scope: int, region: int, without: int | None = None) -> Site | None:
    """A session run in the part of `scope` inside block `region` (-1: all), callees included, or None.

    Call number `without` is left out.  A call that may reach several functions (an estimator of either backend) counts,
    outside of graph code, when all of them run one.
    """
    calls = context.once(
        ("calls in", m.index, scope, region),
        lambda: [i for i in m.scope_calls(scope) if m.inside(m.calls[i].block, region)],
    )
    itself = context.once(
        ("runs in", m.index, scope, region), lambda: [i for i in calls if runs_session(context, m, i)]
    )
    found = next((i for i in itself if i != without), None)
    if found is not None:
        return m, found
    further = context.once(
        ("runs behind", m.index, scope, region),
        lambda: [(i, run) for i in calls for run in (_run_behind(context, m, i, CALLEES),) if run],
    )
    return next((run for i, run in further if i != without), None)


def _run_among(context: Context, m: Module, calls: Iterable[int], levels: int) -> Site | None:
    """A session run by one of the calls, itself or so many levels further down."""
    for i in calls:
        if runs_session(context, m, i):
            return m, i
    return next(
        (found for i in (calls if levels else ()) for found in (_run_behind(context, m, i, levels),) if found), None
    )


def _run_behind(context: Context, m: Module, i: int, levels: int) -> Site | None:
    """A session run by the functions that call `i` may reach, at most so many levels down."""
    called = context.project.functions_called(m, i)
    runs = [_run_in(context, fm, fs, levels - 1) for fm, fs in called]
    either = len(called) > 1 and not context.project.versions.graph_mode(m)
    if runs and (all(runs) if either else any(runs)):
        return next(found for found in runs if found)
    return None


def _run_in(context: Context, m: Module, scope: int, levels: int) -> Site | None:
    """A session run by a function, found once."""
    return context.once(
        ("session run", m.index, scope, levels),
        lambda: _run_among(context, m, m.scope_calls(scope), levels),
    )


def stand_in(context: Context, m: Module, scope: int, block: int, statement: int) -> int | None:
    """A call of the same block that runs whenever the statement does (a statement need not contain one), or None.

    The nearest one behind the statement's start is taken: a guard that returns early stands before both.
    """
    by_block = context.once(("calls by block", m.index, scope), lambda: _by_block(m, scope))
    calls = by_block.get(block, [])
    behind = bisect_left(calls, (statement, -1))
    for _, i in calls[behind : behind + 1]:
        return i
    return max((i for _, i in calls), default=None)


def _by_block(m: Module, scope: int) -> dict[int, list[tuple[int, int]]]:
    """block -> its calls as (statement, call), in order."""
    blocks: dict[int, list[tuple[int, int]]] = {}
    for i in m.scope_calls(scope):
        blocks.setdefault(m.calls[i].block, []).append((m.calls[i].statement, i))
    for calls in blocks.values():
        calls.sort()
    return blocks


# -- which graph -------------------------------------------------------------------------------------------------------


def _entered(m: Module, block: int) -> Iterator[tuple[int, int]]:
    """The calls whose results the `with` statements around a place enter, innermost first: (statement, call)."""
    for b in m.chain(block):
        s = m.blocks[b].statement
        statement = m.statements[s]
        if m.blocks[b].kind == "with" and isinstance(statement, With):
            for item in statement.items:
                if isinstance(item.context, CallRef):
                    yield s, item.context.number


def in_unknown_graph(context: Context, m: Module, block: int) -> bool:
    """Is the block inside `with graph.as_default()` of a graph that nothing is known about?"""
    for s, i in _entered(m, block):
        if tail_of(m.calls[i].func) == "as_default":
            receiver = context.receiver(m, i)
            if receiver is not None and tail_of(receiver) not in _SESSION_NAMES:
                if not context.infer.values(m, m.statements[s].scope, receiver, s):
                    return True
    return False


def in_graph_of_its_own(context: Context, m: Module, block: int) -> bool:
    """Is the block inside `with g.as_default()` or `with tf.Session(graph=g)` of a graph that the same function
    makes?
    """
    return any(
        values and all(made is m and m.calls[i].scope == scope != 0 for made, i in values)
        for scope, values in _graphs_around(context, m, block)
    )


def in_graph_of_its_object(context: Context, m: Module, block: int) -> bool:
    """Is it inside such a block of a graph that a constructor makes: one for each object?"""
    return any(
        values and all(made.scopes[made.calls[i].scope].name == "__init__" for made, i in values)
        for _, values in _graphs_around(context, m, block)
    )


def _graphs_around(context: Context, m: Module, block: int) -> Iterator[tuple[int, list[tuple[Module, int]]]]:
    """(scope, [the calls that make the graph]) of each block around that enters one, as far as they are known."""
    for s, i in _entered(m, block):
        scope = m.statements[s].scope
        given = (
            context.receiver(m, i)
            if tail_of(m.calls[i].func) == "as_default"
            else context.argument(m, i, None, "graph")
        )
        values = context.infer.values(m, scope, given, s) if given is not None else ()
        known = [
            (context.project.module(v.origin.module), v.origin.call)
            for v in values
            if isinstance(v, Thing) and v.kind == "graph" and isinstance(v.origin, CallOrigin)
        ]
        if len(known) == len(values):
            yield scope, known


# -- what a loop goes over ---------------------------------------------------------------------------------------------


def over_graph(context: Context, m: Module, loop: int) -> bool:
    """Does the loop go over variables or tensors, so that each pass makes its own operation once?"""
    head = header(m, loop)
    if head is None:
        return False
    s = m.blocks[loop].statement
    kinds: set[str] = set()
    for v in context.infer.elements(context.infer.values(m, m.statements[s].scope, head.iterable, s)):
        if isinstance(v, Thing):
            kinds.add(v.kind)
        elif isinstance(v, TupleValue):
            kinds.update(x.kind for item in v.items for x in item if isinstance(x, Thing))
    return bool(kinds & {"variable", "tensor"}) or isinstance(head, For) and _named_tensors(context, m, loop, head)


def _named_tensors(context: Context, m: Module, loop: int, head: For) -> bool:
    return context.once(("names tensors", m.index, loop), lambda: _names_tensors(context, m, loop, head))


def _names_tensors(context: Context, m: Module, loop: int, head: For) -> bool:
    """`for weight in model.weights_list: tf.norm(weight) … weight.name`: what an operation takes and what has a name is
    a
    tensor.
    """
    target, scope = head.target, head.scope
    if not isinstance(target, Name) or not any(
        target in m.calls[i].args and m.inside(m.calls[i].block, loop) and makes_op(context.project.apis(m, i))
        for i in m.scope_calls(scope)
    ):
        return False
    name = Attribute(target, "name")
    return any(
        m.inside(statement.block, loop) and e == name
        for statement in (m.statements[s] for s in m.scope_statements(scope))
        for expression in statement_expressions(statement)
        for e in walk(expression, m.calls)
    )


def over_names(m: Module, loop: int) -> bool:
    """Does the loop go through a dictionary: settings, layers or metrics by name, of which there are few?"""
    head = header(m, loop)
    if head is None:
        return False
    iterable = head.iterable
    while isinstance(iterable, CallRef):
        call = m.calls[iterable.number]
        if tail_of(call.func) not in ("sorted", "list", "enumerate") or not call.args:
            return isinstance(call.func, Attribute) and call.func.attr in ("items", "keys", "values")
        iterable = call.args[0]
    return False


def collects_tensors(context: Context, m: Module, loop: int) -> bool:
    """Is it a comprehension whose elements are tensors or operations (not what a session gave for them)?"""
    if m.blocks[loop].kind != "comp":
        return False
    s = m.blocks[loop].statement
    statement = m.statements[s]
    for expression in statement_expressions(statement):
        for e in walk(expression, m.calls):
            if isinstance(e, Comprehension) and e.block == loop:
                values = context.infer.values(m, statement.scope, e.items[-1], s)
                return bool(values) and all(
                    isinstance(v, Thing) and v.kind in ("tensor", "variable", "operation") for v in values
                )
    return False


def varies_with(m: Module, scope: int, loop: int, expression: Expression) -> bool:
    """Does the expression depend on what the loop binds, directly or through assignments in its body?"""
    head = header(m, loop)
    bound = names_in(m, head.target) if head is not None else set()
    names = names_in(m, expression)
    seen: set[str] = set()
    while names:
        if names & bound:
            return True
        name = names.pop()
        seen.add(name)
        for s in m.scope_statements(scope):
            other = m.statements[s]
            if m.inside(other.block, loop):
                if (
                    isinstance(other, Assign)
                    and other.value is not None
                    and any(name in names_in(m, t) for t in other.targets)
                ):
                    names |= names_in(m, other.value) - seen
                elif isinstance(other, For) and name in names_in(m, other.target):
                    names |= names_in(m, other.iterable) - seen
    return False


def names_in(m: Module, expression: Expression) -> set[str]:
    """Names that an expression reads, those in the arguments of its calls included."""
    return {e.id for e in walk(expression, m.calls) if isinstance(e, Name)}
