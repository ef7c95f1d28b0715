"""Finds Keras backend functions and gradients that are made again for each image or step.

## What it does
Reports `K.function` and `K.gradients` (and, in graph-mode code, `K.variable`) at a place that repeats, in this function
or through its callers, unless the result is kept under a key or the session is cleared in each repeat. Where one
function makes both, the finding stands at `K.function`.

## Why is this bad?
`K.gradients` adds a backward pass to the graph, `K.variable` a variable, and nothing ever takes operations out of a
graph: the graph grows with each repeat, and each `run` becomes slower. `K.function` by itself adds next to nothing, but
it is a new function each time, set up anew. Keras 3 has no `K.function`.

## What was measured
KiB per repeat: `K.gradients` in graph mode 223 (TensorFlow 2.15), 311 (1.15); `K.variable` 4108 with a value of 4 MiB
(1.15; flat in eager code); `K.function` 0 (2.15), 5-7 (1.15). `clear_session()` gives the graph back, `gc.collect()`
does not.

## Example
```python
for image in images:
    gradients = K.gradients(model.output, model.input)[0]
    saliency = K.function([model.input], [gradients])
    maps.append(saliency([image])[0])
```

Use instead:
```python
gradients = K.gradients(model.output, model.input)[0]
saliency = K.function([model.input], [gradients])
for image in images:
    maps.append(saliency([image])[0])
```

## Fix safety
Moving the call before a loop that does not change its arguments is unsafe only in so far as a person should look at it.
"""

from __future__ import annotations

from tflint_mem.analysis.program import modes
from tflint_mem.analysis.tracing import backend_objects
from tflint_mem.facts import Record
from tflint_mem.finding import UNSAFE
from tflint_mem.project.linking.call_names import call_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint_mem.codemod import Proposal
    from tflint_mem.codemod.hoist import Move
    from tflint_mem.codemod.view import Comprehension, Loop
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.draft import Draft, Repair
    from tflint_mem.ruleset.fix_context import FixContext

CODE = "TFM504"
MEASURED = {
    "gradients": "223 KiB per repeat (TF 2.15 in graph mode; 311 on 1.15) stay in the graph; "
    "only clear_session() gives them back",
    "variable": "4108 KiB per repeat with a value of 4 MiB (TF 1.15); flat in eager code",
    "function": "0 KiB per repeat on TF 2.15, 5-7 on 1.15; the function is set up anew each time",
}
_NAMES = frozenset(("keras.backend.function", "keras.backend.gradients", "keras.backend.variable"))


class _Made(Record):
    """What is made again in each repeat: kind is "function", "gradients" or "variable"."""

    __slots__ = ()
    kind: str
    m: Module
    i: int
    repeat: Repeat


def find(context: Context) -> Iterator[Draft]:
    """Backend functions, gradients and graph-mode variables that are made in each repeat."""
    found: dict[tuple[int, int], list[_Made]] = {}
    for m, i, names in context.calls({"function", "gradients", "variable"}, _NAMES):
        kind = next(iter(names)).rpartition(".")[2]
        if modes.asks_for_eager(m, i):
            continue  # the branch for graphs of code that runs eagerly as well
        if (
            kind == "variable"
            and not context.project.versions.graph_mode(m)
            or context.project.compiled(m, m.calls[i].scope)
        ):
            continue
        repeat = next(backend_objects.made_again(context, m, i, kind), None)
        if repeat is not None:
            found.setdefault((m.index, m.calls[i].scope), []).append(_Made(kind, m, i, repeat))
    for made in found.values():
        yield from _drafts(context, made)


def _drafts(context: Context, sites: list[_Made]) -> Iterator[Draft]:
    """The sites of one function: gradients that a backend function of the same repeat returns are told with it."""
    for site in sites:
        together = [other for other in sites if _same(site.repeat, other.repeat)]
        growing = site.kind
        if site.kind == "gradients" and any(other.kind == "function" and site.i < other.i for other in together):
            continue
        if site.kind == "function" and any(other.kind == "gradients" and other.i < site.i for other in together):
            growing = "gradients"
        yield _draft(context, site.kind, growing, site.m, site.i, site.repeat)


def _same(one: Repeat, other: Repeat) -> bool:
    return (one.module, one.block, one.scope) == (other.module, other.block, other.scope)


def _draft(context: Context, kind: str, growing: str, m: Module, i: int, repeat: Repeat) -> Draft:
    keeps = {
        "gradients": "; the gradient operations it needs are added to the graph each time and stay there"
        if kind == "function"
        else "; its operations stay in the graph",
        "variable": "; it stays in the graph and the session",
        "function": "; it is set up anew each time",
    }[growing]
    light = growing == "function" and not context.project.versions.graph_mode(m)
    return context.at_call(
        CODE,
        m,
        i,
        f"`{call_text(m, i)}` is made again {context.when(repeat, m)}{keeps}",
        measured=MEASURED[growing],
        help="make it once and keep it: before the loop, in the constructor, or in a cache by layer",
        severity="error" if growing == "variable" else "hint" if light else None,
        trace=context.trace(
            repeat, "makes a new backend " + kind, ways=backend_objects.made_again(context, m, i, kind)
        ),
        fix=_hoist(m, i, kind) if repeat.local else "what repeats it stands in another function",
    )


def _hoist(m: Module, i: int, kind: str) -> Repair:
    """What is made is made once before the loop."""

    def fix(fx: FixContext) -> Proposal:
        from tflint_mem.codemod import NoFix, Proposal
        from tflint_mem.codemod import operations as do

        view, call = fx.at(m, i)

        def out_of(loop: Loop | Comprehension) -> Move:
            try:  # `slope = K.gradients(…)[0]` moves as it stands
                return do.hoist_statement(view, call, loop, call=call)
            except NoFix:
                return do.hoist_call(view, call, loop, "backend_" + kind)

        move = do.outermost_loop(view, call, out_of)
        return Proposal(UNSAFE, f"Make the backend {kind} once before the loop", move.edits)

    return fix
