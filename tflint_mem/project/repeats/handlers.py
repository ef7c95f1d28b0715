"""Functions that a framework calls again and again: request handlers, tasks, callbacks, objectives, scripts that rerun."""

import os

from tflint_mem import facts as F
from tflint_mem.facts import Constant
from tflint_mem.project.holds.values import Instance
from tflint_mem.project.linking.module import call_text, dotted, tail_of, walk

_ROUTE = frozenset(
    (
        "route",
        "get",
        "post",
        "put",
        "delete",
        "patch",
        "websocket",
        "api_route",
        "options",
        "head",
        "expose",
        "errorhandler",
    )
)
_TASK = frozenset(("task", "shared_task", "actor", "job", "periodic_task", "app_task"))
_EVENT = frozenset(
    (
        "callback",
        "event",
        "command",
        "message_handler",
        "on",
        "listen",
        "listener",
        "message",
        "hybrid_command",
        "slash_command",
        "inline_handler",
        "callback_query_handler",
        "subscriber",
        "on_message",
        "on_event",
        "function",
        "cloud_event",
        "http",
        "route_cfg",
        "queue_trigger",
        "api_view",
        "csrf_exempt",
        "login_required",
        "require_POST",
        "require_GET",
        "require_http_methods",
        "endpoint",
        "action",
        "api",
        "before_request",
        "after_request",
        "teardown_request",
        "context_processor",
        "middleware",
        "exception_handler",
        "user_loader",
    )
)
_HANDLER_EXT = (
    "flask.",
    "fastapi.",
    "starlette.",
    "celery.",
    "dramatiq.",
    "rq.",
    "django.",
    "rest_framework.",
    "sanic.",
    "bottle.",
    "quart.",
    "aiohttp.",
    "dash.",
    "telegram.",
    "telebot.",
    "discord.",
    "aiogram.",
    "flask_restful.",
    "functions_framework.",
    "connexion.",
    "falcon.",
    "flask_restx.",
    "flask_socketio.",
    "socketio.",
    "litestar.",
    "robyn.",
    "nameko.",
    "huey.",
    "hug.",
    "chalice.",
    "azure.",
    "tornado.",
    "eel.",
    "slack_bolt.",
    "modal.",
    "ray.serve",
    "pywebio.",
    "nicegui.",
    "chainlit.",
    "cog.",
    "bentoml.",
    "ninja.",
)
_VIEWS = ("get", "post", "put", "delete", "patch", "head", "options", "dispatch", "dispatch_request", "__init__")
# Base classes (by the start of their names), what their instances are, and the methods that run for each request, task or event.
# Instances of a view are made for each request: what their constructor does is done again, too.
_HANDLER_BASES = (
    ("tornado.web", "the request handler", (*_VIEWS, "initialize", "prepare")),
    ("tornado.websocket", "the request handler", (*_VIEWS, "initialize", "open", "on_message")),
    ("flask.views.", "the view", _VIEWS),
    ("flask_restful.Resource", "the resource", _VIEWS),
    ("flask_restx.Resource", "the resource", _VIEWS),
    ("flask_classful.", "the view", (*_VIEWS, "index")),
    ("flask_openapi3.", "the view", _VIEWS),
    ("django.views.", "the view", (*_VIEWS, "setup", "form_valid", "get_context_data", "get_queryset", "get_object")),
    (
        "rest_framework.",
        "the view",
        (
            *_VIEWS,
            "list",
            "create",
            "retrieve",
            "update",
            "partial_update",
            "destroy",
            "perform_create",
            "perform_update",
            "get_queryset",
            "get_object",
        ),
    ),
    ("channels.generic.", "the consumer", ("connect", "receive", "receive_json", "websocket_receive")),
    ("http.server.", "the request handler", ("do_GET", "do_POST", "do_PUT", "do_DELETE")),
    ("BaseHTTPServer.", "the request handler", ("do_GET", "do_POST")),
    ("socketserver.", "the request handler", ("handle", "setup")),
    ("SocketServer.", "the request handler", ("handle", "setup")),
    ("starlette.endpoints.", "the endpoint", (*_VIEWS, "on_connect", "on_receive")),
    ("starlette.middleware.", "the middleware", ("dispatch",)),
    ("aiohttp.web.View", "the view", _VIEWS),
    ("aiohttp.web_urldispatcher.View", "the view", _VIEWS),
    ("sanic.views.", "the view", _VIEWS),
    ("celery.Task", "the task", ("run",)),
    ("celery.app.task.Task", "the task", ("run",)),
    ("luigi.Task", "the task", ("run",)),
    ("discord.", "the bot", ("on_message", "on_message_edit", "on_reaction_add")),
    ("watchdog.events.", "the file watcher", ()),
    ("cog.BasePredictor", "the predictor", ("predict",)),
    ("kserve.", "the model server", ("predict", "preprocess", "postprocess")),
    ("kfserving.", "the model server", ("predict", "preprocess", "postprocess")),
    ("ts.torch_handler.", "the model server", ("handle", "inference")),
    ("asyncio.Protocol", "the protocol", ("data_received",)),
    ("twisted.", "the protocol", ("dataReceived", "lineReceived", "render_GET", "render_POST")),
    ("autobahn.", "the protocol", ("onMessage",)),
    ("tweepy.", "the stream", ("on_status", "on_tweet", "on_data")),
)
_BY_CONVENTION = frozenset(
    ("RequestHandler", "MethodView", "APIView", "Resource", "BaseHTTPRequestHandler", "WebSocketHandler")
)
_CONVENTIONAL = frozenset((*_VIEWS, "do_GET", "do_POST", "on_get", "on_post", "handle", "on_message")) - {"__init__"}
# Types that a framework passes for each request: a function that takes one runs once for each.
_REQUESTS = frozenset(
    (
        "azure.functions.HttpRequest",
        "azure.functions.InputStream",
        "azure.functions.QueueMessage",
        "azure.functions.ServiceBusMessage",
        "azure.functions.EventGridEvent",
        "azure.functions.EventHubEvent",
        "azure.functions.TimerRequest",
        "django.http.HttpRequest",
        "django.http.request.HttpRequest",
        "rest_framework.request.Request",
        "fastapi.Request",
        "starlette.requests.Request",
        "fastapi.requests.Request",
        "aiohttp.web.Request",
        "flask.Request",
        "aio_pika.IncomingMessage",
        "aio_pika.abc.AbstractIncomingMessage",
        "telegram.Update",
        "telegram.update.Update",
        "cloudevents.http.CloudEvent",
    )
)
# What a module with a handler mentions at least one of: decorators, the names of parameters and of their types.
_DECORATORS = (_ROUTE | _TASK | _EVENT) - {"function"}
_NAMED = frozenset(("event", "_event", "evt", "request", *(name.rpartition(".")[2] for name in _REQUESTS)))
_TASKS_PER_CHILD = ("worker_max_tasks_per_child", "CELERY_WORKER_MAX_TASKS_PER_CHILD", "CELERYD_MAX_TASKS_PER_CHILD")
_SERVERLESS = frozenset(("lambda_handler", "handler", "lambda_function"))
# Events that happen once in the life of a process, or once for each connection that it makes itself.
_ONCE_EVENTS = frozenset(
    (
        "startup",
        "shutdown",
        "on_startup",
        "on_shutdown",
        "on_ready",
        "ready",
        "setup_hook",
        "on_connect",
        "on_disconnect",
        "on_open",
        "on_close",
        "on_start",
        "on_stop",
        "before_first_request",
        "before_server_start",
        "after_server_start",
        "main_process_start",
        "before_serving",
        "while_serving",
        "on_exit",
        "on_train_begin",
        "on_train_end",
    )
)
# What scikit-learn offers to fit clones of an estimator again and again.
SEARCHES = (
    "GridSearchCV",
    "RandomizedSearchCV",
    "cross_val_score",
    "cross_validate",
    "BayesSearchCV",
    "HalvingGridSearchCV",
    "HalvingRandomSearchCV",
    "cross_val_predict",
    "learning_curve",
    "validation_curve",
    "permutation_test_score",
    "RFECV",
    "BaggingClassifier",
    "BaggingRegressor",
    "AdaBoostClassifier",
    "AdaBoostRegressor",
    "CalibratedClassifierCV",
    "StackingClassifier",
    "StackingRegressor",
)
_PER_BATCH = ("on_epoch_", "on_batch_", "on_train_batch_", "on_test_batch_", "on_predict_batch_")
_SAY = (
    "title",
    "write",
    "header",
    "file_uploader",
    "button",
    "sidebar",
    "text_input",
    "image",
    "markdown",
    "selectbox",
    "slider",
    "set_page_config",
    "subheader",
    "text_area",
    "number_input",
    "radio",
    "camera_input",
    "form",
    "columns",
    "chat_input",
    "tabs",
    "success",
    "pyplot",
    "dataframe",
)


def is_event(name):
    """Is it the name of an event that comes again and again: `on_message`, `onclick`, `image_callback`?"""
    if name is None or name in _ONCE_EVENTS:
        return False
    return name.startswith("on_") or name in ("onmessage", "callback", "ondata") or name.endswith("_callback")


class Handlers:
    def __init__(self, project):
        self.project = project
        self._memo, self._evidence, self._ends, self._given, self._named = {}, {}, None, None, None
        self._streamlit, self._scripts = {}, {}

    def of_function(self, m, scope):
        """(kind, phrase) when a framework calls the function again and again; ("once", "") when it calls it once; else (None, "")."""
        key = (m.index, scope)
        if key not in self._memo:
            self._memo[key] = self._of_function(m, scope)
        return self._memo[key]

    def possible(self, m):
        """Can a function of the module itself (no method) be a handler?  Judged by the names in it, without looking into it."""
        index = self.project.index
        if self._named is None:
            self._named = {n for name in _DECORATORS for n in index.modules("decorating", name)}.union(
                n for name in _NAMED for n in index.modules("idents", name)
            )
        if getattr(self.project.settings, "handlers", None) or m.index in self._named:
            return True
        if index.has("decorating", "function", m.index) and any(
            (dotted + ".").startswith(_HANDLER_EXT) for _, dotted, _, _ in m.imports
        ):
            return True  # else it is TensorFlow's
        given = self._given_to_events()
        return (
            not _SERVERLESS.isdisjoint(m.defs)
            or "run" in m.defs
            and "init" in m.defs
            or any(name in given for name in m.defs)
        )

    def evidence(self, m, scope):
        """Steps of a trace that say where a function is given to what runs it again and again, when that is another place."""
        return self._evidence.get((m.index, scope), [])

    def _of_function(self, m, scope):
        record = m.scopes[scope]
        if record[F.S_KIND] != "function":
            return None, ""
        name = record[F.S_NAME]
        found = self._decorated(m, scope, record, name)
        if not found[0] and m.is_method(scope):
            found = self._method(m, scope, record, name)
        elif not found[0] and record[F.S_PARENT] == 0:
            found = self._of_module(m, scope, record, name)
        if not found[0]:
            found = self._of_type(m, record, name)
        if not found[0] and self._assigned(m, scope, name):
            return "handler", f"each event handled by `{name}`"
        return found

    def _of_module(self, m, scope, record, name):
        """Functions of a module that a platform finds by their names and parameters."""
        params = [p[0] for p in record[F.S_PARAMS]]
        if (
            len(params) == 2
            and params[0] in ("event", "_event", "evt")
            and (name in _SERVERLESS or params[1].strip("_") == "context" and not self._called(m, scope))
        ):
            return "handler", f"each invocation of `{name}`"
        if params and params[0] == "request" and self._django(m):
            return "handler", f"each request to the Django view `{name}`"
        if name == "main" and params == ["request"] or name in ("hello_http", "predict_http") and params == ["request"]:
            return "handler", f"each invocation of `{name}`"
        if (
            name == "run"
            and len(params) == 1
            and "init" in m.members(0)
            and not m.scopes[m.members(0)["init"]][F.S_PARAMS]
            and not self._called(m, scope)
        ):
            return (
                "handler",
                f"each request to the scoring script's `{name}`",
            )  # Azure ML: init() once, run(data) per request
        return None, ""

    def _called(self, m, scope):
        """Does a function of the project call it?  A trial run at module level is no evidence."""
        return any(
            how == "call" and not other.unit_test and other.calls[i][3] > 0
            for other, i, how in self.project.callers(m, scope)
        )

    def _of_type(self, m, record, name):
        """A function with a parameter that is annotated as a framework's request."""
        for _, annotation, _, _ in record[F.S_PARAMS]:
            if annotation is not None and annotation[0] in ("n", "a"):
                for v in self.project.infer.values(m, record[F.S_PARENT], annotation, -1):
                    if v[0] == "ext" and v[1] in _REQUESTS:
                        return "handler", f"each request to `{name}`"
        return None, ""

    def _assigned(self, m, scope, name):
        """Is the function given to an object as what handles an event: `client.on_message = handle`?"""
        for index, i in self._given_to_events().get(name, ()):
            other = self.project.module(index)
            statement = other.statements[i]
            if any(
                (fm.index, s) == (m.index, scope)
                for fm, s in self.project.functions_in(other, statement[1], statement[6], i)
            ):
                attribute = next(tail_of(target) for target in statement[5] if is_event(tail_of(target)))
                self._evidence[m.index, scope] = [(other, statement[3], 0, f"gives `{name}` to `{attribute}`")]
                return True
        return False

    def _given_to_events(self):
        """name of what is assigned -> [(module index, statement)] of `thing.on_message = name`, looked for once in all modules."""
        if self._given is None:
            self._given = {}
            index = self.project.index
            for number in sorted(
                {n for name in filter(is_event, index.names("foreign")) for n in index.modules("foreign", name)}
            ):
                other = self.project.module(number)
                for attribute, places in other.foreign_attributes().items():
                    if is_event(attribute):
                        for i, _ in places:
                            self._given.setdefault(tail_of(other.statements[i][6]), []).append((number, i))
        return self._given

    def _decorated(self, m, scope, record, name):
        configured = getattr(self.project.settings, "handlers", None) or ()
        for expression in record[F.S_DECORATORS]:
            arguments = ()
            call = None
            if expression[0] == "c":
                call = m.calls[expression[1]]
                expression, arguments = call[0], call[1]
            tail = tail_of(expression)
            if tail is None:
                continue
            parts = dotted(expression) or (tail,)
            values = self.project.infer.values(m, record[F.S_PARENT], expression, record[F.S_STMT])
            origin = ""
            for v in values:
                if v[0] == "ext":
                    origin = v[1]
                elif v[0] == "bm" and v[1][0] == "obj":
                    origin = v[1][1].removeprefix("ext:") + "." + v[2]
            if configured and self._configured(configured, ".".join(parts), tail, origin, values):
                return "handler", f"each run of the handler `{name}`"
            given = arguments[0][1] if arguments and arguments[0][0] == "k" else None
            if (
                tail in _ONCE_EVENTS
                or given in _ONCE_EVENTS
                and tail in _EVENT
                or tail == "event"
                and name in _ONCE_EVENTS
            ):
                return "once", ""
            known = origin.startswith(_HANDLER_EXT)
            path = isinstance(given, str) and given[:1] == "/"
            owner = parts[0] if expression[0] == "a" else ""
            if tail in _ROUTE and (known or path) and call is not None:
                where = f" `{given}`" if path else f" `{name}`"
                return "handler", f"each request to{where}"
            if tail in _TASK and (
                known
                or tail in ("shared_task", "actor")
                or tail in ("task", "job")
                and owner
                and not origin.startswith(("airflow", "prefect", "invoke", "luigi"))
            ):
                if self._one_task_per_worker():
                    return "once", ""
                where = (
                    f"RQ job `{name}` of a worker that does not fork"
                    if origin.startswith("rq.")
                    else f"run of the task `{name}`"
                )
                return "handler", f"each {where}"
            if tail in _EVENT and known or tail == "callback" and owner in ("app", "dash_app") and call is not None:
                return "handler", f"each event handled by `{name}`"
            if (
                tail in ("udf", "pandas_udf")
                and (origin.startswith("pyspark.") or tail == "pandas_udf")
                and "g" not in record[F.S_FLAGS]
            ):
                return (
                    "handler",
                    f"each {'batch' if tail == 'pandas_udf' else 'row'} that Spark gives to `{name}`",
                )  # a generator goes through them itself
            if (
                tail in ("event", "command", "message_handler")
                and owner in ("bot", "client")
                or tail == "on"
                and owner in ("sio", "socketio")
            ):
                return "handler", f"each event handled by `{name}`"
            if tail in ("csrf_exempt", "login_required", "api_view", "require_POST", "require_http_methods"):
                return "handler", f"each request to the Django view `{name}`"
        return None, ""

    def _one_task_per_worker(self):
        """Does the project tell Celery to end each worker process after one task?"""
        if self._ends is None:
            self._ends = any(
                self._sets_one(self.project.module(index))
                for index in self.project.mentioned(("Celery", *_TASKS_PER_CHILD))
            )
        return self._ends

    @staticmethod
    def _sets_one(m):
        for statement in m.statements:
            if (
                statement
                and statement[0] == F.ASSIGN
                and statement[6] == Constant(1)
                and any(tail_of(t) in _TASKS_PER_CHILD for t in statement[5])
            ):
                return True
        return any(name in _TASKS_PER_CHILD and value == Constant(1) for call in m.calls for name, value in call[2])

    def _configured(self, configured, text, tail, origin, values):
        """Is a decorator one of those in the `handlers` setting: as it is written, by its last name, or by where it is defined?"""
        if text in configured or tail in configured or origin in configured:
            return True
        for v in values:
            if v[0] in ("fn", "cls", "meth"):
                index, scope = v[-2:]
                where = ".".join((*self.project.module(index).parts, self.project.module(index).qualname(scope)))
                if any(where.endswith("." + name) for name in configured):
                    return True
        return False

    @staticmethod
    def _django(m):
        """Could a module hold Django views: is it named like one, or does it import from Django?"""
        base = os.path.basename(m.path)
        if base in ("views.py", "api.py") or f"{os.sep}views{os.sep}" in m.path:
            return True
        for binding in (b for places in m.bindings(0).values() for b in places if b[0] == "import"):
            if (binding[3][1] or "").split(".")[0] in ("django", "rest_framework"):
                return True
        return False

    def _method(self, m, scope, record, name):
        owner = record[F.S_PARENT]
        kind = self.project.infer.class_kind(m, owner)
        class_name = m.scopes[owner][F.S_NAME]
        if kind == "callback":
            if name.startswith(_PER_BATCH):
                return "callback", f"each run of the Keras callback `{class_name}.{name}`"
            return None, ""
        if kind == "sequence" and name == "__getitem__":
            return "callback", f"each batch of the Keras sequence `{class_name}`"
        if kind == "model" and name in ("train_step", "test_step", "predict_step"):
            return "callback", f"each step of `{class_name}`"
        for base in self.project.infer.foreign_bases(m, owner):
            if (
                name == "build"
                and base.endswith(".HyperModel")
                or name == "run_trial"
                and base.startswith(("keras_tuner.", "kerastuner."))
            ):
                self._note(
                    m,
                    scope,
                    next(iter(self.project.callers_of.constructions(m, owner)), None),
                    f"makes `{class_name}` for a search",
                )
                return "objective", f"each trial of the search with `{class_name}`"
            if name == "fit" and base.startswith("sklearn."):
                searched = self._searched(m, owner, class_name)
                if searched is None:
                    return None, ""
                self._note(m, scope, searched, f"fits clones of `{class_name}`")
                return "objective", f"each fit of `{class_name}` in `{call_text(*searched)}`"
            for start, phrase, methods in _HANDLER_BASES:
                if base.startswith(start) and (name in methods or not methods and is_event(name)):
                    if name == "__init__" and self._made_once(m, owner):
                        continue
                    return "handler", f"each call of {phrase} `{class_name}.{name}`"
            if base.endswith("Servicer") and not name.startswith("_"):
                return "handler", f"each call of the gRPC method `{class_name}.{name}`"
        params = [p[0] for p in record[F.S_PARAMS]]
        for expression in m.scopes[owner][F.S_BASES]:
            tail = tail_of(expression) or ""
            if tail.endswith("Servicer") and not name.startswith("_") and len(params) == 3:
                return "handler", f"each call of the gRPC method `{class_name}.{name}`"
            if tail in _BY_CONVENTION and name in _CONVENTIONAL:
                return "handler", f"each call of `{class_name}.{name}`"
        if name in ("__call__", "process_request", "process_view") and params[1:2] == ["request"]:
            init = m.members(owner).get("__init__")
            if init is not None and any(p[0] == "get_response" for p in m.scopes[init][F.S_PARAMS]):
                return "handler", f"each request through the middleware `{class_name}`"
        return None, ""

    def _searched(self, m, owner, class_name):
        """(module, call) of a scikit-learn search or cross-validation that is given an instance of the class, or None."""
        for other in self.project.using(class_name, 64):
            for tail in SEARCHES:
                for i in other.calls_by_tail().get(tail, ()):
                    call = other.calls[i]
                    given = other.arguments(i)
                    for e in given[:4]:
                        for v in self.project.infer.values(other, call[3], e, call[5]):
                            if (
                                v == Instance(m.index, owner)
                                or v[0] == "obj"
                                and v[2]
                                and v[2][0] == other.index
                                and isinstance(v[2][1], int)
                                and any(
                                    Instance(m.index, owner)
                                    in self.project.infer.values(other, call[3], inner, call[5])
                                    for argument in other.calls[v[2][1]][1]
                                    for inner in walk(argument, other.calls)
                                    if inner[0] in ("n", "c")
                                )
                            ):
                                return other, i
        return None

    def _note(self, m, scope, place, message):
        """Keep a step of the trace: the call that gives the function to what runs it again and again."""
        if place is not None:
            other, i = place
            self._evidence[m.index, scope] = [(other, *other.calls[i][6][:2], message)]

    def made_per_request(self, m, owner):
        """Does a framework make an object of the class for each request?"""
        return any(
            base.startswith(start) and "__init__" in methods
            for base in self.project.infer.foreign_bases(m, owner)
            for start, _, methods in _HANDLER_BASES
        ) and not self._made_once(m, owner)

    def _made_once(self, m, owner):
        """Is a view told to live on (`init_every_request = False`), or made by the project itself?"""
        binding = m.bindings(owner).get("init_every_request")
        if binding and binding[-1][3] == Constant(False):
            return True
        init = m.members(owner).get("__init__")
        return init is not None and any(how == "call" for _, _, how in self.project.callers(m, init))

    def script(self, m):
        """A phrase when the whole module runs again for each interaction (Streamlit), else "": what the script imports runs once."""
        found = self._scripts.get(m.index)
        if found is None:
            used = not self.streamlit(m) or any(
                not self.project.modules[index].unit_test for index in self.project.imports.importers(m)
            )
            found = self._scripts[m.index] = "" if used else "each interaction with the Streamlit script"
        return found

    def streamlit(self, m):
        """The name under which a Streamlit script knows Streamlit; "" for any other module."""
        if m.index not in self._streamlit:
            self._streamlit[m.index] = self._streamlit_in(m)
        return self._streamlit[m.index]

    @staticmethod
    def _streamlit_in(m):
        bindings = [b for places in m.bindings(0).values() for b in places if b[0] == "import"]
        for binding in bindings:
            name, module, attribute, level = binding[3]
            if module == "streamlit" and not level:
                for tail in _SAY:
                    for i in m.calls_by_tail().get(tail, ()):
                        parts = dotted(m.calls[i][0])
                        if parts and parts[0] == name:
                            return name
        return ""
