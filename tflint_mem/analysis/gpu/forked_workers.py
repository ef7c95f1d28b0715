"""Worker processes that are forked.

The question: *which calls make processes by a fork, which functions run in those, and where do they begin?*  Pools,
processes, executors and the project's own classes of processes are told by their names; a context or another start
method that is asked for at the call is taken into account.  Functions that are handed to a pool elsewhere than in the
module that makes it are not seen.
"""

from __future__ import annotations

from tflint_mem.facts import NONE, Attribute, Constant, tail_of
from tflint_mem.project.holds.values import CallOrigin, ClassValue, Thing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint_mem.facts import Call, Expression
    from tflint_mem.project.holds.values import Value
    from tflint_mem.project.linking.module import Function, Module, Site
    from tflint_mem.ruleset.context import Context

PACKAGES = ("multiprocessing.", "multiprocess.", "concurrent.futures.", "billiard.")
_CONSTRUCTORS = frozenset(("Pool", "Process", "ProcessPoolExecutor"))
_SUBMIT = frozenset(
    ("map", "imap", "imap_unordered", "starmap", "map_async", "starmap_async", "apply", "apply_async", "submit")
)


def constructions(context: Context) -> Iterator[tuple[Module, int, str]]:
    """(module, call, kind) of each construction of forked processes, subclasses of Process included; kind as in
    _CONSTRUCTORS.
    """
    for index in context.among(context.project.mentioned(_CONSTRUCTORS)):
        m = context.project.module(index)
        for i, call in enumerate(m.calls):
            if (tail_of(call.func) or "")[:1].isupper():
                kind = _forks(context, m, i)
                if kind:
                    yield m, i, kind


def _forks(context: Context, m: Module, i: int) -> str:
    """What the call constructs when that forks ("Pool" …), else ""."""
    call = m.calls[i]
    keywords = {keyword.name: keyword.value for keyword in call.keywords}
    for name in context.project.apis(m, i):
        base, _, tail = name.rpartition(".")
        if tail not in _CONSTRUCTORS or "dummy" in base:
            continue
        if name.startswith("ext:") and base.endswith("get_context"):
            made_by = context.receiver(m, i)
            return tail if made_by is not None and _context_forks(context, m, made_by, i) else ""
        if name.startswith(PACKAGES):
            for keyword in ("mp_context", "context"):
                if keyword in keywords:
                    return tail if _context_forks(context, m, keywords[keyword], i) else ""
            if tail == "ProcessPoolExecutor" and "max_tasks_per_child" in keywords:
                return ""  # that asks for spawn by itself
            return tail
    return "Process" if any(_process_class(context, v) for v in context.infer.callee(m, i)) else ""


def _process_class(context: Context, v: Value) -> bool:
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


def _context_forks(context: Context, m: Module, expression: Expression, i: int) -> bool:
    """Is the multiprocessing context made with "fork", or with no name at all?"""
    made = _context_call(context, m, expression, i)
    if made is None:
        return False
    method = context.argument(*made, 0, "method")
    return method is None or method in (Constant("fork"), NONE)


def _context_call(context: Context, m: Module, expression: Expression, i: int) -> Site | None:
    """(module, call) of the `get_context` that a context comes from, or None."""
    call = m.calls[i]
    for v in context.infer.values(m, call.scope, expression, call.statement):
        if isinstance(v, Thing) and v.kind.endswith("get_context") and isinstance(v.origin, CallOrigin):
            return context.project.module(v.origin.module), v.origin.call
    return None


def of_construction(context: Context, m: Module, i: int, kind: str) -> tuple[list[Function], list[int]]:
    """(functions that run in the workers, calls at which they are forked)."""
    found: list[Function] = []
    times = [i]
    call = m.calls[i]
    for v in context.infer.callee(m, i):
        if isinstance(v, ClassValue) and _process_class(context, v):
            run = context.infer.lookup(context.project.module(v.module), v.scope, "run")
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
                if other.args and _is_made_by(context, m, other, i):
                    found += context.project.functions_in(m, other.scope, other.args[0], other.statement)
                    if kind == "ProcessPoolExecutor":
                        times.append(j)  # an executor forks when it is given work
    return found, times


def _is_made_by(context: Context, m: Module, call: Call, i: int) -> bool:
    """Is the call one of a method of what call `i` makes?"""
    return isinstance(call.func, Attribute) and any(
        isinstance(v, Thing) and v.origin == CallOrigin(m.index, i)
        for v in context.infer.values(m, call.scope, call.func.base, call.statement)
    )


def own_context(context: Context, m: Module, i: int) -> Site | None:
    """The `get_context` call whose `Pool` or `Process` is called, or None."""
    receiver = context.receiver(m, i)
    return None if receiver is None else _context_call(context, m, receiver, i)
