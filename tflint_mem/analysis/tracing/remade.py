"""A `tf.function` that is made anew in each repeat: is it meant, what does it hold, and could it be made once?

The questions: *is each new function kept?  Does its body hold a custom gradient, which keeps its trace for ever?  Does
it stand for a model that is another one each time?  Does it read what the loop binds?*  Told by the code of the
function where that is the project's; of any other function nothing is held against it.
"""

from __future__ import annotations

from tflint_mem.analysis.models import lifetimes, models
from tflint_mem.analysis.passes import hot
from tflint_mem.analysis.program.mechanisms import FIRST_PINNED
from tflint_mem.facts import Attribute, CallRef, Def, Name, Record, tail_of
from tflint_mem.project.holds.values import Instance, Thing

from . import traced_functions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint_mem.analysis.tracing.traced_functions import Traced
    from tflint_mem.codemod.view import Comprehension, Loop
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context

    AnyLoop = Loop | Comprehension

_PINS = frozenset(
    (
        "optimizer.apply_gradients",
        "optimizer.minimize",
        "tf.nn.silu",
        "tf.nn.swish",
        "keras.activations.silu",
        "keras.activations.swish",
        "tf.custom_gradient",
        "tf.recompute_grad",
        "tf.grad_pass_through",
    )
)
FEW = 5  # functions
_MAKERS = frozenset(
    ("make_train_function", "make_test_function", "make_predict_function")
)  # Keras asks once per compile


class Remade(Record):
    """How a function is made again; training: its body trains or holds a custom gradient; kept: each one is."""

    __slots__ = ()
    repeat: Repeat
    training: bool
    kept: bool


def function(context: Context, m: Module, i: int, traced: Traced) -> Remade | None:
    """The function that call `i` makes, where it is made again without an excuse."""
    scope = m.calls[i].scope
    if context.in_tests(m) or context.project.versions.graph_mode(m) or m.scopes[scope].name in _MAKERS:
        return None
    repeat = next(ways(context, m, i), None)
    if repeat is None or _sets_up(context, repeat):
        return None
    training = _pins(context, traced)
    kept = _kept(context, m, i, traced, repeat)
    if not training and not kept and lifetimes.in_loop_of_new_models(context, repeat):
        return None
    if not training and (
        _on_purpose(context, m, i, repeat)
        or not kept
        and (repeat.kind == "objective" or _of_new_model(context, m, i, traced, repeat))
    ):
        return None
    return Remade(repeat, training, kept)


def method(context: Context, m: Module, traced: Traced) -> Repeat | None:
    """How the objects are made again whose method, one of `m` that trains, is traced anew for each of them, or None."""
    scope = traced.scope
    if not m.is_method(scope) or context.in_tests(m) or context.project.versions.graph_mode(m):
        return None
    if not any(how == "call" for _, _, how in context.project.callers(m, scope)):
        return None
    for other, i in context.project.callers_of.constructions(m, m.scopes[scope].parent):
        repeat = next(ways(context, other, i), None)
        if repeat is not None:
            # asked last: it goes through all that the method calls
            return repeat if _pins(context, traced) else None
    return None


def ways(context: Context, m: Module, i: int) -> Iterator[Repeat]:
    """The repeats of more than a few passes in which call `i` runs eagerly."""
    for repeat in context.repeats(m, i):
        if (repeat.count is None or repeat.count > FEW) and hot.eager(context, repeat):
            yield repeat


def _on_purpose(context: Context, m: Module, i: int, repeat: Repeat) -> bool:
    """A table of functions made by a comprehension, or a function that is only asked for its graph."""
    if repeat.kind == "comprehension" and models.stored(context, *repeat.hops[0], repeat.block):
        return True
    return any(
        e == Attribute(CallRef(i), "get_concrete_function")
        for e in models.walk_statement(m, m.statements[m.calls[i].statement])
    )


def _sets_up(context: Context, repeat: Repeat) -> bool:
    """A loop that only makes functions and puts them into a container: one for each task, all of them wanted."""
    if repeat.block is None or repeat.handed:
        return False
    return models.stored(context, *repeat.hops[0], repeat.block) and not lifetimes.works(context, repeat)


def _pins(context: Context, traced: Traced) -> bool:
    """Does the body hold a custom gradient, and may the project run a TensorFlow that keeps it for ever?"""
    if traced.m is None or context.project.versions.at_least(traced.m, *FIRST_PINNED) is False:
        return False
    if any(tail_of(traced.m.calls[j].func) == "apply_gradients" for j in traced.m.scope_calls(traced.scope)):
        return True
    return bool(context.project.released_by.in_function(traced.m, traced.scope, _PINS))


def _kept(context: Context, m: Module, i: int, traced: Traced, repeat: Repeat) -> bool:
    """Does each new function go into a container?"""
    loop = repeat.region
    if m.calls[i].args or m.calls[i].keywords and traced.m is None:
        return models.stored(context, m, i, loop)
    return traced.m is not None and models.added_later(
        context, m, m.calls[i].scope, Name(traced.m.scopes[traced.scope].name), loop
    )


def _of_new_model(context: Context, m: Module, i: int, traced: Traced, repeat: Repeat) -> bool:
    """Does the function stand for a model that is another one in each repeat?

    One for each is all that one can do then.
    """
    wrapped = traced_functions.argument(m, i)
    names = [wrapped] if wrapped is not None else []
    if traced.m is not None and traced.m.index == m.index:
        names.extend(_free(traced.m, traced.scope))
    scope, at = m.calls[i].scope, m.calls[i].statement
    for e in names:
        values = context.infer.values(m, scope, e.base if isinstance(e, Attribute) else e, at)
        if any(
            isinstance(v, Thing)
            and v.kind in ("model", "saved_model", "layer")
            or isinstance(v, Instance)
            and context.infer.class_kind(context.project.module(v.module), v.scope)
            for v in values
        ):
            if not hot.steady(context, repeat, e.base if isinstance(e, Attribute) else e):
                return True
    return False


def _free(m: Module, scope: int) -> list[Name]:
    """Names that a function takes from the function around it."""
    owner = m.scopes[scope].parent
    local, outer = m.bindings(scope), m.bindings(owner) if owner >= 0 else {}
    found: set[str] = set()
    for s in m.scope_statements(scope):
        found.update(
            e.id
            for e in models.walk_statement(m, m.statements[s])
            if isinstance(e, Name) and e.id in outer and e.id not in local
        )
    return [Name(name) for name in sorted(found)]


def reads_loop(traced: Traced) -> bool:
    """Does a function that is defined in a loop read what the loop binds?  Then it cannot move before it."""
    m = traced.m
    if m is None:
        return False
    definition = m.statements[m.scopes[traced.scope].statement]
    if not isinstance(definition, Def):
        return False
    loop = next(iter(m.loops(definition.block)), None)
    if loop is None:
        return False
    header = m.blocks[loop].statement
    bindings = [b for name in _free(m, traced.scope) for b in m.bindings(definition.scope)[name.id]]
    return any(
        b.statement == header or b.statement >= 0 and m.inside(m.statements[b.statement].block, loop) for b in bindings
    )
