"""What do literals tell of the path of a file, and may two paths be the same file?

A path is known by its ends: what its text surely begins and ends with.  Two paths whose ends contradict each other are
different files; where they do not, they may be the same.
"""

from __future__ import annotations

from tflint_mem.facts import Attribute, BinaryOp, CallRef, Constant, Expression, FString, Name, Record, tail_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context

MAX_DEPTH = 4  # expressions in each other, and names for expressions
_JOINS = frozenset(("join", "joinpath", "str", "Path", "abspath", "fspath"))
# Which argument of a saving call is the path, 0 for those that are not here.
_TARGETS = {
    "copy": 1,
    "copy2": 1,
    "copyfile": 1,
    "copytree": 1,
    "move": 1,
    "rename": 1,
    "renames": 1,
    "replace": 1,
    "urlretrieve": 1,
    "save_model": 1,
}
_PATHS = frozenset(("filepath", "path", "file", "filename", "fname", "dst", "export_dir", "model_path"))


class Ends(Record):
    """What the text of a path surely begins and ends with; the whole text twice when all of it is known."""

    __slots__ = ()
    prefix: str
    suffix: str


ANYWHERE = Ends("", "")  # nobody knows which file


def target(context: Context, m: Module, i: int, position: int | None = None) -> Ends | None:
    """The ends of the path that a saving call writes, None when it is given none.

    position   of the argument that is the path, None: as `_TARGETS` says
    """
    call = m.calls[i]
    if position is None:
        position = _TARGETS.get(tail_of(call.func) or "", 0)
    path = next((keyword.value for keyword in call.keywords if keyword.name in _PATHS), None)
    if path is None and position < len(call.args):
        path = call.args[position]
    return ends(context, m, call.scope, path, call.statement) if path is not None else None


def ends(context: Context, m: Module, scope: int, e: Expression, at: int, depth: int = 0) -> Ends:
    """The ends of the path that an expression gives, as far as literals tell."""
    if isinstance(e, Constant):
        text = str(e.value)
        return Ends(text, text)
    if depth > MAX_DEPTH:
        return ANYWHERE
    if isinstance(e, FString) and e.items:
        return Ends(_literal(e.items[0]), _literal(e.items[-1]))
    if isinstance(e, BinaryOp) and e.op in ("+", "/"):
        left = ends(context, m, scope, e.left, at, depth + 1)
        right = ends(context, m, scope, e.right, at, depth + 1)
        return Ends(left.prefix, right.suffix)
    if isinstance(e, CallRef):
        return _of_call(context, m, scope, e.number, at, depth)
    values = [*context.infer.values(m, scope, e, at)]
    if len(values) == 1 and isinstance(values[0], Constant):
        text = str(values[0].value)
        return Ends(text, text)
    if isinstance(e, Name):
        bindings = m.bindings(scope).get(e.id, ()) or m.bindings(0).get(e.id, ())
        if len(bindings) == 1:
            bound = bindings[0]
            if bound.kind == "assign" and not bound.path and isinstance(bound.value, Expression):
                return ends(context, m, bound.scope, bound.value, bound.statement, depth + 1)
    return ANYWHERE


def _literal(part: Expression) -> str:
    """The text of a part of an f-string, "" when it is no text."""
    return str(part.value) if isinstance(part, Constant) else ""


def _of_call(context: Context, m: Module, scope: int, i: int, at: int, depth: int) -> Ends:
    """The ends of the path that call `i` makes: `os.path.join(a, b)`, `"{}.h5".format(name)`."""
    call = m.calls[i]
    tail = tail_of(call.func)
    if tail in _JOINS and call.args:
        prefix = "" if tail == "abspath" else ends(context, m, scope, call.args[0], at, depth + 1).prefix
        return Ends(prefix, ends(context, m, scope, call.args[-1], at, depth + 1).suffix)
    if tail == "format" and isinstance(call.func, Attribute) and isinstance(call.func.base, Constant):
        text = call.func.base.value
        if isinstance(text, str):
            return Ends(text.partition("{")[0], text.rpartition("}")[2])
    return ANYWHERE


def may_be_same(one: Ends, other: Ends) -> bool:
    """May two paths, known by their ends, name the same file (or one a file below the other)?"""
    if one.prefix == one.suffix and other.prefix == other.suffix and one.prefix and other.prefix:
        a, b = one.prefix.removeprefix("./").rstrip("/"), other.prefix.removeprefix("./").rstrip("/")
        return a == b or a.startswith(b + "/") or b.startswith(a + "/")
    heads = one.prefix.startswith(other.prefix) or other.prefix.startswith(one.prefix)
    tails = one.suffix.endswith(other.suffix) or other.suffix.endswith(one.suffix)
    return heads and tails
