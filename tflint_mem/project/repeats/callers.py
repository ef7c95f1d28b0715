"""Who calls a function: direct calls, and places that hand it to something that calls it.

`of(m, scope)` gives (module, call, how):

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

Direct calls are found here, by the names that a function goes by; functions that are handed over in `handed`.
"""

from __future__ import annotations

from tflint_mem.facts import Assign, CallRef, Constant, Lambda, Name, Record, With, tail_of, walk
from tflint_mem.project.holds.values import ClassValue, Instance, SelfValue
from tflint_mem.project.linking.call_names import RESULT

from .handed import Handed
from .iterated import METHODS
from .reach import runs
from .whole import Whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Literal, TypeAlias

    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.project import Project

    from .consumers import Where
    from .repeat import Caller, How, Site

    Target: TypeAlias = tuple[int, int]  # a function or class: the index of its module, and its scope

# Methods that every dictionary, string and list has as well.
_COMMON = frozenset(name for kind in (dict, str, list, set, bytes) for name in dir(kind) if not name.startswith("_"))
_CONSTRUCTORS = ("__init__", "__new__", "__post_init__")
# Methods that are run by what is done with the class or an object.
_BY_CLASS = frozenset((*_CONSTRUCTORS, "__call__", "call", "__enter__"))
EVERYWHERE = 80  # modules
IMPORTED_EVERYWHERE = 40  # modules that surely mean this function, and not another one of its name
MAX_NAMED = 400  # modules that may call what has a name; the callers under a name that more use are not known
MAX_USERS = 64  # the same, where more is looked at than the calls under the name
MAX_DECORATED = 24  # functions that one decorator is known to decorate


class _Places(Record):
    """Where what has a name is called or handed over.

    calls       function or class -> its calls
    references  function or class -> (module, call, where) of the arguments that name it
    defaults    function or class -> (module, function, parameter number) of the parameters that have it by default
    """

    __slots__ = ()
    calls: dict[Target, list[Site]]
    references: dict[Target, list[tuple[Module, int, Where]]]
    defaults: dict[Target, list[tuple[Module, int, int]]]


class Callers:
    """Answers of one project."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.whole = Whole(project)
        self.handed = Handed(project)

    def parts(self) -> tuple[object, ...]:
        """Everything that answers for this project, itself included: each has it as `project`."""
        return (self, self.whole, self.handed, self.handed.consumers)

    def forget(self) -> None:
        """Drop what was found: it refers to modules."""
        self.whole.forget()

    def of(self, m: Module, scope: int) -> list[Caller]:
        """The callers of a function or lambda, each once, in an order that is the same in every run."""
        return self.whole.ask(("of", m.index, scope), [], self._find, m, scope)

    def constructions(self, m: Module, owner: int) -> list[Site]:
        """The calls that make objects of the class itself."""
        return self.whole.ask(("new", m.index, owner), [], self._constructions, m, owner)

    def consumer(self, m: Module, i: int, where: Where) -> How | Literal["forward"] | None:
        """What call `i` does with a function given at `where`: see `consumers`."""
        return self.handed.consumers.how(m, i, where)

    def is_everywhere(self, m: Module, scope: int) -> bool:
        """Is the name of the function (of its class, for a constructor) used in very many modules?

        Then its callers say nothing in particular.
        """
        record = m.scopes[scope]
        name = record.name
        if name in _CONSTRUCTORS and m.is_method(scope):
            name = m.scopes[record.parent].name
        users = self.project.calling((name,))
        if len(users) <= IMPORTED_EVERYWHERE:
            return False
        return (
            len(users) > EVERYWHERE
            or len(frozenset(users).intersection(self.project.imports.importers(m))) > IMPORTED_EVERYWHERE
        )

    def decorates(self, m: Module, scope: int, index: int) -> list[Target]:
        """The functions that a function decorates, when parameter number `index` is what it is given then.

        The function itself (`@mark`), or the one that a decorator with arguments returns (`@mark("name")`).
        """
        found: list[Target] = []
        record = m.scopes[scope]
        owner = record.parent
        if index != (1 if m.is_method(scope) else 0):
            return found
        inner = owner > 0 and m.scopes[owner].kind == "function" and _returned(m, owner, record.name)
        name = m.scopes[owner].name if inner else record.name
        wanted = f"fn:{m.index}:{owner if inner else scope}"
        for other in self.project.found("decorating", name, MAX_USERS):
            for s, decorated in enumerate(other.scopes):
                for e in decorated.decorators:
                    called = type(e) is CallRef
                    if (
                        called == inner
                        and tail_of(other.calls[e.number].func if type(e) is CallRef else e) == name
                        and wanted in self.project.infer.decorator_names(other, s)
                    ):
                        found.append((other.index, s))
        return found[:MAX_DECORATED]

    # -- all ways to one function --------------------------------------------------------------------------------------

    def _find(self, m: Module, scope: int) -> list[Caller]:
        if m.scopes[scope].kind == "lambda":
            return list(self._of_lambda(m, scope))
        found: dict[tuple[int, int, str], Caller] = {}
        apart = None
        for other, i, how in self._of_function(m, scope):
            if how == "call":
                if apart is None:
                    apart = self._in_process_of_its_own(m, scope)
                how = "process" if apart else how
            found.setdefault((other.index, i, how), (other, i, how))
        return list(found.values())

    def _of_lambda(self, m: Module, scope: int) -> Iterator[Caller]:
        for i, where in m.references().get(scope, ()):
            yield from self.handed.callers(m, i, where, m, scope)
        for function, number in m.defaults().get(scope, ()):
            yield from self.handed.by_default(m, function, number, (m, scope))
        for name in _bound_names(m, scope):
            yield from self._by_name(m, scope, name, m)

    def _of_function(self, m: Module, scope: int) -> Iterator[Caller]:
        record = m.scopes[scope]
        name, owner, method = record.name, record.parent, m.is_method(scope)
        names = {name}
        if method and name in _BY_CLASS:
            names = self._names_of_class(m, scope)
            if name in ("__call__", "call"):
                yield from self._instances_called(m, scope)
            if name == "__call__":
                yield from self._made_and_given(m, scope, m.scopes[owner].name)
        elif not method and owner > 0 and _returned(m, owner, name):
            yield from self._made_and_given(m, scope, m.scopes[owner].name)
        if method and name == "__enter__":
            yield from self._entered(m, owner)
        elif method and (name == "__getitem__" or self._is_property(m, scope)):
            yield from self._read(m, scope)
        else:
            for each in sorted(names):
                yield from self._by_name(m, scope, each, m if not method and owner > 0 else None)
        if method and name in METHODS:
            yield from self.project.iterated.calls(m, scope)
        for other, i in self._index(RESULT, None).calls.get((m.index, scope), ()):
            yield other, i, "call"
        if record.decorators:
            yield from self.handed.registered(m, scope)

    def _names_of_class(self, m: Module, scope: int) -> set[str]:
        """The names under which a method in `_BY_CLASS` is called: those of the class and its heirs, or its own."""
        owner, name = m.scopes[scope].parent, m.scopes[scope].name
        names = {m.scopes[owner].name} if name in _CONSTRUCTORS else set()
        names.update(self.project.module(index).scopes[s].name for index, s in self.project.subclasses(m, owner))
        if name in ("__init__", "__call__", "call"):
            names.add(name)
        return names

    def _in_process_of_its_own(self, m: Module, scope: int) -> bool:
        """Is it a Ray task that ends its process: one that uses a GPU, or that is told to run once?"""
        for expression in m.scopes[scope].decorators:
            if type(expression) is CallRef and "ray.remote" in self.project.infer.decorator_names(m, scope):
                if any(
                    k.name == "max_calls" and k.value == Constant(1) or k.name == "num_gpus" and k.value != Constant(0)
                    for k in m.calls[expression.number].keywords
                ):
                    return True
        return False

    def _is_property(self, m: Module, scope: int) -> bool:
        return any(
            name == "builtins.property" or name.endswith("cached_property")
            for name in self.project.infer.decorator_names(m, scope)
        )

    def _read(self, m: Module, scope: int) -> Iterator[Caller]:
        """Places that read a property or an item: the innermost call around the reading stands for it."""
        owner, name = m.scopes[scope].parent, m.scopes[scope].name
        heirs = {(m.index, owner), *self.project.subclasses(m, owner)}
        for other in self.project.mentioning(m.scopes[owner].name if name == "__getitem__" else name, MAX_USERS):
            for i, read in other.read_in_calls().get(name, ()):
                call = other.calls[i]
                if any(
                    isinstance(v, (Instance, SelfValue)) and (v.module, v.scope) in heirs
                    for v in self.project.infer.values(other, call.scope, read, call.statement)
                ):
                    yield other, i, "call"

    def _entered(self, m: Module, owner: int) -> Iterator[Caller]:
        """`with Thing(…) as x:` runs `Thing.__enter__`."""
        thing = Instance(m.index, owner)
        for other in self.project.mentioning(m.scopes[owner].name, MAX_USERS):
            for s, statement in enumerate(other.statements):
                for item in statement.items if type(statement) is With else ():
                    e = item.context
                    if thing in self.project.infer.values(other, statement.scope, e, s) and type(e) is CallRef:
                        yield other, e.number, "call"

    # -- by names ------------------------------------------------------------------------------------------------------

    def _by_name(self, m: Module, scope: int, name: str, within: Module | None) -> Iterator[Caller]:
        """The callers of the function under this name, in one module or in the whole project (None)."""
        owner, among = m.scopes[scope].parent, None
        if name in _COMMON and m.is_method(scope):
            # `x.get()` is a dictionary's nearly always: look where the class or what it derives from is named
            among = tuple(self.project.module(index).scopes[s].name for index, s in self.project.infer.mro(m, owner))
        places = self._index(name, within, among)
        for other, i in places.calls.get((m.index, scope), ()):
            yield other, i, "call"
        handed = places.references.get((m.index, scope), ())
        if m.is_method(scope) and m.scopes[scope].name in _CONSTRUCTORS:
            handed = (*handed, *places.references.get((m.index, owner), ()))
        for other, i, where in handed:
            yield from self.handed.callers(other, i, where, m, scope)
        for other, function, number in places.defaults.get((m.index, scope), ()):
            yield from self.handed.by_default(other, function, number, (m, scope))

    def _index(self, name: str, within: Module | None, among: tuple[str, ...] | None = None) -> _Places:
        """Everything that is called or handed over under this name, in one module or in the whole project (None).

        Each place is resolved once for all functions of the name.  `among` restricts the search to modules that mention
        one of these names.
        """
        key = ("index", name, None if within is None else within.index, among)
        return self.whole.ask(key, _Places({}, {}, {}), self._make_index, name, within, among)

    def _make_index(self, name: str, within: Module | None, among: tuple[str, ...] | None) -> _Places:
        calls: dict[Target, list[Site]] = {}
        references: dict[Target, list[tuple[Module, int, Where]]] = {}
        defaults: dict[Target, list[tuple[Module, int, int]]] = {}
        has = self.project.index.has
        for other in self._users(name, within, among):
            given = has("given", name, other.index)
            tails = {name, *other.aliases().get(name, ())} if given else {name}
            by_tail, handed = other.calls_by_tail(), other.references() if given else {}
            for tail in sorted(tails):
                for i in by_tail.get(tail, ()):
                    called = self.project.functions_called(other, i)
                    for target in dict.fromkeys([(fm.index, s) for fm, s in called]):
                        calls.setdefault(target, []).append((other, i))
                for i, where in handed.get(tail, ()):
                    for target in self.handed.referred(other, i, where, tail):
                        references.setdefault(target, []).append((other, i, where))
                for function, number in other.defaults().get(tail, ()) if given else ():
                    for target in self.handed.defaults_to(other, function, number):
                        defaults.setdefault(target, []).append((other, function, number))
        return _Places(calls, references, defaults)

    def _users(self, name: str, within: Module | None, among: tuple[str, ...] | None) -> list[Module]:
        if within is not None:
            return [within]
        users: list[Module] = self.project.using(name, MAX_NAMED)
        if among is None:
            return users
        return [
            other
            for other in users
            if self.project.mentions_in(other, among) or any(name in other.defs for name in among)
        ]

    # -- objects and functions that a call has made --------------------------------------------------------------------

    def _instances_called(self, m: Module, scope: int) -> Iterator[Caller]:
        """Calls of an instance of the class: `self.net(x)` runs `__call__` or Keras' `call`."""
        # A called instance has no name of its own: look where attributes and variables of that class are called.
        for name in sorted(self._holders(m.scopes[m.scopes[scope].parent].name)):
            for other in self.project.mentioning(name, MAX_USERS):
                if self.project.index.has("called", name, other.index):
                    for i in other.calls_by_tail().get(name, ()):
                        if runs(self.project, other, i, (m, scope)):
                            yield other, i, "call"

    def _holders(self, name: str) -> set[str]:
        """The name of a class or function, and those of variables and attributes that hold what calling it gives."""
        names = {name}
        for other in self.project.mentioning(name, MAX_USERS):
            if self.project.index.has("called", name, other.index):
                names.update(other.made().get(name, ()))
        return names

    def _made_and_given(self, m: Module, scope: int, maker: str) -> Iterator[Caller]:
        """What the class or function `maker` makes is called like the function.

        `study.optimize(Objective(x))`, `step = make_step()`.
        """
        for other in self.project.using(maker, MAX_USERS):
            for name in (maker, *other.made().get(maker, ())):
                yield from self._by_name(m, scope, name, other)

    def _constructions(self, m: Module, owner: int) -> list[Site]:
        name, wanted = m.scopes[owner].name, ClassValue(m.index, owner)
        return [
            (other, i)
            for other in self.project.using(name, MAX_USERS)
            for tail in (name, *sorted(other.aliases().get(name, ())))
            for i in other.calls_by_tail().get(tail, ())
            if wanted in self.project.infer.callee(other, i)
        ]


def _bound_names(m: Module, scope: int) -> list[str]:
    """Names a lambda is assigned to."""
    statement = m.statements[m.scopes[scope].statement]
    if type(statement) is Assign and statement.value == Lambda(scope):
        return [tail for tail in map(tail_of, statement.targets) if tail]
    return []


def _returned(m: Module, owner: int, name: str) -> bool:
    """Does a function return the function `name` in it, by itself or in a call (`return tf.function(step)`)?"""
    if m.scopes[owner].kind != "function":
        return False
    function = Name(name)
    return any(function in walk(statement.value, m.calls) for statement in m.returns(owner))
