"""Finds figures of Matplotlib that are drawn beside a training and never closed.

## What it does
Reports `plt.figure()` and `plt.subplots()` at a place that repeats with TensorFlow's work: in a Keras callback per
epoch or batch, in a loop that trains or runs a model, in a handler that does. Silent where `plt.close()` is called on
the way, where each pass shows its figure, where one figure is used again (`plt.figure(1)`), and for up to twenty
figures.

## Why is this bad?
Pyplot keeps each figure that it makes until it is closed, with the picture that was drawn of it. `plt.clf()` empties a
figure and leaves it there. `matplotlib.figure.Figure()` is not kept by anybody.

## What was measured
Matplotlib 3.11 with the backend Agg, KiB per figure: 1910 for one pair of axes of the default size, 2180 for 6 x 6
inches, 7694 for `subplots(4, 4)`; with `plt.clf()` instead of a close still 1364. Closed: 1 to 7; one figure for all:
12.

## Example
```python
class Confusion(tf.keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        figure = plt.figure()
        plt.imshow(confusion(self.model))
        figure.savefig(f"{epoch}.png")
```

Use instead:
```python
class Confusion(tf.keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        figure = plt.figure()
        plt.imshow(confusion(self.model))
        figure.savefig(f"{epoch}.png")
        plt.close(figure)
```

## Fix safety
The fix closes the figure behind its last use in the block that makes it. It is unsafe: a window that somebody watches
goes with it.
"""

from __future__ import annotations

from tflint_mem.analysis.models import lifetimes, models
from tflint_mem.analysis.passes import hot
from tflint_mem.facts import NONE, Assign, CallRef, Constant, Return, SequenceDisplay, tail_of, walk
from tflint_mem.finding import PEDANTIC, POSSIBLE, UNSAFE
from tflint_mem.project.repeats import periods

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint_mem.codemod import Proposal
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.draft import Draft, Repair
    from tflint_mem.ruleset.fix_context import FixContext

CODE = "TFM705"
MEASURED = (
    "1910 KiB stay per figure of the default size, 7694 for subplots(4, 4) (Matplotlib 3.11, Agg); "
    "closed: none; plt.clf() keeps the figure"
)
FEW = 20  # figures; with more of them Matplotlib warns by itself
_MAKES = frozenset(("figure", "subplots"))
_PYPLOT = ("matplotlib.pyplot.", "pylab.", "matplotlib.pylab.")
_FIGURES = frozenset(start + name for start in _PYPLOT for name in _MAKES)
_ENDS = frozenset(start + name for start in _PYPLOT for name in ("close", "show", "pause"))
_CLOSING = ("close", "add_figure")  # TensorBoard's writer of PyTorch closes what it is given


def find(context: Context) -> Iterator[Draft]:
    """Figures that are made again and again beside TensorFlow's work, with nothing that closes them."""
    for m, i, _ in context.calls(_MAKES, _FIGURES):
        if context.in_tests(m) or not _new(context, m, i):
            continue
        repeat = next((r for r in context.repeats(m, i) if _piles_up(context, r)), None)
        if repeat is None:
            continue
        yield context.at_call(
            CODE,
            m,
            i,
            f"`{models.text(m, i)}` makes a figure {context.when(repeat, m)}, and nothing closes it: "
            "pyplot keeps each with its picture",
            measured=MEASURED,
            help="plt.close(figure) once it is saved, or draw into one matplotlib.figure.Figure() of your own",
            confidence=POSSIBLE if _handed_to_unknown(context, m, i) else None,
            persona=PEDANTIC if m.notebook else None,  # the backend of notebooks closes all when the cell ends
            trace=context.trace(repeat, "makes a figure that stays open"),
            fix=_fix(m, i),
        )


def _new(context: Context, m: Module, i: int) -> bool:
    """Is it another figure each time: without a number or name, or with one that may change?"""
    subplots = tail_of(m.calls[i].func) == "subplots"
    number = context.argument(m, i, None if subplots else 0, "num")
    return number is None or number == NONE or not isinstance(number, Constant)


def _piles_up(context: Context, repeat: Repeat) -> bool:
    """Does the repeat work with TensorFlow, often, without a look or an end for its figures?"""
    if repeat.kind not in ("loop", "while", "handler", "callback") or hot.folds(repeat):
        return False
    usual = context.project.repeats_of.usual
    count = usual.times(repeat)
    if count is not None and count <= FEW * periods.of_repeat(usual, repeat):
        return False
    if context.project.released(repeat, _ENDS) is not None or _closed_around(repeat):
        return False
    return repeat.kind == "callback" or lifetimes.works(context, repeat)


def _closed_around(repeat: Repeat) -> bool:
    """Is something closed in one of the functions on the way, before or behind the loop?"""
    return any(
        m.calls[j].scope == m.calls[i].scope
        for m, i in repeat.hops
        for tail in _CLOSING
        for j in m.calls_by_tail().get(tail, ())
    )


def _handed_to_unknown(context: Context, m: Module, i: int) -> bool:
    """Is the figure returned, or given to a function that nobody sees, which may close it?"""
    call = m.calls[i]
    statement = m.statements[call.statement]
    if isinstance(statement, Return):
        return True
    if not isinstance(statement, Assign) or statement.value != CallRef(i):
        return False
    figures = [t.items[0] if isinstance(t, SequenceDisplay) and t.items else t for t in statement.targets]
    if any(e in figures for returned in m.returns(call.scope) for e in walk(returned.value, m.calls)):
        return True
    for j in m.scope_calls(call.scope):
        if any(e in figures for e in m.arguments(j)):
            if not context.project.apis(m, j) and not context.project.functions_called(m, j):
                return True
    return False


def _fix(m: Module, i: int) -> Repair:
    def fix(fx: FixContext) -> Proposal:
        from tflint_mem.codemod import Proposal
        from tflint_mem.codemod import operations as do

        view, call = fx.at(m, i)
        return Proposal(UNSAFE, "Close the figure behind its last use", do.close_figure(view, call))

    return fix
