"""Finds programs that leave TensorFlow all GPU memory.

## What it does
Reports a program that trains or infers with TensorFlow and configures the GPU nowhere in what it imports from its
project: no memory growth, no memory limit, no fraction, no choice of devices. Once for a project, at the first import
of TensorFlow or Keras in one of its entry points (script, notebook, console script, service); some others are listed in
the trace. Libraries and tests, TFLite, code for the CPU or a TPU, and a project whose requirements or container have no
GPU stay silent: whoever runs a library decides about the GPU. It is a hint: many programs have their GPU to themselves.
The examples of a library, and a study of many small scripts that are run by hand, are told with `--pedantic` only.

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

from tflint_mem.analysis.gpu import first_work, unconfigured
from tflint_mem.facts import Attribute, Import
from tflint_mem.finding import UNSAFE
from tflint_mem.project.linking.call_names import call_text
from tflint_mem.ruleset.draft import Draft, TraceStep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tflint_mem.analysis.gpu.unconfigured import Program
    from tflint_mem.codemod import Proposal
    from tflint_mem.facts import Pos
    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.draft import Repair
    from tflint_mem.ruleset.fix_context import FixContext

CODE = "TFM601"
MEASURED = "TensorFlow reserves nearly all memory of every visible GPU when it starts"
MOST_NAMED = 5  # further entry points that the trace names
MANY = 12  # programs: a course, a study, or somebody's attempts
ALONE = 0.7  # of them, without anything of the project that they import
EXAMPLES = frozenset(
    ("example", "examples", "notebook", "notebooks", "tutorial", "tutorials", "doc", "docs", "demo", "demos", "samples")
)  # folders
PACKAGED = ("setup.py", "pyproject.toml", "setup.cfg")
_SESSIONS = ("Session", "InteractiveSession")
_MESSAGE = "Let the memory of all GPUs grow as needed"


def find(context: Context) -> Iterator[Draft]:
    """One draft for all entry points that reach work on TensorFlow and configure no GPU."""
    of = context.settings.of
    found = unconfigured.programs(
        context, lambda m: of(m.path).is_entry_point(m.path), lambda m: not of(m.path).wants(m.path, CODE)
    )
    if found:
        yield _draft(context, found)


def _draft(context: Context, programs: Sequence[Program]) -> Draft:
    first = programs[0]
    m, pos = first.m, first.place
    wm, i = first.work
    top = any(isinstance(s, Import) and s.pos == pos and s.scope == 0 for s in m.statements)
    also = [
        TraceStep.at(other.m, other.place, f"an entry point without any, too: {_does(*other.work)}")
        for other in programs[1 : 1 + MOST_NAMED]
    ]
    if len(programs) > 1 + MOST_NAMED:
        last = programs[1 + MOST_NAMED]
        also.append(
            TraceStep.at(last.m, last.place, f"and {len(programs) - 1 - MOST_NAMED} more entry points like these")
        )
    return Draft(
        code=CODE,
        m=m,
        pos=pos,
        message="this program computes with TensorFlow and configures no GPU memory growth: "
        "TensorFlow takes nearly all memory of every visible GPU",
        measured=MEASURED,
        help="switch on growth for all GPUs before anything else, or set TF_FORCE_GPU_ALLOW_GROWTH=true",
        trace=(
            TraceStep.at(m, pos, "no growth, limit or choice of devices in what this program imports"),
            TraceStep.at(wm, wm.calls[i].pos, _does(wm, i)),
            *also,
        ),
        noqa_row=pos.end_line,
        persona="pedantic" if _exercises(programs) or _examples(context, programs) else None,
        fix=_fix(context, m, pos, top) if not also else "each entry point needs its own",
    )


def _exercises(programs: Sequence[Program]) -> bool:
    """Are they a collection of small programs, most for themselves, that are run by hand one after the other?"""
    alone = sum(len(program.closure) == 1 for program in programs)
    return len(programs) >= MANY and alone >= ALONE * len(programs)


def _examples(context: Context, programs: Sequence[Program]) -> bool:
    """Are they what a library shows to those who use it?"""
    return all(not EXAMPLES.isdisjoint(part.lower() for part in program.m.parts[:-1]) for program in programs) and any(
        mark in text for text in context.project.versions.texts(PACKAGED) for mark in ("setup(", "[project]", "[tool.")
    )


def _does(m: Module, i: int) -> str:
    return f"`{call_text(m, i)}` {'trains' if first_work.trains(m, i) else 'computes'}"


# -- fix ---------------------------------------------------------------------------------------------------------------


def _fix(context: Context, m: Module, pos: Pos, top: bool) -> Repair | str:
    versions = context.project.versions
    if versions.graph_mode(m) or versions.at_least(m, 2, 0) is False:
        return _sessions(context, m)
    if not top:
        return "TensorFlow is not imported at the top of the file"
    return _stanza(pos, "config.experimental" if versions.at_least(m, 2, 1) is False else "config")


def _sessions(context: Context, m: Module) -> Repair | str:
    """In TensorFlow 1 the configuration of the first session decides: a fix that gives all sessions of the program one,
    or why there is none.
    """
    closure = {m.index, *context.project.imports.closure(m)}
    names = frozenset("tf." + name for name in _SESSIONS)
    made = [(om, i) for om, i, _ in context.everywhere(_SESSIONS, names, closure)]
    if not made:
        return "in TensorFlow 1 the configuration of the first session decides, and this program opens none itself"
    if any(
        om is not m or context.argument(om, i, 2, "config") is not None or not isinstance(om.calls[i].func, Attribute)
        for om, i in made
    ):
        return "in TensorFlow 1 the configuration of the first session decides, and several files open one"

    def fix(fx: FixContext) -> Proposal:
        import libcst as cst

        from tflint_mem.codemod import Proposal
        from tflint_mem.codemod import operations as do

        edits = []
        for _, i in made:
            view, call = fx.at(m, i)
            if isinstance(call.func, cst.Attribute):
                tf = view.code(call.func.value)
                config = f"{tf}.ConfigProto(gpu_options={tf}.GPUOptions(allow_growth=True))"
                edits.append(do.add_keyword(view, call, "config", config))
        return Proposal(UNSAFE, _MESSAGE, do.join(*edits))

    return fix


def _stanza(pos: Pos, listing: str) -> Repair:
    def fix(fx: FixContext) -> Proposal:
        from tflint_mem.codemod import Proposal
        from tflint_mem.codemod.growth_stanza import growth_stanza

        return Proposal(UNSAFE, _MESSAGE, growth_stanza(fx.source, pos.line, listing=listing))

    return fix
