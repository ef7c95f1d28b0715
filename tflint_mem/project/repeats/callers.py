"""Who calls a function: direct calls, and places that hand it to something that calls it.

`of(m, scope)` gives `(module, call, how)`:

    call          the call runs the function now
    map           handed to something that calls it once for each of many items (`map`, `pool.map`, `df.apply`)
    submit        handed over to run once for this call (`Thread(target=f)`, `executor.submit(f)`)
    replica       the same, now (`strategy.run(f)`)
    process       the same in a child process that ends
    pool          handed to worker processes that are used again and again
    objective     called once for each trial (`study.optimize(f)`)
    evaluation    called very often by a numeric solver (`scipy.optimize.minimize(f)`)
    handler       called for each request or event (`add_url_rule(view_func=f)`)
    callback      called per batch or epoch (`LambdaCallback(on_epoch_end=f)`)
    compiled-map  traced into a graph (`Dataset.map(f)`, `tf.map_fn`), runs compiled
    compiled      wrapped (`tf.function(f)`); where the wrapper is called is another entry
"""

from tflint_mem import facts as F
from tflint_mem.facts import Constant
from tflint_mem.project.holds.values import ClassValue, Instance
from tflint_mem.project.linking.module import RESULT, TABLE, called_name, tail_of, walk

from .handlers import SEARCHES, is_event
from .iterated import METHODS
from .whole import Whole

_MAP = frozenset(
    (
        "builtins.map",
        "builtins.filter",
        "numpy.vectorize",
        "numpy.apply_along_axis",
        "itertools.starmap",
        "functools.reduce",
    )
)
_SORTS = frozenset(
    ("builtins.sorted", "builtins.min", "builtins.max", "itertools.groupby", "heapq.nlargest", "heapq.nsmallest")
)
_MAP_METHODS = frozenset(("apply", "applymap", "map", "progress_apply", "transform", "agg", "parallel_apply"))
_DATASET_METHODS = frozenset(("map", "filter", "flat_map", "interleave"))
_DATASET_WORDS = frozenset(("num_parallel_calls", "deterministic", "cycle_length"))
_DATASET_STEPS = frozenset(
    (
        "batch",
        "prefetch",
        "padded_batch",
        "unbatch",
        "shuffle",
        "repeat",
        "cache",
        "take",
        "from_tensor_slices",
        "from_generator",
    )
)
_POOL_METHODS = frozenset(
    ("map", "imap", "imap_unordered", "starmap", "map_async", "starmap_async", "apply_async", "apply", "submit")
)
_OBJECTIVES = frozenset(
    (
        "hyperopt.fmin",
        "hyperopt.fmin.fmin",
        "skopt.gp_minimize",
        "skopt.forest_minimize",
        "skopt.gbrt_minimize",
        "wandb.agent",
        "bayes_opt.BayesianOptimization",
        "talos.Scan",
        "keras_tuner.RandomSearch",
        "keras_tuner.Hyperband",
        "keras_tuner.BayesianOptimization",
        "keras_tuner.GridSearch",
        "kerastuner.RandomSearch",
        "kerastuner.Hyperband",
        "kerastuner.BayesianOptimization",
        "keras_tuner.tuners.RandomSearch",
        "kerastuner.tuners.RandomSearch",
        "kerastuner.tuners.Hyperband",
        "keras_tuner.tuners.Hyperband",
        "kerastuner.tuners.BayesianOptimization",
        "keras_tuner.tuners.BayesianOptimization",
        "keras_tuner.Tuner",
    )
)
_WRAPPED_ESTIMATORS = frozenset(("KerasClassifier", "KerasRegressor"))
_HANDLER_METHODS = frozenset(
    (
        "add_url_rule",
        "add_api_route",
        "add_api_websocket_route",
        "add_route",
        "add_handler",
        "add_event_handler",
        "register_error_handler",
        "add_get",
        "add_post",
        "add_put",
        "add_resource",
        "on_message",
        "on_event",
        "message_callback_add",
        "basic_consume",
        "consume",
        "subscribe",
        "do",
        "enqueue",
        "enqueue_in",
        "enqueue_at",
        "enqueue_call",
        "create_subscription",
        "create_timer",
        "create_service",
        "registerCallback",
        "setMouseCallback",
        "add_hotkey",
        "observe",
        "on_click",
    )
)
# Such names are too common to count without knowing whose they are.
_EXT_HANDLERS = {
    "click": "gradio",
    "submit": "gradio",
    "change": "gradio",
    "then": "gradio",
    "upload": "gradio",
    "select": "gradio",
    "load": "gradio",
    "register": "telegram",
    "add_command": "discord",
    "bind": "tkinter",
    "command": "tkinter",
    "interact": "ipywidgets",
    "Subscriber": "rospy",
    "Service": "rospy",
    "Timer": "rospy",
}
_LATER = frozenset(
    (
        "Thread",
        "Timer",
        "start_new_thread",
        "run_in_executor",
        "to_thread",
        "run_in_threadpool",
        "run_sync",
        "sync_to_async",
        "add_task",
        "after",
        "after_idle",
        "call_later",
        "call_soon",
        "call_soon_threadsafe",
        "singleShot",
        "enter",
        "enterabs",
        "add_callback",
        "add_done_callback",
        "add_job",
        "deferToThread",
        "start_background_task",
        "submit_to_process",
    )
)
_HANDLER_CLASSES = frozenset(
    (
        "gradio.Interface",
        "gradio.ChatInterface",
        "telegram.ext.MessageHandler",
        "telegram.ext.CommandHandler",
        "telegram.ext.CallbackQueryHandler",
        "starlette.routing.Route",
        "django.urls.path",
        "django.urls.re_path",
        "django.conf.urls.url",
        "grpc.unary_unary_rpc_method_handler",
        "aiohttp.web.post",
        "aiohttp.web.get",
        "aiohttp.web.put",
        "aiohttp.web.route",
    )
)
_RECURRING = frozenset(("interval", "cron"))
_ONCE_SIGNALS = frozenset(
    (
        "started",
        "finished",
        "aboutToQuit",
        "destroyed",
        "worker_init",
        "worker_process_init",
        "worker_ready",
        "celeryd_init",
        "beat_init",
        "got_request_exception",
        "connection_created",
    )
)
_COMMAND_LINES = ("click.", "typer.", "argparse.", "optparse.", "fire.")
_COMPILED_METHODS = frozenset(
    ("dataset.map", "dataset.filter", "dataset.flat_map", "dataset.interleave", "dataset.scan", "dataset.reduce")
)
_COMPILED_CALLS = frozenset(
    (
        "tf.map_fn",
        "tf.while_loop",
        "tf.cond",
        "tf.scan",
        "tf.vectorized_map",
        "tf.foldl",
        "tf.foldr",
        "tf.nn.dynamic_rnn",
    )
)
_WRAPPERS = frozenset(("functools.partial", "ray.tune.with_parameters", "ray.tune.with_resources"))
_RAY_TUNE = frozenset(("ray.tune.run", "ray.tune.Tuner", "ray.tune.tuner.Tuner"))
_NUMERIC = ("scipy.optimize.", "scipy.integrate.", "numdifftools.", "pyswarm.", "cma.", "nevergrad.")
_REPLICA_TAILS = frozenset(("run", "experimental_run_v2"))
_REPLICA = frozenset(("strategy.run", "strategy.experimental_run_v2", "strategy.experimental_run"))


# Methods that every dictionary, string and list has as well.
_COMMON = frozenset(name for kind in (dict, str, list, set, bytes) for name in dir(kind) if not name.startswith("_"))


_CONSTRUCTORS = ("__init__", "__new__", "__post_init__")
EVERYWHERE = 80  # modules
IMPORTED_EVERYWHERE = 40  # modules that surely mean this function, and not another one of its name


class Callers:
    def __init__(self, project):
        self.project = project
        self.whole = Whole(project)

    def forget(self):
        """Drop what was found: it refers to modules."""
        self.whole.forget()

    def is_everywhere(self, m, scope):
        """Is the name of the function (of its class, for a constructor) used in so many modules that its callers say nothing in particular?"""
        record = m.scopes[scope]
        name = record[F.S_NAME]
        if name in _CONSTRUCTORS and m.is_method(scope):
            name = m.scopes[record[F.S_PARENT]][F.S_NAME]
        users = self.project.calling((name,))
        if len(users) <= IMPORTED_EVERYWHERE:
            return False
        return (
            len(users) > EVERYWHERE
            or len(frozenset(users).intersection(self.project.imports.importers(m))) > IMPORTED_EVERYWHERE
        )

    def of(self, m, scope):
        return self.whole.ask(("of", m.index, scope), [], self._find, m, scope)

    def _find(self, m, scope):
        record = m.scopes[scope]
        found = []
        if record[F.S_KIND] == "lambda":
            for i, where in m.references().get(scope, ()):
                self._handed(m, i, where, m, scope, found)
            for name in self._bound_names(m, scope):
                self._by_name(m, scope, name, found, local=True)
            return found
        name = record[F.S_NAME]
        names = {name}
        owner = record[F.S_PARENT]
        method = m.is_method(scope)
        if method and name in (*_CONSTRUCTORS, "__call__", "call", "__enter__"):
            names = {m.scopes[owner][F.S_NAME]} if name in _CONSTRUCTORS else set()
            for index, s in self.project.subclasses(m, owner):
                names.add(self.project.module(index).scopes[s][F.S_NAME])
            if name in ("__init__",):
                names.add("__init__")
            if name in ("__call__", "call"):
                self._instances_called(m, scope, owner, found)
                names.add(name)
            if name == "__call__":
                self._made_and_given(m, scope, m.scopes[owner][F.S_NAME], found)
        elif not method and owner > 0 and self._returned(m, owner, name):
            self._made_and_given(m, scope, m.scopes[owner][F.S_NAME], found)
        if method and name == "__enter__":
            self._entered(m, scope, owner, found)
        elif method and (name == "__getitem__" or self._is_property(m, scope)):
            self._read(m, scope, name, found)
        else:
            for each in sorted(names):
                self._by_name(m, scope, each, found, local=not method and owner > 0)
        if method and name in METHODS:
            found.extend(self.project.iterated.calls(m, scope))
        calls, _ = self._index(RESULT, None)
        found.extend((other, i, "call") for other, i in calls.get((m.index, scope), ()))
        if record[F.S_DECORATORS]:
            self._registered(m, scope, found)
        unique, seen = [], set()
        for other, i, how in found:
            if how == "call" and self._in_process_of_its_own(m, scope):
                how = "process"
            if (other.index, i, how) not in seen:
                seen.add((other.index, i, how))
                unique.append((other, i, how))
        return unique

    def _is_property(self, m, scope):
        return any(
            d == "builtins.property" or d.endswith("cached_property")
            for d in self.project.infer.decorator_names(m, scope)
        )

    def _read(self, m, scope, name, found):
        """Places that read a property or an item: the innermost call around the reading stands for it."""
        owner = m.scopes[scope][F.S_PARENT]
        heirs = {(m.index, owner), *self.project.subclasses(m, owner)}
        for other in self.project.mentioning(m.scopes[owner][F.S_NAME] if name == "__getitem__" else name, 64):
            for i, read in other.read_in_calls().get(name, ()):
                call = other.calls[i]
                if any(
                    v[0] in ("inst", "self") and (v[1], v[2]) in heirs
                    for v in self.project.infer.values(other, call[3], read, call[5])
                ):
                    found.append((other, i, "call"))

    def _entered(self, m, scope, owner, found):
        """`with Thing(…) as x:` runs `Thing.__enter__`."""
        for other in self.project.mentioning(m.scopes[owner][F.S_NAME], 64):
            for s, statement in enumerate(other.statements):
                if statement and statement[0] == F.WITH:
                    for expression, _ in statement[5]:
                        for v in self.project.infer.values(other, statement[1], expression, s):
                            if v == Instance(m.index, owner) and expression[0] == "c":
                                found.append((other, expression[1], "call"))

    def _bound_names(self, m, scope):
        """Names a lambda is assigned to."""
        statement = m.statements[m.scopes[scope][F.S_STMT]]
        if statement and statement[0] == F.ASSIGN and statement[6] == ("f", scope):
            return [tail_of(t) for t in statement[5] if tail_of(t)]
        return []

    def _by_name(self, m, scope, name, found, local):
        """Add the callers of the function under this name: in the whole project, in its own module (`local` is True), or in the module `local`."""
        among = None
        if name in _COMMON and m.is_method(
            scope
        ):  # `x.get()` is a dictionary's nearly always: look where the class or what it derives from is named
            owner = m.scopes[scope][F.S_PARENT]
            among = tuple(
                self.project.module(index).scopes[s][F.S_NAME] for index, s in self.project.infer.mro(m, owner)
            )
        calls, references = self._index(name, m if local is True else local or None, among)
        found.extend((other, i, "call") for other, i in calls.get((m.index, scope), ()))
        owner = m.scopes[scope][F.S_PARENT]
        handed = references.get((m.index, scope), ())
        if m.is_method(scope) and m.scopes[scope][F.S_NAME] in _CONSTRUCTORS:
            handed = (*handed, *references.get((m.index, owner), ()))
        for other, i, where in handed:
            self._handed(other, i, where, m, scope, found)

    def _handed(self, other, i, where, m, scope, found):
        while where == 0 and self.project.apis(other, i) & _WRAPPERS:  # study.optimize(partial(score, fold=1))
            outer = self._outer(other, i)
            if outer is None:
                return
            i, where = outer
        if (
            where in ("default_factory", "factory") and other.scopes[other.calls[i][3]][F.S_KIND] == "class"
        ):  # runs for each new object
            found.extend((user, j, "call") for user, j in self.constructions(other, other.calls[i][3]))
            return
        how = self.consumer(other, i, where)
        if how == "forward":
            self._forwarded(other, i, where, m, scope, found)
        elif how:
            found.append((other, i, how))

    @staticmethod
    def _outer(m, i):
        """(call, where) of the call in the same statement that is given the result of call `i`, or None."""
        here, statement = F.CallRef(i), m.calls[i][5]
        for j in range(i + 1, len(m.calls)):
            call = m.calls[j]
            if call[5] != statement:
                break
            if here in call[1]:
                return j, call[1].index(here)
            for name, value in call[2]:
                if value == here:
                    return j, name or "**"
        return None

    def _index(self, name, local, among=None):
        """({target: calls}, {target: references}) of everything in the project that is called or handed over under this name.

        A target is (module, scope) of a function or class; each place is resolved once for all functions of the name.
        `among` restricts the search to modules that mention one of these names.
        """
        return self.whole.ask(
            ("index", name, None if local is None else local.index, among),
            ({}, {}),
            self._make_index,
            name,
            local,
            among,
        )

    def _make_index(self, name, local, among):
        calls, references = {}, {}
        has = self.project.index.has
        for other in self._users(name, local, among):
            given = has("given", name, other.index)
            tails = {name, *other.aliases().get(name, ())} if given else (name,)
            by_tail, handed = other.calls_by_tail(), other.references() if given else {}
            for tail in sorted(tails):
                for i in by_tail.get(tail, ()):
                    for target in dict.fromkeys(self._targets(other, i)):
                        calls.setdefault(target, []).append((other, i))
                for i, where in handed.get(tail, ()):
                    for target in self._referred(other, i, where, tail):
                        references.setdefault(target, []).append((other, i, where))
        return calls, references

    def _users(self, name, local, among):
        if local is not None:
            return [local]
        users = self.project.using(name, 400)
        if among is None:
            return users
        return [
            other
            for other in users
            if self.project.mentions_in(other, among) or any(name in other.defs for name in among)
        ]

    def _targets(self, other, i):
        return [(fm.index, s) for fm, s in self.project.functions_called(other, i)]

    def _runs(self, other, i, m, scope):
        return (m.index, scope) in self._targets(other, i)

    def _instances_called(self, m, scope, owner, found):
        """Calls of an instance of the class: `self.net(x)` runs `__call__` or Keras' `call`."""
        # A called instance has no name of its own: look where attributes and variables of that class are called.
        for name in sorted(self._holders(m.scopes[owner][F.S_NAME])):
            for other in self.project.mentioning(name, 64):
                for i in (
                    other.calls_by_tail().get(name, ()) if self.project.index.has("called", name, other.index) else ()
                ):
                    if self._runs(other, i, m, scope):
                        found.append((other, i, "call"))

    def constructions(self, m, owner):
        """[(module, call)] where objects of the class itself are made."""
        return self.whole.ask(("new", m.index, owner), [], self._constructions, m, owner)

    def _constructions(self, m, owner):
        name = m.scopes[owner][F.S_NAME]
        return [
            (other, i)
            for other in self.project.using(name, 64)
            for tail in (name, *sorted(other.aliases().get(name, ())))
            for i in other.calls_by_tail().get(tail, ())
            if ClassValue(m.index, owner) in self.project.infer.callee(other, i)
        ]

    def _made_and_given(self, m, scope, maker, found):
        """What the class or function `maker` makes is called like the function: `study.optimize(Objective(x))`, `step = make_step()`."""
        for other in self.project.using(maker, 64):
            for name in (maker, *other.made().get(maker, ())):
                self._by_name(m, scope, name, found, local=other)

    def _holders(self, name):
        """The name of a class or function, and the names of variables and attributes that hold what calling it gives."""
        names = {name}
        for other in self.project.mentioning(name, 64):
            if self.project.index.has("called", name, other.index):
                names.update(other.made().get(name, ()))
        return names

    @staticmethod
    def _returned(m, owner, name):
        """Does the function around it return the function `name`, by itself or in a call (`return tf.function(step)`)?"""
        if m.scopes[owner][F.S_KIND] != "function":
            return False
        return any(
            m.statements[s]
            and m.statements[s][0] == F.RETURN
            and m.statements[s][5] is not None
            and ("n", name) in walk(m.statements[s][5], m.calls)
            for s in m.scope_statements(owner)
        )

    def _in_process_of_its_own(self, m, scope):
        """Is it a Ray task that ends its process: one that uses a GPU, or that is told to run once?"""
        for expression in m.scopes[scope][F.S_DECORATORS]:
            if expression[0] == "c" and "ray.remote" in self.project.infer.decorator_names(m, scope):
                if any(
                    name == "max_calls" and value == Constant(1) or name == "num_gpus" and value != Constant(0)
                    for name, value in m.calls[expression[1]][2]
                ):
                    return True
        return False

    # -- kept in a table ------------------------------------------------------------------------------------------------

    def _registered(self, m, scope, found):
        """A decorator of the project that puts the function into a table: the calls of what is in the table."""
        for name in self.project.infer.decorator_names(m, scope):
            if name.startswith("fn:"):
                _, index, s = name.split(":")
                dm = self.project.module(int(index))
                tails = set()
                for each in dm.with_inner(int(s)):
                    for param in dm.scopes[each][F.S_PARAMS]:
                        tails |= self._tables(dm, each, param[0])
                self._from_tables(tails, m, scope, found)

    def decorates(self, m, scope, index):
        """[(module index, scope)] of the functions that the function decorates, when parameter number `index` is what it is given then.

        The function itself (`@mark`), or the one that a decorator with arguments returns (`@mark("name")`).
        """
        record = m.scopes[scope]
        owner = record[F.S_PARENT]
        if index != (1 if m.is_method(scope) else 0):
            return ()
        inner = owner > 0 and m.scopes[owner][F.S_KIND] == "function" and self._returned(m, owner, record[F.S_NAME])
        name = m.scopes[owner][F.S_NAME] if inner else record[F.S_NAME]
        wanted = f"fn:{m.index}:{owner if inner else scope}"
        found = []
        for other in self.project.found("decorating", name, 64):
            for s, decorated in enumerate(other.scopes):
                for e in decorated[F.S_DECORATORS]:
                    if (
                        (e[0] == "c") == inner
                        and tail_of(other.calls[e[1]][0] if inner else e) == name
                        and wanted in self.project.infer.decorator_names(other, s)
                    ):
                        found.append((other.index, s))
        return found[:24]

    @staticmethod
    def _tables(m, scope, name):
        """Last names of the containers that a function puts the value of `name` into: `T[k] = f`, `T.append(f)`, `T.setdefault(k, []).append(f)`."""
        found = set()
        here = F.Name(name)
        for s in m.scope_statements(scope):
            statement = m.statements[s]
            if statement and statement[0] == F.ASSIGN and statement[6] == here:
                found.update(tail_of(t[1]) for t in statement[5] if t[0] == "x")
        for i in m.scope_calls(scope):
            f, arguments = m.calls[i][0], m.calls[i][1]
            if (
                f[0] == "a"
                and f[2] in ("append", "add", "setdefault", "insert")
                and any(e == here or e[0] in ("t", "l") and here in e[1] for e in arguments)
            ):
                base = f[1]
                if base[0] == "c" and m.calls[base[1]][0][0] == "a":
                    base = m.calls[base[1]][0]
                found.add(tail_of(base[1] if base[0] in ("x", "a") and base is not f[1] or base[0] == "x" else base))
        found.discard(None)
        return found

    def _from_tables(self, tails, m, scope, found):
        """Calls of what was taken out of these containers: `TABLE[key](x)`, `for each in TABLE: each(x)`."""
        for tail in sorted(tails):
            for user in self.project.mentioning(tail, 64):
                for j, call in enumerate(user.calls):
                    f = call[0]
                    taken = f[0] == "n" and any(
                        b[0] in ("iter", "assign") for b in user.bindings(call[3]).get(f[1], ())
                    )
                    if (taken or called_name(user, f) == TABLE + tail) and self._runs(user, j, m, scope):
                        found.append((user, j, "call"))

    # -- handed over as an argument -----------------------------------------------------------------------------------

    def _referred(self, other, i, where, tail):
        """{(module, scope)} of the functions and classes that the argument at `where` names with `tail`."""
        call = other.calls[i]
        expression = self._argument(call, where)
        found = set()
        if expression is None:
            return found
        for e in (
            expression,
            *(expression[1] if expression[0] in ("t", "l") else expression[2] if expression[0] == "d" else ()),
        ):
            if (tail_of(e) if e[0] != "c" else tail_of(other.calls[e[1]][0])) != tail:
                continue
            for v in self.project.infer.values(other, call[3], e, call[5]):
                if v[0] == "cls":
                    found.add((v[1], v[2]))
                elif v[0] in ("fn", "meth", "part"):
                    found.update((fm.index, s) for fm, s in self.project.functions_of(v))
                elif v[0] == "inst":  # an object that is called like a function
                    method = self.project.infer.lookup(self.project.module(v[1]), v[2], "__call__")
                    if method:
                        found.add((method[0].index, method[1]))
        return found

    @staticmethod
    def _argument(call, where):
        if isinstance(where, int):
            return call[1][where]
        for name, expression in call[2]:
            if (name or "**") == where:
                return expression
        return None

    def consumer(self, m, i, where):
        """What call `i` does with a function given at `where`: one of the words above, "forward", or None."""
        call = m.calls[i]
        names = self.project.apis(m, i)
        f = call[0]
        tail = tail_of(f)
        if "tf.function" in names:
            return "compiled"
        if tail == "apply" and f[0] == "a" and ("dataset.apply" in names or self._on_dataset(m, call)):
            return "submit"  # a transformation, which is called once with the data set
        if (
            names & _COMPILED_METHODS
            or names & _COMPILED_CALLS
            or f[0] == "a"
            and tail in _DATASET_METHODS
            and self._on_dataset(m, call)
        ):
            return "compiled-map"
        if (
            names & _REPLICA
            or where == 0
            and tail in _REPLICA_TAILS
            and f[0] == "a"
            and not names
            and any(name == "args" for name, _ in call[2])
        ):
            return "replica"  # by its form, where nobody tells what the strategy is
        if names & _MAP or where == "key" and (names & _SORTS or tail == "sort"):
            return "map"
        if names & {"keras.callbacks.LambdaCallback"}:
            return "callback"
        if (
            names & _OBJECTIVES
            or tail in ("optimize",)
            and (where == 0 or where == "func")
            and any("optuna" in n or n.startswith("ext:optuna") for n in names)
        ):
            return "objective"
        if (
            tail == "optimize"
            and where in (0, "func", "objective")
            and not names & {"tf.function"}
            and self._looks_like_study(m, call)
        ):
            return "objective"
        if tail == "optimize" and where == "callbacks" and self._looks_like_study(m, call):
            return "objective"
        if names & _RAY_TUNE and where in (0, "run_or_experiment", "trainable"):
            return "objective" if self._reuses_actors(m, i) else "process"
        if any(n.startswith(_NUMERIC) for n in names):
            return "evaluation"
        if tail == "register" and call[1][:1] == (Constant("evaluate"),) and any("deap" in n for n in names):
            return "objective"
        if tail in _WRAPPED_ESTIMATORS and where in (0, "build_fn", "model", "build_model"):
            return "objective" if self._searched(m, i) else None
        if tail == "Process" and where == "target":
            return "process"
        if f[0] == "a" and tail in _POOL_METHODS and where in (0, "func") and self._is_process_pool(m, call):
            return "process" if self._one_task_per_child(m) else self._task(m, call, tail)
        if f[0] == "a" and tail in _POOL_METHODS and where in (0, "func"):
            ext = _EXT_HANDLERS.get(tail)
            if ext and any(ext in n for n in names):
                return "handler"
            return "submit" if tail in ("apply_async", "submit") else "map"
        if f[0] == "a" and tail in _MAP_METHODS and where in (0, "func", "arg"):
            return "map"
        if any(v[0] in ("fn", "meth", "cls") for v in self.project.infer.callee(m, i)):
            return "forward"
        return self._event(m, call, names, tail, where)

    def _event(self, m, call, names, tail, where):
        """What a framework's function does with a function given at `where`: handler, submit, or None."""
        f = call[0]
        if names & _HANDLER_CLASSES or tail in (
            "Interface",
            "ChatInterface",
            "MessageHandler",
            "CommandHandler",
            "CallbackQueryHandler",
            "Depends",
            "Security",
        ):
            return "handler"
        if tail in ("path", "re_path", "url", "Route", "WebSocketRoute") and where in (1, "view", "endpoint"):
            return "handler"
        if (
            tail in ("subscribe", "add_event_handler", "on_event")
            and call[1]
            and call[1][0][0] == "k"
            and not is_event("on_" + str(call[1][0][1]))
        ):
            return None  # app.add_event_handler("startup", open_everything)
        ext = _EXT_HANDLERS.get(where if where == "command" else tail)
        if ext and any(ext in n for n in names):
            return "handler"
        if tail == "add_job" and _RECURRING & {e[1] for e in (*call[1], *[k[1] for k in call[2]]) if e[0] == "k"}:
            return "handler"
        if tail in _LATER:
            return "submit"
        if tail == "connect" and f[0] == "a" and where == 0:  # button.clicked.connect(self.run)
            return "submit" if tail_of(f[1]) in _ONCE_SIGNALS else "handler"
        if f[0] == "a" and tail in _HANDLER_METHODS:
            return "handler"
        if (is_event(where) if isinstance(where, str) else f[0] == "a" and is_event(tail)) and not any(
            n.startswith(("tf.", "keras.", *_COMMAND_LINES)) for n in names
        ):
            return "handler"
        return None

    @staticmethod
    def _task(m, call, tail):
        """process, pool or submit: does a pool get one task and end, many tasks, or one for each run of the code around?"""
        if tail not in ("submit", "apply", "apply_async"):
            return "pool"
        receiver = call[0][1]
        made = (
            [b for b in m.bindings(call[3]).get(receiver[1], ()) if b[0] in ("with", "assign")]
            if receiver[0] == "n"
            else ()
        )
        if not made:
            return "submit"
        here = m.statements[made[-1][1]][2]
        return "pool" if any(not m.inside(here, loop) for loop in m.loops(call[4])) else "process"

    @staticmethod
    def _reuses_actors(m, i):
        """Does Ray Tune run trial after trial in the same process?  Without being told to it starts one for each."""
        given = [m.calls[i]]
        given.extend(
            m.calls[e[1]] for _, e in m.calls[i][2] if e[0] == "c"
        )  # tune_config=TuneConfig(reuse_actors=True)
        return any(name == "reuse_actors" and value == Constant(True) for call in given for name, value in call[2])

    def _on_dataset(self, m, call):
        """Is the receiver a `tf.data` pipeline, by the words of the call, by the step before it or by its name?"""
        words = {name for name, _ in call[2]}
        if words & _DATASET_WORDS or "tensor" in self.project.kinds(
            m, call[3], call[0][1], call[5]
        ):  # no tensor has such methods
            return True
        receiver = call[0][1]
        if receiver[0] == "c":
            return tail_of(m.calls[receiver[1]][0]) in _DATASET_STEPS
        name = (tail_of(receiver) or "").lower()
        return (
            (name == "ds" or name.endswith(("_ds", "dataset")))
            and not words
            and bool(self.project.mentions_in(m, ("tensorflow",)))
        )

    def _looks_like_study(self, m, call):
        if call[0][0] != "a":
            return False
        receiver = call[0][1]
        values = self.project.infer.values(m, call[3], receiver, call[5])
        return "study" in (tail_of(receiver) or "").lower() or any(v[0] == "obj" and "optuna" in v[1] for v in values)

    def _searched(self, m, i):
        """Is a scikit-learn wrapper given to a search or a cross-validation in this module, one that fits in this very process?"""
        index = m.calls_by_tail()
        searches = [m.calls[j] for tail in SEARCHES for j in index.get(tail, ())]
        return bool(searches) and not any(
            name == "n_jobs" and value not in (Constant(1), Constant(None))
            for call in searches
            for name, value in call[2]
        )

    def _is_process_pool(self, m, call):
        if call[0][0] != "a":
            return False
        receiver = call[0][1]
        for v in self.project.infer.values(m, call[3], receiver, call[5]):
            if v[0] == "obj" and v[1].startswith("ext:"):
                if "ThreadPool" in v[1]:
                    return False
                if v[1].endswith(("Pool", "ProcessPoolExecutor")):
                    return True
        name = (tail_of(receiver) or "").lower()
        return name == "pool" or "process" in name

    def _one_task_per_child(self, m):
        return any(
            keyword in ("maxtasksperchild", "max_tasks_per_child") and value == Constant(1)
            for tail in ("Pool", "ProcessPoolExecutor")
            for i in m.calls_by_tail().get(tail, ())
            for keyword, value in m.calls[i][2]
        )

    def _forwarded(self, other, i, where, m, scope, found):
        """A project function that takes the function as a parameter: the calls of that parameter in its body."""
        for fm, s in self.project.functions_called(other, i):
            record = fm.scopes[s]
            shift = 1 if fm.is_method(s) else 0
            for index, param in enumerate(record[F.S_PARAMS]):
                if (
                    param[3] == "*" and where == 0 and index <= shift
                ):  # def compiled(*args): return tf.function(*args, …)
                    passed_on = F.Starred(F.Name(param[0]))
                    found.extend(
                        (fm, j, "compiled")
                        for j in fm.scope_calls(s)
                        if fm.calls[j][1][:1] == (passed_on,) and "tf.function" in self.project.apis(fm, j)
                    )
                if param[0] == where or isinstance(where, int) and index == where + shift and param[3] == "p":
                    for j in fm.calls_by_tail().get(param[0], ()):
                        if fm.calls[j][3] == s or self._nested_in(fm, fm.calls[j][3], s):
                            found.append((fm, j, "call"))
                    for j, place in fm.references().get(param[0], ()):
                        if fm.calls[j][3] == s:
                            how = self.consumer(fm, j, place)
                            if how and how != "forward":
                                found.append((fm, j, how))
                    self._from_tables(
                        {tail for each in fm.with_inner(s) for tail in self._tables(fm, each, param[0])},
                        m,
                        scope,
                        found,
                    )
                    # kept on the object: self.model_fn = model_fn, called as self.model_fn()
                    for statement_number in fm.scope_statements(s):
                        statement = fm.statements[statement_number]
                        if (
                            statement
                            and statement[0] == F.ASSIGN
                            and statement[6] == ("n", param[0])
                            and statement[5][0][0] == "a"
                        ):
                            for user in self.project.mentioning(statement[5][0][2], 64):
                                for j in user.calls_by_tail().get(statement[5][0][2], ()):
                                    if user.calls[j][0][0] == "a" and self._runs(user, j, m, scope):
                                        found.append((user, j, "call"))

    @staticmethod
    def _nested_in(m, scope, outer):
        while scope > 0:
            if scope == outer:
                return True
            scope = m.scopes[scope][F.S_PARENT]
        return False
