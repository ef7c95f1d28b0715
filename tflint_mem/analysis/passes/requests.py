"""Does an expression read rows from a request, as many as somebody sends?

Answers are yes or no, by the names in the code: what is called `request` is one.
"""

from __future__ import annotations

from tflint_mem.facts import Attribute, CallRef, Expression, Name, Subscript, tail_of, walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.project.linking.module import Module

_BODIES = frozenset(("json", "get_json"))
_DEPTH = 3  # names that are followed
_REQUEST = Name("request")


def from_request(m: Module, scope: int, e: Expression, depth: int = 0) -> bool:
    """Is the expression what a request's JSON holds under a key: `request.json["rows"]`, `data["rows"]`,
    `payload.get("rows")`?
    """
    if isinstance(e, Subscript):
        return _is_body(m, scope, e.base, depth)
    if isinstance(e, CallRef):
        f = m.calls[e.number].func
        return isinstance(f, Attribute) and f.attr == "get" and _is_body(m, scope, f.base, depth)
    if isinstance(e, Name) and depth < _DEPTH:
        bindings = m.bindings(scope).get(e.id, ())
        return bool(bindings) and all(
            b.kind == "assign"
            and not b.path
            and isinstance(b.value, Expression)
            and from_request(m, scope, b.value, depth + 1)
            for b in bindings
        )
    return False


def _is_body(m: Module, scope: int, e: Expression, depth: int) -> bool:
    """`request.json`, `request.get_json()`, `json.loads(request.data)`, or a name for it."""
    if isinstance(e, CallRef):
        call = m.calls[e.number]
        if isinstance(call.func, Attribute) and call.func.attr == "loads" and call.args:
            return any(inner == _REQUEST for inner in walk(call.args[0], m.calls))
        e = call.func
    if isinstance(e, Attribute):
        return e.attr in _BODIES and tail_of(e.base) == "request"
    if isinstance(e, Name) and depth < _DEPTH:
        bindings = m.bindings(scope).get(e.id, ())
        return bool(bindings) and all(
            b.kind == "assign"
            and not b.path
            and isinstance(b.value, Expression)
            and _is_body(m, scope, b.value, depth + 1)
            for b in bindings
        )
    return False
