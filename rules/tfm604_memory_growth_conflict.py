"""Finds memory growth and a memory limit on the same GPU.

## What it does
Reports the second of two calls that give the same device a memory limit (`set_logical_device_configuration` with
`memory_limit`) and leave to grow (`set_memory_growth`), in either order, when one run makes both: in one function, in
two that are called one after the other, or at the import of a module. Two branches of one `if` are fine.

## Why is this bad?
A device has one or the other. TensorFlow refuses growth for a device that has a limit; the other way round it takes the
limit and forgets the growth without a word.

## What was measured
On TensorFlow 2, limit, then growth: `ValueError` at the second call. Growth, then limit: the growth is ignored
silently.

## Example
```python
for gpu in tf.config.list_physical_devices("GPU"):
    tf.config.set_logical_device_configuration(gpu, [tf.config.LogicalDeviceConfiguration(memory_limit=4096)])
    tf.config.experimental.set_memory_growth(gpu, True)
```

Use instead:
```python
for gpu in tf.config.list_physical_devices("GPU"):
    tf.config.set_logical_device_configuration(gpu, [tf.config.LogicalDeviceConfiguration(memory_limit=4096)])
```

## Fix safety
The fix drops the call for growth and keeps the limit; it is unsafe because the limit may be the one that was not meant.
"""

from __future__ import annotations

from tflint_mem.analysis.passes import hot
from tflint_mem.analysis.program import devices, execution_order
from tflint_mem.facts import If, Name, walk
from tflint_mem.finding import UNSAFE
from tflint_mem.ruleset.draft import TraceStep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    import libcst as cst

    from tflint_mem.analysis.program.devices import Devices
    from tflint_mem.analysis.program.execution_order import Event
    from tflint_mem.codemod import Proposal
    from tflint_mem.codemod.view import View
    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.draft import Draft, Repair
    from tflint_mem.ruleset.fix_context import FixContext

CODE = "TFM604"
MEASURED = "`ValueError` at this call: a device with a limit cannot be given growth"
MEASURED_IGNORED = "the growth asked for before is ignored silently"


def find(context: Context) -> Iterator[Draft]:
    """Limits after growth and growth after limits, told at the later call."""
    limits = {(m.index, i) for m, i in devices.limit_calls(context)}
    if not limits:
        return
    growth = {(m.index, i) for m, i in devices.growth_calls(context)}

    def classify(m: Module, i: int) -> str | None:
        key = (m.index, i)
        return "limit" if key in limits else "growth" if key in growth else None

    order = execution_order.Order(context, classify)
    for m, i in context.each([(context.project.module(index), i) for index, i in sorted(limits | growth)]):
        if context.in_tests(m):
            continue
        mine = classify(m, i)
        named = devices.devices(context, m, i)
        for events in order.earlier(m, i):
            other = next(
                (
                    e
                    for e in events
                    if e.tag != mine and not (e.m is m and _either(m, i, e.i)) and _same_device(context, m, i, named, e)
                ),
                None,
            )
            if other is not None:
                yield _draft(context, m, i, other)
                break


def _either(m: Module, i: int, j: int) -> bool:
    """Do the two calls stand in different branches of one `if`, whose test no loop around it changes?"""
    around = [m.blocks[block] for block in m.chain(m.calls[i].block)]
    ways = {block.statement: block.branch for block in around if block.kind == "if"}
    for number in m.chain(m.calls[j].block):
        block = m.blocks[number]
        statement = m.statements[block.statement]
        if isinstance(statement, If) and ways.get(block.statement, block.branch) != block.branch:
            read = {e.id for e in walk(statement.test, m.calls) if isinstance(e, Name)}
            bindings = [b for name in read for b in m.bindings(m.calls[i].scope).get(name, ()) if b.statement >= 0]
            return not any(hot.bound_inside(m, b, loop) for loop in m.loops(statement.block) for b in bindings)
    return False


def _same_device(context: Context, m: Module, i: int, named: Devices, event: Event) -> bool:
    a, b = context.argument(m, i, 0, "device"), context.argument(event.m, event.i, 0, "device")
    if a == b and event.m is m and m.calls[i].scope == m.calls[event.i].scope:
        return True
    return named.overlap(devices.devices(context, event.m, event.i))


def _draft(context: Context, m: Module, i: int, other: Event) -> Draft:
    late = other.tag == "growth"  # growth first: the limit wins
    growth, gm = (other.i, other.m) if late else (i, m)
    return context.at_call(
        CODE,
        m,
        i,
        "this memory limit replaces the memory growth that the same device was given before"
        if late
        else "a device with a memory limit cannot be given memory growth",
        measured=MEASURED_IGNORED if late else MEASURED,
        severity="warning" if late else None,
        help="keep one of the two: growth to take memory as needed, a limit to share the GPU with other processes",
        trace=(
            TraceStep.at(other.m, other.m.calls[other.i].pos, "asks for growth" if late else "sets the limit"),
            TraceStep.at(m, m.calls[i].pos, "contradicts it"),
        ),
        fix=_drop(m, growth) if gm is m else "the two stand in different files",
    )


def _drop(m: Module, i: int) -> Repair:
    """The call for growth goes, and what holds nothing else."""

    def fix(fx: FixContext) -> Proposal:
        from tflint_mem.codemod import Proposal
        from tflint_mem.codemod import operations as do

        view, call = fx.at(m, i)
        around = _alone_in(view, call)
        edits = do.remove_statement(view, call) if around is call else view.edits({around: do.REMOVE})
        return Proposal(UNSAFE, "Drop the call for growth, keep the limit", edits)

    return fix


def _alone_in(view: View, call: cst.Call) -> cst.Call | cst.For | cst.If:
    """The loop or condition that holds nothing but the call, else the call."""
    import libcst as cst

    from tflint_mem.codemod import NoFix

    node: cst.Call | cst.For | cst.If = call
    statement: cst.CSTNode = view.statement(call)
    while True:
        block = view.parent(statement)
        if not isinstance(block, cst.IndentedBlock) or len(block.body) > 1:
            return node
        owner = view.parent(block)
        if (
            not isinstance(owner, (cst.For, cst.If))
            or owner.orelse is not None
            or isinstance(view.parent(owner), (cst.If, cst.Else))
        ):
            raise NoFix("nothing would be left around it")
        node = statement = owner
