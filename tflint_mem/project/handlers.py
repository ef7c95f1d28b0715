"""Functions that a framework calls again and again: request handlers, tasks, callbacks, objectives, scripts that rerun."""

import os

from .. import facts as F
from .module import dotted, tail_of

_ROUTE = frozenset(("route", "get", "post", "put", "delete", "patch", "websocket", "api_route", "options", "head", "expose", "errorhandler"))
_TASK = frozenset(("task", "shared_task", "actor", "job", "periodic_task", "app_task"))
_EVENT = frozenset(("callback", "event", "command", "message_handler", "on", "listen", "message", "hybrid_command", "slash_command", "agent", "inline_handler",
                    "callback_query_handler", "subscriber", "on_message", "on_event", "function", "cloud_event", "http", "route_cfg", "queue_trigger",
                    "api_view", "csrf_exempt", "login_required", "require_POST", "require_GET", "require_http_methods", "endpoint"))
_HANDLER_EXT = ("flask.", "fastapi.", "starlette.", "celery.", "dramatiq.", "rq.", "django.", "rest_framework.", "sanic.", "bottle.", "quart.", "aiohttp.",
                "dash.", "telegram.", "telebot.", "discord.", "aiogram.", "flask_restful.", "faust.", "functions_framework.", "connexion.", "falcon.",
                "flask_restx.", "flask_socketio.", "socketio.", "litestar.", "robyn.", "nameko.", "huey.", "hug.", "chalice.", "azure.", "tornado.", "eel.",
                "slack_bolt.", "modal.", "ray.serve", "pywebio.", "nicegui.", "chainlit.", "cog.", "bentoml.", "ninja.")
_HANDLER_BASES = {
    "tornado.web.RequestHandler": "the request handler", "tornado.websocket.WebSocketHandler": "the request handler",
    "flask.views.MethodView": "the view", "flask.views.View": "the view", "flask_restful.Resource": "the resource", "flask_restx.Resource": "the resource",
    "django.views.View": "the view", "django.views.generic.View": "the view", "django.views.generic.base.View": "the view",
    "rest_framework.views.APIView": "the view", "http.server.BaseHTTPRequestHandler": "the request handler",
    "BaseHTTPServer.BaseHTTPRequestHandler": "the request handler", "socketserver.BaseRequestHandler": "the request handler",
    "starlette.endpoints.HTTPEndpoint": "the endpoint", "celery.Task": "the task", "django.views.generic.TemplateView": "the view",
    "django.views.generic.FormView": "the view", "rest_framework.viewsets.ViewSet": "the view", "rest_framework.generics.GenericAPIView": "the view",
}
_HANDLER_METHODS = frozenset(("get", "post", "put", "delete", "patch", "dispatch", "do_GET", "do_POST", "on_get", "on_post", "handle", "on_message", "run",
                              "open", "create", "list", "retrieve", "form_valid", "dispatch_request"))
_SERVERLESS = {"lambda_handler": 2, "handler": 2, "lambda_function": 2}
_PER_BATCH = ("on_epoch_", "on_batch_", "on_train_batch_", "on_test_batch_", "on_predict_batch_")


class Handlers:
    def __init__(self, project):
        self.project = project
        self._memo = {}

    def of_function(self, m, scope):
        """(kind, phrase) when a framework calls the function again and again; ("once", "") when it calls it once; else (None, "")."""
        key = (m.index, scope)
        if key not in self._memo:
            self._memo[key] = self._of_function(m, scope)
        return self._memo[key]

    def _of_function(self, m, scope):
        record = m.scopes[scope]
        if record[F.S_KIND] != "function":
            return None, ""
        name = record[F.S_NAME]
        found = self._decorated(m, scope, record, name)
        if found[0]:
            return found
        if m.is_method(scope):
            return self._method(m, scope, record, name)
        params = [p[0] for p in record[F.S_PARAMS]]
        if name in _SERVERLESS and len(params) == 2 and params[0] in ("event", "_event", "evt") and record[F.S_PARENT] == 0:
            return "handler", f"each invocation of `{name}`"
        if params and params[0] == "request" and record[F.S_PARENT] == 0 and self._django(m, scope, name):
            return "handler", f"each request to the Django view `{name}`"
        if name == "main" and params == ["request"] or name in ("hello_http", "predict_http") and params == ["request"]:
            return "handler", f"each invocation of `{name}`"
        return None, ""

    def _decorated(self, m, scope, record, name):
        configured = getattr(self.project.settings, "handlers", None) or ()
        for expression in record[F.S_DECORATORS]:
            arguments, keywords = (), ()
            call = None
            if expression[0] == "c":
                call = m.calls[expression[1]]
                expression, arguments, keywords = call[0], call[1], call[2]
            tail = tail_of(expression)
            if tail is None:
                continue
            text = ".".join(dotted(expression) or (tail,))
            values = self.project.infer.values(m, record[F.S_PARENT], expression, record[F.S_STMT])
            origin = ""
            for v in values:
                if v[0] == "ext":
                    origin = v[1]
                elif v[0] == "bm" and v[1][0] == "obj":
                    origin = v[1][1].removeprefix("ext:") + "." + v[2]
            if text in configured or tail in configured or origin in configured:
                return "handler", f"each run of the handler `{name}`"
            if tail in ("before_first_request", "on_startup", "startup") or tail == "on_event" and arguments and arguments[0] in (("k", "startup"), ("k", "shutdown")):
                return "once", ""
            known = origin.startswith(_HANDLER_EXT)
            path = arguments and arguments[0][0] == "k" and isinstance(arguments[0][1], str) and arguments[0][1][:1] == "/"
            if tail in _ROUTE and (known or path) and call is not None:
                where = f" `{arguments[0][1]}`" if path else f" `{name}`"
                return "handler", f"each request to{where}"
            if tail in _TASK and (known or tail in ("shared_task", "actor") or tail in ("task", "job") and expression[0] == "a" and not origin.startswith(("airflow", "prefect", "invoke", "luigi"))):
                return "handler", f"each run of the task `{name}`"
            if tail in _EVENT and known or tail == "callback" and expression[0] == "a" and dotted(expression)[0] in ("app", "dash_app") and call is not None:
                return "handler", f"each event handled by `{name}`"
            if tail in ("event", "command", "message_handler") and expression[0] == "a" and dotted(expression) and dotted(expression)[0] in ("bot", "client"):
                return "handler", f"each event handled by `{name}`"
            if tail == "on" and expression[0] == "a" and dotted(expression) and dotted(expression)[0] in ("sio", "socketio"):
                return "handler", f"each event handled by `{name}`"
            if tail in ("csrf_exempt", "login_required", "api_view", "require_POST", "require_http_methods"):
                return "handler", f"each request to the Django view `{name}`"
        return None, ""

    def _django(self, m, scope, name):
        """A module-level function with a first parameter `request` in a Django project: in views.py, or named in urls.py."""
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
        foreign = self.project.infer.foreign_bases(m, owner)
        for base in foreign:
            phrase = _HANDLER_BASES.get(base)
            if phrase and name in _HANDLER_METHODS:
                return "handler", f"each call of {phrase} `{class_name}.{name}`"
            if base.endswith("Servicer") and not name.startswith("_"):
                return "handler", f"each call of the gRPC method `{class_name}.{name}`"
        params = [p[0] for p in record[F.S_PARAMS]]
        for expression in m.scopes[owner][F.S_BASES]:
            tail = tail_of(expression) or ""
            if tail.endswith("Servicer") and not name.startswith("_") and len(params) == 3:
                return "handler", f"each call of the gRPC method `{class_name}.{name}`"
            if tail in ("RequestHandler", "MethodView", "APIView", "Resource", "BaseHTTPRequestHandler", "WebSocketHandler") and name in _HANDLER_METHODS:
                return "handler", f"each call of `{class_name}.{name}`"
        return None, ""

    def script(self, m):
        """A phrase when the whole module runs again for each interaction (Streamlit), else ""."""
        bindings = [b for places in m.bindings(0).values() for b in places if b[0] == "import"]
        for binding in bindings:
            name, module, attribute, level = binding[3]
            if module == "streamlit" and not level:
                for tail in ("title", "write", "header", "file_uploader", "button", "sidebar", "text_input", "image", "markdown", "selectbox", "slider", "set_page_config",
                             "subheader", "text_area", "number_input", "radio", "camera_input", "form", "columns"):
                    for i in m.calls_by_tail().get(tail, ()):
                        parts = dotted(m.calls[i][0])
                        if parts and parts[0] == name:
                            return "each interaction with the Streamlit script"
        return ""
