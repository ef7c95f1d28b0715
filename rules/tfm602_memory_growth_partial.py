"""Finds memory growth that is switched on for some GPUs only.

## What it does
Reports `set_memory_growth` for one GPU of the list (`gpus[0]`, `gpus[:1]`), and growth that only a multi-GPU branch
switches on. `set_visible_devices` for that GPU makes it the only one, so it silences the rule.

## Why is this bad?
TensorFlow wants the same setting for all visible GPUs. On a machine with a second GPU the program ends at its first
operation; and where only the multi-GPU branch asks for growth, the run on one GPU takes nearly all of its memory.

## What was measured
Nothing to measure: with 2 or more visible GPUs the first operation raises
`ValueError: Memory growth cannot differ between GPU devices`.

## Example
```python
gpus = tf.config.list_physical_devices("GPU")
tf.config.experimental.set_memory_growth(gpus[0], True)
```

Use instead:
```python
for gpu in tf.config.list_physical_devices("GPU"):
    tf.config.experimental.set_memory_growth(gpu, True)
```

## Fix safety
The loop over all GPUs is safe: on one GPU it does the same, on several the call for one of them was an error.
"""

from __future__ import annotations

from tflint_mem.analysis.program import devices
from tflint_mem.facts import Attribute, CallRef, Comparison, Constant, If, Name, walk
from tflint_mem.finding import SAFE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tflint_mem.analysis.program.devices import Devices
    from tflint_mem.codemod import Proposal
    from tflint_mem.project.linking.module import Module, Site
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.draft import Draft, Repair
    from tflint_mem.ruleset.fix_context import FixContext

CODE = "TFM602"
MEASURED = (
    "`ValueError: Memory growth cannot differ between GPU devices` at the first operation on a machine with several "
    "GPUs"
)
_STRATEGIES = (
    "tf.distribute.MirroredStrategy",
    "tf.distribute.experimental.CentralStorageStrategy",
    "keras.utils.multi_gpu_model",
)


def find(context: Context) -> Iterator[Draft]:
    """Growth for part of the GPUs: one finding for each function, at its first call."""
    calls = list(devices.growth_calls(context))
    seen = set()
    for m, i in context.each(calls):
        if context.in_tests(m):
            continue
        named = devices.devices(context, m, i)
        if named.which in ("one", "some"):
            key = (m.index, m.calls[i].scope)
            if key not in seen and not _covered(context, m, i, named, calls):
                seen.add(key)
                yield context.at_call(
                    CODE,
                    m,
                    i,
                    "memory growth is switched on for some GPUs only; "
                    "with another one visible TensorFlow stops at its first operation",
                    measured=MEASURED,
                    help="switch it on for every GPU in the list, or make this one the only visible device with "
                    "set_visible_devices",
                    fix=_loop(m, i),
                )
        elif _only_when_several(context, m, i, calls):
            yield context.at_call(
                CODE,
                m,
                i,
                "memory growth is switched on in the multi-GPU branch only; "
                "without it TensorFlow takes nearly all memory of a single GPU",
                severity="warning",
                help="switch it on for all GPUs before the branch",
            )


def _covered(context: Context, m: Module, i: int, named: Devices, calls: Sequence[Site]) -> bool:
    """Are these the only visible GPUs, or are the others configured, too?"""
    call = m.calls[i]
    if any(
        om is m and m.calls[j].scope == call.scope and devices.devices(context, m, j).which in ("each", "?")
        for om, j in calls
        if j != i
    ):
        return True
    shown = devices.environment(m, "CUDA_VISIBLE_DEVICES")
    if shown and all(value is None or "," not in str(value) for value in shown):
        return True
    for vm, j, _ in context.everywhere(("set_visible_devices",), frozenset(("tf.config.set_visible_devices",))):
        if vm is m and context.argument(m, j, 1, "device_type") != Constant("CPU"):
            visible = devices.devices(context, m, j)
            if visible.which == "?" or visible.which == named.which and visible.index == named.index:
                return True
    return any(
        m.blocks[block].kind == "if" and m.blocks[block].branch and _counts(m, m.blocks[block].statement, "==", 1)
        for block in m.chain(call.block)
    )


def _counts(m: Module, s: int, operator: str, number: int) -> bool:
    """Is the test of an `if` a comparison of a length or count with the number?"""
    statement = m.statements[s]
    test = statement.test if isinstance(statement, If) else None
    return (
        isinstance(test, Comparison)
        and test.ops[0] == operator
        and test.rights[0] == Constant(number)
        and isinstance(test.left, (CallRef, Name, Attribute))
    )


def _only_when_several(context: Context, m: Module, i: int, calls: Sequence[Site]) -> bool:
    """Is the call in a branch for several GPUs, and growth asked for nowhere else?"""
    if any(om is m and j != i for om, j in calls):
        return False
    for block in m.chain(m.calls[i].block):
        s, branch = m.blocks[block].statement, m.blocks[block].branch
        statement = m.statements[s]
        if m.blocks[block].kind != "if" or not isinstance(statement, If):
            continue
        otherwise = statement.orelse if branch else statement.body
        if branch and (_counts(m, s, ">", 1) or _counts(m, s, ">=", 2)) and _about_devices(context, m, s):
            return True
        if (
            otherwise is not None
            and otherwise != block
            and _strategy_inside(context, m, block)
            and not _strategy_inside(context, m, otherwise)
        ):
            return not _about_devices(context, m, s)
    return False


def _about_devices(context: Context, m: Module, s: int) -> bool:
    """Does the test of an `if` ask for the devices?"""
    statement = m.statements[s]
    return isinstance(statement, If) and any(
        isinstance(e, (Name, Attribute, CallRef)) and devices.is_list(context, m, statement.scope, e, s)
        for e in walk(statement.test, m.calls)
    )


def _strategy_inside(context: Context, m: Module, region: int) -> bool:
    """Does a block set up a strategy for several GPUs?"""
    scope = m.statements[m.blocks[region].statement].scope
    return any(
        m.inside(m.calls[j].block, region) and not context.project.apis(m, j).isdisjoint(_STRATEGIES)
        for j in m.scope_calls(scope)
    )


def _loop(m: Module, i: int) -> Repair:
    """Growth is switched on in a loop over the list."""

    def fix(fx: FixContext) -> Proposal:
        from tflint_mem.codemod import Proposal
        from tflint_mem.codemod import operations as do

        view, call = fx.at(m, i)
        return Proposal(SAFE, "Switch growth on for every GPU", do.growth_loop(view, call))

    return fix
