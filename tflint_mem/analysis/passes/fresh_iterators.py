"""Iterators over a data set that are made for one batch.

The question: *is `next` asked of an iterator that is made right there, over which data set, and what is that made of?*
The iterator is made inside the call or in the same block before its only `next`.  The chain of a data set is read off
its expression and plain assignments; what it begins with may stay unknown.
"""

from __future__ import annotations

from tflint_mem.facts import Attribute, CallRef, Expression, For, Name, While

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context

_ITERATORS = frozenset(("dataset.as_numpy_iterator", "dataset.make_one_shot_iterator", "dataset.__iter__"))
_PASSES = frozenset(("fit", "evaluate", "fit_generator", "predict"))
BEGINS = "from"  # stands for a source in a fixed order
MAX_CHAIN = 24
_SOURCES = frozenset(
    "tf.data." + name
    for name in (
        "Dataset.from_tensor_slices",
        "Dataset.from_tensors",
        "Dataset.range",
        "Dataset.load",
        "Dataset.zip",
        "TFRecordDataset",
        "TextLineDataset",
    )
)


def asked(context: Context, m: Module, i: int) -> tuple[int, Expression] | None:
    """(call that makes the iterator, expression of its data set) when `next` or `get_next` asks a new iterator, else
    None.
    """
    call = m.calls[i]
    source: Expression | None
    if (
        isinstance(call.func, Name)
        and call.func.id == "next"
        and call.args
        and "builtins.next" in context.project.apis(m, i)
    ):
        source = call.args[0]
    elif isinstance(call.func, Attribute) and call.func.attr in ("get_next", "next"):
        source = call.func.base
    else:
        return None
    if isinstance(source, Name):
        source = _made_in_same_pass(m, i, source)
    if not isinstance(source, CallRef):
        return None
    j = source.number
    names, made = context.project.apis(m, j), m.calls[j]
    if "builtins.iter" in names and made.args:
        dataset = made.args[0]
    elif names & _ITERATORS and isinstance(made.func, Attribute):
        dataset = made.func.base
    else:
        return None
    return (j, dataset) if "dataset" in context.project.kinds(m, call.scope, dataset, call.statement) else None


def _made_in_same_pass(m: Module, i: int, name: Name) -> CallRef | None:
    """The call assigned to `name` in the same block before its only `next`, or None."""
    call = m.calls[i]
    bindings = m.bindings(call.scope).get(name.id, ())
    if len(bindings) != 1 or bindings[0].kind != "assign" or bindings[0].path:
        return None
    if (
        m.statements[bindings[0].statement].block != m.statements[call.statement].block
        or bindings[0].statement >= call.statement
    ):
        return None
    asked = [
        k
        for k in m.scope_calls(call.scope)
        for func in (m.calls[k].func,)
        if name in m.calls[k].args or isinstance(func, Attribute) and func.base == name
    ]
    value = bindings[0].value
    return value if asked == [i] and isinstance(value, CallRef) else None


def runs_through_data(repeat: Repeat) -> bool:
    """Does one pass of the repeat run through data elsewhere: an inner loop, a fit, an evaluation?"""
    for position, (m, i) in enumerate(repeat.hops):
        call = m.calls[i]
        loop = repeat.region_at(position)
        if loop >= 0 and m.blocks[loop].kind == "for":
            header = m.statements[m.blocks[loop].statement]
            target = header.target if isinstance(header, For) else None
            if isinstance(target, Name) and "epoch" in target.id.lower():
                return True
        around = set(m.chain(call.block))
        for k in m.scope_calls(call.scope):
            func = m.calls[k].func
            if m.inside(m.calls[k].block, loop) and isinstance(func, Attribute) and func.attr in _PASSES:
                return True
        for s in m.scope_statements(call.scope):
            statement = m.statements[s]
            if isinstance(statement, (For, While)) and statement.body not in around and m.inside(statement.block, loop):
                return True
    return False


def chain(context: Context, m: Module, scope: int, expression: Expression) -> list[str]:
    """Last names of the methods that make the data set, the outermost first; what it begins with is "" when that is
    unknown.
    """
    found: list[str] = []
    e: object = expression
    for _ in range(MAX_CHAIN):
        if isinstance(e, Name):
            bindings = m.bindings(scope).get(e.id, ()) or m.bindings(0).get(e.id, ())
            if len(bindings) != 1 or bindings[0].kind != "assign" or bindings[0].path:
                break
            scope, e = bindings[0].scope, bindings[0].value
            continue
        if not isinstance(e, CallRef):
            break
        if context.project.apis(m, e.number) & _SOURCES:
            return [*found, BEGINS]
        f = m.calls[e.number].func
        if not isinstance(f, Attribute):
            break
        found.append(f.attr)
        e = f.base
    return [*found, ""]
