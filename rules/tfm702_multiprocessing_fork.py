"""Finds worker processes that are forked from a process in which TensorFlow has already run.

## What it does
Reports `multiprocessing.Pool`, `Process` and `ProcessPoolExecutor` with the default or the fork start method when the
workers use TensorFlow and the parent has run it before: an operation, a variable or a model, earlier on the way to this
place, in the constructor of the object, at the top of an imported module, or in an earlier pass of the loop. A parent
that only imports TensorFlow is fine, and so are workers that never touch it.

## Why is this bad?
A fork copies the memory of the process but only one of its threads. TensorFlow's thread pools, locks and CUDA contexts
are in that memory, the threads that would serve them are gone: the first operation in the worker that needs one waits
for ever. Where it does not hang, each worker carries the parent's models as memory of its own as soon as it touches
them. Linux forks by default before Python 3.14.

## What was measured
On TensorFlow 2.21 (CPU, Linux) `Model.predict` in a worker forked after one `predict` in the parent never returned; see
the fixture. A child process that is spawned per model returns all its memory when it ends.

## Example
```python
model = tf.keras.models.load_model("birds.keras")
with multiprocessing.Pool(4) as pool:
    labels = pool.map(classify, paths)
```

Use instead, behind `if __name__ == "__main__":`
```python
with multiprocessing.get_context("spawn").Pool(4, initializer=load) as pool:
    labels = pool.map(classify, paths)
```

## Fix safety
The fix asks for the spawn start method. It is unsafe: spawned workers import the main module again; arguments and
functions must be picklable. There is none where the workers read globals that only the parent sets, or are given
models, locks or methods of objects.
"""

from __future__ import annotations

from tflint_mem.analysis.gpu import forked_workers, spawnable, tf_runtime
from tflint_mem.facts import Constant
from tflint_mem.finding import UNSAFE
from tflint_mem.project.linking.call_names import call_text
from tflint_mem.ruleset.draft import TraceStep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint_mem.codemod import Proposal
    from tflint_mem.project.linking.module import Module, Site
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.draft import Draft, Repair
    from tflint_mem.ruleset.fix_context import FixContext

CODE = "TFM702"
MEASURED = "a forked worker's `predict` never returned after one `predict` in the parent (TF 2.21, CPU, Linux)"


def find(context: Context) -> Iterator[Draft]:
    """Forking constructors whose workers run TensorFlow behind a parent that has."""
    if _start_method(context):
        return
    runtime = tf_runtime.of(context)
    for m, i, kind in forked_workers.constructions(context):
        if context.in_tests(m):
            continue
        workers, times = forked_workers.of_construction(context, m, i, kind)
        worker = next(((fm, s) for fm, s in workers if runtime.function(fm, s)), None)
        if worker is None:
            continue
        used = next((found for found in (runtime.before(m, k) for k in times) if found is not None), None)
        if used is None:
            continue
        um, ui = used
        fm, s = worker

        yield context.at_call(
            CODE,
            m,
            i,
            f"`{call_text(m, i)}` forks workers that run TensorFlow (`{fm.qualname(s) or 'a lambda'}`) from a "
            "process that has already run it; they can hang for ever",
            measured=MEASURED,
            help="start the workers with the spawn method, or fork them before TensorFlow runs in the parent",
            trace=(
                TraceStep.at(um, um.calls[ui].pos, f"`{call_text(um, ui)}` runs TensorFlow in the parent"),
                TraceStep.at(m, m.calls[i].pos, "forks worker processes"),
                TraceStep(fm, fm.scopes[s].line, 0, "runs TensorFlow in the worker"),
            ),
            fix=spawnable.objection(context, m, i, workers)
            or _spawn(m, i, kind, forked_workers.own_context(context, m, i)),
        )


def _start_method(context: Context) -> bool:
    """Does the project set the start method to something else than fork?"""
    for m, i, _ in context.everywhere({"set_start_method"}):
        method = context.argument(m, i, 0, "method")
        if method is not None and method != Constant("fork"):
            return True
    return False


def _spawn(m: Module, i: int, kind: str, made: Site | None) -> Repair:
    """The workers are spawned: by the context that `made` makes, where there is one."""

    def fix(fx: FixContext) -> Proposal:
        from tflint_mem.codemod import Proposal
        from tflint_mem.codemod import operations as do

        message = "Start the workers with the spawn method"
        if made is not None:
            view, call = fx.at(*made)
            if call.args:
                edits = do.replace_expression(view, call.args[0].value, '"spawn"')
            else:
                edits = do.replace_expression(view, call, f'{view.code(call.func)}("spawn")')
            return Proposal(UNSAFE, message, edits)
        view, call = fx.at(m, i)
        module = do.ensure(fx.source, "multiprocessing", row=m.calls[i].pos.line)
        context = f'{module.expression}.get_context("spawn")'
        if kind == "ProcessPoolExecutor":
            change = do.add_keyword(view, call, "mp_context", context)
        else:
            change = do.replace_expression(view, call.func, f"{context}.{kind}")
        return Proposal(UNSAFE, message, do.join(change, module.edits))

    return fix
