"""Frameworks that call functions of a program again and again, and how those functions are known.

To add one, add its row to `FRAMEWORKS`.  Below are the names by which a handler is known whoever's it is.
"""

from __future__ import annotations

from tflint_mem.facts.record import Record


class Base(Record):
    """Classes whose methods a framework calls.

    start    of the dotted name of a base class
    what     what the instances are, for messages
    methods  those that run for each request, task or event; none: those that are named like events.  Of a view that is
             made for each request `__init__` is one: what its constructor does is done again, too.
    """

    __slots__ = ()
    start: str
    what: str
    methods: tuple[str, ...]


class Framework(Record):
    """What calls handlers.

    name       its own, or that of a package
    packages   starts of the dotted names of what comes from it: its decorators (`@app.route`) make handlers
    bases      of classes whose methods it calls
    requests   types that it passes for each request: a function with a parameter that is annotated so is a handler
    takes      dotted names of functions and classes that are given a handler: `Route("/", endpoint)`
    methods    names of its methods and arguments that are given one, and are too common to count anywhere else
    """

    __slots__ = ()
    name: str
    packages: tuple[str, ...] = ()
    bases: tuple[Base, ...] = ()
    requests: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()


_VIEWS = ("get", "post", "put", "delete", "patch", "head", "options", "dispatch", "dispatch_request", "__init__")
_DJANGO = (*_VIEWS, "setup", "form_valid", "get_context_data", "get_queryset", "get_object")
_REST = (
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
)
_SERVER = ("predict", "preprocess", "postprocess")

FRAMEWORKS = (
    # for the web
    Framework(
        "tornado",
        packages=("tornado.",),
        bases=(
            Base("tornado.web", "the request handler", (*_VIEWS, "initialize", "prepare")),
            Base("tornado.websocket", "the request handler", (*_VIEWS, "initialize", "open", "on_message")),
        ),
    ),
    Framework(
        "flask", packages=("flask.",), bases=(Base("flask.views.", "the view", _VIEWS),), requests=("flask.Request",)
    ),
    Framework(
        "flask_restful",
        packages=("flask_restful.",),
        bases=(Base("flask_restful.Resource", "the resource", _VIEWS),),
    ),
    Framework("flask_restx", packages=("flask_restx.",), bases=(Base("flask_restx.Resource", "the resource", _VIEWS),)),
    Framework("flask_classful", bases=(Base("flask_classful.", "the view", (*_VIEWS, "index")),)),
    Framework("flask_openapi3", bases=(Base("flask_openapi3.", "the view", _VIEWS),)),
    Framework("flask_socketio", packages=("flask_socketio.",)),
    Framework("socketio", packages=("socketio.",)),
    Framework(
        "django",
        packages=("django.",),
        bases=(Base("django.views.", "the view", _DJANGO),),
        requests=("django.http.HttpRequest", "django.http.request.HttpRequest"),
        takes=("django.urls.path", "django.urls.re_path", "django.conf.urls.url"),
    ),
    Framework(
        "rest_framework",
        packages=("rest_framework.",),
        bases=(Base("rest_framework.", "the view", _REST),),
        requests=("rest_framework.request.Request",),
    ),
    Framework("ninja", packages=("ninja.",)),
    Framework(
        "channels",
        bases=(Base("channels.generic.", "the consumer", ("connect", "receive", "receive_json", "websocket_receive")),),
    ),
    Framework("fastapi", packages=("fastapi.",), requests=("fastapi.Request", "fastapi.requests.Request")),
    Framework(
        "starlette",
        packages=("starlette.",),
        bases=(
            Base("starlette.endpoints.", "the endpoint", (*_VIEWS, "on_connect", "on_receive")),
            Base("starlette.middleware.", "the middleware", ("dispatch",)),
        ),
        requests=("starlette.requests.Request",),
        takes=("starlette.routing.Route",),
    ),
    Framework("litestar", packages=("litestar.",)),
    Framework(
        "aiohttp",
        packages=("aiohttp.",),
        bases=(
            Base("aiohttp.web.View", "the view", _VIEWS),
            Base("aiohttp.web_urldispatcher.View", "the view", _VIEWS),
        ),
        requests=("aiohttp.web.Request",),
        takes=("aiohttp.web.post", "aiohttp.web.get", "aiohttp.web.put", "aiohttp.web.route"),
    ),
    Framework("sanic", packages=("sanic.",), bases=(Base("sanic.views.", "the view", _VIEWS),)),
    Framework("bottle", packages=("bottle.",)),
    Framework("quart", packages=("quart.",)),
    Framework("connexion", packages=("connexion.",)),
    Framework("falcon", packages=("falcon.",)),
    Framework("robyn", packages=("robyn.",)),
    Framework("hug", packages=("hug.",)),
    Framework("eel", packages=("eel.",)),
    Framework(
        "http.server",
        bases=(
            Base("http.server.", "the request handler", ("do_GET", "do_POST", "do_PUT", "do_DELETE")),
            Base("BaseHTTPServer.", "the request handler", ("do_GET", "do_POST")),
        ),
    ),
    # for other protocols
    Framework(
        "socketserver",
        bases=(
            Base("socketserver.", "the request handler", ("handle", "setup")),
            Base("SocketServer.", "the request handler", ("handle", "setup")),
        ),
    ),
    Framework("asyncio", bases=(Base("asyncio.Protocol", "the protocol", ("data_received",)),)),
    Framework(
        "twisted",
        bases=(Base("twisted.", "the protocol", ("dataReceived", "lineReceived", "render_GET", "render_POST")),),
    ),
    Framework("autobahn", bases=(Base("autobahn.", "the protocol", ("onMessage",)),)),
    Framework("grpc", takes=("grpc.unary_unary_rpc_method_handler",)),
    Framework("nameko", packages=("nameko.",)),
    Framework("aio_pika", requests=("aio_pika.IncomingMessage", "aio_pika.abc.AbstractIncomingMessage")),
    Framework("rospy", methods=("Subscriber", "Service", "Timer")),
    # tasks
    Framework(
        "celery",
        packages=("celery.",),
        bases=(Base("celery.Task", "the task", ("run",)), Base("celery.app.task.Task", "the task", ("run",))),
    ),
    Framework("luigi", bases=(Base("luigi.Task", "the task", ("run",)),)),
    Framework("dramatiq", packages=("dramatiq.",)),
    Framework("rq", packages=("rq.",)),
    Framework("huey", packages=("huey.",)),
    # without a server of one's own
    Framework(
        "azure",
        packages=("azure.",),
        requests=(
            "azure.functions.HttpRequest",
            "azure.functions.InputStream",
            "azure.functions.QueueMessage",
            "azure.functions.ServiceBusMessage",
            "azure.functions.EventGridEvent",
            "azure.functions.EventHubEvent",
            "azure.functions.TimerRequest",
        ),
    ),
    Framework("functions_framework", packages=("functions_framework.",)),
    Framework("cloudevents", requests=("cloudevents.http.CloudEvent",)),
    Framework("chalice", packages=("chalice.",)),
    Framework("modal", packages=("modal.",)),
    # that serve models
    Framework("cog", packages=("cog.",), bases=(Base("cog.BasePredictor", "the predictor", ("predict",)),)),
    Framework(
        "kserve",
        bases=(Base("kserve.", "the model server", _SERVER), Base("kfserving.", "the model server", _SERVER)),
    ),
    Framework("torchserve", bases=(Base("ts.torch_handler.", "the model server", ("handle", "inference")),)),
    Framework("bentoml", packages=("bentoml.",)),
    Framework("ray.serve", packages=("ray.serve",)),
    # that train models: in rounds, with the methods of clients and strategies
    Framework(
        "flwr",
        packages=("flwr.",),
        bases=(
            Base("flwr.client.", "the federated client", ("fit", "evaluate", "get_parameters")),
            Base("flwr.server.", "the federated strategy", ("aggregate_fit", "aggregate_evaluate", "evaluate")),
        ),
        takes=("flwr.simulation.start_simulation", "flwr.client.ClientApp"),
    ),
    # chats
    Framework(
        "telegram",
        packages=("telegram.",),
        requests=("telegram.Update", "telegram.update.Update"),
        takes=(
            "telegram.ext.MessageHandler",
            "telegram.ext.CommandHandler",
            "telegram.ext.CallbackQueryHandler",
        ),
        methods=("register",),
    ),
    Framework("telebot", packages=("telebot.",)),
    Framework("aiogram", packages=("aiogram.",)),
    Framework(
        "discord",
        packages=("discord.",),
        bases=(Base("discord.", "the bot", ("on_message", "on_message_edit", "on_reaction_add")),),
        methods=("add_command",),
    ),
    Framework("slack_bolt", packages=("slack_bolt.",)),
    Framework("chainlit", packages=("chainlit.",)),
    Framework("tweepy", bases=(Base("tweepy.", "the stream", ("on_status", "on_tweet", "on_data")),)),
    # that show something
    Framework("dash", packages=("dash.",)),
    Framework("pywebio", packages=("pywebio.",)),
    Framework("nicegui", packages=("nicegui.",)),
    Framework(
        "gradio",
        takes=("gradio.Interface", "gradio.ChatInterface"),
        methods=("click", "submit", "change", "then", "upload", "select", "load"),
    ),
    Framework("ipywidgets", methods=("interact",)),
    Framework("tkinter", methods=("bind", "command")),
    Framework("watchdog", bases=(Base("watchdog.events.", "the file watcher", ()),)),
)

PACKAGES = tuple(start for framework in FRAMEWORKS for start in framework.packages)
BASES = tuple(base for framework in FRAMEWORKS for base in framework.bases)
REQUESTS = frozenset(name for framework in FRAMEWORKS for name in framework.requests)
TAKING = frozenset(name for framework in FRAMEWORKS for name in framework.takes)
METHODS = {name: framework.name for framework in FRAMEWORKS for name in framework.methods}  # -> the framework

# Decorators, by their last name: of a route they have a path or are a framework's ...
ROUTES = frozenset(
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
TASKS = frozenset(("task", "shared_task", "actor", "job", "periodic_task", "app_task"))
# ... and of an event a framework's.
EVENTS = frozenset(
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
DJANGO_VIEWS = frozenset(("csrf_exempt", "login_required", "api_view", "require_POST", "require_http_methods"))

# Bases and methods that are a handler's by convention, where the base is unknown.
CONVENTIONAL_BASES = frozenset(
    ("RequestHandler", "MethodView", "APIView", "Resource", "BaseHTTPRequestHandler", "WebSocketHandler")
)
CONVENTIONAL = frozenset((*_VIEWS, "do_GET", "do_POST", "on_get", "on_post", "handle", "on_message")) - {"__init__"}

# Functions of a module that a platform finds by their names, and the names of the parameter that is the event.
SERVERLESS = frozenset(("lambda_handler", "handler", "lambda_function"))
EVENT_PARAMETERS = ("event", "_event", "evt")

# What a module with a handler mentions at least one of: decorators, the names of parameters and of their types.
DECORATORS = (ROUTES | TASKS | EVENTS) - {"function"}
NAMED = frozenset((*EVENT_PARAMETERS, "request", *(name.rpartition(".")[2] for name in REQUESTS)))

# Events that happen once in the life of a process, or once for each connection that it makes itself.
ONCE_EVENTS = frozenset(
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


def is_event(name: str | None) -> bool:
    """Is it the name of an event that comes again and again: `on_message`, `onclick`, `image_callback`?"""
    if name is None or name in ONCE_EVENTS:
        return False
    return name.startswith("on_") or name in ("onmessage", "callback", "ondata") or name.endswith("_callback")
