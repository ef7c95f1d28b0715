"""Does a model give one tensor, or a list, tuple or dictionary of them?  And is what a call gives used as one array?"""

from tflint_mem import facts as F
from tflint_mem.facts import Constant
from tflint_mem.project.linking.module import tail_of

from .models import walk_statement

MAX_DEPTH = 4
_ONE = frozenset(("keras.Sequential",))
_FUNCTIONAL = frozenset(("keras.Model", "keras.Functional"))
_ARRAY_FUNCTIONS = frozenset(
    (
        "argmax",
        "argmin",
        "argsort",
        "squeeze",
        "max",
        "min",
        "amax",
        "amin",
        "mean",
        "sum",
        "float",
        "int",
        "round",
        "reshape",
        "exp",
        "log",
    )
)
_ARRAY_ATTRIBUTES = frozenset(
    (
        "shape",
        "argmax",
        "argmin",
        "argsort",
        "flatten",
        "ravel",
        "reshape",
        "squeeze",
        "tolist",
        "astype",
        "max",
        "min",
        "mean",
        "sum",
        "T",
        "item",
        "copy",
        "round",
        "dtype",
        "size",
        "ndim",
        "transpose",
        "clip",
    )
)


def several(context, m, scope, e, at):
    """True when a model that the expression holds gives several tensors, False when all give one, None when nobody knows."""
    return _of_values(context, context.infer.values(m, scope, e, at), 0)


def _of_values(context, values, depth):
    answers = {_of_model(context, v, depth) for v in values}
    if True in answers:
        return True
    return False if answers == {False} else None


def _of_model(context, v, depth):
    if depth > MAX_DEPTH:
        return None
    if v[0] in ("inst", "self"):
        method = context.infer.lookup(context.project.module(v[1]), v[2], "call")
        return _of_returns(context, *method) if method else None
    if v[0] != "obj" or v[1] != "model" or v[2] is None or not isinstance(v[2][0], int) or not isinstance(v[2][1], int):
        return None
    m, i = context.project.module(v[2][0]), v[2][1]
    names = context.project.apis(m, i)
    if names & _ONE or any(name.startswith("keras.applications.") for name in names):
        return False
    scope, at = m.calls[i][3], m.calls[i][5]
    if names & _FUNCTIONAL:
        outputs = context.argument(m, i, 1, "outputs")
        return None if outputs is None else _of_expression(context, m, scope, outputs, at)
    if "keras.clone_model" in names and m.calls[i][1]:
        return _of_values(context, context.infer.values(m, scope, m.calls[i][1][0], at), depth + 1)
    return None


def _of_expression(context, m, scope, e, at):
    """Is the expression a container of tensors (True), one tensor (False), or unknown (None)?"""
    if e[0] in ("l", "t", "d", "g", "S"):
        return True
    values = context.infer.values(m, scope, e, at)
    if any(v[0] in ("seq", "tup", "map") or v[0] == "obj" and v[1] in ("tensors", "parts") for v in values):
        return True
    return False if values and all(v[0] == "obj" and v[1] in ("tensor", "variable") for v in values) else None


def _of_returns(context, m, scope):
    answers = set()
    for s in m.scope_statements(scope):
        statement = m.statements[s]
        if statement is not None and statement[0] == F.RETURN and statement[5] is not None:
            answers.add(_of_expression(context, m, scope, statement[5], s))
    return True if True in answers else False if answers == {False} else None


def used_as_array(context, m, i):
    """Is what call `i` gives certainly one array: does its own statement, or one that reads its name, calculate with it?"""
    call, key = m.calls[i], ("calculated with", m.index, m.calls[i][3])
    calculated = context.memo.get(key)
    if calculated is None:
        calculated = context.memo[key] = _calculated_with(m, call[3])
    statement = m.statements[call[5]]
    assigned = statement[5] if statement[0] == F.ASSIGN and statement[6] == ("c", i) and len(statement[5]) == 1 else ()
    return ("c", i) in calculated or any(target[0] == "n" and target in calculated for target in assigned)


def _calculated_with(m, scope) -> frozenset:
    """The names and calls of a scope that something is calculated with as with one array."""
    found = set()
    for s in m.scope_statements(scope):
        if m.statements[s] is not None:
            for e in walk_statement(m, m.statements[s]):
                found.update(operand for operand in _operands(m, e) if operand[0] in ("n", "c"))
    return frozenset(found)


def _operands(m, e):
    """What an expression calculates with."""
    tag = e[0]
    if tag == "a":
        return e[1:2] if e[2] in _ARRAY_ATTRIBUTES else ()
    if tag == "b":
        return e[2:4]
    if tag == "q":
        return () if any(right == Constant(None) for right in e[3]) else e[1:2]
    if tag == "x":
        return e[1:2] if e[2] is not None and e[2][0] == "t" else ()
    if tag == "c":
        call = m.calls[e[1]]
        return call[1][:1] if tail_of(call[0]) in _ARRAY_FUNCTIONS else ()
    return ()
