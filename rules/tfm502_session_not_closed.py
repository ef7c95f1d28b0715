"""Finds sessions that pile up because nothing closes them.

## What it does
Reports an `InteractiveSession` that is opened at a place that repeats, and plain sessions of each repeat that are kept
in a container, or in objects that are, when no `close()` and no `with` block ends them. A plain session that is
rebound, local or dropped is closed by reference counting and not reported.

## Why is this bad?
A session owns the values of its variables. An interactive session puts itself on the stack of default sessions when it
is made, so nothing but `close()` ever lets go of it: not `del`, not a garbage collection.

## What was measured
KiB per repeat with 4 MiB of variables: 4251 stay for ever (TF 2.21 in graph mode; 12400 on 1.15). With `close()`: flat.
A rebound plain `Session`: flat on 1.15 and 2.21, with or without `close()`. An interactive session is no context
manager: `with` raises a `TypeError`.

## Example
```python
for seed in seeds:
    sess = tf.InteractiveSession()
    sess.run(init)
```

Use instead:
```python
for seed in seeds:
    with tf.Session() as sess:
        sess.run(init)
```

## Fix safety
The fix adds `close()` at the end of the repeat, or opens a plain session in a `with` block that holds the rest of the
function (an interactive one is no context manager). It is unsafe when something else still wants the session; where it
is kept, returned or handed on there is none.
"""

from __future__ import annotations

from tflint_mem.analysis.models import models
from tflint_mem.analysis.tracing import open_sessions
from tflint_mem.finding import UNSAFE
from tflint_mem.knowledge import SESSION_TYPES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    import libcst as cst

    from tflint_mem.codemod import Proposal
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.draft import Draft, Repair
    from tflint_mem.ruleset.fix_context import FixContext

CODE = "TFM502"
MEASURED = "4251 KiB per repeat with 4 MiB of variables stay for ever (TF 2.21 in graph mode; 12400 on 1.15)"
ENSEMBLE = 10  # so many sessions, counted in the code, are kept on purpose
_HELP_INTERACTIVE = (
    "call its close() at the end of the repeat; an InteractiveSession cannot be opened in a `with` block, "
    "a plain tf.Session can"
)
_HELP_KEPT = "call close() on each when it has done its work, or open it in a `with` block"


def find(context: Context) -> Iterator[Draft]:
    """Interactive sessions that repeat, and sessions of each repeat that are kept."""
    for m, i, names in context.calls(("Session", "InteractiveSession"), SESSION_TYPES):
        if context.in_tests(m):
            continue
        interactive = "tf.InteractiveSession" in names
        repeat = next(_ways(context, m, i, interactive), None)
        if repeat is not None and not open_sessions.ended(context, m, i):
            yield _draft(context, m, i, repeat, interactive)


def _ways(context: Context, m: Module, i: int, interactive: bool) -> Iterator[Repeat]:
    """The repeats whose sessions stay: interactive ones, and those that are kept and not counted in the code."""
    for repeat in context.repeats(m, i):
        few = 3 if interactive else ENSEMBLE
        if (repeat.count is None or repeat.count > few) and (interactive or open_sessions.kept(context, repeat)):
            yield repeat


def _draft(context: Context, m: Module, i: int, repeat: Repeat, interactive: bool) -> Draft:
    text = f"`{models.text(m, i)}`"
    return context.at_call(
        CODE,
        m,
        i,
        f"{text} opens a session {context.when(repeat, m)}; "
        + (
            "only `close()` ends it, and nothing calls that"
            if interactive
            else "all of them are kept, and nothing closes them"
        ),
        measured=MEASURED,
        help=_HELP_INTERACTIVE if interactive else _HELP_KEPT,
        trace=context.trace(repeat, "opens a session that stays", ways=_ways(context, m, i, interactive)),
        fix=_close(repeat, m, i, interactive),
    )


def _close(repeat: Repeat, m: Module, i: int, interactive: bool) -> Repair:
    """An interactive session is closed at the end of each pass if that can be; else it is opened in a `with` block."""

    def fix(fx: FixContext) -> Proposal:
        from tflint_mem.codemod import NoFix, Proposal
        from tflint_mem.codemod import operations as do

        view, call = fx.at(m, i)
        do.stays_inside(view, call)
        if repeat.local and interactive:
            try:
                edits = do.close_at_end(view, call, fx.loop(view, m, repeat.region))
                return Proposal(UNSAFE, "Close the session at the end of each repeat", edits)
            except NoFix:
                pass
        edits = do.with_rest(view, call, _plain(call), whole=True)
        return Proposal(UNSAFE, "Open the session in a with block", edits)

    return fix


def _plain(call: cst.Call) -> cst.Call:
    """The call with `Session` in place of `InteractiveSession`, which is no context manager."""
    import libcst as cst

    from tflint_mem.codemod import NoFix

    if isinstance(call.func, cst.Attribute):
        return call.with_changes(func=call.func.with_changes(attr=cst.Name("Session")))
    if isinstance(call.func, cst.Name) and call.func.value == "Session":
        return call
    raise NoFix("InteractiveSession is imported by its name")
