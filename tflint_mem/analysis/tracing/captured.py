"""Big arrays that a traced function reads from around it.

The question: *which array becomes a constant of the graph?*  The answer is the first one, in the order of the text,
that is handed to an operation in the function or in one defined in it, with the statement that binds it.  An array
counts where one binding alone gives it its name, here or in another module of the project, or one assignment in its
class. Shapes, lengths, single items and what the host's own code gets are no operands.
"""

from __future__ import annotations

from tflint_mem.facts import (
    SELF,
    Attribute,
    CallRef,
    Constant,
    Imported,
    Lambda,
    Name,
    Record,
    Subscript,
    TupleDisplay,
    UnaryOp,
    tail_of,
)
from tflint_mem.project.linking.body import statement_expressions

from .big_arrays import big, big_binding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from tflint_mem.facts import Expression
    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context

_PLAIN = frozenset(("shape", "ndim", "size", "dtype", "nbytes"))
_HOST = ("shape", "print", "py_function", "numpy_function", "py_func", "enumerate_noop")


class Captured(Record):
    """A big array: how the function calls it, and the statement of a module that binds it."""

    __slots__ = ()
    name: str
    m: Module
    statement: int


def captured(context: Context, m: Module, scope: int) -> Captured | None:
    """The first big array that the function reads from around it, or None."""
    functions = m.with_inner(scope)
    for inner in functions:
        for s in m.scope_statements(inner):
            for expression in statement_expressions(m.statements[s]):
                for e in _operands(m, expression):
                    found = _array(context, m, functions, inner, e)
                    if found is not None:
                        return found
    return None


def _operands(m: Module, e: Expression) -> Iterator[Name | Attribute]:
    """Names and attributes that an expression hands to operations.

    Not their shapes, lengths or single items, and not what host code gets.
    """
    if isinstance(e, Name):
        yield e
    elif isinstance(e, Attribute):
        if e.attr in _PLAIN:
            return
        if e.base == SELF:
            yield e
        else:
            yield from _operands(m, e.base)
    elif isinstance(e, Subscript):
        if not _constant_index(e.index):
            yield from _operands(m, e.base)
            yield from _operands(m, e.index)
    elif isinstance(e, CallRef):
        f = m.calls[e.number].func
        if f == Name("len") or tail_of(f) in _HOST:
            return
        if isinstance(f, Attribute):
            yield from _operands(m, f.base)
        for value in m.arguments(e.number):
            yield from _operands(m, value)
    elif not isinstance(e, Lambda):
        for part in e.children():
            if part is not None:
                yield from _operands(m, part)


def _constant_index(index: Expression) -> bool:
    items = index.items if isinstance(index, TupleDisplay) else (index,)
    return all(
        isinstance(item, Constant) or isinstance(item, UnaryOp) and isinstance(item.operand, Constant) for item in items
    )


def _array(context: Context, m: Module, functions: Collection[int], inner: int, e: Name | Attribute) -> Captured | None:
    """The big array that the expression, in the function `inner`, is from outside of all the `functions`."""
    if isinstance(e, Attribute):
        return _attribute(context, m, inner, e.attr)
    owner = inner
    while owner >= 0 and e.id not in m.bindings(owner):
        owner = m.scopes[owner].parent
    if owner < 0 or owner in functions:
        return None
    bindings = m.bindings(owner)[e.id]
    if len(bindings) != 1:
        return None
    (binding,) = bindings
    if isinstance(binding.value, Imported):
        return _imported(context, m, e.id, binding.value)
    return Captured(e.id, m, binding.statement) if big_binding(context, m, owner, binding) else None


def _imported(context: Context, m: Module, name: str, bound: Imported) -> Captured | None:
    """The array of another module of the project."""
    if bound.attribute in (None, "", "*"):
        return None
    target = context.project.resolve(m, bound.module, bound.level)
    bindings = target.bindings(0).get(bound.attribute, []) if target is not None else []
    if target is None or len(bindings) != 1 or not big_binding(context, target, 0, bindings[0]):
        return None
    return Captured(name, target, bindings[0].statement)


def _attribute(context: Context, m: Module, scope: int, attr: str) -> Captured | None:
    """`self.table` that the class sets once, from a file or with many elements."""
    scope = m.class_around(scope)
    if scope <= 0:
        return None
    assigned = context.infer.attribute_assignments(m, scope).get(attr, ())
    if len(assigned) != 1:
        return None
    (only,) = assigned
    if only.kind != "assign" or only.path or not big(context, m, only.function, only.value, only.statement):
        return None
    return Captured("self." + attr, m, only.statement)
