"""Functions whose results are kept: caching decorators, start-up events, classes that make one object.

`lru_cache`, `st.cache_resource`, `@app.on_event("startup")`, a decorator of the project that calls what it
decorates only the first time.
"""

from __future__ import annotations

from tflint_mem.facts import CallRef, Constant, Name, tail_of
from tflint_mem.project.holds.values import ClassValue, FunctionValue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.facts import Expression
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.project import Project

_CACHING = frozenset(
    (
        "lru_cache",
        "cache",
        "cached_property",
        "cache_resource",
        "cache_data",
        "experimental_singleton",
        "experimental_memo",
        "memoize",
        "cached",
        "singleton",
        "memory_cache",
        "asynccached",
        "run_once",
        "once",
        "alru_cache",
        "setup_class",
        "setUpClass",
        "before_first_request",
        "on_startup",
        "fixture",
        "ttl_cache",
    )
)
_SET_UPS = frozenset(("setUpClass", "setup_module", "setUpModule", "setup_class", "__init_subclass__"))
_IN_FUNCTION = frozenset(("functools.lru_cache", "functools.cache"))  # what they keep goes with the function object
_FOR_EACH_OBJECT = ("cached_property", "lru_cache", "functools.cache")
_OF_CLASS = frozenset(("builtins.classmethod", "builtins.staticmethod"))
_APPS = frozenset(("app", "_", "_app", "application"))


class Caching:
    """Answers of one project."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._cached: dict[tuple[int, int], bool] = {}

    def cached(self, m: Module, scope: int) -> bool:
        """Is the function run once per argument at most (a caching decorator, a start-up event, a test's set-up)?"""
        key = (m.index, scope)
        found = self._cached.get(key)
        if found is None:
            found = self._cached[key] = self._is_cached(m, scope)
        return found

    def for_each_object(self, m: Module, scope: int) -> bool:
        """Is a result kept for each object, as `cached_property` and `lru_cache` on a method do?"""
        if not m.is_method(scope):
            return False
        names = self.project.infer.decorator_names(m, scope)
        return any(name.endswith(_FOR_EACH_OBJECT) for name in names) and _OF_CLASS.isdisjoint(names)

    def anew(self, m: Module, scope: int) -> bool:
        """Does what keeps the results live in the module, so that running it again starts with an empty cache?"""
        names = self.project.infer.decorator_names(m, scope)
        return any(name in _IN_FUNCTION or name.startswith(f"fn:{m.index}:") for name in names) and not any(
            "streamlit" in name for name in names
        )

    def makes_one(self, m: Module, owner: int) -> bool:
        """Does calling a class give the same object again: by a decorator or a metaclass that keeps it?"""
        record = m.scopes[owner]
        for expression in record.decorators:
            expression, _ = _applied(m, expression)
            name = (tail_of(expression) or "").lower()
            if name in _CACHING or "singleton" in name:
                return True
            for v in self.project.infer.values(m, record.parent, expression, record.statement):
                if isinstance(v, FunctionValue) and self._decorator_caches(self.project.module(v.module), v.scope):
                    return True
        for index, scope in self.project.infer.mro(m, owner):
            cm = self.project.module(index)
            metaclass = cm.scopes[scope].metaclass
            if metaclass is not None and self._keeps(cm, scope, metaclass):
                return True
        return False

    def _keeps(self, m: Module, owner: int, metaclass: Expression) -> bool:
        """Does the metaclass of a class keep the object that it has made first?"""
        if "singleton" in (tail_of(metaclass) or "").lower():
            return True
        once = self.project.repeats_of.guards.once
        for v in self.project.infer.values(m, m.scopes[owner].parent, metaclass, m.scopes[owner].statement):
            if isinstance(v, ClassValue):
                method = self.project.infer.lookup(self.project.module(v.module), v.scope, "__call__")
                if method is not None:
                    mm, scope = method
                    for j in mm.scope_calls(scope):
                        if tail_of(mm.calls[j].func) in ("__call__", "__new__") and once(mm, j, -1):
                            return True
        return False

    def _is_cached(self, m: Module, scope: int) -> bool:
        record = m.scopes[scope]
        if record.name in _SET_UPS:
            return True
        if any(_says_cached(m, expression) for expression in record.decorators):
            return True
        for name in self.project.infer.decorator_names(m, scope):
            if name.endswith("asynccontextmanager") and any(p.name in _APPS for p in record.parameters):
                return True  # a lifespan
            if name.startswith("fn:"):
                _, index, decorator = name.split(":")
                if self._decorator_caches(self.project.module(int(index)), int(decorator)):
                    return True
        return False

    def _decorator_caches(self, m: Module, scope: int) -> bool:
        """A decorator of the project that calls what it decorates only the first time, and keeps the result."""
        names = {p.name for p in m.scopes[scope].parameters}
        for inner in m.with_inner(scope)[1:]:
            for j in m.scope_calls(inner):
                f = m.calls[j].func
                if type(f) is Name and f.id in names and self.project.repeats_of.guards.once(m, j, -1):
                    return True
        return False


def _says_cached(m: Module, decorator: Expression) -> bool:
    """Does a decorator tell by its name that what it decorates runs once?"""
    expression, arguments = _applied(m, decorator)
    name = tail_of(expression)
    if name is None:
        return False
    lowered = name.lower()
    return (
        name in _CACHING
        or lowered.startswith(("lru_", "memo", "cache"))
        or lowered.endswith(("_cache", "cached", "singleton"))
        or name == "on_event"
        and arguments[:1] == (Constant("startup"),)
    )


def _applied(m: Module, decorator: Expression) -> tuple[Expression, tuple[Expression, ...]]:
    """(what decorates, its arguments): of `@cache` and of `@cache(size)`."""
    if type(decorator) is CallRef:
        call = m.calls[decorator.number]
        return call.func, call.args
    return decorator, ()
