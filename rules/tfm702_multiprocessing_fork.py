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

from tflint_mem import facts as F
from tflint_mem.analysis.gpu import tf_runtime
from tflint_mem.analysis.program import execution_order
from tflint_mem.analysis.tracing import frozen
from tflint_mem.facts import Attribute, Constant, SequenceDisplay
from tflint_mem.finding import UNSAFE
from tflint_mem.project.holds.values import ClassValue, Thing
from tflint_mem.project.linking.module import call_text, tail_of
from tflint_mem.ruleset.draft import TraceStep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.facts import Call, Expression
    from tflint_mem.project.holds.values import Value
    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.fix_context import FixContext

CODE = "TFM702"
MEASURED = "a forked worker's `predict` never returned after one `predict` in the parent (TF 2.21, CPU, Linux)"
_PACKAGES = ("multiprocessing.", "multiprocess.", "concurrent.futures.", "billiard.")
_CONSTRUCTORS = frozenset(("Pool", "Process", "ProcessPoolExecutor"))
_SHARED = frozenset(
    (
        "Queue",
        "JoinableQueue",
        "SimpleQueue",
        "Lock",
        "RLock",
        "Event",
        "Condition",
        "Semaphore",
        "BoundedSemaphore",
        "Barrier",
        "Value",
        "Array",
    )
)
_SUBMIT = frozenset(
    ("map", "imap", "imap_unordered", "starmap", "map_async", "starmap_async", "apply", "apply_async", "submit")
)


def find(context: Context) -> Iterator[Draft]:
    """Forking constructors whose workers run TensorFlow behind a parent that has."""
    if _start_method(context):
        return
    runtime = tf_runtime.of(context)
    for m, i, kind in _constructions(context):
        if context.in_tests(m):
            continue
        workers, times = _workers(context, m, i, kind)
        worker = next(((fm, s) for fm, s in workers if runtime.function(fm, s)), None)
        if worker is None:
            continue
        used = next((found for found in (runtime.before(m, k) for k in times) if found is not None), None)
        if used is None:
            continue
        um, ui = used
        fm, s = worker
        pos, use = m.calls[i][6], um.calls[ui][6]
        yield context.at_call(
            CODE,
            m,
            i,
            f"`{call_text(m, i)}` forks workers that run TensorFlow (`{fm.qualname(s) or 'a lambda'}`) from a "
            "process that has already run it; they can hang for ever",
            measured=MEASURED,
            help="start the workers with the spawn method, or fork them before TensorFlow runs in the parent",
            trace=(
                TraceStep(um, use[0], use[1], f"`{call_text(um, ui)}` runs TensorFlow in the parent"),
                TraceStep(m, pos[0], pos[1], "forks worker processes"),
                TraceStep(fm, fm.scopes[s][F.S_LINE], 0, "runs TensorFlow in the worker"),
            ),
            fix=_not_spawned(context, m, i, workers) or _spawn(m, i, kind, _own_context(context, m, i)),
        )


def _start_method(context: Context):
    """Does the project set the start method to something else than fork?"""
    for m, i, _ in context.everywhere({"set_start_method"}):
        method = context.argument(m, i, 0, "method")
        if method is not None and method != Constant("fork"):
            return True
    return False


def _constructions(context: Context):
    """(module, call, kind) of each construction of forked processes, subclasses of Process included; kind as in
    _CONSTRUCTORS.
    """
    for index in context.among(context.project.mentioned(_CONSTRUCTORS)):
        m = context.project.module(index)
        for i in range(len(m.calls)):
            tail = tail_of(m.calls[i][0])
            if tail is None:
                continue
            if tail[:1].isupper():
                kind = _forks(context, m, i)
                if kind:
                    yield m, i, kind


def _forks(context: Context, m: Module, i: int):
    """What the call constructs when that forks ("Pool" …), else ""."""
    call = m.calls[i]
    keywords = dict(call.keywords)
    for name in context.project.apis(m, i):
        base, _, tail = name.rpartition(".")
        if tail not in _CONSTRUCTORS or "dummy" in base:
            continue
        if name.startswith("ext:") and base.endswith("get_context"):
            return tail if _context_forks(context, m, call.func[1], i) else ""
        if name.startswith(_PACKAGES):
            for keyword in ("mp_context", "context"):
                if keyword in keywords:
                    return tail if _context_forks(context, m, keywords[keyword], i) else ""
            if tail == "ProcessPoolExecutor" and "max_tasks_per_child" in keywords:
                return ""  # that asks for spawn by itself
            return tail
    return "Process" if any(_process_class(context, v) for v in context.infer.callee(m, i)) else ""


def _process_class(context: Context, v: Value):
    """Is the value a class of the project that derives from `multiprocessing.Process`?"""
    if not isinstance(v, ClassValue):
        return False
    return any(
        name
        in (
            "multiprocessing.Process",
            "multiprocess.Process",
            "multiprocessing.process.BaseProcess",
            "multiprocessing.context.Process",
        )
        for name in context.infer.foreign_bases(context.project.module(v.module), v.scope)
    )


def _context_forks(context: Context, m: Module, expression: Expression, i: int):
    """Is the multiprocessing context made with "fork", or with no name at all?"""
    made = _context_call(context, m, expression, i)
    if made is None:
        return False
    method = context.argument(*made, 0, "method")
    return method is None or method in (Constant("fork"), Constant(None))


def _context_call(context: Context, m: Module, expression: Expression, i: int):
    """(module, call) of the `get_context` that a context comes from, or None."""
    call = m.calls[i]
    for v in context.infer.values(m, call.scope, expression, call.statement):
        if (
            isinstance(v, Thing)
            and v.kind.endswith("get_context")
            and v.origin is not None
            and isinstance(v.origin[1], int)
        ):
            return context.project.module(v.origin[0]), v.origin[1]
    return None


def _workers(context: Context, m: Module, i: int, kind):
    """(functions that run in the workers, calls at which they are forked)."""
    found, times = [], [i]
    call = m.calls[i]
    for v in context.infer.callee(m, i):
        if _process_class(context, v):
            run = context.infer.lookup(context.project.module(v[1]), v[2], "run")
            if run:
                found.append(run)
    for name, position in (("target", 1), ("initializer", None)):
        expression = context.argument(m, i, position if kind == "Process" else None, name)
        if expression is not None:
            found += context.project.functions_in(m, call.scope, expression, call.statement)
    if kind != "Process":
        for tail in _SUBMIT:
            for j in m.calls_by_tail().get(tail, ()):
                other = m.calls[j]
                if isinstance(other.func, Attribute) and other.args and _is_made_by(context, m, other, i):
                    found += context.project.functions_in(m, other.scope, other.args[0], other.statement)
                    if kind == "ProcessPoolExecutor":
                        times.append(j)  # an executor forks when it is given work
    return found, times


def _is_made_by(context: Context, m: Module, call: Call, i: int):
    return any(
        isinstance(v, Thing) and v.origin == (m.index, i)
        for v in context.infer.values(m, call.scope, call.func[1], call.statement)
    )


def _not_spawned(context: Context, m: Module, i: int, workers):
    """Why the workers cannot be spawned as the code stands, "" when they can.

    They need importable functions, a `__main__` guard on the way, and nothing that only the parent has.
    """
    if any(isinstance(v, ClassValue) for v in context.infer.callee(m, i)):
        return "the worker is a class of processes"
    if m.notebook:
        return "a notebook's functions cannot be imported by spawned workers"
    if any(
        fm.scopes[s][F.S_KIND] == "lambda" or fm.scopes[fm.scopes[s][F.S_PARENT]][F.S_KIND] == "function"
        for fm, s in workers
    ):
        return "spawned workers can only import functions at the top of a module"
    if any(fm.is_method(s) for fm, s in workers):
        return "a method takes its object along, and that may not be picklable"
    if not _guarded(context, m, i, 0):
        return 'spawned workers import the main module again, which has no `if __name__ == "__main__":` on the way'
    if _shares(context, m):
        return "queues or locks are made for the default start method"
    if _hands_over(context, m, i, workers):
        return "the workers are given things of TensorFlow, which cannot be pickled"
    name = _set_in_parent(context, workers)
    return f"the workers read {name}, which only the parent sets" if name else ""


def _hands_over(context: Context, m: Module, i: int, workers):
    """Are models, sessions or the like arguments of the workers?"""
    given = [*m.arguments(i)]
    for argument in list(given):
        given += argument[1] if isinstance(argument, SequenceDisplay) else ()
    kinds = {kind for e in given for kind in context.kinds(m, i, e)}
    for fm, s in workers:
        for index in range(len(fm.scopes[s][F.S_PARAMS])):
            kinds |= {v.kind for v in context.infer.parameter(fm, s, index) if isinstance(v, Thing)}
    return bool(kinds & _BOUND_TO_PROCESS)


_BOUND_TO_PROCESS = frozenset(
    (
        "model",
        "session",
        "graph",
        "dataset",
        "iterator",
        "tf.function",
        "variable",
        "strategy",
        "saved_model",
        "layer",
        "optimizer",
        "interpreter",
    )
)


def _set_in_parent(context: Context, workers):
    """A name or setting that the workers read and that code outside of them sets: in the main block, in a function, or
    again; "" for none.
    """
    seen = {}
    for fm, s in workers:
        seen.update(frozen.functions(context, fm, s))
    for fm, s in seen:
        for name, owner in frozen.outer_names(fm, s):
            if owner == 0 and _later(fm, name, seen):
                return name
        for e in frozen.module_attributes(context, fm, s):
            if any(
                name == e[2]
                for other in context.project.mentioning(e[2], frozen.MAX_MODULES)
                for name in other.foreign_attributes()
            ):
                return e[2]
    return ""


def _later(m: Module, name: str, workers):
    """Is a module's name bound in its main block, or by a function that the workers do not run?"""
    for binding in m.bindings(0).get(name, ()):
        if binding.statement >= 0 and any(_is_main_block(m, c) for c in m.chain(m.statements[binding.statement].block)):
            return True
    return any((m, s) not in workers and name in m.bindings(s) for s in m.declaring(name))


def _is_main_block(m: Module, context: Context):
    return m.blocks[context][0] == "if" and execution_order.is_main_test(m.statements[m.blocks[context][2]][5])


def _shares(context: Context, m: Module):
    """Are queues or locks made for the default start method?  Spawned processes refuse them."""
    return any(
        name.startswith(_PACKAGES)
        for tail in _SHARED
        for k in m.calls_by_tail().get(tail, ())
        for name in context.project.apis(m, k)
    )


def _guarded(context: Context, m: Module, i: int, depth):
    call = m.calls[i]
    if call.scope == 0:
        return any(_is_main_block(m, c) for c in m.chain(call.block))
    if depth > 4:
        return False
    return all(
        _guarded(context, cm, k, depth + 1) for cm, k, how in context.project.callers(m, call.scope) if how == "call"
    )


def _own_context(context: Context, m: Module, i: int):
    """The `get_context` call whose `Pool` or `Process` is called, or None."""
    receiver = context.receiver(m, i)
    return None if receiver is None else _context_call(context, m, receiver, i)


def _spawn(m: Module, i: int, kind, made):
    def fix(fx: FixContext) -> Proposal:
        from tflint_mem.codemod import operations as do

        message = "Start the workers with the spawn method"
        if made is not None:
            view, call = fx.at(*made)
            if not call.args:
                return UNSAFE, message, do.replace_expression(view, call, f'{view.code(call.func)}("spawn")')
            return UNSAFE, message, do.replace_expression(view, call.args[0].value, '"spawn"')
        view, call = fx.at(m, i)
        module, edits = do.ensure(fx.source, "multiprocessing", row=m.calls[i].pos.line)
        context = f'{module}.get_context("spawn")'
        if kind == "ProcessPoolExecutor":
            change = do.add_keyword(view, call, "mp_context", context)
        else:
            change = do.replace_expression(view, call.func, f"{context}.{kind}")
        return UNSAFE, message, do.join(change, edits)

    return fix
