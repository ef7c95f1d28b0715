"""What is done with a model on the way of its repeat: is it trained, is it asked?

Such a use is evidence that a thing is a whole model, and the mechanism that keeps it hangs on whether it is trained.
Looked at are the functions on the way, the other methods of their classes, and functions that the model is handed to,
one step far: what happens further on is unknown, and the answer is a lower bound.
"""

from __future__ import annotations

from tflint_mem.facts import Attribute, CallRef, Constant, Name, Starred, tail_of
from tflint_mem.knowledge import MODEL_METHODS, TRAINABLE, TRAINING_METHODS

from .called import on_values
from .results import flat, values_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from tflint_mem.facts import Expression
    from tflint_mem.project.holds.values import Value, Values
    from tflint_mem.project.linking.module import Module, Site
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context

    from .origins import Acquired

    Seen = set[tuple[int, int]]  # functions: the index of the module, the number of the scope

CHANGES = frozenset(
    ("compile", "load_weights", "set_weights", "reset_states", "make_predict_function", "_make_predict_function")
)  # what makes a model another one for those who share it
_SEARCHES = frozenset(
    ("KerasClassifier", "KerasRegressor", "RandomSearch", "Hyperband", "BayesianOptimization", "GridSearch")
)


def trains(names: AbstractSet[str]) -> bool:
    """Is one of these methods of a model one that trains it?"""
    return bool(names & TRAINING_METHODS)


def uses(context: Context, acquired: Acquired) -> set[str]:
    """Names of Keras methods called on the model along the way of its repeat ("fit", "predict" …)."""
    m, i = acquired.m, acquired.i
    wanted = values_of(context, m, i)
    found = {"fit"} if _fitted_by_search(context, acquired.repeat, wanted) else set()
    seen: Seen = set()
    for hm, hi in acquired.repeat.hops if acquired.repeat is not None else ((m, i),):
        scope = hm.calls[hi].scope
        while scope >= 0 and (hm.index, scope) not in seen:
            seen.add((hm.index, scope))
            found |= uses_in(context, hm, scope, wanted)
            owner = hm.scopes[scope].parent
            if owner > 0 and hm.scopes[owner].kind == "class":  # self.model is used by the sibling methods
                for sibling in hm.members(owner).values():
                    if (hm.index, sibling) not in seen:
                        seen.add((hm.index, sibling))
                        found |= uses_in(context, hm, sibling, wanted)
            scope = owner if owner >= 0 and hm.scopes[scope].kind == "lambda" else -1
        found |= _handed_on(context, hm, hi, wanted, seen)
    return found


def _fitted_by_search(context: Context, repeat: Repeat | None, wanted: AbstractSet[Value]) -> bool:
    """Does a search (KerasClassifier, keras-tuner) ask for this very model, and fit it?"""
    if repeat is None or repeat.kind != "objective":
        return False
    if repeat.handed:
        m, i = repeat.hops[0]
        if (tail_of(m.calls[i].func) or "") not in _SEARCHES or len(repeat.hops) < 2:
            return False
    elif repeat.scope is None or repeat.module.scopes[repeat.scope].name != "build":
        return False
    m, i = repeat.hops[repeat.handed]
    return not wanted.isdisjoint(flat(context.infer.returns(m, m.calls[i].scope)))


def uses_in(context: Context, m: Module, scope: int, wanted: AbstractSet[Value]) -> set[str]:
    """Names of the Keras methods that a function calls on one of the values."""
    known = context.once(("methods", m.index, scope), lambda: _methods_of(context, m, scope))
    found: set[str] = set()
    return found.union(*(known[v] for v in wanted if v in known))


def _methods_of(context: Context, m: Module, scope: int) -> dict[Value, set[str]]:
    """value -> names of the Keras methods that a function calls on it."""
    found: dict[Value, set[str]] = {}
    for j in m.scope_calls(scope):
        call = m.calls[j]
        f = call.func
        if isinstance(f, Attribute) and f.attr in MODEL_METHODS:
            for v in context.infer.values(m, scope, f.base, call.statement):
                found.setdefault(v, set()).add(f.attr)
        elif "model.__call__" in context.project.apis(m, j) and on_values(context, m, j):
            for v in context.infer.callee(m, j):
                found.setdefault(v, set()).add("call")
        for e in call.args:  # tape.gradient(loss, model.trainable_variables): a training loop of its own
            if isinstance(e, Attribute) and e.attr in TRAINABLE:
                for v in context.infer.values(m, scope, e.base, call.statement):
                    found.setdefault(v, set()).add("call")
    return found


def _handed_on(context: Context, m: Module, i: int, wanted: AbstractSet[Value], seen: Seen) -> set[str]:
    """Uses in a function of the project that the model is passed to: `train(model, data)`."""
    found: set[str] = set()
    scope = m.calls[i].scope
    known = context.once(("takers", m.index, scope), lambda: _takers(context, m, scope))
    for j in sorted({j for v in wanted for j in known.get(v, ())}):
        for fm, fs in context.project.functions_called(m, j):
            if (fm.index, fs) not in seen:
                seen.add((fm.index, fs))
                found |= uses_in(context, fm, fs, wanted) | _run_in(context, fm, fs, wanted)
    return found


def _takers(context: Context, m: Module, scope: int) -> dict[Value, list[int]]:
    """value -> calls in a function that it is passed to."""
    found: dict[Value, list[int]] = {}
    for j in m.scope_calls(scope):
        call = m.calls[j]
        if isinstance(call.func, Attribute) and call.func.attr in MODEL_METHODS:
            continue
        for argument in m.arguments(j):
            if isinstance(argument, (Name, Attribute, CallRef, Starred)):
                for v in _given(context, m, scope, argument, call.statement):
                    found.setdefault(v, []).append(j)
    return found


def _given(context: Context, m: Module, scope: int, argument: Expression, at: int) -> Values:
    """What an argument gives; `*arguments` gives each of them."""
    if isinstance(argument, Starred):
        return context.infer.elements(context.infer.values(m, scope, argument.value, at))
    return context.infer.values(m, scope, argument, at)


def _run_in(context: Context, m: Module, scope: int, wanted: AbstractSet[Value]) -> set[str]:
    """`model(x, training=False)` in a function that was given the model: a whole model, not a block of one."""
    for j in m.scope_calls(scope):
        call = m.calls[j]
        if (
            isinstance(call.func, Name)
            and any(k.name == "training" and isinstance(k.value, Constant) for k in call.keywords)
            and not wanted.isdisjoint(context.infer.callee(m, j))
        ):
            return {"call"}
    return set()


def factory(context: Context, acquired: Acquired) -> Site:
    """The outermost call on the way of the repeat that still gives the new model.

    `model = build_model()` in a loop constructs a model as `Sequential()` does: there the finding stands, and the
    constructor is the last step of its trace.  What is made when an object is first asked for it stands where it is
    made, and so does what does not repeat.
    """
    m, i = acquired.m, acquired.i
    if acquired.repeat is None:
        return (m, i)
    wanted = values_of(context, m, i)
    hops = acquired.repeat.hops[acquired.repeat.handed :]
    for hm, hi in reversed(hops[:-1]):
        if context.project.repeats_of.guards.once(m, i, -1):
            break
        if wanted.isdisjoint(flat(context.infer.call_values(hm, hi))):
            break
        m, i = hm, hi
    return (m, i)
