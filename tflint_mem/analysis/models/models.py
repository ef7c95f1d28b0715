"""What the rules about models share: where models come from, what becomes of them, and how a repeat is told."""

from __future__ import annotations

from tflint_mem import facts as F
from tflint_mem.analysis.program import mechanisms
from tflint_mem.facts import (
    Assign,
    Attribute,
    CallRef,
    Comprehension,
    Constant,
    DictDisplay,
    ExprStatement,
    Name,
    Reference,
    Return,
    SequenceDisplay,
    Starred,
    Subscript,
    TupleDisplay,
)
from tflint_mem.knowledge import (
    BUILDERS,
    GRAPH_RELEASES,
    LOADERS,
    MODEL_METHODS,
    RELEASES,
    TRAINING_METHODS,
    canonical,
)
from tflint_mem.project.holds.values import External, Instance, Thing, TupleValue
from tflint_mem.project.linking.module import call_text, statement_expressions, tail_of, walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.facts import Expression
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.fix_context import FixContext

LOAD_TAILS = frozenset(name.rpartition(".")[2] for name in LOADERS)
CLEARS = frozenset(("keras.clear_session",))
FEW = 3
LIBRARY_LOADERS = frozenset(
    ("transformers.TFModel.from_pretrained", "transformers.pipeline")
)  # models of Keras 2, whose graph of names keeps them
CHANGES = frozenset(
    ("compile", "load_weights", "set_weights", "reset_states", "make_predict_function", "_make_predict_function")
)  # what makes a model another one for those who share it
_WEIGHTS = frozenset(("trainable_variables", "trainable_weights"))
ADDERS = frozenset(("append", "add", "extend", "insert", "setdefault", "appendleft", "put", "register"))


class Acquired:
    """A call that makes a model, and the unreleased way in which it repeats (None when it does not).

    kind    "load" or "build"      names   canonical names of what is called
    short   without such a repeat: one of two or three passes, else None
    """

    __slots__ = ("m", "i", "kind", "names", "repeat", "short")

    def __init__(self, m: Module, i: int, kind, names: frozenset[str], repeat: Repeat, short=None):
        self.m, self.i, self.kind, self.names, self.repeat, self.short = m, i, kind, names, repeat, short


def loads(context: Context):
    """Every call that loads a model, with its repeat."""
    return _memo(
        context,
        "loads",
        lambda: (
            [
                _acquired(context, m, i, "load", names)
                for m, i, names in context.everywhere(LOAD_TAILS, LOADERS)
                if not context.in_tests(m)
                and not _is_submodule_load(context, m, i)
                and not _is_deserializer(m, i)
                and (names != _ANY_OBJECT or _used_as_model(m, i))
                and ("transformers.pipeline" not in names or _of_tensorflow(context, m, i))
            ]
            + [_acquired(context, m, i, "load", names) for m, i, names in _handed_loads(context)]
        ),
    )


def _handed_loads(context: Context):
    """(module, call, names) of the calls that hand a loader to what runs it once: `run_in_executor(None, load_model, path)`."""
    index = context.project.index
    for number in context.shown(sorted({number for tail in LOAD_TAILS for number in index.modules("given", tail)})):
        m = context.project.module(number)
        for tail in LOAD_TAILS:
            for i, where in m.references().get(tail, ()):
                given = m.calls[i][1][where] if isinstance(where, int) else None
                if given is not None and tail_of(given) == tail:
                    names = {
                        canonical(v.name)
                        for v in context.infer.values(m, m.calls[i][3], given, m.calls[i][5])
                        if isinstance(v, External)
                    } & LOADERS
                    if names and context.project.callers_of.consumer(m, i, where) == "submit":
                        yield m, i, frozenset(names)


def builds(context: Context):
    """Every call that constructs a Keras model (the project's own subclasses included), with its repeat."""
    return _memo(
        context,
        "builds",
        lambda: [
            _acquired(context, m, i, "build", names)
            for m, i, names in constructions(context)
            if not context.in_tests(m)
        ],
    )


def constructions(context: Context):
    """(module, call, names) of every construction of a Keras model."""
    return _memo(context, "constructions", lambda: list(_constructions(context)))


def _constructions(context: Context):
    tails = _CONSTRUCTORS | _model_classes(context)
    for index in context.shown(sorted({*context.project.calling(tails), *context.project.mentioned(_READY_MADE)})):
        m = context.project.module(index)
        by_tail, aliases = m.calls_by_tail(), m.aliases()
        wanted = {name for tail in tails for name in (tail, *aliases.get(tail, ()))}
        ready_made = bool(_READY_MADE & context.project.mentions_in(m, _READY_MADE))
        for tail, calls in by_tail.items():
            if tail not in wanted and not (ready_made and tail[:1].isupper()):
                continue
            for i in calls:
                found = {
                    n for n in context.project.apis(m, i) if n in BUILDERS or n == "new:model" or _is_ready_made(n)
                }
                if found and m.scopes[m.calls[i][3]][F.S_KIND] != "class" and not part(context, m, i):
                    yield m, i, frozenset(found)


def part(context: Context, m: Module, i: int):
    """Is the model a block of another one that the same function makes of it, and not a model of its own?

    `x = ResNet50(…)(x)`, or `base = ResNet50(…)` with `Model(base.input, head(base.output))`, unless the base itself is trained or returned.
    """
    if _in_constructor(context, m, i):
        return True
    here = m.scope_calls(m.calls[i].scope)
    name = local_name(m, i)
    parts = (F.CallRef(i),) if name is None else (F.CallRef(i), F.Name(name))
    called = _memo(
        context, ("first calls", m.index, m.calls[i].scope), lambda: {m.calls[j].func: j for j in reversed(here)}
    )
    applied = min((called[each] for each in parts if each in called), default=None)
    if applied is None and name is None:
        return False
    built = _memo(
        context,
        ("built", m.index, m.calls[i].scope),
        lambda: [j for j in here if context.project.apis(m, j) & _FUNCTIONAL],
    )
    for j in built:
        if (
            j > i
            and m.inside(m.calls[i].block, m.calls[j][4])
            and (applied is not None and applied < j or _reached_into(m, j, F.Name(name)))
        ):
            return name is None or not _of_its_own(m, i, name)
    return False


def _in_constructor(context: Context, m: Module, i: int):
    """Does a Keras model or layer of the project make it for itself: `self.head = Sequential(…)` in its `__init__` or `build`?"""
    scope, statement = m.calls[i].scope, m.statements[m.calls[i].statement]
    if m.scopes[scope].name not in ("__init__", "build") or not m.is_method(scope):
        return False
    if not (
        any(isinstance(t, Attribute) and t.base == Name("self") for t in statement.targets)
        if isinstance(statement, Assign)
        else _given_to_self(m, i, statement)
    ):
        return False
    return context.infer.class_kind(m, m.scopes[scope].parent) in ("model", "layer")


def _given_to_self(m: Module, i: int, statement: int):
    """`setattr(self, name, Sequential(…))`, `self.blocks.append(Sequential(…))`."""
    if not isinstance(statement, ExprStatement) or not isinstance(statement[5], CallRef):
        return False
    f, arguments = m.calls[statement[5][1]][:2]
    if CallRef(i) not in arguments:
        return False
    return (
        f == Name("setattr")
        and arguments[0] == Name("self")
        or isinstance(f, Attribute)
        and f[2] in ADDERS
        and f[1][:2] == ("a", Name("self"))
    )


def _reached_into(m: Module, j: int, name: str):
    """Do the arguments of call `j` take layers of the model: `base.input`, `base.get_layer("pool").output`?"""
    return any(
        isinstance(e, Attribute) and e.base == name and e.attr in _ENDS
        for argument in m.arguments(j)
        for e in walk(argument, m.calls)
    )


def _of_its_own(m: Module, i: int, name: str):
    """Is the model itself used, returned or kept, besides being a block of another?"""
    at = m.calls[i].statement
    for j in m.scope_calls(m.calls[i].scope):
        f = m.calls[j].func
        if isinstance(f, Attribute) and f.base == Name(name) and f.attr in MODEL_METHODS and f.attr not in _ENDS:
            return True
        if (
            m.calls[j].statement > at
            and any(_holds(a, F.Name(name)) for a in m.arguments(j))
            and tail_of(f) not in _FUNCTIONAL_TAILS
        ):
            return True
    for s in m.scope_statements(m.calls[i].scope):
        statement = m.statements[s]
        if (
            statement
            and s > at
            and (
                isinstance(statement, Return)
                and statement.value is not None
                and _holds(statement.value, F.Name(name))
                or isinstance(statement, Assign)
                and statement.value is not None
                and _holds(statement.value, F.Name(name))
            )
        ):
            return True
    return False


_FUNCTIONAL = frozenset(("keras.Model", "keras.Functional"))
_FUNCTIONAL_TAILS = frozenset(("Model", "Functional", "print", "len"))
_ENDS = frozenset(("input", "inputs", "output", "outputs", "get_layer", "layers"))
_SEARCHES = frozenset(
    ("KerasClassifier", "KerasRegressor", "RandomSearch", "Hyperband", "BayesianOptimization", "GridSearch")
)
_CONSTRUCTORS = frozenset(("Model", "Sequential", "Functional", "clone_model", "from_config", "KerasLayer", "cls"))
_READY_MADE = frozenset(("applications", "segmentation_models", "transformers"))


def _is_ready_made(name: str):
    """A whole network with its weights: `keras.applications.ResNet50`."""
    return name.startswith("keras.applications.") and name.count(".") == 2 and name[19:20].isupper()


def _model_classes(context: Context):
    """Names of the project's classes that may derive from a Keras model, judged by the names of their bases."""
    heirs: dict = {}
    for m in context.project.modules:
        for name, base in m.bases:
            heirs.setdefault(base, []).append(name)
    known = {"Model", "Sequential", "Functional"}
    waiting = list(known)
    while waiting:
        for name in heirs.get(waiting.pop(), ()):
            if name not in known:
                known.add(name)
                waiting.append(name)
    return frozenset(known - {"Model", "Sequential", "Functional"})


def _is_submodule_load(context: Context, m: Module, i: int):
    """`tf.saved_model.load` into a graph session is TF1's restore, not a model object."""
    return (
        "tf.saved_model.loader.load" in context.project.apis(m, i)
        and len(m.calls[i].args) >= 2
        and "session" in context.kinds(m, i, m.calls[i].args[0])
    )


_ANY_OBJECT = frozenset(("keras.saving.deserialize_keras_object",))
_ONLY_MODELS = frozenset(
    (
        "fit",
        "predict",
        "evaluate",
        "compile",
        "train_on_batch",
        "test_on_batch",
        "predict_on_batch",
        "load_weights",
        "summary",
    )
)


def _of_tensorflow(context: Context, m: Module, i: int):
    """Is a pipeline of Hugging Face told to use TensorFlow, or given a model that does?"""
    model, framework = context.argument(m, i, 1, "model"), context.argument(m, i, None, "framework")
    return framework == Constant("tf") or model is not None and "model" in context.kinds(m, i, model)


def _used_as_model(m: Module, i: int):
    """Is the Keras object, which may be a layer or a loss as well, used as a model in the same function?"""
    statement = m.statements[m.calls[i].statement]
    places = statement.targets if isinstance(statement, Assign) and statement.value == CallRef(i) else ()
    for j in m.scope_calls(m.calls[i].scope):
        f = m.calls[j].func
        if isinstance(f, Attribute) and f.attr in _ONLY_MODELS and (f.base == CallRef(i) or f.base in places):
            return True
    return False


def _is_deserializer(m: Module, i: int):
    """Inside a `from_config` or `deserialize…` function a sub-model is a part of the one model that is being read."""
    name = m.scopes[m.calls[i].scope].name
    parent = m.scopes[m.scopes[m.calls[i].scope].parent].name if m.scopes[m.calls[i].scope].parent >= 0 else ""
    return any("from_config" in n or "deserialize" in n for n in (name, parent))


def _memo(context: Context, key, compute):
    if key not in context.memo:
        context.memo[key] = compute()
    return context.memo[key]


def _acquired(context: Context, m: Module, i: int, kind, names: frozenset[str]):
    repeat = unreleased(context, m, i, kind)
    short = (
        None
        if repeat is not None
        else next((r for r in all_unreleased(context, m, i, kind, short=True) if r.context is not None), None)
    )
    return Acquired(m, i, kind, names, repeat, short)


def unreleased(context: Context, m: Module, i: int, kind="load"):
    """A way in which call `i` repeats without a release; a request or task handler is preferred to a loop."""
    first = None
    for repeat in all_unreleased(context, m, i, kind):
        if repeat.kind in ("handler", "script"):
            return repeat
        first = first or repeat
    return first


def all_unreleased(context: Context, m: Module, i: int, kind, short=False):
    """Every way in which call `i` repeats without a release, nearest first; `short`: those of two or three passes instead."""
    ends = release_names(
        context, m, "library" if kind == "load" and context.project.apis(m, i) & LIBRARY_LOADERS else kind
    )
    for repeat in context.repeats(m, i):
        if (repeat.count is not None and repeat.count <= FEW) is not short:
            continue  # two or three models are a comparison first
        if any("tf.function" in context.infer.decorator_names(hm, hm.calls[hi].scope) for hm, hi in repeat.hops):
            continue  # it runs while a graph is traced, and not again
        if not context.project.released(repeat, ends) and not kept(context, repeat):
            yield repeat


def release_names(context: Context, m: Module, kind):
    """What ends the life of such a model: a collection is enough for a loaded one, a built one and one of a "library" need `clear_session()`.

    Before TensorFlow 2.15, and on other backends, nothing but the collection is needed. In graph code (TF1, or eager execution switched off) `reset_default_graph()` ends it as well.
    """
    names = (
        CLEARS
        if kind == "library" or kind == "build" and mechanisms.of(context, [m], False) == mechanisms.CACHED
        else RELEASES
    )
    return names | GRAPH_RELEASES if context.project.versions.graph_mode(m) else names


def kept(context: Context, repeat: Repeat):
    """Is what each repeat makes put into a container on purpose (an ensemble, a cache by name)?"""
    m, i = repeat.hops[1] if repeat.handed and len(repeat.hops) > 1 else repeat.hops[0]
    if repeat.handed:
        return False
    values = _flat(context.infer.call_values(m, i))
    if not values and len(repeat.hops) > 1:  # a call that cannot be followed: what the function gives that it leads to
        inner, j = repeat.hops[1]
        values = _flat(context.infer.returns(inner, inner.calls[j].scope))
    if any(
        isinstance(v, Instance) or isinstance(v, Thing) and v.kind in ("model", "saved_model", "layer", "table")
        for v in values
    ):
        return stored(context, m, i, repeat.context)
    return _filled(context, repeat, m, i)


def _filled(context: Context, repeat: Repeat, m: Module, i: int):
    """`for net in nets: net.restore(…)`, or `net.restore(…); nets.append(net)`: each object of a collection gets a model of its own."""
    f = m.calls[i].func
    if (
        len(repeat.hops) < 2
        or repeat.context is None
        or not isinstance(f, Attribute)
        or not isinstance(f.base, Name)
        or not _kept_in_self(repeat)
    ):
        return False
    return f.base in _loop_names(m, repeat.context) or bool(
        added_later(context, m, m.calls[i].scope, f.base, repeat.context)
    )


def _kept_in_self(repeat: Repeat):
    """Does the method that the loop calls, or another method on the way, assign what it gets to an attribute of the object?"""
    for m, i in repeat.hops[1:]:
        statement = m.statements[m.calls[i].statement]
        if isinstance(statement, Assign) and any(
            isinstance(e, Attribute) and e.base == Name("self")
            for target in statement.targets
            for e in (target[1] if isinstance(target, SequenceDisplay) else (target,))
        ):
            return True
        f = m.calls[i].func
        if (
            not isinstance(f, Attribute)
            or f.base != Name("self")
            and not (isinstance(f.base, CallRef) and m.calls[f.base.number].func == Name("super"))
        ):
            return False
    return False


def _loop_names(m: Module, loop: int):
    """The names that a loop binds in each pass."""
    kind, _, header, branch = m.contexts[loop]
    if kind == "while":
        return ()
    target = branch[0] if kind == "comp" else m.statements[header][5]
    return target[1] if isinstance(target, SequenceDisplay) else (target,)


def stored(context: Context, m: Module, i: int, loop: int = None):
    """Does call `i`'s result go into a container or an attribute chosen by a key?"""
    return _memo(context, ("stored", m.index, i, loop), lambda: _stored(context, m, i, loop))


def _stored(context: Context, m: Module, i: int, loop: int):
    call = m.calls[i]
    statement = m.statements[call.statement]
    here = F.CallRef(i)
    if isinstance(statement, ExprStatement):
        for j in _calls_in(statement.value):
            outer = m.calls[j]
            if isinstance(outer[0], Attribute) and outer[0].attr in ADDERS and any(_holds(a, here) for a in outer[1]):
                return read_elsewhere(context, m, tail_of(outer[0].base), (call.statement,))
    direct, wrapped, collected = _memo(
        context, ("handed in", m.index, call.statement), lambda: _handed_in(m, statement)
    )
    if isinstance(statement, Assign) and statement.value is not None:
        if (here in direct or here in wrapped) and any(isinstance(target, Subscript) for target in statement.targets):
            return True
        if here in direct:
            for target in statement.targets:
                name = target if isinstance(target, Reference) else None
                if name is not None and added_later(context, m, call.scope, name, loop):
                    return True
    return here in collected


def _handed_in(m: Module, statement: int):
    """What the value that a statement assigns is or holds (see `_holds`), what objects in it are given by the name of their class (`Block(model=net)`), and what its comprehensions collect."""
    direct, wrapped, collected = frozenset(), set(), set()
    if isinstance(statement, Assign) and statement[6] is not None:
        direct = frozenset(held(statement[6]))
        for e in walk(statement[6], m.calls):
            if isinstance(e, CallRef) and (tail_of(m.calls[e[1]][0]) or "")[:1].isupper():
                for argument in m.arguments(e[1]):
                    wrapped.update(held(argument))
    for e in walk_statement(m, statement):
        if isinstance(e, Comprehension):
            for item in e.items:
                collected.update(held(item))
    return direct, wrapped, collected


def read_elsewhere(context: Context, m: Module, name: str, adding):
    """Does the module use a container for anything but being made and, in the statements `adding`, being filled?"""
    if name is None:
        return True  # who knows what it is called elsewhere
    return any(s not in adding for s in _memo(context, ("read", m.index), lambda: _readings(m)).get(name, ()))


def _readings(m: Module):
    """last name -> statements (-1: a comprehension) that use what has that name, other than to assign it."""
    found = {}
    for s, statement in enumerate(m.statements):
        if statement is not None:
            made = statement.targets if isinstance(statement, Assign) and statement.value is not None else ()
            for e in walk_statement(m, statement):
                name = tail_of(e)
                if name is not None and e not in made:
                    found.setdefault(name, {})[s] = None
    for kind, _, _, branch in m.contexts:
        if kind == "comp":
            for e in walk(branch[1], m.calls):
                name = tail_of(e)
                if name is not None:
                    found.setdefault(name, {})[-1] = None
    return found


def walk_statement(m: Module, statement: int):
    for expression in statement_expressions(statement):
        yield from walk(expression, m.calls)


def _calls_in(expression: Expression):
    """The call that an expression is, or that each pass of a comprehension is: `[models.append(make(n)) for n in sizes]`."""
    return [
        e.number
        for e in (expression.items if isinstance(expression, Comprehension) else (expression,))
        if isinstance(e, CallRef)
    ]


def _holds(expression: Expression, here):
    """Is the expression the call itself, or a tuple, list or dictionary with it?"""
    if expression == here:
        return True
    if isinstance(expression, SequenceDisplay):
        return any(_holds(item, here) for item in expression[1])
    if isinstance(expression, DictDisplay):
        return any(_holds(item, here) for item in expression.values)
    return False


def added_later(context: Context, m: Module, scope: int, name: str, loop: int):
    """Does the function (None or -1: all of it, else the loop) put what has that name into a container or under a key?"""
    adding, assigning = _memo(context, ("handed into", m.index, scope), lambda: _handed_into(m, scope))
    within = -1 if loop is None else loop
    for i in adding.get(name, ()):
        call = m.calls[i]
        if m.inside(call[4], within):
            return read_elsewhere(context, m, tail_of(call[0][1]), (call[5],))
    for s in assigning.get(name, ()):
        statement = m.statements[s]
        if m.inside(statement[2], within):
            if any(isinstance(t, Subscript) for t in statement[5]):
                return True
            if within != -1 and any(isinstance(t, Attribute) and t.base in _loop_names(m, loop) for t in statement[5]):
                return True  # for member in members: … member.model = model
    return False


def _handed_into(m: Module, scope: int):
    """({place: calls that add it to a container}, {place: assignments of it}) of a function, by itself or in another object."""
    adding, assigning = {}, {}
    for i in m.scope_calls(scope):
        call = m.calls[i]
        if isinstance(call.func, Attribute) and call.func.attr in ADDERS:
            for place in {place for a in call.args for place in _places_in(m, a)}:
                adding.setdefault(place, []).append(i)
    for s in m.scope_statements(scope):
        statement = m.statements[s]
        if (
            statement
            and isinstance(statement, Assign)
            and statement.value is not None
            and any(isinstance(t, (Subscript, Attribute)) for t in statement.targets)
        ):
            for place in set(_places_in(m, statement.value)):
                assigning.setdefault(place, []).append(s)
    return adding, assigning


def _places_in(m: Module, expression: Expression):
    """Names and attributes that an expression is or holds (see `_holds`), also in an object that is given it, by the name of its class: `Block(model=net)`."""
    yield from held(expression)
    for e in walk(expression, m.calls):
        if isinstance(e, CallRef) and (tail_of(m.calls[e.number].func) or "")[:1].isupper():
            for argument in m.arguments(e.number):
                yield from held(argument)


def held(expression: Expression):
    """All that `_holds` finds in an expression."""
    waiting = [expression]
    while waiting:
        e = waiting.pop()
        if isinstance(e, (Name, Attribute, CallRef)):
            yield e
        elif isinstance(e, SequenceDisplay):
            waiting.extend(e[1])
        elif isinstance(e, DictDisplay):
            waiting.extend(e.values)


# -- evidence that a thing is a whole model ------------------------------------------------------------------------------


def uses(context: Context, acquired):
    """Names of Keras methods called on the model along the way of its repeat ("fit", "predict" …)."""
    m, i = acquired.m, acquired.i
    wanted = values_of(context, m, i)
    found = {"fit"} if _fitted_by_search(context, acquired.repeat, wanted) else set()
    seen = set()
    for hm, hi in acquired.repeat.hops if acquired.repeat is not None else ((m, i),):
        scope = hm.calls[hi][3]
        while scope >= 0 and (hm.index, scope) not in seen:
            seen.add((hm.index, scope))
            found |= uses_in(context, hm, scope, wanted)
            owner = hm.scopes[scope][F.S_PARENT]
            if owner > 0 and hm.scopes[owner][F.S_KIND] == "class":  # self.model is used by the sibling methods
                for sibling in hm.members(owner).values():
                    if (hm.index, sibling) not in seen:
                        seen.add((hm.index, sibling))
                        found |= uses_in(context, hm, sibling, wanted)
            scope = owner if owner >= 0 and hm.scopes[scope][F.S_KIND] == "lambda" else -1
        found |= _handed_on(context, hm, hi, wanted, seen)
    return found


def _fitted_by_search(context: Context, repeat: Repeat, wanted):
    """Does a search (KerasClassifier, keras-tuner) ask for this very model, and fit it?"""
    if repeat is None or repeat.kind != "objective":
        return False
    if repeat.handed:
        m, i = repeat.hops[0]
        if (tail_of(m.calls[i].func) or "") not in _SEARCHES or len(repeat.hops) < 2:
            return False
    elif repeat.module.scopes[repeat.scope].name != "build":
        return False
    m, i = repeat.hops[repeat.handed]
    return not wanted.isdisjoint(_flat(context.infer.returns(m, m.calls[i].scope)))


def values_of(context: Context, m: Module, i: int):
    """The inference's values that stand for what call `i` made."""
    return {v for v in context.infer.call_values(m, i) if isinstance(v, (Thing, Instance))}


def uses_in(context: Context, m: Module, scope: int, wanted):
    known = _memo(context, ("methods", m.index, scope), lambda: _methods_of(context, m, scope))
    return set().union(*(known[v] for v in wanted if v in known))


def _methods_of(context: Context, m: Module, scope: int):
    """value -> names of the Keras methods that a function calls on it."""
    found = {}
    for j in m.scope_calls(scope):
        f = m.calls[j].func
        if isinstance(f, Attribute) and f.attr in MODEL_METHODS:
            for v in context.infer.values(m, scope, f.base, m.calls[j].statement):
                found.setdefault(v, set()).add(f.attr)
        for e in m.calls[j].args:  # tape.gradient(loss, model.trainable_variables): a training loop of its own
            if isinstance(e, Attribute) and e.attr in _WEIGHTS:
                for v in context.infer.values(m, scope, e.base, m.calls[j].statement):
                    found.setdefault(v, set()).add("call")
    return found


def _handed_on(context: Context, m: Module, i: int, wanted, seen):
    """Uses in a function of the project that the model is passed to: `train(model, data)`."""
    found = set()
    known = _memo(context, ("takers", m.index, m.calls[i].scope), lambda: _takers(context, m, m.calls[i].scope))
    for j in sorted({j for v in wanted for j in known.get(v, ())}):
        for fm, fs in context.project.functions_called(m, j):
            if (fm.index, fs) not in seen:
                seen.add((fm.index, fs))
                found |= uses_in(context, fm, fs, wanted) | _run_in(context, fm, fs, wanted)
    return found


def _takers(context: Context, m: Module, scope: int):
    """value -> calls in a function that it is passed to."""
    found = {}
    for j in m.scope_calls(scope):
        call = m.calls[j]
        if isinstance(call.func, Attribute) and call.func.attr in MODEL_METHODS:
            continue
        for argument in m.arguments(j):
            if isinstance(argument, (Name, Attribute, CallRef, Starred)):
                for v in _given(context, m, scope, argument, call.statement):
                    found.setdefault(v, []).append(j)
    return found


def _given(context: Context, m: Module, scope: int, argument: Expression, at: int):
    """What an argument gives; `*arguments` gives each of them."""
    if isinstance(argument, Starred):
        return context.infer.elements(context.infer.values(m, scope, argument.value, at))
    return context.infer.values(m, scope, argument, at)


def _run_in(context: Context, m: Module, scope: int, wanted):
    """`model(x, training=False)` in a function that was given the model: a whole model, not a block of one."""
    for j in m.scope_calls(scope):
        call = m.calls[j]
        if isinstance(call.func, Name) and any(
            name == "training" and isinstance(value, Constant) for name, value in call.keywords
        ):
            if not wanted.isdisjoint(context.infer.callee(m, j)):
                return {"call"}
    return set()


def factory(context: Context, acquired):
    """(module, call, repeat): the outermost call on the way of the repeat that still gives the new model, with the rest of the way.

    `model = build_model()` in a loop constructs a model as `Sequential()` does: there the finding stands, and the
    constructor is the last step of its trace. What is made when an object is first asked for it stands where it is made.
    """
    m, i = acquired.m, acquired.i
    wanted = values_of(context, m, i)
    found = (m, i)
    hops = acquired.repeat.hops[acquired.repeat.handed :]
    for hm, hi in reversed(hops[:-1]):
        if context.project.repeats_of.guards.once(*found, -1):
            break
        if wanted.isdisjoint(_flat(context.infer.call_values(hm, hi))):
            break
        found = (hm, hi)
    return found


def _flat(values):
    """The values and the items of tuples among them: `return history, model`."""
    return frozenset().union(values, *(item for v in values if isinstance(v, TupleValue) for item in v.items))


def trains(names: frozenset[str]):
    return bool(names & TRAINING_METHODS)


def returned_from(m: Module, i: int):
    """Is the call's result what its function returns, directly or by name?"""
    call = m.calls[i]
    statement = m.statements[call.statement]
    if isinstance(statement, Return) and statement.value == CallRef(i):
        return True
    if not isinstance(statement, Assign):
        return False
    targets = set(statement.targets)
    return any(
        other.value in targets or isinstance(other.value, TupleDisplay) and not targets.isdisjoint(other.value.items)
        for other in m.returns(call.scope)
    )


# -- fixes ---------------------------------------------------------------------------------------------------------------


def local_name(m: Module, i: int):
    """The name that call `i` is assigned to in a statement of its own, or None."""
    statement = m.statements[m.calls[i].statement]
    if (
        isinstance(statement, Assign)
        and statement.value == CallRef(i)
        and len(statement.targets) == 1
        and isinstance(statement.targets[0], Name)
    ):
        return statement.targets[0].id
    return None


def hoist_or_clear(context: Context, repeat: Repeat, m: Module, i: int, collect_only=False):
    """A fix function: hoist the call out of its own loop, else clear session and collect at the end of the repeat."""

    def fix(fx: FixContext):
        from tflint_mem.codemod import NoFix

        try:
            return hoist_load(context, fx, m, i)
        except NoFix:
            return clear_each_repeat(context, repeat, m, i, collect_only)(fx)

    return fix


def hoist_load(context: Context, fx: FixContext, m: Module, i: int):
    """(applicability, message, edits) that move the load of a model before the loops that leave its file, and the model, as they are."""
    from tflint_mem.codemod import NoFix
    from tflint_mem.codemod import operations as do
    from tflint_mem.finding import SAFE, UNSAFE

    from . import saved

    view, call = fx.at(m, i)
    if not context.project.apis(m, i) & LOADERS:
        raise NoFix("what runs the loader gives no model yet, and may be awaited only once")
    contexts = fx.blocks(view, call, m, m.calls[i].block)

    def attempt(loop: int):
        doubt = saved.doubt(context, m, i, contexts[id(loop)])
        edits, applicability = do.hoist_call(view, call, loop, local_name(m, i) or "model")
        return edits, UNSAFE if doubt and applicability == SAFE else applicability

    edits, applicability = do.outermost_loop(view, call, attempt)
    return applicability, f"Move `{text(m, i)}` before the loop", edits


def clear_each_repeat(context: Context, repeat: Repeat, m: Module, i: int, collect_only=False):
    """A fix function: clear session and collect at the end of the repeat, unless a model from before it is used in it.

    collect_only   a collection is enough: Keras runs on another backend
    """

    def fix(fx: FixContext):
        from tflint_mem.codemod import NoFix

        if not collect_only and lives_through(context, repeat, m, i):
            raise NoFix("clear_session would hit a model that lives through the loop")
        view, _ = fx.at(m, i)
        return clearing(fx, view, repeat, m, i, collect_only)

    return fix


def lives_through(context: Context, repeat: Repeat, m: Module, i: int):
    """Does the loop use a model that was made before it?"""
    scope, loop = m.calls[i].scope, repeat.context
    for j in m.scope_calls(scope):
        call = m.calls[j]
        if loop is None or not m.inside(call.block, loop):
            continue
        for e in (call.func.base if isinstance(call.func, Attribute) else call.func, *m.arguments(j)):
            if not isinstance(e, Reference):
                continue
            for v in context.infer.values(m, scope, e, call.statement):
                if isinstance(v, Thing) and v.kind in ("model", "saved_model"):
                    origin = v.origin
                    if origin is None or not isinstance(origin[1], int) or origin[0] != m.index:
                        continue
                    made = m.calls[origin[1]]
                    if made.scope != scope or not m.inside(made.block, loop):
                        if made.scope != scope and any(h == (m, origin[1]) for h in repeat.hops):
                            continue
                        return True
    return False


def clearing(fx: FixContext, view, repeat: Repeat, m: Module, i: int, collect_only=False):
    from tflint_mem.codemod import NoFix
    from tflint_mem.codemod import operations as do
    from tflint_mem.finding import UNSAFE

    if repeat.context is None:
        raise NoFix("clear_session would hit every model of the process")
    loop = fx.loop(view, m, repeat.context)
    collector, second = do.ensure(fx.source, "gc", row=m.calls[i].pos.line)
    if collect_only:
        edits = do.append_to_repeat(view, loop, [f"{collector}.collect()"], name=local_name(m, i))
        return UNSAFE, "Collect garbage in each repeat", do.join(edits, second)
    expression, first = do.clear_session_expression(fx.source, m.calls[i].pos.line)
    edits = do.append_to_repeat(
        view,
        loop,
        [f"{expression}()" if not expression.endswith(")") else expression, f"{collector}.collect()"],
        name=local_name(m, i),
    )
    return UNSAFE, "Clear the Keras session and collect garbage in each repeat", do.join(edits, first, second)


text = call_text
