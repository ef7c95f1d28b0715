"""Work: does a program train or infer with TensorFlow, and where first?

The question: *which call is the first that computes, of all that runs when these functions do?*  What runs is followed
through the calls, the functions that are handed over and the imports, breadth first, each function once for all
programs.  Calls that only make or initialise something, that build one model out of another, or that add operations to
a graph are no work.  Nothing found means that nobody saw any: a call of something unknown is taken for none.
"""

from __future__ import annotations

from tflint_mem.analysis.tracing import graphs
from tflint_mem.facts import Attribute, CallRef, Expression, Import, Lambda, Name, Record, tail_of, walk
from tflint_mem.knowledge import ENDS, INPUTS
from tflint_mem.project.holds.values import CallOrigin, FunctionValue, MethodValue, Thing

from . import entry_points

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tflint_mem.facts import Call, Imported, Pos
    from tflint_mem.project.holds.values import Value
    from tflint_mem.project.linking.module import Function, Module, Site
    from tflint_mem.ruleset.context import Context

_FRAMEWORKS = frozenset(("tensorflow", "keras", "tf_keras", "tensorflow_hub"))
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
_WORK_TAILS = frozenset(name.rpartition(".")[2] for name in _WORK) | {"run", "eval"}


class _Step(Record):
    """What a run of one function does.

    work    the number of the call that trains or infers, or None
    onward  (index of the module, scope) of what else runs then
    """

    __slots__ = ()
    work: int | None
    onward: tuple[tuple[int, int], ...]


def of_program(context: Context, starts: Sequence[Function]) -> Site | None:
    """The first training or inference that the starts of a program reach, or None."""
    queue = [(m.index, scope, True) for m, scope in starts if not context.in_tests(m)]
    started = {m.index for m, _ in starts}
    seen = {(index, scope) for index, scope, _ in queue}
    for index, scope, itself in queue:
        step = _step(context, index, scope, itself)
        if step.work is not None:
            return context.project.module(index), step.work
        for other, onward in step.onward:
            if (other, onward) not in seen:
                seen.add((other, onward))
                queue.append((other, onward, other in started))
    return None


def trains(m: Module, i: int) -> bool:
    """Does the call that works train, by its name?"""
    name = tail_of(m.calls[i].func) or ""
    return name.startswith(("fit", "train")) or name in ("minimize", "apply_gradients", "gradient")


def _step(context: Context, index: int, scope: int, itself: bool) -> _Step:
    """The step of a function, found once for all programs.

    itself   the module is started, not only imported: then its main block runs too
    """
    key = ("step", index, scope, itself)
    found: _Step | None = context.memo.get(key)
    if found is None:
        found = context.memo[key] = _take_step(context, context.project.module(index), scope, itself)
    return found


def _take_step(context: Context, m: Module, scope: int, itself: bool) -> _Step:
    guarded = entry_points.main_blocks(m) if scope == 0 and not itself else ()
    onward: list[Function] = []
    for i in m.scope_calls(scope):
        if any(m.inside(m.calls[i].block, block) for block in guarded):
            continue
        if _elsewhere(context, m.calls[i].func):
            onward += _handed_over(context, m, i)  # it does no more than call what it is given
            continue
        computes = _computes(context, m, i)
        if computes:
            return _Step(i, ())
        if computes is not None:
            onward += context.project.functions_called(m, i)
            onward += _handed_over(context, m, i)
    for s in m.scope_statements(scope):
        statement = m.statements[s]
        if isinstance(statement, Import) and not any(m.inside(statement.block, block) for block in guarded):
            onward += [(target, 0) for target in context.project.imports.of_statement(m, statement)]
    return _Step(None, tuple(dict.fromkeys((fm.index, fs) for fm, fs in onward if not context.in_tests(fm))))


def _elsewhere(context: Context, f: Expression) -> bool:
    """Is what is called, by its name, neither work nor anything that the project has: `np.log(x)`, `names.sort()`?"""
    if not isinstance(f, Attribute) or f.attr == "remote":  # train.remote(x) runs the Ray task train
        return False
    return (
        f.attr not in _WORK_TAILS
        and f.attr not in context.project.defined
        and f.attr not in context.project.attributes
        and f.attr not in _renamed(context)
    )


def _renamed(context: Context) -> frozenset[str]:
    """Names under which modules of the project import something that is called otherwise."""
    known: frozenset[str] | None = context.memo.get("renamed")
    if known is None:
        known = context.memo["renamed"] = frozenset(
            bound.name
            for m in context.project.modules
            for bound in m.imports
            if bound.attribute and bound.name != bound.attribute
        )
    return known


def _computes(context: Context, m: Module, i: int) -> bool | None:
    """Does the call train or infer?  Initializers alone do not; None for a model that is called to build another one.

    That is a model called on `Input`, or where it is made: `Model(inputs, outputs)(x)`.
    """
    tail = tail_of(m.calls[i].func)
    if tail in context.project.defined and tail not in _WORK_TAILS:
        return False  # a function of the project, by the name of it: what it calls is looked at in its turn
    names = context.project.apis(m, i)
    call = m.calls[i]
    if "model.__call__" in names and not call.args and all(keyword.name != "inputs" for keyword in call.keywords):
        names -= {"model.__call__"}  # without an input it is no model that is called, but a class in its place
    if names & _EAGER_ONLY and context.project.versions.graph_mode(m):
        names -= _EAGER_ONLY  # there they only add operations to the graph; the session computes
    argument = call.args[0] if call.args else None
    if names & _WORK:
        builds = (
            "model.__call__" in names
            and argument is not None
            and (isinstance(call.func, CallRef) or _symbolic(context, m, call, argument))
        )
        return None if builds else True
    if not graphs.runs_session(context, m, i):
        return False
    return not (isinstance(argument, CallRef) and context.project.apis(m, argument.number) & graphs.INITIALIZERS)


def _symbolic(context: Context, m: Module, call: Call, argument: Expression) -> bool:
    """Is the argument made of Keras inputs?"""
    waiting: list[Expression] = [argument]
    seen: set[str] = set()
    while waiting:
        for e in walk(waiting.pop(), m.calls):
            if isinstance(e, Attribute) and e.attr in ENDS:
                return True
            if isinstance(e, CallRef) and context.project.apis(m, e.number) & INPUTS:
                return True
            if isinstance(e, Name) and e.id not in seen:
                seen.add(e.id)
                bound = [b.value for b in m.bindings(call.scope).get(e.id, ()) if b.kind in ("assign", "iter")]
                waiting += [value for value in bound if isinstance(value, Expression)]
                if any(_is_input(context, v) for v in context.infer.values(m, call.scope, e, call.statement)):
                    return True
    return False


def _is_input(context: Context, v: Value) -> bool:
    if not isinstance(v, Thing) or v.kind != "tensor" or not isinstance(v.origin, CallOrigin):
        return False
    return bool(context.project.apis(context.project.module(v.origin.module), v.origin.call) & INPUTS)


def _handed_over(context: Context, m: Module, i: int) -> Iterator[Function]:
    """Functions of the project that are arguments of a call: `app.run(main)`, `Thread(target=work)`; `tf.app.run()`
    means `main`.
    """
    call = m.calls[i]
    arguments = [a for a in m.arguments(i) if isinstance(a, (Name, Attribute, Lambda))]
    if not arguments and "tf.app.run" in context.project.apis(m, i):
        arguments = [Name("main")]
    for argument in arguments:
        if (
            not isinstance(argument, Lambda)
            and argument.tail not in context.project.defined
            and argument.tail not in m.aliases_of_defined(context.project.defined)
        ):
            continue  # no name of a function
        if (
            isinstance(argument, Name)
            and all(b.kind in ("param", "iter", "with") for b in m.bindings(call.scope).get(argument.id, ()))
            and argument.id in m.bindings(call.scope)
        ):
            continue  # handed on: where it came from, it was seen
        for v in context.infer.values(m, call.scope, argument, call.statement):
            if isinstance(v, FunctionValue):
                fm = context.project.module(v.module)
                if not entry_points.is_handler(context, fm, v.scope):
                    yield fm, v.scope
            elif isinstance(v, MethodValue):
                yield context.project.module(v.module), v.scope


def first_import(context: Context, m: Module) -> Pos | None:
    """Place of the first import of TensorFlow or Keras, else of the first module of the project that leads there."""
    imports = sorted((s for s in m.statements if isinstance(s, Import)), key=lambda s: (s.pos.line, s.pos.column))
    for statement in imports:
        if _of_framework(statement.names):
            return statement.pos
    project = context.project
    for statement in imports:
        for target in project.imports.of_statement(m, statement):
            if any(_of_framework(project.module(index).imports) for index in project.imports.closure(target)):
                return statement.pos
    return None


def _of_framework(names: Iterable[Imported]) -> bool:
    return any(bound.module.partition(".")[0] in _FRAMEWORKS and not bound.level for bound in names)
