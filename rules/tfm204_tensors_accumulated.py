"""Finds model outputs that are kept as tensors across a long loop.

## What it does
Reports the statement that puts the output tensor of a model into a list, a dictionary or an attribute for each sample,
batch, frame or request. Losses, means, labels and single elements are no outputs, and a container that begins anew, is
cut or has a maximal length does not grow. Where all outputs are joined or handed on behind the loop it is only a hint.

## Why is this bad?
Each tensor keeps its own memory; on a GPU that is device memory, and the loop ends when the device is full. A tensor
does not keep the tape or the graph it came from: scalar losses in a list and running sums are no leak.

## What was measured
TensorFlow 2.21 and 2.15: 64.7 KiB per kept output of 64 KiB, 0 for scalars. `.numpy()` keeps the same bytes on the CPU
and frees the GPU.

## Example
```python
for batch in dataset:
    outputs.append(network(batch))
```

Use instead, when a number is enough:
```python
for batch in dataset:
    means.append(float(tf.reduce_mean(network(batch))))
```

Or `outputs.append(network(batch).numpy())`, so that the outputs wait in host memory.

## Fix safety
The fix appends `.numpy()`. It is unsafe: what reads the container then finds arrays.
"""

from __future__ import annotations

from tflint_mem.analysis.models import models
from tflint_mem.analysis.models.output_calls import GRADIENTS, PREDICTIONS, one_tensor, output
from tflint_mem.analysis.models.symbolic import building
from tflint_mem.analysis.passes import kept
from tflint_mem.analysis.passes.long_repeats import long_repeats
from tflint_mem.facts import Attribute, CallRef, ExprStatement, Name, Record, Subscript, tail_of
from tflint_mem.finding import UNSAFE
from tflint_mem.ruleset.draft import Draft, TraceStep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint_mem.analysis.passes.kept import Keeping
    from tflint_mem.codemod import Proposal
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.draft import Repair
    from tflint_mem.ruleset.fix_context import FixContext

CODE = "TFM204"
SWEEPS = True
MEASURED = (
    "64.7 KiB per kept output of 64 KiB (TF 2.21); `.numpy()` keeps as much on the CPU and frees the GPU; "
    "scalar losses: 0"
)
MEASURED_GRADIENTS = (
    "1350 KiB per kept gradient of an input of 100 x 3253 (TF 2.21): its own size; "
    "`.numpy()` keeps as much on the CPU and frees the GPU"
)
MEASURED_PREDICTIONS = "4021 KiB per epoch for predictions of 2000 x 512 (TF 2.21): their own size"
_NUMPY = "keep a number of it, or `.numpy()`, which frees the GPU"


class _Words(Record):
    """What is said of something that is kept."""

    __slots__ = ()
    what: str
    measured: str
    help: str


_OF_OUTPUTS = _Words("a model's output tensor", MEASURED, _NUMPY)
_OF_GRADIENTS = _Words("gradients", MEASURED_GRADIENTS, "add them up, or " + _NUMPY)
_OF_PREDICTIONS = _Words(
    "the predictions of a whole input",
    MEASURED_PREDICTIONS,
    "keep what is needed of them (a score, a running mean), or write them to a file",
)


def find(context: Context) -> Iterator[Draft]:
    """Keeping statements in long loops whose value is a model's output."""
    for m in _near_models(context):
        for scope, record in enumerate(m.scopes):
            if record.kind == "class":
                continue
            for keeping in kept.in_scope(context, m, scope):
                draft = _draft(context, keeping)
                if draft is not None:
                    yield draft


def _near_models(context: Context) -> Iterator[Module]:
    """Modules that make or load models, those that they import, and those that import them (twice removed, too).

    Tests are left out.
    """
    project = context.project
    found: set[int] = set()
    imports = project.imports
    for m in {each.m for each in (*models.builds(context), *models.loads(context)) if not context.in_tests(each.m)}:
        near = {m.index, *imports.direct(m), *imports.importers(m)}
        found |= near.union(*(imports.importers(project.module(index)) for index in imports.importers(m)))
    return (m for m in map(project.module, context.among(sorted(found))) if not context.in_tests(m))


def _draft(context: Context, keeping: Keeping) -> Draft | None:
    m, s, container = keeping.m, keeping.s, keeping.container
    statement = m.statements[s]
    scope = statement.scope
    if not m.loops(statement.block) and (
        isinstance(container, Name) and container.id in m.bindings(scope) or scope == 0
    ):
        return None
    calls = (output(context, m, scope, value, s) for value in keeping.values)
    made = next((call for call in calls if call is not None), None)
    if (
        made is None
        or context.project.versions.graph_mode(m)
        or context.project.compiled(m, scope)
        or building(context, m, made)
    ):
        return None
    repeat = next(long_repeats(context, keeping, made), None)
    if repeat is None:
        return None
    fate = kept.fate(context, keeping)
    if fate in (kept.BOUNDED, kept.UNKNOWN):
        return None
    pos = kept.position(m, s)
    needed = fate == kept.ALL
    small = needed and repeat.local and isinstance(container, Name) and _steps(m, repeat)
    words = _words(context.project.apis(m, made))
    on_host = words is _OF_PREDICTIONS
    where = "" if on_host else " on the device"
    return Draft(
        code=CODE,
        m=m,
        pos=pos,
        message=f"keeps {words.what} {context.when(repeat, m)}"
        + (f"; all of them wait{where} until the end" if needed else "; their memory adds up"),
        measured=words.measured,
        help=words.help,
        severity="hint" if needed else None,
        persona="pedantic" if small else None,
        trace=context.trace(
            repeat,
            "makes the output",
            TraceStep.at(m, pos, "keeps it"),
            ways=(way for way in long_repeats(context, keeping, made) if way.hops[-1] == (m, made)),
        )
        if repeat.hops[-1] == (m, made)
        else (),
        fix="arrays take as much on the host" if on_host else _fix(context, m, s, made),
        noqa_row=statement.end_line,
        site=s,
    )


def _steps(m: Module, repeat: Repeat) -> bool:
    """Does each pass take one step of an environment?  Then what it keeps is of one state, until the episode ends."""
    first, i = repeat.hops[0]
    return repeat.block is not None and any(
        tail_of(m.calls[j].func) == "step" and m.calls[j].block == repeat.block
        for j in m.scope_calls(first.calls[i].scope)
    )


def _words(names: frozenset[str]) -> _Words:
    """What is said of what a call of these names gives."""
    if names & PREDICTIONS:
        return _OF_PREDICTIONS
    return _OF_GRADIENTS if names & GRADIENTS else _OF_OUTPUTS


# -- the fix ----------------------------------------------------------------------------------------------------------


def _fix(context: Context, m: Module, s: int, made: int) -> Repair | str:
    """`.numpy()` on what statement `s` puts into a list, or why that is not right."""
    statement = m.statements[s]
    if not isinstance(statement, ExprStatement):
        return "it is not put into a list"
    if _methods_wanted(m):
        return "what is kept is asked for .numpy() elsewhere"
    if isinstance(statement.value, CallRef):
        given = m.calls[statement.value.number].args
        if given and one_tensor(context, m, s, given[0], made):
            return _numpy(m, statement.value.number)
    return "the model may give several outputs"


def _methods_wanted(m: Module) -> bool:
    """Does the module ask kept tensors for `.numpy()` already?"""
    called = [m.calls[k].func for k in m.calls_by_tail().get("numpy", ())]
    return any(isinstance(f, Attribute) and isinstance(f.base, (Name, Subscript)) for f in called)


def _numpy(m: Module, i: int) -> Repair:
    def fix(fx: FixContext) -> Proposal:
        from tflint_mem.codemod import NoFix, Proposal
        from tflint_mem.codemod import operations as do

        adding = m.calls[i]
        if tail_of(adding.func) not in ("append", "add", "appendleft") or not isinstance(
            adding.args[0], (Name, CallRef)
        ):
            raise NoFix("more than the output is kept")
        view, call = fx.at(m, i)
        edits = do.wrap_argument(view, call, 0, "{}.numpy()")
        return Proposal(UNSAFE, "Keep the output as a NumPy array", edits)

    return fix
