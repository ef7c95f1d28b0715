"""Finds memory growth that is switched on for some GPUs only.

## What it does
Reports `set_memory_growth` for one GPU of the list (`gpus[0]`, `gpus[:1]`), and growth that only a multi-GPU branch switches on.
`set_visible_devices` for that GPU makes it the only one, so it silences the rule.

## Why is this bad?
TensorFlow wants the same setting for all visible GPUs. On a machine with a second GPU the program ends at its first operation; and
where only the multi-GPU branch asks for growth, the run on one GPU takes nearly all of its memory.

## What was measured
Nothing to measure: with 2 or more visible GPUs the first operation raises `ValueError: Memory growth cannot differ between GPU
devices`.

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
from tflint_mem.facts import Comparison, Constant
from tflint_mem.finding import SAFE
from tflint_mem.project.linking.module import walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.fix_context import FixContext

CODE = "TFM602"
MEASURED = "`ValueError: Memory growth cannot differ between GPU devices` at the first operation on a machine with several GPUs"
_STRATEGIES = (
    "tf.distribute.MirroredStrategy",
    "tf.distribute.experimental.CentralStorageStrategy",
    "keras.utils.multi_gpu_model",
)


def find(context: Context):
    """Growth for part of the GPUs: one finding for each function, at its first call."""
    calls = list(devices.growth_calls(context))
    seen = set()
    for m, i in context.each(calls):
        if context.in_tests(m):
            continue
        named = devices.devices(context, m, i)
        if named.which in ("one", "some"):
            key = (m.index, m.calls[i][3])
            if key not in seen and not _covered(context, m, i, named, calls):
                seen.add(key)
                yield context.at_call(
                    CODE,
                    m,
                    i,
                    "memory growth is switched on for some GPUs only; with another one visible TensorFlow stops at its first operation",
                    measured=MEASURED,
                    help="switch it on for every GPU in the list, or make this one the only visible device with set_visible_devices",
                    fix=_loop(m, i),
                )
        elif _only_when_several(context, m, i, calls):
            yield context.at_call(
                CODE,
                m,
                i,
                "memory growth is switched on in the multi-GPU branch only; without it TensorFlow takes nearly all memory of a single GPU",
                severity="warning",
                help="switch it on for all GPUs before the branch",
            )


def _covered(context: Context, m: Module, i: int, named, calls):
    """Are these the only visible GPUs, or are the others configured, too?"""
    call = m.calls[i]
    if any(
        om is m and m.calls[j][3] == call.scope and devices.devices(context, m, j).which in ("each", "?")
        for om, j in calls
        if j != i
    ):
        return True
    shown = devices.environment(m, "CUDA_VISIBLE_DEVICES")
    if shown and all(value is None or "," not in str(value) for value in shown):
        return True
    for vm, j, _ in context.everywhere(("set_visible_devices",), {"tf.config.set_visible_devices"}):
        if vm is m and context.argument(m, j, 1, "device_type") != Constant("CPU"):
            visible = devices.devices(context, m, j)
            if visible.which == "?" or visible.which == named.which and _same(visible.index, named.index):
                return True
    return any(
        kind == "if" and branch and _counts(m, statement, ("==",), 1)
        for kind, _, statement, branch in map(m.contexts.__getitem__, m.chain(call.block))
    )


def _same(a, b):
    return a == b or a is not None and b is not None and a[0] == b[0] == "sl" and a[1:] == b[1:]


def _counts(m: Module, statement: int, operators, number):
    """Is the test of an `if` a comparison of a length or count with the number?"""
    test = m.statements[statement][5]
    return (
        isinstance(test, Comparison)
        and test.ops[0] in operators
        and test.rights[0] == Constant(number)
        and test.left[0] in "cna"
    )


def _only_when_several(context: Context, m: Module, i: int, calls):
    """Is the call in a branch for several GPUs, and growth asked for nowhere else?"""
    if any(om is m and j != i for om, j in calls):
        return False
    for c in m.chain(m.calls[i].block):
        kind, _, statement, branch = m.contexts[c]
        if kind != "if":
            continue
        otherwise = m.statements[statement][7] if branch else m.statements[statement][6]
        if (
            branch
            and (_counts(m, statement, (">",), 1) or _counts(m, statement, (">=",), 2))
            and _about_devices(context, m, statement)
        ):
            return True
        if (
            otherwise is not None
            and otherwise != c
            and _strategy_inside(context, m, c)
            and not _strategy_inside(context, m, otherwise)
        ):
            return not _about_devices(context, m, statement)
    return False


def _about_devices(context: Context, m: Module, statement: int):
    """Does the test of an `if` ask for the devices?"""
    scope = m.statements[statement].scope
    return any(
        e[0] in "nac" and devices.is_list(context, m, scope, e, statement)
        for e in walk(m.statements[statement][5], m.calls)
    )


def _strategy_inside(context: Context, m: Module, region):
    scope = m.statements[m.contexts[region][2]][1]
    return any(
        m.inside(m.calls[j].block, region) and not context.project.apis(m, j).isdisjoint(_STRATEGIES)
        for j in m.scope_calls(scope)
    )


def _loop(m: Module, i: int):
    def fix(fx: FixContext):
        from tflint_mem.codemod import operations as do

        view, call = fx.at(m, i)
        return SAFE, "Switch growth on for every GPU", do.growth_loop(view, call)

    return fix
