"""Finds programs that leave TensorFlow all GPU memory.

## What it does
Reports a program that trains or infers with TensorFlow and configures the GPU nowhere in what it imports from its
project: no memory growth, no memory limit, no fraction, no choice of devices. Once for a project, at the first import
of TensorFlow or Keras in one of its entry points (script, notebook, console script, service); the others are listed in
the trace. Libraries and tests, TFLite, code for the CPU or a TPU, and a project whose requirements or container have no
GPU stay silent: whoever runs a library decides about the GPU. It is a hint: many programs have their GPU to themselves.

## Why is this bad?
Without a setting TensorFlow reserves nearly all memory of every visible GPU when it starts, whether it needs it or not.
A second process on the same GPU then fails, and what the program really uses cannot be seen from outside.

## What was measured
Nothing to measure: it is the default of TensorFlow 1 and 2, and growth is the remedy that users of the biggest thread
about it (tensorflow#24496) settled on.

## Example
```python
import tensorflow as tf

model = tf.keras.models.load_model("model.keras")
model.predict(x)
```

Use instead:
```python
import tensorflow as tf

for gpu in tf.config.list_physical_devices("GPU"):
    tf.config.experimental.set_memory_growth(gpu, True)

model = tf.keras.models.load_model("model.keras")
model.predict(x)
```

The environment variable `TF_FORCE_GPU_ALLOW_GROWTH=true` does the same.

## Fix safety
Adding the loop over all GPUs, or in TensorFlow 1 `allow_growth` to the sessions, is unsafe: growth can fragment memory,
and a program that owns its GPU may want all of it.
"""

from __future__ import annotations

import os

from tflint_mem import facts as F
from tflint_mem.analysis.program import execution_order
from tflint_mem.analysis.tracing import graphs
from tflint_mem.facts import Attribute, CallRef, Constant, If, Import, Lambda, Name
from tflint_mem.finding import UNSAFE
from tflint_mem.knowledge import EXTERNAL_ROOTS
from tflint_mem.project.holds.values import FunctionValue, MethodValue, Thing
from tflint_mem.project.linking.module import call_text, tail_of, walk
from tflint_mem.project.linking.module import dotted as dotted_name
from tflint_mem.project.linking.names import is_package
from tflint_mem.ruleset.draft import Draft, TraceStep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.facts import Call, Expression, Pos
    from tflint_mem.project.holds.values import Value
    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.fix_context import FixContext

CODE = "TFM601"
MEASURED = "TensorFlow reserves nearly all memory of every visible GPU when it starts"
_WORK = frozenset(
    f"model.{name}"
    for name in (
        "fit",
        "fit_generator",
        "predict",
        "predict_on_batch",
        "predict_generator",
        "predict_classes",
        "predict_proba",
        "train_on_batch",
        "test_on_batch",
        "evaluate",
        "evaluate_generator",
        "__call__",
    )
) | frozenset(
    ("saved_model.__call__", "tape.gradient", "optimizer.apply_gradients", "optimizer.minimize", "strategy.run")
)
_EAGER_ONLY = frozenset(
    ("model.__call__", "saved_model.__call__", "tape.gradient", "optimizer.apply_gradients", "optimizer.minimize")
)
_SETTINGS = frozenset(
    (
        "set_memory_growth",
        "allow_growth",
        "gpu_options",
        "GPUOptions",
        "per_process_gpu_memory_fraction",
        "TF_FORCE_GPU_ALLOW_GROWTH",
        "set_logical_device_configuration",
        "set_virtual_device_configuration",
        "LogicalDeviceConfiguration",
        "VirtualDeviceConfiguration",
        "set_visible_devices",
        "CUDA_VISIBLE_DEVICES",
        "TPUStrategy",
        "TPUClusterResolver",
        "TF_GPU_ALLOCATOR",
    )
)
_WORK_TAILS = frozenset(name.rpartition(".")[2] for name in _WORK) | {"run", "eval"}
_HELPER_WORDS = (
    "growth",
    "memory",
    "config",
    "setup",
    "set_up",
    "limit",
    "init",
    "visible",
    "select",
    "option",
    "prepare",
    "session",
)
_FRAMEWORKS = frozenset(("tensorflow", "keras", "tf_keras", "tensorflow_hub"))
_PROGRAM_FILES = ("pyproject.toml", "setup.py", "setup.cfg")
_NO_PROGRAMS = frozenset(("setup", "conf", "conftest", "noxfile", "fabfile", "tasks"))


def find(context: Context) -> Iterator[Draft]:
    """One draft for all entry points that reach work on TensorFlow and configure no GPU."""
    project = context.project
    scripts = _console_scripts(context)
    found = []
    for m in map(project.modules.__getitem__, context.shown(range(len(project.modules)))):
        if (
            m.parts[-1] in _NO_PROGRAMS
            or context.in_tests(m)
            or not _may_start(context, m, scripts)
            or _is_test(context, m)
        ):
            continue
        starts = _starts(context, m, scripts)
        if not starts or project.hardware.without_gpu(m) or context.settings.is_ignored(m.path, CODE):
            continue
        closure = [project.module(index) for index in project.imports.closure(m)]
        if any(_configured(context, each) for each in closure):
            continue
        place = _first_import(context, m)
        work = _work(context, starts) if place is not None else None
        if work is not None and not (_doing(*work) == "computes" and _self_test(context, m, scripts)):
            found.append(
                (m, place, work, len(starts) > 1 and not _runs_itself(context, m), {each.index for each in closure})
            )
    # what a program imports and serves is part of that program
    starts = [
        (m, place, work)
        for m, place, work, service, _ in found
        if not (service and any(m.index in closure and other is not m for other, _, _, _, closure in found))
    ]
    if starts:
        # the one nearest to the root of the project stands for all, programs about tests come last
        yield _draft(
            context,
            *sorted(
                starts,
                key=lambda start: (
                    "test" in start[0].parts[-1].lower(),
                    len(start[0].parts),
                    [part.lower() for part in start[0].parts],
                    start[0].parts,
                ),
            ),
        )


def _draft(context: Context, start, *others):
    m, pos, (wm, i) = start
    call = wm.calls[i][6]
    top = any(s and isinstance(s, Import) and s.pos == pos and s.scope == 0 for s in m.statements)
    also = [
        TraceStep(om, place[0], place[1], f"an entry point without any, too: `{call_text(cm, j)}` {_doing(cm, j)}")
        for om, place, (cm, j) in others
    ]
    return Draft(
        code=CODE,
        m=m,
        pos=pos,
        message="this program computes with TensorFlow and configures no GPU memory growth: "
        "TensorFlow takes nearly all memory of every visible GPU",
        measured=MEASURED,
        help="switch on growth for all GPUs before anything else, or set TF_FORCE_GPU_ALLOW_GROWTH=true",
        trace=(
            TraceStep(m, pos[0], pos[1], "no growth, limit or choice of devices in what this program imports"),
            TraceStep(wm, call[0], call[1], f"`{call_text(wm, i)}` {_doing(wm, i)}"),
            *also,
        ),
        noqa_row=pos[2],
        fix=_fix(context, m, pos, top) if not others else "each entry point needs its own",
    )


def _doing(m: Module, i: int):
    """What the call does, in a word."""
    name = tail_of(m.calls[i].func) or ""
    return (
        "trains"
        if name.startswith(("fit", "train")) or name in ("minimize", "apply_gradients", "gradient")
        else "computes"
    )


# -- entry points ------------------------------------------------------------------------------------------------------


def _may_start(context: Context, m: Module, scripts):
    """Can the module have starts?  Judged by the names in it, since most modules have none."""
    return (
        m.notebook
        or m.parts[-1] == "__main__"
        or context.project.index.has("idents", "__name__", m.index)
        or _listed(context, m)
        or _is_script(context, m)
        or any(parts == m.parts for parts, _ in scripts)
        or context.project.repeats_of.handlers.possible(m)
    )


def _starts(context: Context, m: Module, scripts):
    """[(module, scope)] of what runs when the module is started as a program; empty for a library."""
    named = _listed(context, m)  # then something starts its functions
    functions = [
        (m, s)
        for s, record in enumerate(m.scopes)
        if record.kind == "function"
        and record.parent == 0
        and (named or (m.parts, record.name) in scripts or _is_handler(context, m, s))
    ]
    if functions or _runs_itself(context, m):
        return [(m, 0), *functions]
    return [(m, 0)] if _is_script(context, m) and m.scope_calls(0) else []


def _is_script(context: Context, m: Module):
    """Could it be a script without a guard?  Nobody imports it."""
    return not m.package and not context.project.imports.importers(m) and not _in_framework(context, m)


def _self_test(context: Context, m: Module, scripts):
    """Is the main block, which trains nothing, there to try out a part: does a program that nobody imports use this
    module?
    """
    if (
        m.notebook
        or m.package
        or _listed(context, m)
        or any(parts == m.parts for parts, _ in scripts)
        or any(_is_handler(context, m, s) for s in range(len(m.scopes)))
    ):
        return False
    waiting, seen = [m.index], {m.index}
    for index in waiting:
        for other in context.project.imports.importers(context.project.module(index)):
            if other not in seen:
                seen.add(other)
                waiting.append(other)
                om = context.project.module(other)
                if (
                    not context.in_tests(om)
                    and not _is_test(context, om)
                    and not context.project.imports.importers(om)
                    and (om.notebook or _may_start(context, om, scripts))
                ):
                    return True
    return False


def _in_framework(context: Context, m: Module):
    """Is the module a part of Keras or the like itself?  Then imports of it are taken for imports of the framework, and
    nothing is known about them.
    """
    for depth, part in enumerate(m.parts[:-1], 1):
        if part in EXTERNAL_ROOTS:
            key = ("framework", m.parts[:depth])
            if key not in context.memo:
                context.memo[key] = is_package(m.parts[:depth], context.project.beside)
            if context.memo[key]:
                return True
    return False


def _runs_itself(context: Context, m: Module):
    """Is the module there to be started: a notebook, `__main__`, a script with a guard or one that the settings name?"""
    return (
        m.notebook
        or m.parts[-1] == "__main__"
        or _listed(context, m)
        or any(
            s and isinstance(s, If) and execution_order.is_main_test(s.test)
            for s in map(m.statements.__getitem__, m.scope_statements(0))
        )
    )


def _is_handler(context: Context, m: Module, scope: int):
    return context.project.repeats_of.handlers.of_function(m, scope).kind == "handler"


def _listed(context: Context, m: Module):
    """Is the module one of the scripts that the settings name?"""
    patterns = getattr(context.settings, "entry_points", None)
    if not patterns:
        return False
    from tflint_mem.settings.globs import Globs

    root = context.project.root or os.getcwd()
    return Globs(patterns, root).match_below(os.path.abspath(m.path), root)


def _console_scripts(context: Context):
    """{(parts of the module, function)} that the project installs as commands."""
    found = set()
    for text in context.project.versions.texts(_PROGRAM_FILES):
        for word in text.replace('"', " ").replace("'", " ").replace("=", " ").replace(",", " ").split():
            dotted, colon, function = word.partition(":")
            if colon and function.isidentifier() and dotted and all(part.isidentifier() for part in dotted.split(".")):
                found.add((tuple(dotted.split(".")), function))
    known = set()
    for names, function in found:
        for m in context.project.modules:
            parts = m.parts[:-1] if m.package else m.parts
            if parts[-len(names) :] == names:
                known.add((m.parts, function))
    return known


def _is_test(context: Context, m: Module):
    """Does the module stand in a folder of tests, or run them (`tf.test.main()`)?"""
    root = os.path.abspath(context.project.root) if context.project.root else ""
    below = os.path.abspath(m.path)[len(root) :] if root and os.path.abspath(m.path).startswith(root) else m.path
    folders = below.replace(os.sep, "/").lower().split("/")[:-1]
    return (
        any(folder in ("test", "tests", "testing", "unittests") for folder in folders)
        or context.project.index.has("called", "main", m.index)
        and any(
            (dotted_name(m.calls[i].func) or ())[-2:-1]
            in (("test",), ("unittest",), ("absltest",), ("pytest",), ("googletest",))
            for i in m.calls_by_tail().get("main", ())
        )
    )


# -- work and settings -------------------------------------------------------------------------------------------------


def _work(context: Context, starts):
    """(module, call) of the first training or inference that the starts reach, or None."""
    queue = [(m.index, scope, True) for m, scope in starts if not context.in_tests(m)]
    started = {m.index for m, _ in starts}
    seen = {(index, scope) for index, scope, _ in queue}
    for index, scope, itself in queue:
        work, onward = _step(context, index, scope, itself)
        if work is not None:
            return context.project.module(index), work
        for each in onward:
            if each not in seen:
                seen.add(each)
                queue.append((*each, each[0] in started))
    return None


def _step(context: Context, index, scope: int, itself):
    """(call that trains or infers or None, (module index, scope) of what else runs when this function does); found once
    for all programs.

    itself   the module is started, not only imported: then its main block runs too
    """
    key = ("step", index, scope, itself)
    found = context.memo.get(key)
    if found is None:
        found = context.memo[key] = _take_step(context, context.project.module(index), scope, itself)
    return found


def _take_step(context: Context, m: Module, scope: int, itself):
    guarded = _main_blocks(m) if scope == 0 and not itself else ()
    onward = []
    for i in m.scope_calls(scope):
        if any(m.inside(m.calls[i].block, block) for block in guarded):
            continue
        if _elsewhere(context, m.calls[i].func):
            onward += _handed_over(context, m, i)  # it does no more than call what it is given
            continue
        computes = _computes(context, m, i)
        if computes:
            return i, ()
        if computes is not None:
            onward += context.project.functions_called(m, i)
            onward += _handed_over(context, m, i)
    for s in m.scope_statements(scope):
        statement = m.statements[s]
        if (
            statement
            and isinstance(statement, Import)
            and not any(m.inside(statement.block, block) for block in guarded)
        ):
            onward += [(target, 0) for target in context.project.imports.of_statement(m, statement)]
    return None, tuple(dict.fromkeys((fm.index, fs) for fm, fs in onward if not context.in_tests(fm)))


def _elsewhere(context: Context, f: Expression):
    """Is what is called, by its name, neither work nor anything that the project has: `np.log(x)`, `names.sort()`?"""
    if not isinstance(f, Attribute) or f.attr == "remote":  # train.remote(x) runs the Ray task train
        return False
    return (
        f.attr not in _WORK_TAILS
        and f.attr not in context.project.defined
        and f.attr not in context.project.attributes
        and f.attr not in _renamed(context)
    )


def _renamed(context: Context):
    """Names under which modules of the project import something that is called otherwise."""
    if "renamed" not in context.memo:
        context.memo["renamed"] = frozenset(
            name
            for m in context.project.modules
            for name, _, attribute, _ in m.imports
            if attribute and name != attribute
        )
    return context.memo["renamed"]


def _main_blocks(m: Module):
    """The contexts of a module that run only when it is started itself."""
    return [
        s.body
        for s in map(m.statements.__getitem__, m.scope_statements(0))
        if s and isinstance(s, If) and execution_order.is_main_test(s.test)
    ]


def _computes(context: Context, m: Module, i: int):
    """Does the call train or infer?  Initializers alone do not; None for a model that is called to build another one.

    That is a model called on `Input`, or where it is made: `Model(inputs, outputs)(x)`.
    """
    tail = tail_of(m.calls[i].func)
    if tail in context.project.defined and tail not in _WORK_TAILS:
        return False  # a function of the project, by the name of it: what it calls is looked at in its turn
    names = context.project.apis(m, i)
    call = m.calls[i]
    if "model.__call__" in names and not call.args and all(name != "inputs" for name, _ in call.keywords):
        names -= {"model.__call__"}  # without an input it is no model that is called, but a class in its place
    if names & _EAGER_ONLY and context.project.versions.graph_mode(m):
        names -= _EAGER_ONLY  # there they only add operations to the graph; the session computes
    if names & _WORK:
        builds = (
            "model.__call__" in names
            and call.args
            and (isinstance(call.func, CallRef) or _symbolic(context, m, call, call.args[0]))
        )
        return None if builds else True
    if not graphs.runs_session(context, m, i):
        return False
    argument = call.args[0] if call.args else None
    made = (
        context.project.apis(m, argument.number)
        if argument is not None and isinstance(argument, CallRef)
        else frozenset()
    )
    return not made & graphs.INITIALIZERS


def _symbolic(context: Context, m: Module, call: Call, argument: Expression):
    """Is the argument made of Keras inputs?"""
    waiting, seen = [argument], set()
    while waiting:
        for e in walk(waiting.pop(), m.calls):
            if isinstance(e, Attribute) and e.attr in ("input", "inputs", "output", "outputs"):
                return True
            if isinstance(e, CallRef) and context.project.apis(m, e.number) & {"keras.Input", "keras.layers.Input"}:
                return True
            if isinstance(e, Name) and e.id not in seen:
                seen.add(e.id)
                waiting += [b.value for b in m.bindings(call.scope).get(e.id, ()) if b.kind in ("assign", "iter")]
                if any(_is_input(context, v) for v in context.infer.values(m, call.scope, e, call.statement)):
                    return True
    return False


def _is_input(context: Context, v: Value):
    if (
        isinstance(v, Thing)
        and v.kind == "tensor"
        and v.origin is not None
        and isinstance(v.origin[0], int)
        and isinstance(v.origin[1], int)
    ):
        return bool(
            context.project.apis(context.project.module(v.origin[0]), v.origin[1])
            & {"keras.Input", "keras.layers.Input"}
        )
    return False


def _handed_over(context: Context, m: Module, i: int):
    """Functions of the project that are arguments of a call: `app.run(main)`, `Thread(target=work)`; `tf.app.run()`
    means `main`.
    """
    call = m.calls[i]
    arguments = [a for a in m.arguments(i) if isinstance(a, (Name, Attribute, Lambda))]
    if not arguments and "tf.app.run" in context.project.apis(m, i):
        arguments = [F.Name("main")]
    for argument in arguments:
        if (
            not isinstance(argument, Lambda)
            and tail_of(argument) not in context.project.defined
            and tail_of(argument) not in m.aliases_of_defined(context.project.defined)
        ):
            continue  # no name of a function
        if (
            isinstance(argument, Name)
            and all(b.kind in ("param", "iter", "with") for b in m.bindings(call.scope).get(argument.id, ()))
            and argument.id in m.bindings(call.scope)
        ):
            continue  # handed on: where it came from, it was seen
        for v in context.infer.values(m, call.scope, argument, call.statement):
            if isinstance(v, FunctionValue) and not _is_handler(context, context.project.module(v.module), v.scope):
                yield context.project.module(v.module), v.scope
            elif isinstance(v, MethodValue):
                yield context.project.module(v.module), v.scope


def _configured(context: Context, m: Module):
    """Does the module say anything about GPU memory, devices, another backend or the CPU?"""
    key = ("configured", m.index)
    if key not in context.memo:
        context.memo[key] = (
            bool(context.project.mentions_in(m, _SETTINGS))
            or _chooses_device(context, m)
            or _other_backend(context, m)
            or _helper(context, m)
        )
    return context.memo[key]


def _chooses_device(context: Context, m: Module):
    """`tf.device("/cpu:0")` and the like."""
    if not context.project.index.has("called", "device", m.index):
        return False
    for i in m.calls_by_tail().get("device", ()):
        argument = m.calls[i].args[0] if m.calls[i].args else None
        if (
            argument is not None
            and isinstance(argument, Constant)
            and isinstance(argument.value, str)
            and "cpu" in argument.value.lower()
        ):
            return True
    return False


def _other_backend(context: Context, m: Module):
    """Keras told to use something else than TensorFlow."""
    from tflint_mem.analysis.program.devices import environment

    return context.project.index.has("idents", "KERAS_BACKEND", m.index) and any(
        value not in (None, "tensorflow") for value in environment(m, "KERAS_BACKEND")
    )


def _helper(context: Context, m: Module):
    """A call such as `limit_gpu_memory()` of a function that is not the project's own."""
    for tail in _helper_names(context):
        if context.project.index.has("called", tail, m.index) and not any(
            context.project.functions_called(m, i) for i in m.calls_by_tail().get(tail, ())
        ):
            return True
    return False


def _helper_names(context: Context):
    """Names of what is called in the project that tell of settings for a GPU."""
    if "GPU helpers" not in context.memo:
        context.memo["GPU helpers"] = [
            tail
            for tail in context.project.index.names("called")
            if "gpu" in tail.lower()
            and any(word in tail.lower() for word in _HELPER_WORDS)
            and not tail.lower().startswith(("is_", "get_", "list_", "has_", "num_"))
        ]
    return context.memo["GPU helpers"]


# -- where it stands ---------------------------------------------------------------------------------------------------


def _first_import(context: Context, m: Module):
    """Position of the first import of TensorFlow or Keras, else of the first module of the project that leads there."""
    imports = sorted((s.pos, s) for s in m.statements if s and isinstance(s, Import))
    for pos, statement in imports:
        if any(dotted.partition(".")[0] in _FRAMEWORKS and not level for _, dotted, _, level in statement.names):
            return pos
    for pos, statement in imports:
        for target in context.project.imports.of_statement(m, statement):
            if any(_uses_framework(context.project.module(index)) for index in context.project.imports.closure(target)):
                return pos
    return None


def _uses_framework(m: Module):
    return any(dotted.partition(".")[0] in _FRAMEWORKS and not level for _, dotted, _, level in m.imports)


def _fix(context: Context, m: Module, pos: Pos, top):
    versions = context.project.versions
    if versions.graph_mode(m) or versions.at_least(2, 0) is False:
        return _sessions(context, m)
    if not top:
        return "TensorFlow is not imported at the top of the file"
    return _stanza(pos, "config.experimental" if versions.at_least(2, 1) is False else "config")


def _sessions(context: Context, m: Module):
    """In TensorFlow 1 the configuration of the first session decides: a fix that gives all sessions of the program one,
    or why there is none.
    """
    closure = {m.index, *context.project.imports.closure(m)}
    made = [
        (om, i) for om, i, _ in context.everywhere(_SESSIONS, frozenset("tf." + name for name in _SESSIONS), closure)
    ]
    if not made:
        return "in TensorFlow 1 the configuration of the first session decides, and this program opens none itself"
    if any(
        om is not m or context.argument(om, i, 2, "config") is not None or not isinstance(om.calls[i].func, Attribute)
        for om, i in made
    ):
        return "in TensorFlow 1 the configuration of the first session decides, and several files open one"

    def fix(fx: FixContext) -> Proposal:
        from tflint_mem.codemod import operations as do

        edits = []
        for _, i in made:
            view, call = fx.at(m, i)
            tf = view.code(call.func.value)
            edits.append(
                do.add_keyword(
                    view, call, "config", f"{tf}.ConfigProto(gpu_options={tf}.GPUOptions(allow_growth=True))"
                )
            )
        return UNSAFE, "Let the memory of all GPUs grow as needed", do.join(*edits)

    return fix


_SESSIONS = ("Session", "InteractiveSession")


def _stanza(pos: Pos, listing):
    def fix(fx: FixContext) -> Proposal:
        from tflint_mem.codemod.growth_stanza import growth_stanza

        return UNSAFE, "Let the memory of all GPUs grow as needed", growth_stanza(fx.source, pos.line, listing=listing)

    return fix
