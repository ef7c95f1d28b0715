"""What a call does with a function that it is given: runs it now, for each item, for each event, in another process.

`Consumers.how` answers with one of the words of `callers`, judged by what is called: by its dotted name where the
inference knows it, else by its last name, the place of the argument, and the name of the receiver.
"""

from __future__ import annotations

from tflint_mem.facts import NONE, TRUE, Attribute, CallRef, Constant, Name, tail_of
from tflint_mem.project.holds.values import ClassValue, FunctionValue, MethodValue, Thing

from .frameworks import METHODS, SEARCHES, TAKING, is_event

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal, TypeAlias

    from tflint_mem.facts import Call, Expression
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.project import Project

    from .repeat import How

    Apis: TypeAlias = frozenset[str]  # names of what is called: see `Project.apis`
    Where: TypeAlias = int | str  # the position of an argument, or its keyword; "**" for `**arguments`

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
_TAKING_BY_NAME = frozenset(
    (
        "Interface",
        "ChatInterface",
        "MessageHandler",
        "CommandHandler",
        "CallbackQueryHandler",
        "Depends",
        "Security",
    )
)
_ROUTES = frozenset(("path", "re_path", "url", "Route", "WebSocketRoute"))
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
_RAY_TUNE = frozenset(("ray.tune.run", "ray.tune.Tuner", "ray.tune.tuner.Tuner"))
_NUMERIC = ("scipy.optimize.", "scipy.integrate.", "numdifftools.", "pyswarm.", "cma.", "nevergrad.")
REPLICA_TAILS = frozenset(("run", "experimental_run_v2"))
_REPLICA = frozenset(("strategy.run", "strategy.experimental_run_v2", "strategy.experimental_run"))


class Consumers:
    """Answers of one project."""

    def __init__(self, project: Project) -> None:
        self.project = project

    def how(self, m: Module, i: int, where: Where) -> How | Literal["forward"] | None:
        """What call `i` does with a function given at `where`: one of the words of `callers`.

        "forward" when it is a function of the project, whose body says more; None when it is not known.
        """
        call, names = m.calls[i], self.project.apis(m, i)
        tail = tail_of(call.func)
        found = self._into_graph(m, call, names, tail, where) or self._by_api(m, i, names, tail, where)
        if found is not None:
            return found
        if tail in _WRAPPED_ESTIMATORS and where in (0, "build_fn", "model", "build_model"):
            return "objective" if _searched(m) else None
        if tail == "Process" and where == "target":
            return "process"
        if type(call.func) is Attribute and tail is not None:
            found = self._of_items(m, call, call.func.base, names, tail, where)
            if found is not None:
                return found
        if any(isinstance(v, (FunctionValue, MethodValue, ClassValue)) for v in self.project.infer.callee(m, i)):
            return "forward"
        return _event(call, names, tail, where)

    def _into_graph(self, m: Module, call: Call, names: Apis, tail: str | None, where: Where) -> How | None:
        """What TensorFlow does with it, which traces most of what it is given."""
        method = type(call.func) is Attribute
        if "tf.function" in names:
            return "compiled"
        if tail == "apply" and method and ("dataset.apply" in names or self._on_dataset(m, call)):
            return "submit"  # a transformation, which is called once with the data set
        if (
            names & _COMPILED_METHODS
            or names & _COMPILED_CALLS
            or method
            and tail in _DATASET_METHODS
            and self._on_dataset(m, call)
        ):
            return "compiled-map"
        if (
            names & _REPLICA
            or where == 0
            and tail in REPLICA_TAILS
            and method
            and not names
            and any(keyword.name == "args" for keyword in call.keywords)
        ):
            return "replica"  # by its form, where nobody tells what the strategy is
        return None

    def _by_api(self, m: Module, i: int, names: Apis, tail: str | None, where: Where) -> How | None:
        """What a function that is known by its dotted name does with it, or a study of Optuna."""
        call = m.calls[i]
        if names & _MAP or where == "key" and (names & _SORTS or tail == "sort"):
            return "map"
        if "keras.callbacks.LambdaCallback" in names:
            return "callback"
        if names & _OBJECTIVES:
            return "objective"
        if tail == "optimize":
            if where in (0, "func") and any("optuna" in name for name in names):
                return "objective"
            if where in (0, "func", "objective", "callbacks") and self._looks_like_study(m, call):
                return "objective"
        if names & _RAY_TUNE and where in (0, "run_or_experiment", "trainable"):
            return "objective" if _reuses_actors(m, call) else "process"
        if any(name.startswith(_NUMERIC) for name in names):
            return "evaluation"
        if tail == "register" and call.args[:1] == (Constant("evaluate"),) and any("deap" in name for name in names):
            return "objective"
        return None

    def _of_items(self, m: Module, call: Call, of: Expression, names: Apis, tail: str, where: Where) -> How | None:
        """What a method of `of` does with it that goes by the name of one of a pool or a table."""
        if tail in _POOL_METHODS and where in (0, "func"):
            if self._is_process_pool(m, call, of):
                return "process" if _one_task_per_child(m) else _task(m, call, of, tail)
            if _is_of(METHODS.get(tail), names):
                return "handler"
            return "submit" if tail in ("apply_async", "submit") else "map"
        return "map" if tail in _MAP_METHODS and where in (0, "func", "arg") else None

    def _on_dataset(self, m: Module, call: Call) -> bool:
        """Is a method one of a `tf.data` pipeline, by its words, the step before it or the receiver's name?"""
        if type(call.func) is not Attribute:
            return False
        words, of = {keyword.name for keyword in call.keywords}, call.func.base
        if words & _DATASET_WORDS or "tensor" in self.project.kinds(m, call.scope, of, call.statement):
            return True  # no tensor has such methods
        if type(of) is CallRef:
            return tail_of(m.calls[of.number].func) in _DATASET_STEPS
        name = (tail_of(of) or "").lower()
        return (
            (name == "ds" or name.endswith(("_ds", "dataset")))
            and not words
            and bool(self.project.mentions_in(m, ("tensorflow",)))
        )

    def _looks_like_study(self, m: Module, call: Call) -> bool:
        """Is a method one of an Optuna study, by the receiver's name or value?"""
        if type(call.func) is not Attribute:
            return False
        of = call.func.base
        values = self.project.infer.values(m, call.scope, of, call.statement)
        return "study" in (tail_of(of) or "").lower() or any(
            isinstance(v, Thing) and "optuna" in v.kind for v in values
        )

    def _is_process_pool(self, m: Module, call: Call, of: Expression) -> bool:
        """Is the receiver a pool of processes, by its value or by its name?"""
        for v in self.project.infer.values(m, call.scope, of, call.statement):
            if isinstance(v, Thing) and v.kind.startswith("ext:"):
                if "ThreadPool" in v.kind:
                    return False
                if v.kind.endswith(("Pool", "ProcessPoolExecutor")):
                    return True
        name = (tail_of(of) or "").lower()
        return name == "pool" or "process" in name


def _event(call: Call, names: Apis, tail: str | None, where: Where) -> How | None:
    """What a framework's function does with it: handler, submit, or None."""
    f, args = call.func, call.args
    if names & TAKING or tail in _TAKING_BY_NAME:
        return "handler"
    if tail in _ROUTES and where in (1, "view", "endpoint"):
        return "handler"
    if (
        tail in ("subscribe", "add_event_handler", "on_event")
        and args
        and type(args[0]) is Constant
        and not is_event("on_" + str(args[0].value))
    ):
        return None  # app.add_event_handler("startup", open_everything)
    if _is_of(METHODS.get(where if isinstance(where, str) and where == "command" else tail or ""), names):
        return "handler"
    if tail == "add_job" and any(type(e) is Constant and e.value in _RECURRING for e in _arguments(call)):
        return "handler"
    if tail in _LATER:
        return "submit"
    if type(f) is Attribute:
        if tail == "connect" and where == 0:  # button.clicked.connect(self.run)
            return "submit" if tail_of(f.base) in _ONCE_SIGNALS else "handler"
        if tail in _HANDLER_METHODS:
            return "handler"
    if is_event(where) if isinstance(where, str) else type(f) is Attribute and is_event(tail):
        if not any(name.startswith(("tf.", "keras.", *_COMMAND_LINES)) for name in names):
            return "handler"
    return None


def _is_of(framework: str | None, names: Apis) -> bool:
    """Does what is called come from the framework?"""
    return framework is not None and any(framework in name for name in names)


def _arguments(call: Call) -> list[Expression]:
    return [*call.args, *[keyword.value for keyword in call.keywords]]


def _task(m: Module, call: Call, of: Expression, tail: str) -> How:
    """process, pool or submit: does a pool get one task and end, many tasks, or one for each run of the code around?"""
    if tail not in ("submit", "apply", "apply_async"):
        return "pool"
    bindings = m.bindings(call.scope).get(of.id, ()) if type(of) is Name else ()
    made = [b for b in bindings if b.kind in ("with", "assign")]
    if not made:
        return "submit"
    here = m.statements[made[-1].statement].block
    return "pool" if any(not m.inside(here, loop) for loop in m.loops(call.block)) else "process"


def _reuses_actors(m: Module, call: Call) -> bool:
    """Does Ray Tune run trial after trial in the same process?  Without being told to it starts one for each."""
    inner = [m.calls[k.value.number] for k in call.keywords if type(k.value) is CallRef]
    for given in (call, *inner):  # tune_config=TuneConfig(reuse_actors=True)
        if any(k.name == "reuse_actors" and k.value == TRUE for k in given.keywords):
            return True
    return False


def _searched(m: Module) -> bool:
    """Does the module use a search or a cross-validation of scikit-learn that fits in this very process?"""
    index = m.calls_by_tail()
    searches = [m.calls[j] for tail in SEARCHES for j in index.get(tail, ())]
    return bool(searches) and not any(
        k.name == "n_jobs" and k.value != Constant(1) and k.value != NONE for call in searches for k in call.keywords
    )


def _one_task_per_child(m: Module) -> bool:
    """Does a process of the module's pools end after one task?"""
    return any(
        k.name in ("maxtasksperchild", "max_tasks_per_child") and k.value == Constant(1)
        for tail in ("Pool", "ProcessPoolExecutor")
        for i in m.calls_by_tail().get(tail, ())
        for k in m.calls[i].keywords
    )
