"""Handlers by their decorators: `@app.route("/predict")`, `@celery.task`, `@bot.command()`."""

from __future__ import annotations

from tflint_mem.facts import Assign, Attribute, CallRef, Constant, dotted, tail_of
from tflint_mem.facts.record import Record
from tflint_mem.project.holds.values import ClassValue, External, FunctionValue, MethodValue, Thing, ThingMethod

from .frameworks import DJANGO_VIEWS, EVENTS, ONCE_EVENTS, PACKAGES, ROUTES, TASKS
from .repeat import NOT_HANDLED, ONCE, Handling

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.facts import Expression
    from tflint_mem.project.holds.values import Values
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.project import Project

_TASKS_PER_CHILD = ("worker_max_tasks_per_child", "CELERY_WORKER_MAX_TASKS_PER_CHILD", "CELERYD_MAX_TASKS_PER_CHILD")
_RUN_ELSEWHERE = ("airflow", "prefect", "invoke", "luigi")  # their tasks are run in a process of their own, or once


class _Decorator(Record):
    """A decorator as it is written, and what it is.

    parts   of its dotted name          tail    the last of them
    owner   the first of several, else ""
    called  whether it has arguments    given   the first of them when it is a constant, else None
    values  what the inference says of it
    origin  the dotted name that they have in another package, else ""
    """

    __slots__ = ()
    parts: tuple[str, ...]
    tail: str
    owner: str
    called: bool
    given: object
    values: Values
    origin: str

    @property
    def known(self) -> bool:
        """Does it come from a framework?"""
        return self.origin.startswith(PACKAGES)


class Decorated:
    """Answers of one project."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._ends: bool | None = None

    def handling(self, m: Module, scope: int) -> Handling:
        """How the decorators of a function make a framework call it."""
        for expression in m.scopes[scope].decorators:
            decorator = self._decorator(m, scope, expression)
            found = NOT_HANDLED if decorator is None else self._handling_by(m, scope, decorator)
            if found.kind is not None:
                return found
        return NOT_HANDLED

    def _decorator(self, m: Module, scope: int, expression: Expression) -> _Decorator | None:
        called, given = False, None
        if type(expression) is CallRef:
            call = m.calls[expression.number]
            called, expression = True, call.func
            first = call.args[0] if call.args else None
            given = first.value if type(first) is Constant else None
        tail = tail_of(expression)
        if tail is None:
            return None
        parts = dotted(expression) or (tail,)
        record = m.scopes[scope]
        values = self.project.infer.values(m, record.parent, expression, record.statement)
        origin = ""
        for v in values:
            if isinstance(v, External):
                origin = v.name
            elif isinstance(v, ThingMethod) and isinstance(v.receiver, Thing):
                origin = v.receiver.kind.removeprefix("ext:") + "." + v.name
        owner = parts[0] if type(expression) is Attribute else ""
        return _Decorator(parts, tail, owner, called, given, values, origin)

    def _handling_by(self, m: Module, scope: int, by: _Decorator) -> Handling:
        name, tail = m.scopes[scope].name, by.tail
        if self._is_configured(m, by):
            return Handling("handler", f"each run of the handler `{name}`")
        if tail in ONCE_EVENTS or by.given in ONCE_EVENTS and tail in EVENTS or tail == "event" and name in ONCE_EVENTS:
            return ONCE
        if tail in ROUTES and by.called:
            if isinstance(by.given, str) and by.given[:1] == "/":
                return Handling("handler", f"each request to `{by.given}`")
            if by.known:
                return Handling("handler", f"each request to `{name}`")
        if tail in TASKS and _is_task(by):
            if self._one_task_per_worker():
                return ONCE
            if by.origin.startswith("rq."):
                return Handling("handler", f"each RQ job `{name}` of a worker that does not fork")
            return Handling("handler", f"each run of the task `{name}`")
        if _is_event(by):
            return Handling("handler", f"each event handled by `{name}`")
        if (
            tail in ("udf", "pandas_udf")
            and (by.origin.startswith("pyspark.") or tail == "pandas_udf")
            and "g" not in m.scopes[scope].flags  # a generator goes through them itself
        ):
            return Handling(
                "handler", f"each {'batch' if tail == 'pandas_udf' else 'row'} that Spark gives to `{name}`"
            )
        if _is_event_by_name(by):
            return Handling("handler", f"each event handled by `{name}`")
        if tail in DJANGO_VIEWS:
            return Handling("handler", f"each request to the Django view `{name}`")
        return NOT_HANDLED

    def _is_configured(self, m: Module, by: _Decorator) -> bool:
        """Is it one of those in the module's `handlers` setting: as it is written, by its last name, or where it is
        defined?
        """
        settings = self.project.settings
        configured = settings.of(m.path).handlers if settings is not None else ()
        if not configured:
            return False
        if ".".join(by.parts) in configured or by.tail in configured or by.origin in configured:
            return True
        for v in by.values:
            if isinstance(v, (FunctionValue, ClassValue, MethodValue)):
                vm = self.project.module(v.module)
                where = ".".join((*vm.parts, vm.qualname(v.scope)))
                if any(where.endswith("." + name) for name in configured):
                    return True
        return False

    def _one_task_per_worker(self) -> bool:
        """Does the project tell Celery to end each worker process after one task?"""
        if self._ends is None:
            self._ends = any(
                _sets_one(self.project.module(index)) for index in self.project.mentioned(("Celery", *_TASKS_PER_CHILD))
            )
        return self._ends


def _is_task(by: _Decorator) -> bool:
    """Does a decorator that is named like one of tasks make a task?"""
    return (
        by.known
        or by.tail in ("shared_task", "actor")
        or by.tail in ("task", "job")
        and bool(by.owner)
        and not by.origin.startswith(_RUN_ELSEWHERE)
    )


def _is_event(by: _Decorator) -> bool:
    """Does a decorator make a handler of events: a framework's, or Dash's on an app whose making is not seen?"""
    return by.tail in EVENTS and by.known or by.tail == "callback" and by.owner in ("app", "dash_app") and by.called


def _is_event_by_name(by: _Decorator) -> bool:
    """Does a decorator make a handler of events, judged by what people call a bot or a socket?"""
    return (
        by.tail in ("event", "command", "message_handler")
        and by.owner in ("bot", "client")
        or by.tail == "on"
        and by.owner in ("sio", "socketio")
    )


def _sets_one(m: Module) -> bool:
    """Does the module set one of the names for "so many tasks per worker" to 1?"""
    one = Constant(1)
    for statement in m.statements:
        if type(statement) is Assign and statement.value == one:
            if any(tail_of(target) in _TASKS_PER_CHILD for target in statement.targets):
                return True
    return any(k.name in _TASKS_PER_CHILD and k.value == one for call in m.calls for k in call.keywords)
