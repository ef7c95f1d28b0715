"""How is a model kept from being made again, or from staying: hoist its load, or clear at the end of each repeat.

Both refuse with `NoFix` where the program would do something else; a clean-up is never safe, as nobody knows all that
uses the session.
"""

from __future__ import annotations

import os

from tflint_mem.codemod import NoFix, Proposal
from tflint_mem.facts import Assign, Attribute, Name, Reference, SequenceDisplay
from tflint_mem.finding import SAFE, UNSAFE
from tflint_mem.knowledge import LOADERS
from tflint_mem.project.holds.values import CallOrigin, Instance, Thing
from tflint_mem.project.linking.call_names import call_text

from . import saved
from .syntax import local_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.codemod.hoist import Move
    from tflint_mem.codemod.view import Comprehension, Loop, View
    from tflint_mem.facts import Expression
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.draft import Repair
    from tflint_mem.ruleset.fix_context import FixContext


def hoist_or_clear(context: Context, repeat: Repeat, m: Module, i: int, collect_only: bool = False) -> Repair:
    """A fix function: hoist the call out of its own loop, else clear session and collect at the end of the repeat."""

    def fix(fx: FixContext) -> Proposal:
        try:
            return hoist_load(context, fx, m, i)
        except NoFix:
            return clear_each_repeat(context, repeat, m, i, collect_only)(fx)

    return fix


def hoist_load(context: Context, fx: FixContext, m: Module, i: int) -> Proposal:
    """Move the load of a model before the loops that leave its file, and the model, as they are."""
    from tflint_mem.codemod import operations as do

    view, call = fx.at(m, i)
    if not context.project.apis(m, i) & LOADERS:
        raise NoFix("what runs the loader gives no model yet, and may be awaited only once")
    blocks = fx.blocks(view, call, m, m.calls[i].block)

    def attempt(loop: Loop | Comprehension) -> Move:
        doubt = saved.doubt(context, m, i, blocks[id(loop)])
        move = do.hoist_call(view, call, loop, local_name(m, i) or "model")
        return do.Move(move.edits, UNSAFE if doubt and move.applicability == SAFE else move.applicability)

    move = do.outermost_loop(view, call, attempt)
    return Proposal(move.applicability, f"Move `{call_text(m, i)}` before the loop", move.edits)


_CALLED = ("model", "network", "_net")  # how people call a model that comes from elsewhere


def clear_each_repeat(context: Context, repeat: Repeat, m: Module, i: int, collect_only: bool = False) -> Repair:
    """A fix function: clear session and collect at the end of the repeat, unless a model from before it is used in it.

    collect_only   a collection is enough: Keras runs on another backend
    """

    def fix(fx: FixContext) -> Proposal:
        if not collect_only and lives_through(context, repeat, m, i):
            raise NoFix("clear_session would hit a model that lives through the loop")
        if not collect_only and _is_keras(context):
            raise NoFix("the project is a Keras itself, and clear_session() is a matter of its back end")
        statement = m.statements[m.calls[i].statement]
        if isinstance(statement, Assign) and any(isinstance(target, SequenceDisplay) for target in statement.targets):
            raise NoFix("the call gives more than a model, and a name that still holds it keeps the model")
        view, _ = fx.at(m, i)
        return clearing(fx, view, repeat, m, i, collect_only)

    return fix


def _is_keras(context: Context) -> bool:
    """Is Keras a package or module at the root of the project?"""
    root = os.path.abspath(context.project.root or ".")
    places = {os.path.join(root, "keras.py"), os.path.join(root, "keras", "__init__.py")}
    return any(os.path.abspath(m.path) in places for m in context.project.modules if m.parts[-1] == "keras")


def lives_through(context: Context, repeat: Repeat, m: Module, i: int) -> bool:
    """Does the loop use a model that was made before it?"""
    scope, loop = m.calls[i].scope, repeat.block
    if loop is None:
        return False
    for j in m.scope_calls(scope):
        call = m.calls[j]
        if not m.inside(call.block, loop):
            continue
        for e in (call.func.base if isinstance(call.func, Attribute) else call.func, *m.arguments(j)):
            if isinstance(e, Reference) and _made_before(context, repeat, m, j, loop, e):
                return True
            if isinstance(e, Name) and e != call.func and _brought_along(context, m, j, loop, e):
                return True
    return False


def _brought_along(context: Context, m: Module, j: int, loop: int, name: Name) -> bool:
    """Is a name that a call uses bound outside of the loop alone, to a model of another module, or one by its name?"""
    call = m.calls[j]
    bindings = m.bindings(call.scope).get(name.id, ())
    if not bindings or any(b.statement >= 0 and m.inside(m.statements[b.statement].block, loop) for b in bindings):
        return False
    values = context.infer.values(m, call.scope, name, call.statement)
    if not any(isinstance(v, Instance) or isinstance(v, Thing) and not v.kind.startswith("ext:") for v in values):
        return name.id.lower().endswith(_CALLED)
    return any(
        isinstance(v, Thing)
        and v.kind in ("model", "saved_model")
        and isinstance(v.origin, CallOrigin)
        and v.origin.module != m.index
        for v in values
    )


def _made_before(context: Context, repeat: Repeat, m: Module, j: int, loop: int, e: Expression) -> bool:
    """May what call `j` uses be a model of this module that is made outside of the loop, not on the repeat's way?"""
    call = m.calls[j]
    for v in context.infer.values(m, call.scope, e, call.statement):
        if not isinstance(v, Thing) or v.kind not in ("model", "saved_model"):
            continue
        if not isinstance(v.origin, CallOrigin) or v.origin.module != m.index:
            continue
        made = m.calls[v.origin.call]
        if made.scope != call.scope:
            if (m, v.origin.call) not in repeat.hops:
                return True
        elif not m.inside(made.block, loop):
            return True
    return False


def clearing(fx: FixContext, view: View, repeat: Repeat, m: Module, i: int, collect_only: bool = False) -> Proposal:
    """Clear the session and collect, or only collect, at the end of each pass of the repeat's loop."""
    from tflint_mem.codemod import operations as do

    if repeat.block is None:
        raise NoFix("clear_session would hit every model of the process")
    loop = fx.loop(view, m, repeat.block)
    row = m.calls[i].pos.line
    collector = do.ensure(fx.source, "gc", row=row)
    collect = f"{collector.expression}.collect()"
    # the name still holds the model of this pass; where the lines come first, that of the pass before is gone by then
    held = local_name(m, i)
    name = held if m.calls[i].block == repeat.block else None
    if collect_only:
        edits = do.append_to_repeat(view, loop, [collect], name=held, freed=name)
        return Proposal(UNSAFE, "Collect garbage in each repeat", do.join(edits, collector.edits))
    clear = do.clear_session_expression(fx.source, row)
    edits = do.append_to_repeat(
        view,
        loop,
        [clear.expression if clear.expression.endswith(")") else f"{clear.expression}()", collect],
        name=held,
        freed=name,
    )
    return Proposal(
        UNSAFE,
        "Clear the Keras session and collect garbage in each repeat",
        do.join(edits, clear.edits, collector.edits),
    )
