"""Statements that add operations to the graph of TensorFlow 1.

The question: *which statements in this part of a function make operations, and how often of their own?*  Calls of
TensorFlow are told by their names, operators by what they work on: all of it must be a tensor or a variable for sure,
and NumPy must have no part in it.  Loops that go over variables, each of which gets its own operation once, and loops
that collect tensors belong to the statement: it counts as if it stood around them.
"""

from __future__ import annotations

from tflint_mem.facts import BinaryOp, Comparison, Constant, For, Name, Pos, Subscript, UnaryOp, tail_of, walk
from tflint_mem.project.holds.values import External, ModuleValue, SelfValue, Thing
from tflint_mem.project.linking.body import statement_expressions

from . import graphs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.facts import Call, Expression
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context

_ORDERINGS = frozenset(("<", "<=", ">", ">="))


class Made:
    """A statement that makes operations.

    m, scope, statement   where it stands
    block                 the block around it and around the loops that belong to it
    call, name            its first maker, None for an operator, and the canonical name of that, "" for an operator
    names                 of all its makers
    pos                   of the first
    repeat                how it repeats; None for a method that is called again and again from elsewhere
    whole                 it stands for a network that each repeat builds as a whole
    """

    __slots__ = ("m", "scope", "statement", "block", "call", "pos", "name", "repeat", "names", "whole")

    def __init__(
        self, m: Module, scope: int, statement: int, block: int, call: int | None, pos: Pos, name: str, names: set[str]
    ) -> None:
        self.m = m
        self.scope = scope
        self.statement = statement
        self.block = block
        self.call = call
        self.pos = pos
        self.name = name
        self.names = names
        self.repeat: Repeat | None = None
        self.whole = False


def in_region(context: Context, m: Module, scope: int, region: int) -> list[Made]:
    """The statements of a scope, inside the block `region` (-1: all), that make operations, in order."""
    found: dict[int, Made] = {}
    for i in m.scope_calls(scope):
        call = m.calls[i]
        if not m.inside(call.block, region) or _is_given_session(call):
            continue
        name = graphs.makes_op(context.project.apis(m, i))
        if name:
            other = found.get(call.statement)
            names = {name} if other is None else other.names | {name}
            if other is not None and (other.pos.line, other.pos.column) < (call.pos.line, call.pos.column):
                other.names = names  # the outermost call of the statement speaks for those inside it
            else:
                block = _outside_graph_loops(context, m, scope, call.block, i, name)
                found[call.statement] = Made(m, scope, call.statement, block, i, call.pos, name, names)
    for s in m.scope_statements(scope):
        block = m.statements[s].block
        if s not in found and m.inside(block, region):
            pos = _operator(context, m, scope, s)
            if pos and not _read_by_numpy(context, m, scope, s):
                found[s] = Made(m, scope, s, block, None, pos, "", set())
    return [found[s] for s in sorted(found)]


def _is_given_session(call: Call) -> bool:
    """`optimizer.minimize(session, feed_dict=…)` of SciPy's optimizers runs what their constructor has made."""
    return tail_of(call.func) == "minimize" and any(k.name in ("session", "feed_dict") for k in call.keywords)


def _operator(context: Context, m: Module, scope: int, s: int) -> Pos | None:
    """Position of the first operator on a tensor that the statement evaluates, or None."""
    statement = m.statements[s]
    found = []
    for expression in statement_expressions(statement):
        for e in walk(expression, m.calls):
            if isinstance(e, (BinaryOp, Subscript, UnaryOp, Comparison)) and _on_tensors(context, m, scope, e, s):
                if isinstance(e, (BinaryOp, Subscript)):
                    found.append(e.pos)
                else:
                    found.append(_around(m, scope, s) or Pos(statement.line, 0, statement.end_line, 0))
    return min(found, key=_order, default=None)


def _order(pos: Pos) -> tuple[int, int, int, int]:
    return pos.line, pos.column, pos.end_line, pos.end_column


def _around(m: Module, scope: int, s: int) -> Pos | None:
    """Position of the outermost call of a statement."""
    places = [m.calls[i].pos for i in m.scope_calls(scope) if m.calls[i].statement == s]
    return min(places, key=_order, default=None)


def _on_tensors(
    context: Context, m: Module, scope: int, e: BinaryOp | Subscript | UnaryOp | Comparison, s: int
) -> bool:
    operands: tuple[Expression, ...]
    if isinstance(e, Subscript):
        operands = (e.base,)
    elif isinstance(e, BinaryOp):
        operands = (e.left, e.right)
    elif isinstance(e, UnaryOp):
        operands = (e.operand,) if e.op != "not" else ()
    else:
        operands = (e.left, *e.rights) if _ORDERINGS.issuperset(e.ops) else ()
    return any(_only_tensors(context, m, scope, o, s) for o in operands if not isinstance(o, Constant))


def _read_by_numpy(context: Context, m: Module, scope: int, s: int) -> bool:
    """Does NumPy get what the statement computes, or does it compute with what NumPy gets?

    A tensor of a graph is nothing to NumPy.
    """
    names = {
        name
        for e in statement_expressions(m.statements[s])
        for name in graphs.names_in(m, e)
        if not any(
            isinstance(v, (External, ModuleValue, SelfValue)) for v in context.infer.values(m, scope, Name(name), s)
        )
    }
    for i in m.scope_calls(scope):
        call = m.calls[i]
        if call.statement == s or any(graphs.names_in(m, e) & names for e in m.arguments(i)):
            if any(isinstance(v, External) and v.name.startswith("numpy.") for v in context.infer.callee(m, i)):
                return True
    return False


def _only_tensors(context: Context, m: Module, scope: int, e: Expression, s: int) -> bool:
    values = context.infer.values(m, scope, e, s)
    return bool(values) and all(isinstance(v, Thing) and v.kind in ("tensor", "variable") for v in values)


def _outside_graph_loops(context: Context, m: Module, scope: int, block: int, i: int, name: str) -> int:
    """The block around those loops that go over variables, each of which gets its own operation, or collect tensors."""
    for loop in m.loops(block):
        if graphs.collects_tensors(context, m, loop):
            block = m.blocks[loop].parent
            continue
        call = m.calls[i]
        operand = call.args[0] if call.args else None
        if name in graphs.ASSIGNMENTS and name.startswith("variable."):
            operand = context.receiver(m, i)
        own = name in graphs.ASSIGNMENTS or graphs.over_graph(context, m, loop)
        if (
            operand is None
            or not own
            or not (graphs.varies_with(m, scope, loop, operand) or _picked(m, scope, loop, call, operand))
        ):
            break
        block = m.blocks[loop].parent
    return block


def _picked(m: Module, scope: int, loop: int, call: Call, operand: Expression) -> bool:
    """Does an inner loop pick the variable that belongs to what this loop goes through: the one of the same name?"""
    names = graphs.names_in(m, operand)
    inner = any(
        isinstance(s, For) and m.inside(s.block, loop) and names & graphs.names_in(m, s.target)
        for s in map(m.statements.__getitem__, m.scope_statements(scope))
    )
    return inner and any(graphs.varies_with(m, scope, loop, value) for value in call.args if value is not operand)
