"""Functions that a framework calls again and again: request handlers, tasks, callbacks, objectives.

What frameworks there are, and how their handlers are known, is in `frameworks`; those with decorators are judged in
`decorated`.
"""

from __future__ import annotations

import os

from tflint_mem.facts import Assign, Attribute, CallRef, Constant, Name, tail_of, walk
from tflint_mem.project.holds.values import CallOrigin, External, Instance, Thing
from tflint_mem.project.linking.call_names import call_text

from .decorated import Decorated
from .frameworks import (
    BASES,
    CONVENTIONAL,
    CONVENTIONAL_BASES,
    DECORATORS,
    EVENT_PARAMETERS,
    NAMED,
    PACKAGES,
    REQUESTS,
    SEARCHES,
    SERVERLESS,
    is_event,
)
from .repeat import NOT_HANDLED, Evidence, Handling
from .scripts import imports_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.facts import Expression
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.project import Project

    from .repeat import Site

MAX_USERS = 64  # modules that name a class; what more of them name is not looked for in searches
MAX_GIVEN = 4  # arguments of a search that may be the estimator
_PER_BATCH = ("on_epoch_", "on_batch_", "on_train_batch_", "on_test_batch_", "on_predict_batch_")


class Handlers:
    """Answers of one project."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.decorated = Decorated(project)
        self._memo: dict[tuple[int, int], Handling] = {}
        self._evidence: dict[tuple[int, int], list[Evidence]] = {}
        self._given: dict[str, list[tuple[int, int]]] | None = None
        self._named: set[int] | None = None

    def of_function(self, m: Module, scope: int) -> Handling:
        """How a framework calls the function, if it does."""
        key = (m.index, scope)
        found = self._memo.get(key)
        if found is None:
            found = self._memo[key] = self._of_function(m, scope)
        return found

    def possible(self, m: Module) -> bool:
        """Can a function of the module itself (no method) be a handler?  Judged by names, without a look into it."""
        index = self.project.index
        if self._named is None:
            self._named = {n for name in DECORATORS for n in index.modules("decorating", name)}.union(
                n for name in NAMED for n in index.modules("idents", name)
            )
        settings = self.project.settings
        if settings is not None and settings.of(m.path).handlers or m.index in self._named:
            return True
        if index.has("decorating", "function", m.index) and any(
            (imported.module + ".").startswith(PACKAGES) for imported in m.imports
        ):
            return True  # else it is TensorFlow's
        given = self._given_to_events()
        return (
            not SERVERLESS.isdisjoint(m.defs)
            or "run" in m.defs
            and "init" in m.defs
            or any(name in given for name in m.defs)
        )

    def evidence(self, m: Module, scope: int) -> list[Evidence]:
        """What says that a function is given to what runs it again and again, where that stands in another place."""
        return self._evidence.get((m.index, scope), [])

    def made_per_request(self, m: Module, owner: int) -> bool:
        """Does a framework make an object of the class for each request?"""
        return any(
            name.startswith(base.start) and "__init__" in base.methods
            for name in self.project.infer.foreign_bases(m, owner)
            for base in BASES
        ) and not self._made_once(m, owner)

    def _of_function(self, m: Module, scope: int) -> Handling:
        record = m.scopes[scope]
        if record.kind != "function":
            return NOT_HANDLED
        found = self.decorated.handling(m, scope)
        if found.kind is None:
            if m.is_method(scope):
                found = self._method(m, scope)
            elif record.parent == 0:
                found = self._of_module(m, scope)
        if found.kind is None:
            found = self._of_type(m, scope)
        if found.kind is None and self._assigned(m, scope):
            return Handling("handler", f"each event handled by `{record.name}`")
        return found

    # -- functions of a module -----------------------------------------------------------------------------------------

    def _of_module(self, m: Module, scope: int) -> Handling:
        """Functions of a module that a platform finds by their names and parameters."""
        name = m.scopes[scope].name
        names = [p.name for p in m.scopes[scope].parameters]
        if (
            len(names) == 2
            and names[0] in EVENT_PARAMETERS
            and (name in SERVERLESS or names[1].strip("_") == "context" and not self._called(m, scope))
        ):
            return Handling("handler", f"each invocation of `{name}`")
        if names[:1] == ["request"] and _may_be_django(m):
            return Handling("handler", f"each request to the Django view `{name}`")
        if names == ["request"] and name in ("main", "hello_http", "predict_http"):
            return Handling("handler", f"each invocation of `{name}`")
        if name == "run" and len(names) == 1:  # Azure ML: init() once, run(data) per request
            init = m.members(0).get("init")
            if init is not None and not m.scopes[init].parameters and not self._called(m, scope):
                return Handling("handler", f"each request to the scoring script's `{name}`")
        return NOT_HANDLED

    def _called(self, m: Module, scope: int) -> bool:
        """Does a function of the project call it?  A trial run at module level is no evidence."""
        return any(
            how == "call" and not other.unit_test and other.calls[i].scope > 0
            for other, i, how in self.project.callers(m, scope)
        )

    def _of_type(self, m: Module, scope: int) -> Handling:
        """A function with a parameter that is annotated as a framework's request."""
        record = m.scopes[scope]
        for parameter in record.parameters:
            annotation = parameter.annotation
            if type(annotation) is Name or type(annotation) is Attribute:
                for v in self.project.infer.values(m, record.parent, annotation, -1):
                    if isinstance(v, External) and v.name in REQUESTS:
                        return Handling("handler", f"each request to `{record.name}`")
        return NOT_HANDLED

    def _assigned(self, m: Module, scope: int) -> bool:
        """Is the function given to an object as what handles an event: `client.on_message = handle`?"""
        name = m.scopes[scope].name
        for index, s in self._given_to_events().get(name, ()):
            other = self.project.module(index)
            statement = other.statements[s]
            if (
                type(statement) is Assign
                and statement.value is not None
                and any(
                    fm.index == m.index and given == scope
                    for fm, given in self.project.functions_in(other, statement.scope, statement.value, s)
                )
            ):
                attribute = next(tail for tail in map(tail_of, statement.targets) if is_event(tail))
                self._evidence[m.index, scope] = [
                    Evidence(other, statement.line, 0, f"gives `{name}` to `{attribute}`")
                ]
                return True
        return False

    def _given_to_events(self) -> dict[str, list[tuple[int, int]]]:
        """name of what is assigned -> [(module index, statement)] of `thing.on_message = name`, found once for all."""
        if self._given is None:
            self._given = {}
            index = self.project.index
            for number in sorted(
                {n for name in filter(is_event, index.names("foreign")) for n in index.modules("foreign", name)}
            ):
                other = self.project.module(number)
                for attribute, places in other.foreign_attributes().items():
                    for s, _ in places if is_event(attribute) else ():
                        statement = other.statements[s]
                        name = tail_of(statement.value) if type(statement) is Assign and statement.value else None
                        if name is not None:
                            self._given.setdefault(name, []).append((number, s))
        return self._given

    # -- methods -------------------------------------------------------------------------------------------------------

    def _method(self, m: Module, scope: int) -> Handling:
        """Methods that Keras, a search or a framework calls, by the bases of their class."""
        owner, name = m.scopes[scope].parent, m.scopes[scope].name
        kind = self.project.infer.class_kind(m, owner)
        class_name = m.scopes[owner].name
        if kind == "callback":
            if name.startswith(_PER_BATCH):
                return Handling("callback", f"each run of the Keras callback `{class_name}.{name}`")
            return NOT_HANDLED
        if kind == "sequence" and name == "__getitem__":
            return Handling("callback", f"each batch of the Keras sequence `{class_name}`")
        if kind == "model" and name in ("train_step", "test_step", "predict_step"):
            return Handling("callback", f"each step of `{class_name}`")
        for base in self.project.infer.foreign_bases(m, owner):
            found = self._by_base(m, scope, base)
            if found is not None:
                return found
        return self._by_convention(m, scope)

    def _by_base(self, m: Module, scope: int, base: str) -> Handling | None:
        """How a base of another package makes a framework call the method; None when it says nothing."""
        owner, name = m.scopes[scope].parent, m.scopes[scope].name
        class_name = m.scopes[owner].name
        if (
            name == "build"
            and base.endswith(".HyperModel")
            or name == "run_trial"
            and base.startswith(("keras_tuner.", "kerastuner."))
        ):
            made = next(iter(self.project.callers_of.constructions(m, owner)), None)
            self._note(m, scope, made, f"makes `{class_name}` for a search")
            return Handling("objective", f"each trial of the search with `{class_name}`")
        if name == "fit" and base.startswith("sklearn."):
            searched = self._searched(m, owner)
            if searched is None:
                return NOT_HANDLED
            self._note(m, scope, searched, f"fits clones of `{class_name}`")
            return Handling("objective", f"each fit of `{class_name}` in `{call_text(*searched)}`")
        for known in BASES:
            if base.startswith(known.start) and (name in known.methods or not known.methods and is_event(name)):
                if name != "__init__" or not self._made_once(m, owner):
                    return Handling("handler", f"each call of {known.what} `{class_name}.{name}`")
        if base.endswith("Servicer") and not name.startswith("_"):
            return Handling("handler", f"each call of the gRPC method `{class_name}.{name}`")
        return None

    def _by_convention(self, m: Module, scope: int) -> Handling:
        """Methods of classes whose bases are known by their names only, and of Django's middleware."""
        owner, name = m.scopes[scope].parent, m.scopes[scope].name
        class_name, names = m.scopes[owner].name, [p.name for p in m.scopes[scope].parameters]
        for expression in m.scopes[owner].bases:
            tail = tail_of(expression) or ""
            if tail.endswith("Servicer") and not name.startswith("_") and len(names) == 3:
                return Handling("handler", f"each call of the gRPC method `{class_name}.{name}`")
            if tail in CONVENTIONAL_BASES and name in CONVENTIONAL:
                return Handling("handler", f"each call of `{class_name}.{name}`")
        if name in ("__call__", "process_request", "process_view") and names[1:2] == ["request"]:
            init = m.members(owner).get("__init__")
            if init is not None and any(p.name == "get_response" for p in m.scopes[init].parameters):
                return Handling("handler", f"each request through the middleware `{class_name}`")
        return NOT_HANDLED

    def _searched(self, m: Module, owner: int) -> Site | None:
        """A scikit-learn search or cross-validation that is given an instance of the class, or None."""
        for other in self.project.using(m.scopes[owner].name, MAX_USERS):
            for tail in SEARCHES:
                for i in other.calls_by_tail().get(tail, ()):
                    for e in other.arguments(i)[:MAX_GIVEN]:
                        if self._holds_one(other, i, e, Instance(m.index, owner)):
                            return other, i
        return None

    def _holds_one(self, m: Module, i: int, e: Expression, wanted: Instance) -> bool:
        """Is an argument of call `i` the instance, or a thing that was made with it in this module, as a pipeline?"""
        call, values = m.calls[i], self.project.infer.values
        for v in values(m, call.scope, e, call.statement):
            if v == wanted:
                return True
            if isinstance(v, Thing) and isinstance(v.origin, CallOrigin) and v.origin.module == m.index:
                for argument in m.calls[v.origin.call].args:
                    for inner in walk(argument, m.calls):
                        if type(inner) is Name or type(inner) is CallRef:
                            if wanted in values(m, call.scope, inner, call.statement):
                                return True
        return False

    def _note(self, m: Module, scope: int, place: Site | None, message: str) -> None:
        """Keep a step of the trace: the call that gives the function to what runs it again and again."""
        if place is not None:
            other, i = place
            pos = other.calls[i].pos
            self._evidence[m.index, scope] = [Evidence(other, pos.line, pos.column, message)]

    def _made_once(self, m: Module, owner: int) -> bool:
        """Is a view told to live on (`init_every_request = False`), or made by the project itself?"""
        bindings = m.bindings(owner).get("init_every_request")
        if bindings and bindings[-1].value == Constant(False):
            return True
        init = m.members(owner).get("__init__")
        return init is not None and any(how == "call" for _, _, how in self.project.callers(m, init))


def _may_be_django(m: Module) -> bool:
    """Could a module hold Django views: is it named like one, or does it import from Django?"""
    if os.path.basename(m.path) in ("views.py", "api.py") or f"{os.sep}views{os.sep}" in m.path:
        return True
    return any(imported.module.split(".")[0] in ("django", "rest_framework") for imported in imports_of(m))
