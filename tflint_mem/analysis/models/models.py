"""What the rules about models share: where models come from, what becomes of them, and how a repeat is told."""

from tflint_mem import facts as F
from tflint_mem.analysis.program import mechanisms
from tflint_mem.facts import Constant
from tflint_mem.knowledge import (
    BUILDERS,
    GRAPH_RELEASES,
    LOADERS,
    MODEL_METHODS,
    RELEASES,
    TRAINING_METHODS,
    canonical,
)
from tflint_mem.project.linking.module import call_text, statement_expressions, tail_of, walk

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

    def __init__(self, m, i, kind, names, repeat, short=None):
        self.m, self.i, self.kind, self.names, self.repeat, self.short = m, i, kind, names, repeat, short


def loads(context):
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


def _handed_loads(context):
    """(module, call, names) of the calls that hand a loader to what runs it once: `run_in_executor(None, load_model, path)`."""
    index = context.project.index
    for number in context.shown(sorted({number for tail in LOAD_TAILS for number in index.modules("given", tail)})):
        m = context.project.module(number)
        for tail in LOAD_TAILS:
            for i, where in m.references().get(tail, ()):
                given = m.calls[i][1][where] if isinstance(where, int) else None
                if given is not None and tail_of(given) == tail:
                    names = {
                        canonical(v[1])
                        for v in context.infer.values(m, m.calls[i][3], given, m.calls[i][5])
                        if v[0] == "ext"
                    } & LOADERS
                    if names and context.project.callers_of.consumer(m, i, where) == "submit":
                        yield m, i, frozenset(names)


def builds(context):
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


def constructions(context):
    """(module, call, names) of every construction of a Keras model."""
    return _memo(context, "constructions", lambda: list(_constructions(context)))


def _constructions(context):
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


def part(context, m, i):
    """Is the model a block of another one that the same function makes of it, and not a model of its own?

    `x = ResNet50(…)(x)`, or `base = ResNet50(…)` with `Model(base.input, head(base.output))`, unless the base itself is trained or returned.
    """
    if _in_constructor(context, m, i):
        return True
    here = m.scope_calls(m.calls[i][3])
    name = local_name(m, i)
    parts = (F.CallRef(i),) if name is None else (F.CallRef(i), F.Name(name))
    called = _memo(context, ("first calls", m.index, m.calls[i][3]), lambda: {m.calls[j][0]: j for j in reversed(here)})
    applied = min((called[each] for each in parts if each in called), default=None)
    if applied is None and name is None:
        return False
    built = _memo(
        context,
        ("built", m.index, m.calls[i][3]),
        lambda: [j for j in here if context.project.apis(m, j) & _FUNCTIONAL],
    )
    for j in built:
        if (
            j > i
            and m.inside(m.calls[i][4], m.calls[j][4])
            and (applied is not None and applied < j or _reached_into(m, j, F.Name(name)))
        ):
            return name is None or not _of_its_own(m, i, name)
    return False


def _in_constructor(context, m, i):
    """Does a Keras model or layer of the project make it for itself: `self.head = Sequential(…)` in its `__init__` or `build`?"""
    scope, statement = m.calls[i][3], m.statements[m.calls[i][5]]
    if m.scopes[scope][F.S_NAME] not in ("__init__", "build") or not m.is_method(scope):
        return False
    if not (
        any(t[0] == "a" and t[1] == ("n", "self") for t in statement[5])
        if statement[0] == F.ASSIGN
        else _given_to_self(m, i, statement)
    ):
        return False
    return context.infer.class_kind(m, m.scopes[scope][F.S_PARENT]) in ("model", "layer")


def _given_to_self(m, i, statement):
    """`setattr(self, name, Sequential(…))`, `self.blocks.append(Sequential(…))`."""
    if statement[0] != F.EXPR or statement[5][0] != "c":
        return False
    f, arguments = m.calls[statement[5][1]][:2]
    if ("c", i) not in arguments:
        return False
    return (
        f == ("n", "setattr")
        and arguments[0] == ("n", "self")
        or f[0] == "a"
        and f[2] in ADDERS
        and f[1][:2] == ("a", ("n", "self"))
    )


def _reached_into(m, j, name):
    """Do the arguments of call `j` take layers of the model: `base.input`, `base.get_layer("pool").output`?"""
    return any(
        e[0] == "a" and e[1] == name and e[2] in _ENDS for argument in m.arguments(j) for e in walk(argument, m.calls)
    )


def _of_its_own(m, i, name):
    """Is the model itself used, returned or kept, besides being a block of another?"""
    at = m.calls[i][5]
    for j in m.scope_calls(m.calls[i][3]):
        f = m.calls[j][0]
        if f[0] == "a" and f[1] == ("n", name) and f[2] in MODEL_METHODS and f[2] not in _ENDS:
            return True
        if (
            m.calls[j][5] > at
            and any(_holds(a, F.Name(name)) for a in m.arguments(j))
            and tail_of(f) not in _FUNCTIONAL_TAILS
        ):
            return True
    for s in m.scope_statements(m.calls[i][3]):
        statement = m.statements[s]
        if (
            statement
            and s > at
            and (
                statement[0] == F.RETURN
                and statement[5] is not None
                and _holds(statement[5], F.Name(name))
                or statement[0] == F.ASSIGN
                and statement[6] is not None
                and _holds(statement[6], F.Name(name))
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


def _is_ready_made(name):
    """A whole network with its weights: `keras.applications.ResNet50`."""
    return name.startswith("keras.applications.") and name.count(".") == 2 and name[19:20].isupper()


def _model_classes(context):
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


def _is_submodule_load(context, m, i):
    """`tf.saved_model.load` into a graph session is TF1's restore, not a model object."""
    return (
        "tf.saved_model.loader.load" in context.project.apis(m, i)
        and len(m.calls[i][1]) >= 2
        and "session" in context.kinds(m, i, m.calls[i][1][0])
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


def _of_tensorflow(context, m, i):
    """Is a pipeline of Hugging Face told to use TensorFlow, or given a model that does?"""
    model, framework = context.argument(m, i, 1, "model"), context.argument(m, i, None, "framework")
    return framework == Constant("tf") or model is not None and "model" in context.kinds(m, i, model)


def _used_as_model(m, i):
    """Is the Keras object, which may be a layer or a loss as well, used as a model in the same function?"""
    statement = m.statements[m.calls[i][5]]
    places = statement[5] if statement[0] == F.ASSIGN and statement[6] == ("c", i) else ()
    for j in m.scope_calls(m.calls[i][3]):
        f = m.calls[j][0]
        if f[0] == "a" and f[2] in _ONLY_MODELS and (f[1] == ("c", i) or f[1] in places):
            return True
    return False


def _is_deserializer(m, i):
    """Inside a `from_config` or `deserialize…` function a sub-model is a part of the one model that is being read."""
    name = m.scopes[m.calls[i][3]][F.S_NAME]
    parent = m.scopes[m.scopes[m.calls[i][3]][F.S_PARENT]][F.S_NAME] if m.scopes[m.calls[i][3]][F.S_PARENT] >= 0 else ""
    return any("from_config" in n or "deserialize" in n for n in (name, parent))


def _memo(context, key, compute):
    if key not in context.memo:
        context.memo[key] = compute()
    return context.memo[key]


def _acquired(context, m, i, kind, names):
    repeat = unreleased(context, m, i, kind)
    short = (
        None
        if repeat is not None
        else next((r for r in all_unreleased(context, m, i, kind, short=True) if r.context is not None), None)
    )
    return Acquired(m, i, kind, names, repeat, short)


def unreleased(context, m, i, kind="load"):
    """A way in which call `i` repeats without a release; a request or task handler is preferred to a loop."""
    first = None
    for repeat in all_unreleased(context, m, i, kind):
        if repeat.kind in ("handler", "script"):
            return repeat
        first = first or repeat
    return first


def all_unreleased(context, m, i, kind, short=False):
    """Every way in which call `i` repeats without a release, nearest first; `short`: those of two or three passes instead."""
    ends = release_names(
        context, m, "library" if kind == "load" and context.project.apis(m, i) & LIBRARY_LOADERS else kind
    )
    for repeat in context.repeats(m, i):
        if (repeat.count is not None and repeat.count <= FEW) is not short:
            continue  # two or three models are a comparison first
        if any("tf.function" in context.infer.decorator_names(hm, hm.calls[hi][3]) for hm, hi in repeat.hops):
            continue  # it runs while a graph is traced, and not again
        if not context.project.released(repeat, ends) and not kept(context, repeat):
            yield repeat


def release_names(context, m, kind):
    """What ends the life of such a model: a collection is enough for a loaded one, a built one and one of a "library" need `clear_session()`.

    Before TensorFlow 2.15, and on other backends, nothing but the collection is needed. In graph code (TF1, or eager execution switched off) `reset_default_graph()` ends it as well.
    """
    names = (
        CLEARS
        if kind == "library" or kind == "build" and mechanisms.of(context, [m], False) == mechanisms.CACHED
        else RELEASES
    )
    return names | GRAPH_RELEASES if context.project.versions.graph_mode(m) else names


def kept(context, repeat):
    """Is what each repeat makes put into a container on purpose (an ensemble, a cache by name)?"""
    m, i = repeat.hops[1] if repeat.handed and len(repeat.hops) > 1 else repeat.hops[0]
    if repeat.handed:
        return False
    values = _flat(context.infer.call_values(m, i))
    if not values and len(repeat.hops) > 1:  # a call that cannot be followed: what the function gives that it leads to
        inner, j = repeat.hops[1]
        values = _flat(context.infer.returns(inner, inner.calls[j][3]))
    if any(v[0] == "inst" or v[0] == "obj" and v[1] in ("model", "saved_model", "layer", "table") for v in values):
        return stored(context, m, i, repeat.context)
    return _filled(context, repeat, m, i)


def _filled(context, repeat, m, i):
    """`for net in nets: net.restore(…)`, or `net.restore(…); nets.append(net)`: each object of a collection gets a model of its own."""
    f = m.calls[i][0]
    if len(repeat.hops) < 2 or repeat.context is None or f[0] != "a" or f[1][0] != "n" or not _kept_in_self(repeat):
        return False
    return f[1] in _loop_names(m, repeat.context) or bool(added_later(context, m, m.calls[i][3], f[1], repeat.context))


def _kept_in_self(repeat):
    """Does the method that the loop calls, or another method on the way, assign what it gets to an attribute of the object?"""
    for m, i in repeat.hops[1:]:
        statement = m.statements[m.calls[i][5]]
        if statement[0] == F.ASSIGN and any(
            e[0] == "a" and e[1] == ("n", "self")
            for target in statement[5]
            for e in (target[1] if target[0] in ("t", "l") else (target,))
        ):
            return True
        f = m.calls[i][0]
        if f[0] != "a" or f[1] != ("n", "self") and not (f[1][0] == "c" and m.calls[f[1][1]][0] == ("n", "super")):
            return False
    return False


def _loop_names(m, loop):
    """The names that a loop binds in each pass."""
    kind, _, header, branch = m.contexts[loop]
    if kind == "while":
        return ()
    target = branch[0] if kind == "comp" else m.statements[header][5]
    return target[1] if target[0] in ("t", "l") else (target,)


def stored(context, m, i, loop=None):
    """Does call `i`'s result go into a container or an attribute chosen by a key?"""
    return _memo(context, ("stored", m.index, i, loop), lambda: _stored(context, m, i, loop))


def _stored(context, m, i, loop):
    call = m.calls[i]
    statement = m.statements[call[5]]
    here = F.CallRef(i)
    if statement[0] == F.EXPR:
        for j in _calls_in(statement[5]):
            outer = m.calls[j]
            if outer[0][0] == "a" and outer[0][2] in ADDERS and any(_holds(a, here) for a in outer[1]):
                return read_elsewhere(context, m, tail_of(outer[0][1]), (call[5],))
    direct, wrapped, collected = _memo(context, ("handed in", m.index, call[5]), lambda: _handed_in(m, statement))
    if statement[0] == F.ASSIGN and statement[6] is not None:
        if (here in direct or here in wrapped) and any(target[0] == "x" for target in statement[5]):
            return True
        if here in direct:
            for target in statement[5]:
                name = target if target[0] in ("n", "a") else None
                if name is not None and added_later(context, m, call[3], name, loop):
                    return True
    return here in collected


def _handed_in(m, statement):
    """What the value that a statement assigns is or holds (see `_holds`), what objects in it are given by the name of their class (`Block(model=net)`), and what its comprehensions collect."""
    direct, wrapped, collected = frozenset(), set(), set()
    if statement[0] == F.ASSIGN and statement[6] is not None:
        direct = frozenset(held(statement[6]))
        for e in walk(statement[6], m.calls):
            if e[0] == "c" and (tail_of(m.calls[e[1]][0]) or "")[:1].isupper():
                for argument in m.arguments(e[1]):
                    wrapped.update(held(argument))
    for e in walk_statement(m, statement):
        if e[0] == "g":
            for item in e[2]:
                collected.update(held(item))
    return direct, wrapped, collected


def read_elsewhere(context, m, name, adding):
    """Does the module use a container for anything but being made and, in the statements `adding`, being filled?"""
    if name is None:
        return True  # who knows what it is called elsewhere
    return any(s not in adding for s in _memo(context, ("read", m.index), lambda: _readings(m)).get(name, ()))


def _readings(m):
    """last name -> statements (-1: a comprehension) that use what has that name, other than to assign it."""
    found = {}
    for s, statement in enumerate(m.statements):
        if statement is not None:
            made = statement[5] if statement[0] == F.ASSIGN and statement[6] is not None else ()
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


def walk_statement(m, statement):
    for expression in statement_expressions(statement):
        yield from walk(expression, m.calls)


def _calls_in(expression):
    """The call that an expression is, or that each pass of a comprehension is: `[models.append(make(n)) for n in sizes]`."""
    return [e[1] for e in (expression[2] if expression[0] == "g" else (expression,)) if e[0] == "c"]


def _holds(expression, here):
    """Is the expression the call itself, or a tuple, list or dictionary with it?"""
    if expression == here:
        return True
    if expression[0] in ("t", "l"):
        return any(_holds(item, here) for item in expression[1])
    if expression[0] == "d":
        return any(_holds(item, here) for item in expression[2])
    return False


def added_later(context, m, scope, name, loop):
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
            if any(t[0] == "x" for t in statement[5]):
                return True
            if within != -1 and any(t[0] == "a" and t[1] in _loop_names(m, loop) for t in statement[5]):
                return True  # for member in members: … member.model = model
    return False


def _handed_into(m, scope):
    """({place: calls that add it to a container}, {place: assignments of it}) of a function, by itself or in another object."""
    adding, assigning = {}, {}
    for i in m.scope_calls(scope):
        call = m.calls[i]
        if call[0][0] == "a" and call[0][2] in ADDERS:
            for place in {place for a in call[1] for place in _places_in(m, a)}:
                adding.setdefault(place, []).append(i)
    for s in m.scope_statements(scope):
        statement = m.statements[s]
        if (
            statement
            and statement[0] == F.ASSIGN
            and statement[6] is not None
            and any(t[0] in ("x", "a") for t in statement[5])
        ):
            for place in set(_places_in(m, statement[6])):
                assigning.setdefault(place, []).append(s)
    return adding, assigning


def _places_in(m, expression):
    """Names and attributes that an expression is or holds (see `_holds`), also in an object that is given it, by the name of its class: `Block(model=net)`."""
    yield from held(expression)
    for e in walk(expression, m.calls):
        if e[0] == "c" and (tail_of(m.calls[e[1]][0]) or "")[:1].isupper():
            for argument in m.arguments(e[1]):
                yield from held(argument)


def held(expression):
    """All that `_holds` finds in an expression."""
    waiting = [expression]
    while waiting:
        e = waiting.pop()
        if e[0] in ("n", "a", "c"):
            yield e
        elif e[0] in ("t", "l"):
            waiting.extend(e[1])
        elif e[0] == "d":
            waiting.extend(e[2])


# -- evidence that a thing is a whole model ------------------------------------------------------------------------------


def uses(context, acquired):
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


def _fitted_by_search(context, repeat, wanted):
    """Does a search (KerasClassifier, keras-tuner) ask for this very model, and fit it?"""
    if repeat is None or repeat.kind != "objective":
        return False
    if repeat.handed:
        m, i = repeat.hops[0]
        if (tail_of(m.calls[i][0]) or "") not in _SEARCHES or len(repeat.hops) < 2:
            return False
    elif repeat.module.scopes[repeat.scope][F.S_NAME] != "build":
        return False
    m, i = repeat.hops[repeat.handed]
    return not wanted.isdisjoint(_flat(context.infer.returns(m, m.calls[i][3])))


def values_of(context, m, i):
    """The inference's values that stand for what call `i` made."""
    return {v for v in context.infer.call_values(m, i) if v[0] in ("obj", "inst")}


def uses_in(context, m, scope, wanted):
    known = _memo(context, ("methods", m.index, scope), lambda: _methods_of(context, m, scope))
    return set().union(*(known[v] for v in wanted if v in known))


def _methods_of(context, m, scope):
    """value -> names of the Keras methods that a function calls on it."""
    found = {}
    for j in m.scope_calls(scope):
        f = m.calls[j][0]
        if f[0] == "a" and f[2] in MODEL_METHODS:
            for v in context.infer.values(m, scope, f[1], m.calls[j][5]):
                found.setdefault(v, set()).add(f[2])
        for e in m.calls[j][1]:  # tape.gradient(loss, model.trainable_variables): a training loop of its own
            if e[0] == "a" and e[2] in _WEIGHTS:
                for v in context.infer.values(m, scope, e[1], m.calls[j][5]):
                    found.setdefault(v, set()).add("call")
    return found


def _handed_on(context, m, i, wanted, seen):
    """Uses in a function of the project that the model is passed to: `train(model, data)`."""
    found = set()
    known = _memo(context, ("takers", m.index, m.calls[i][3]), lambda: _takers(context, m, m.calls[i][3]))
    for j in sorted({j for v in wanted for j in known.get(v, ())}):
        for fm, fs in context.project.functions_called(m, j):
            if (fm.index, fs) not in seen:
                seen.add((fm.index, fs))
                found |= uses_in(context, fm, fs, wanted) | _run_in(context, fm, fs, wanted)
    return found


def _takers(context, m, scope):
    """value -> calls in a function that it is passed to."""
    found = {}
    for j in m.scope_calls(scope):
        call = m.calls[j]
        if call[0][0] == "a" and call[0][2] in MODEL_METHODS:
            continue
        for argument in m.arguments(j):
            if argument[0] in ("n", "a", "c", "s"):
                for v in _given(context, m, scope, argument, call[5]):
                    found.setdefault(v, []).append(j)
    return found


def _given(context, m, scope, argument, at):
    """What an argument gives; `*arguments` gives each of them."""
    if argument[0] == "s":
        return context.infer.elements(context.infer.values(m, scope, argument[1], at))
    return context.infer.values(m, scope, argument, at)


def _run_in(context, m, scope, wanted):
    """`model(x, training=False)` in a function that was given the model: a whole model, not a block of one."""
    for j in m.scope_calls(scope):
        call = m.calls[j]
        if call[0][0] == "n" and any(name == "training" and value[0] == "k" for name, value in call[2]):
            if not wanted.isdisjoint(context.infer.callee(m, j)):
                return {"call"}
    return set()


def factory(context, acquired):
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
    return frozenset().union(values, *(item for v in values if v[0] == "tup" for item in v[1]))


def trains(names):
    return bool(names & TRAINING_METHODS)


def returned_from(m, i):
    """Is the call's result what its function returns, directly or by name?"""
    call = m.calls[i]
    statement = m.statements[call[5]]
    if statement[0] == F.RETURN and statement[5] == ("c", i):
        return True
    if statement[0] != F.ASSIGN:
        return False
    targets = set(statement[5])
    return any(
        other[5] in targets or other[5][0] == "t" and not targets.isdisjoint(other[5][1])
        for other in m.returns(call[3])
    )


# -- fixes ---------------------------------------------------------------------------------------------------------------


def local_name(m, i):
    """The name that call `i` is assigned to in a statement of its own, or None."""
    statement = m.statements[m.calls[i][5]]
    if statement[0] == F.ASSIGN and statement[6] == ("c", i) and len(statement[5]) == 1 and statement[5][0][0] == "n":
        return statement[5][0][1]
    return None


def hoist_or_clear(context, repeat, m, i, collect_only=False):
    """A fix function: hoist the call out of its own loop, else clear session and collect at the end of the repeat."""

    def fix(fx):
        from tflint_mem.codemod import NoFix

        try:
            return hoist_load(context, fx, m, i)
        except NoFix:
            return clear_each_repeat(context, repeat, m, i, collect_only)(fx)

    return fix


def hoist_load(context, fx, m, i):
    """(applicability, message, edits) that move the load of a model before the loops that leave its file, and the model, as they are."""
    from tflint_mem.codemod import NoFix
    from tflint_mem.codemod import operations as do
    from tflint_mem.finding import SAFE, UNSAFE

    from . import saved

    view, call = fx.at(m, i)
    if not context.project.apis(m, i) & LOADERS:
        raise NoFix("what runs the loader gives no model yet, and may be awaited only once")
    contexts = fx.blocks(view, call, m, m.calls[i][4])

    def attempt(loop):
        doubt = saved.doubt(context, m, i, contexts[id(loop)])
        edits, applicability = do.hoist_call(view, call, loop, local_name(m, i) or "model")
        return edits, UNSAFE if doubt and applicability == SAFE else applicability

    edits, applicability = do.outermost_loop(view, call, attempt)
    return applicability, f"Move `{text(m, i)}` before the loop", edits


def clear_each_repeat(context, repeat, m, i, collect_only=False):
    """A fix function: clear session and collect at the end of the repeat, unless a model from before it is used in it.

    collect_only   a collection is enough: Keras runs on another backend
    """

    def fix(fx):
        from tflint_mem.codemod import NoFix

        if not collect_only and lives_through(context, repeat, m, i):
            raise NoFix("clear_session would hit a model that lives through the loop")
        view, _ = fx.at(m, i)
        return clearing(fx, view, repeat, m, i, collect_only)

    return fix


def lives_through(context, repeat, m, i):
    """Does the loop use a model that was made before it?"""
    scope, loop = m.calls[i][3], repeat.context
    for j in m.scope_calls(scope):
        call = m.calls[j]
        if loop is None or not m.inside(call[4], loop):
            continue
        for e in (call[0][1] if call[0][0] == "a" else call[0], *m.arguments(j)):
            if e[0] not in ("n", "a"):
                continue
            for v in context.infer.values(m, scope, e, call[5]):
                if v[0] == "obj" and v[1] in ("model", "saved_model"):
                    origin = v[2]
                    if origin is None or not isinstance(origin[1], int) or origin[0] != m.index:
                        continue
                    made = m.calls[origin[1]]
                    if made[3] != scope or not m.inside(made[4], loop):
                        if made[3] != scope and any(h == (m, origin[1]) for h in repeat.hops):
                            continue
                        return True
    return False


def clearing(fx, view, repeat, m, i, collect_only=False):
    from tflint_mem.codemod import NoFix
    from tflint_mem.codemod import operations as do
    from tflint_mem.finding import UNSAFE

    if repeat.context is None:
        raise NoFix("clear_session would hit every model of the process")
    loop = fx.loop(view, m, repeat.context)
    collector, second = do.ensure(fx.source, "gc", row=m.calls[i][6][0])
    if collect_only:
        edits = do.append_to_repeat(view, loop, [f"{collector}.collect()"], name=local_name(m, i))
        return UNSAFE, "Collect garbage in each repeat", do.join(edits, second)
    expression, first = do.clear_session_expression(fx.source, m.calls[i][6][0])
    edits = do.append_to_repeat(
        view,
        loop,
        [f"{expression}()" if not expression.endswith(")") else expression, f"{collector}.collect()"],
        name=local_name(m, i),
    )
    return UNSAFE, "Clear the Keras session and collect garbage in each repeat", do.join(edits, first, second)


text = call_text
