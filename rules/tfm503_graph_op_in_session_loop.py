"""Finds graph operations that are made where a session runs again and again.

## What it does
Reports code that adds operations to a TF1 graph (`tf.assign`, arithmetic on tensors, slices, `Saver()`, initializers,
summaries, `minimize`, `get_next`) at a place that repeats together with a session run: in the training loop, or in a
method such as `learn` that a loop calls. Building a network before any session runs, loops over layers, devices or
variables, a graph made for each repeat, and operations made at the first use only are fine.

## Why is this bad?
A graph only grows. Each repeat adds nodes that live as long as the graph, and each session that runs them has to take
in the larger graph again, so the loop also gets slower and slower. Closing the session does not shrink the graph.

## What was measured
KiB per repeat that stay as long as the graph, TensorFlow 1.15 and 2.x in graph mode: 31-178 for a small set of
operations, a constant of 4 MiB 8-21 MiB, a one-shot iterator 760-990, a `Saver` 144-231 with two variables and 1811
with 200. An initializer of global variables keeps 2 in a graph of 6 small variables, and 3760 with 200 of them where
one session goes on; 4137 where variables start from constants of 4 MiB, which that session copies. With a session for
each repeat it is 28-61 for 200 variables; initializers of local variables and tables keep 15-47.

## Example
```python
for step in range(steps):
    sess.run(train_op, feed)
    sess.run([tf.assign(t, e) for t, e in zip(target_vars, eval_vars)])
```

Use instead:
```python
copy = [tf.assign(t, e) for t, e in zip(target_vars, eval_vars)]
tf.get_default_graph().finalize()
for step in range(steps):
    sess.run(train_op, feed)
    sess.run(copy)
```

`finalize()` turns any operation that is made later into an error.

## Fix safety
An operation whose arguments do not change moves before the loop. That is unsafe for savers, which count the checkpoints
they keep, and where the loop changes what the operation reads.
"""

from __future__ import annotations

from tflint_mem import facts as F
from tflint_mem.analysis.models import models
from tflint_mem.analysis.tracing import graphs
from tflint_mem.facts import (
    Assign,
    Attribute,
    Augment,
    BinaryOp,
    CallRef,
    Comparison,
    Constant,
    ExprStatement,
    For,
    Name,
    Pos,
    Return,
    Subscript,
    UnaryOp,
)
from tflint_mem.finding import UNSAFE
from tflint_mem.knowledge import SESSION_TYPES
from tflint_mem.project.holds.values import External, Instance, ModuleValue, SelfValue, Thing
from tflint_mem.project.linking.module import call_text, statement_expressions, tail_of, walk
from tflint_mem.ruleset.draft import Draft, Trace, TraceStep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.facts import Call, Expression
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.fix_context import FixContext

CODE = "TFM503"
MEASURED = (
    "31-178 KiB per repeat for a small set of operations stay as long as the graph (TF 1.15 and 2.x in graph mode)"
)
MEASURED_INIT = (
    "where one session goes on 3760-4137 KiB per repeat stay as long as the graph with 200 variables or with "
    "variables that start from 4 MiB "
    "of constants, and 2 KiB in a graph of 6 small variables (TF 2.21 in graph mode)"
)
MEASURED_INIT_OWN = (
    "with a session for each repeat 28-61 KiB per repeat stay as long as the graph for 200 variables, "
    "and less than 1 KiB for 6 "
    "(TF 2.21 in graph mode)"
)
MEASURED_INIT_LOCAL = (
    "15-47 KiB per repeat stay as long as the graph where there are 200 local variables or tables, "
    "nearly nothing where there are none (TF 2.21 in graph mode)"
)
MEASURED_SAVER = (
    "144-172 KiB per repeat stay as long as the graph with two variables (TF 2.21 in graph mode; "
    "196-231 on 1.15), 1811 with 200"
)
_OF_VARIABLES = frozenset(("tf.global_variables_initializer", "tf.variables_initializer"))
_RELEASES = frozenset(("tf.reset_default_graph", "keras.clear_session"))
_OPERATORS = frozenset("bxuq")
_ORDERINGS = frozenset(("<", "<=", ">", ">="))
_RESTARTS = frozenset(("dataset.make_one_shot_iterator", "tf.data.make_one_shot_iterator"))
_BASES = {"Saver": "saver", "get_next": "next_element"}
_SETUP = frozenset(("__init__", "__new__", "__enter__", "setUp"))


class _Made:
    """A statement that makes operations: its first maker `call` (None: an operator) with its canonical `name`, and all
    `names`.
    """

    __slots__ = ("m", "scope", "statement", "context", "call", "pos", "name", "repeat", "names", "whole")

    def __init__(
        self,
        m: Module,
        scope: int,
        statement: int,
        context: Context,
        call: Call,
        pos: Pos,
        name: str,
        names: frozenset[str],
    ):
        self.m, self.scope, self.statement, self.context, self.call, self.pos = m, scope, statement, context, call, pos
        self.name, self.names, self.repeat, self.whole = name, names, None, False


def find(context: Context) -> Iterator[Draft]:
    """Statements that make operations where a session runs, one finding for each chain of them."""
    found = []
    for m, scope, region in _regions(context):
        for made in _makers(context, m, scope, region):
            made.repeat = _repeat(context, made)
            if made.repeat is not None:
                found.append(made)
    for made in _merged(context, found):
        yield _draft(context, made)


def _draft(context: Context, made):
    m, repeat = made.m, made.repeat
    what = f"`{call_text(m, made.call)}`" if made.call is not None else "this expression on tensors"
    when = context.when(repeat, m) if repeat is not True else f"in each call of `{m.qualname(made.scope)}`"
    way = () if repeat is True else context.trace(repeat, "").steps[:-1]
    last = TraceStep(m, made.pos[0], made.pos[1], "adds operations to the graph")
    statement = m.statements[made.statement]
    if made.whole:
        message = (
            f"a network is built again on the same graph {when}, beginning with {what}; the graph keeps the ones before"
        )
    else:
        message = f"{what} adds operations to the graph {when}; the graph keeps them all, and each run gets slower"
    return Draft(
        code=CODE,
        m=m,
        pos=made.pos,
        message=message,
        measured=_cost(context, made),
        help="give each repeat a graph of its own (`with tf.Graph().as_default():`), or build the network once"
        if made.whole
        else "build it once before the session runs; `tf.get_default_graph().finalize()` then makes sure that nothing is added",
        trace=Trace((*way, last), None if repeat is True else repeat),
        noqa_row=statement.end_line if isinstance(statement, (Assign, ExprStatement, Return, Augment)) else made.pos[2],
        fix=_hoist(made) if made.call is not None and not made.whole and repeat is not True and repeat.local else None,
    )


def _cost(context: Context, made):
    """What was measured of such operations; a session that goes on keeps copies of the constants that it has
    initialised variables with.
    """
    if made.name == "tf.train.Saver":
        return MEASURED_SAVER
    if made.name not in graphs.INITIALIZERS:
        return MEASURED
    if made.name not in _OF_VARIABLES:
        return MEASURED_INIT_LOCAL
    return MEASURED_INIT_OWN if _session_of_its_own(context, made.repeat) else MEASURED_INIT


def _session_of_its_own(context: Context, repeat: Repeat):
    """Does each repeat open the session that runs what it makes?"""
    if repeat is True:
        return False
    for position, (m, i) in enumerate(repeat.hops):
        region = repeat.block if position == 0 and repeat.block is not None and m is repeat.module else -1
        if not (position == 0 and repeat.handed) and context.project.released_by.in_region(
            m, m.calls[i].scope, region, SESSION_TYPES
        ):
            return True
    return False


# -- where to look -----------------------------------------------------------------------------------------------------


def _regions(context: Context):
    """(module, scope, loop context or -1) of the code that runs together with a session run in something that repeats."""
    seen, queue = set(), []

    def add(m: Module, scope: int, region, depth):
        if (m.index, scope, -1) not in seen and (m.index, scope, region) not in seen and not _tests(context, m, scope):
            seen.add((m.index, scope, region))
            queue.append((m, scope, region, depth))

    for m, i in context.each(graphs.run_sites(context)):
        for repeat in _ways(context, m, i):
            for hm, hi in repeat.hops[1 if repeat.handed else 0 :]:
                first = repeat.block is not None and hm is repeat.module and (hm, hi) == repeat.hops[0]
                add(hm, hm.calls[hi][3], repeat.block if first else -1, 0)
        if m.is_method(m.calls[i][3]) and m.scopes[m.calls[i][3]][F.S_NAME] not in _SETUP:
            add(m, m.calls[i][3], -1, 0)
    while queue:
        m, scope, region, depth = queue.pop(0)
        if not _eager(context, m):
            yield m, scope, region
        if depth < 4:
            for i in m.scope_calls(scope):
                if m.inside(m.calls[i].block, region):
                    for fm, fs in context.project.functions_called(m, i):
                        if not _replaced(fm, fs):
                            add(fm, fs, -1, depth + 1)


def _replaced(m: Module, scope: int):
    """Does the name of the function get what something makes of it, `resize = built_once(resize)`?  Then that is what
    runs.
    """
    record = m.scopes[scope]
    return any(
        b.kind == "assign" and isinstance(b.value, CallRef) and Name(record.name) in m.arguments(b.value.number)
        for b in m.bindings(record.parent).get(record.name, ())
    )


def _ways(context: Context, m: Module, i: int):
    """Every way in which a run repeats; around a loop in its own function also those in which the function does."""
    local = False
    for repeat in context.repeats(m, i):
        yield repeat
        local = local or repeat.local
    if local and not context.project.repeats_of.guards.once(m, i, -1):
        for other, j, how in context.project.callers(m, m.calls[i].scope):
            if how == "call" and not context.in_tests(other):
                yield from context.repeats(other, j)


def _is_given_session(call: Call):
    """`optimizer.minimize(session, feed_dict=…)` of SciPy's optimizers runs what their constructor has made."""
    return tail_of(call.func) == "minimize" and any(name in ("session", "feed_dict") for name, _ in call.keywords)


def _tests(context: Context, m: Module, scope: int):
    """Is it a test, or a method of a test case: something that runs once, in a graph of its own?"""
    return (
        context.in_tests(m)
        or m.is_method(scope)
        and any(base.endswith(".TestCase") for base in context.infer.foreign_bases(m, m.scopes[scope].parent))
    )


def _eager(context: Context, m: Module):
    """TensorFlow 2 code: what it runs in a session, if anything, is not what this rule is about."""
    two = context.project.versions.evidence(m).second
    return bool(two) and not context.project.versions.graph_mode(m)


# -- what makes operations ---------------------------------------------------------------------------------------------


def _makers(context: Context, m: Module, scope: int, region):
    found = {}
    for i in m.scope_calls(scope):
        call = m.calls[i]
        name = (
            graphs.makes_op(context.project.apis(m, i))
            if m.inside(call.block, region) and not _is_given_session(call)
            else None
        )
        if name:
            other = found.get(call.statement)
            names = {name} if other is None else other.names | {name}
            if other is not None and other.pos[:2] < call.pos[:2]:
                other.names = names  # the outermost call of the statement speaks for those inside it
            else:
                found[call.statement] = _Made(
                    m,
                    scope,
                    call.statement,
                    _outside_graph_loops(context, m, scope, call.block, i, name),
                    i,
                    call.pos,
                    name,
                    names,
                )
    for s in m.scope_statements(scope):
        statement = m.statements[s]
        if statement and s not in found and m.inside(statement.block, region):
            pos = _operator(context, m, scope, s, statement)
            if pos and not _read_by_numpy(context, m, scope, s):
                found[s] = _Made(m, scope, s, statement.block, None, pos, "", set())
    return [found[s] for s in sorted(found)]


def _operator(context: Context, m: Module, scope: int, s: int, statement: int):
    """Position of the first operator on a tensor that the statement evaluates, or None."""
    best = None
    for expression in statement_expressions(statement):
        for e in walk(expression, m.calls):
            if e[0] in _OPERATORS and _on_tensors(context, m, scope, e, s):
                pos = e.pos if isinstance(e, (BinaryOp, Subscript)) else Pos(statement[3], 0, statement[4], 0)
                if e[0] in "uq":
                    pos = _around(m, scope, s) or pos
                best = pos if best is None or pos < best else best
    return best


def _around(m: Module, scope: int, s: int):
    """Position of the outermost call of a statement."""
    places = [m.calls[i].pos for i in m.scope_calls(scope) if m.calls[i].statement == s]
    return min(places) if places else None


def _on_tensors(context: Context, m: Module, scope: int, e: Expression, s: int):
    if isinstance(e, Subscript):
        if e.index is None:
            return False
        operands = (e.base,)
    elif isinstance(e, BinaryOp):
        operands = (e.left, e.right)
    elif isinstance(e, UnaryOp):
        operands = (e.operand,) if e.op != "not" else ()
    else:
        operands = (e[1], *e[3]) if _ORDERINGS.issuperset(e[2]) else ()
    return any(_only_tensors(context, m, scope, o, s) for o in operands if not isinstance(o, Constant))


def _read_by_numpy(context: Context, m: Module, scope: int, s: int):
    """Does NumPy get what the statement computes, or does it compute with what NumPy gets?  A tensor of a graph is
    nothing to NumPy.
    """
    statement = m.statements[s]
    names = frozenset().union(*(graphs.names_in(m, e) for e in statement_expressions(statement)))
    names = {
        n
        for n in names
        if not any(
            isinstance(v, (External, ModuleValue, SelfValue)) for v in context.infer.values(m, scope, Name(n), s)
        )
    }
    for i in m.scope_calls(scope):
        call = m.calls[i]
        if call.statement == s or any(graphs.names_in(m, e) & names for e in m.arguments(i)):
            if any(isinstance(v, External) and v.name.startswith("numpy.") for v in context.infer.callee(m, i)):
                return True
    return False


def _only_tensors(context: Context, m: Module, scope: int, e: Expression, s: int):
    values = context.infer.values(m, scope, e, s)
    return bool(values) and all(isinstance(v, Thing) and v.kind in ("tensor", "variable") for v in values)


def _outside_graph_loops(context: Context, m: Module, scope: int, place: int, i: int, name: str):
    """The context around those loops that go over variables, each of which gets its own operation, or that collect
    tensors.
    """
    for loop in m.loops(place):
        if graphs.collects_tensors(context, m, loop):
            place = m.blocks[loop].parent
            continue
        call = m.calls[i]
        operand = call.args[0] if call.args else None
        if name in graphs.ASSIGNMENTS and name.startswith("variable."):
            operand = call.func[1]
        own = name in graphs.ASSIGNMENTS or graphs.over_graph(context, m, loop)
        if (
            operand is None
            or not own
            or not (graphs.varies_with(m, scope, loop, operand) or _picked(m, scope, loop, call, operand))
        ):
            break
        place = m.blocks[loop].parent
    return place


def _picked(m: Module, scope: int, loop: int, call: Call, operand):
    """Does an inner loop pick the variable that belongs to what this loop goes through: the one of the same name?"""
    names = graphs.names_in(m, operand)
    inner = any(
        s and isinstance(s, For) and m.inside(s.block, loop) and names & graphs.names_in(m, s.target)
        for s in map(m.statements.__getitem__, m.scope_statements(scope))
    )
    return inner and any(graphs.varies_with(m, scope, loop, value) for value in call.args if value is not operand)


# -- whether it repeats ------------------------------------------------------------------------------------------------


def _repeat(context: Context, made):
    """The Repeat of a maker together with a session run; True for a method that is called again and again from
    elsewhere.
    """
    m, scope = made.m, made.scope
    site = graphs.stand_in(context, m, scope, made.context, made.statement)
    if site is None or graphs.in_unknown_graph(context, m, made.context) or context.project.compiled(m, scope):
        return None
    guards, own = context.project.repeats_of.guards, graphs.in_graph_of_its_own(context, m, made.context)
    for repeat in context.repeats(m, site):
        if own and not repeat.local:
            continue  # each run of the function starts a graph
        if repeat.count is not None and repeat.count <= 3 or context.project.released(repeat, _RELEASES):
            continue
        if (
            repeat.block is not None
            and graphs.over_names(repeat.module, repeat.block)
            or _builds_up(context, repeat)
            or any(_eager(context, hm) for hm, _ in repeat.hops)
        ):
            continue
        if not _either(context, repeat) and _runs(context, repeat):
            return repeat
    if guards.once(m, site, -1) or guards.cached(m, scope) or not m.is_method(scope) or own:
        return None
    return True if _called_later(context, made, site) else None


def _either(context: Context, repeat: Repeat):
    """Does the way lead through a method of something that may also be of a class that has nothing to do with it: an
    environment inside the graph or one outside of it?"""
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


def _family(context: Context, m: Module, method):
    """The classes of the project that the class of a method derives from, itself included."""
    return set(context.infer.mro(m, m.scopes[method][F.S_PARENT]))


def _runs(context: Context, repeat: Repeat):
    """Does a session run on the way of the repeat?  A call on the way counts by the function that the way takes, not by
    its other targets.
    """
    for position, (m, i) in enumerate(repeat.hops):
        if position == 0 and repeat.handed:
            continue
        region = repeat.block if position == 0 and repeat.block is not None and m is repeat.module else -1
        if graphs.run_inside(
            context, m, m.calls[i].scope, region, without=i if position < len(repeat.hops) - 1 else None
        ):
            return True
    return False


def _builds_up(context: Context, repeat: Repeat):
    """Is the repeat a loop over variables in a caller, or one that collects parts of the graph or objects that each
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
        isinstance(v, Instance)
        or isinstance(v, Thing)
        and v.kind in ("tensor", "variable", "operation", "layer", "model")
        for v in context.infer.call_values(m, i)
    )
    return parts and models.stored(context, m, i, repeat.block)


def _over_objects(context: Context, repeat: Repeat):
    """`for part in parts: part.train()`, and nothing runs the loop again: each object makes what belongs to it once."""
    m, i = repeat.hops[0]
    if repeat.block is None or m.blocks[repeat.block].kind != "for":
        return False
    target, f = m.statements[m.blocks[repeat.block].statement][5], m.calls[i].func
    if (
        not isinstance(target, Name)
        or not isinstance(f, Attribute)
        or f.base != target
        or len(m.loops(m.calls[i].block)) > 1
    ):
        return False
    return not any(
        how != "call" or context.first_repeat(cm, j) for cm, j, how in context.project.callers(m, m.calls[i].scope)
    )


def _called_later(context: Context, made, site: int):
    """Without a loop in sight: a method that runs what it makes, is no part of setting up, and is called by another
    method now and then (`if step % n == 0`) or next to runs of the session.
    """
    m, scope = made.m, made.scope
    if _sets_up(m, scope) or any(graphs.structural(name) for name in made.names):
        return False
    if "g" in m.scopes[scope][F.S_FLAGS]:
        return False  # a source that a whole training runs through
    if not any(graphs.runs_session(context, m, i) for i in m.scope_calls(scope)):
        return False
    if _now_and_then(m, m.calls[site][4]):
        return True
    for cm, j, how in context.project.callers(m, scope):
        caller = cm.calls[j][3]
        if how != "call" or not cm.is_method(caller) or _constructs(context, cm, caller):
            continue
        if context.project.repeats_of.guards.once(cm, j, -1):
            continue
        if _now_and_then(cm, cm.calls[j][4]) or any(
            graphs.runs_session(context, cm, i) for i in cm.scope_calls(caller)
        ):
            return True
    return False


def _now_and_then(m: Module, place: int):
    """Is the place under a condition such as `step % 100 == 0`?"""
    for each in m.chain(place):
        kind, _, statement, branch = m.blocks[each]
        if kind == "if" and branch:
            for e in walk(m.statements[statement][5], m.calls):
                if (
                    isinstance(e, Comparison)
                    and e.ops == ("==",)
                    and isinstance(e.left, BinaryOp)
                    and e.left.op == "%"
                    and not isinstance(e.left.left, Constant)
                ):
                    return True
    return False


def _sets_up(m: Module, scope: int):
    """Is the method one that prepares or stores an object, by its name?"""
    name = m.scopes[scope].name
    return name in _SETUP or name.strip("_").startswith(
        ("init", "setup", "set_up", "build", "create", "make", "load", "restore", "save", "pretrain", "start")
    )


def _constructs(context: Context, m: Module, scope: int, depth=0):
    """Is the method the constructor, or called only from it?"""
    if _sets_up(m, scope):
        return True
    callers = [(cm, cm.calls[j][3]) for cm, j, _ in context.project.callers(m, scope) if cm.is_method(cm.calls[j][3])]
    return bool(callers) and depth < 3 and all(_constructs(context, cm, cs, depth + 1) for cm, cs in callers)


# -- one finding for what belongs together -----------------------------------------------------------------------------


def _merged(context: Context, found):
    """The first statement of each chain of operations, and only the first of a network that each repeat builds as a
    whole.
    """
    networks = {_key(made) for made in found if any(graphs.structural(name) for name in made.names)}
    first = {}
    for made in found:
        key = _key(made)
        if key in networks and (key not in first or _distance(made) < _distance(first[key])):
            first[key] = made
    chained = {}
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


def _key(made):
    """What repeats: the same for all that one repeat makes."""
    repeat = made.repeat
    return (
        (made.m.index, made.scope) if repeat is True else (repeat.module.index, repeat.block, repeat.scope, repeat.kind)
    )


def _distance(made):
    return len(made.repeat.hops) if made.repeat is not True else 0


def _result_is_run(context: Context, made):
    """Does the statement also run what it makes, so that its name holds numbers?"""
    return any(
        graphs.runs_session(context, made.m, i)
        for i in made.m.scope_calls(made.scope)
        if made.m.calls[i][5] == made.statement
    )


# -- fix ---------------------------------------------------------------------------------------------------------------


def _hoist(made):
    m, i = made.m, made.call

    def fix(fx: FixContext) -> Proposal:
        from tflint_mem.codemod import NoFix
        from tflint_mem.codemod import operations as do

        if made.names & _RESTARTS:
            raise NoFix("each repeat starts from the beginning")
        view, call = fx.at(m, i)
        tail = tail_of(m.calls[i][0])
        base = models.local_name(m, i) or (
            "init" if made.name in graphs.INITIALIZERS else _BASES.get(tail, f"{tail}_op")
        )
        edits, applicability = do.outermost_loop(view, call, lambda loop: do.hoist_call(view, call, loop, base))
        if made.name == "tf.train.Saver":
            applicability = UNSAFE
        return applicability, f"Build `{call_text(m, i)}` once before the loop", edits

    return fix
