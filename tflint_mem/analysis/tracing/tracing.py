"""May this function be traced?  What would change if its body ran once per trace and not once per call.

`host_effect` answers with a few words for a person, None when nothing was found.  The project's own functions that it
calls are looked into, three levels down; a call of anything else that is not TensorFlow's counts as an effect, one of
which nothing at all is known as none.
"""

from __future__ import annotations

from tflint_mem.facts import (
    Assign,
    Attribute,
    Augment,
    Global,
    Import,
    Name,
    SequenceDisplay,
    Subscript,
    Try,
    tail_of,
    walk,
)
from tflint_mem.project.holds.values import External, Thing, ThingMethod
from tflint_mem.project.linking.body import statement_expressions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.facts import Statement
    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context

MAX_DEPTH = 3  # calls that are followed
_HOST_METHODS = frozenset(
    (
        "numpy",
        "item",
        "tolist",
        "append",
        "extend",
        "insert",
        "add_scalar",
        "write",
        "info",
        "debug",
        "warning",
        "error",
        "set_description",
        "set_postfix",
        "sample",
        "next",
        "step",
        "reset",
        "get_next",
        "pop",
        "popleft",
        "shuffle",
        "choice",
        "savefig",
        "save",
        "save_weights",
        "fit",
        "predict",
        "evaluate",
        "train_on_batch",
        "render",
    )
)
_HOST_FUNCTIONS = frozenset(("print", "open", "input", "next", "setattr", "float", "bool", "exec", "eval", "tqdm"))
_KINDS = frozenset(
    ("model", "layer", "optimizer", "metric", "loss", "tape", "tensor", "variable", "strategy", "saved_model", "table")
)
_STATIC = frozenset(("shape", "len", "ndim", "rank"))


def host_effect(context: Context, m: Module, scope: int) -> str | None:
    """What the function does on the host, which a trace would do only once or not at all; None when it may be traced.

    Printing, `.numpy()`, NumPy on tensors, growing lists, setting attributes, host data read from outside: a phrase for
    each.
    """
    key = ("host effect", m.index, scope)
    if key not in context.memo:
        context.memo[key] = _effect(context, m, scope, 0, set())
    found: str | None = context.memo[key]
    return found


def _effect(context: Context, m: Module, scope: int, depth: int, seen: set[tuple[int, int]]) -> str | None:
    """The same for a function so many calls down; one of those seen, (module, scope), has no effect of its own."""
    if (m.index, scope) in seen or depth > MAX_DEPTH:
        return None
    seen.add((m.index, scope))
    record = m.scopes[scope]
    if "g" in record.flags or "a" in record.flags:
        return "is a generator"
    for s in m.scope_statements(scope):
        found = _of_statement(context, m, scope, s, m.statements[s])
        if found:
            return found
    for i in m.scope_calls(scope):
        found = _host_call(context, m, scope, i, depth, seen)
        if found:
            return found
    return None


def _of_statement(context: Context, m: Module, scope: int, s: int, statement: Statement) -> str | None:
    """What the statement itself does on the host."""
    if isinstance(statement, Global):
        return "sets names of an outer function or the module"
    if isinstance(statement, (Assign, Augment)):
        for target in statement.targets if isinstance(statement, Assign) else (statement.target,):
            parts = target.items if isinstance(target, SequenceDisplay) else (target,)
            if any(isinstance(part, (Attribute, Subscript)) for part in parts):
                return "sets attributes or items"
    if isinstance(statement, (Try, Import)):
        return "handles errors or imports"
    return _host_arrays(context, m, scope, s, statement)


def _host_arrays(context: Context, m: Module, scope: int, at: int, statement: Statement) -> str | None:
    """A NumPy array of the outside that the trace would keep as a constant."""
    local = m.bindings(scope)
    for expression in statement_expressions(statement):
        for e in walk(expression, m.calls):
            if (
                isinstance(e, Name)
                and e.id not in local
                and any(isinstance(v, Thing) and v.kind == "ndarray" for v in context.infer.values(m, scope, e, at))
            ):
                return "reads a NumPy array that a trace would keep as a constant"
    return None


def _host_call(context: Context, m: Module, scope: int, i: int, depth: int, seen: set[tuple[int, int]]) -> str | None:
    """What call `i` does on the host, itself or in what it calls."""
    call = m.calls[i]
    f, tail = call.func, tail_of(call.func)
    apis = context.project.apis(m, i)
    if (
        any(name.startswith(("tf.", "keras.")) or name.partition(".")[0] in _KINDS for name in apis)
        and tail not in _HOST_METHODS
    ):
        return None
    if isinstance(f, Name) and tail in _HOST_FUNCTIONS and f.id not in m.bindings(scope):
        return f"calls {tail}()"
    if (
        isinstance(f, Name)
        and tail in ("int", "str")
        and not any((tail_of(e) or "") in _STATIC for a in call.args for e in walk(a, m.calls))
    ):
        return f"calls {tail}()"
    if isinstance(f, Attribute) and tail in _HOST_METHODS:
        return f"calls .{tail}()"
    functions = context.project.functions_called(m, i)
    for fm, s in functions:
        found = _effect(context, fm, s, depth + 1, seen)
        if found and fm.scopes[s].name != "__init__":
            return found
    if functions:
        return None
    for v in context.infer.callee(m, i):
        if isinstance(v, External) and not v.name.startswith(
            ("builtins.", "tensorflow", "keras", "tf_keras", "functools.", "math.")
        ):
            return f"calls {v.name}()"
        if isinstance(v, ThingMethod) and isinstance(v.receiver, Thing) and v.receiver.kind.startswith("ext:"):
            return f"calls .{tail}() of something that is not TensorFlow's"
    return None
