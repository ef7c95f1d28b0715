"""The project: the facts of all files, linked.

`Project` holds the modules and answers, for any call in any of them, the questions that rules are made of: what does it
call (`apis`), who calls this function (`callers`), does this place repeat (`repeats`), is it released (`released`), is
it compiled (`compiled`).  Everything is computed when asked for: a project without suspicious calls costs only its
facts.
"""

from __future__ import annotations

from tflint_mem.facts import tail_of
from tflint_mem.hardening.budget import Searches
from tflint_mem.knowledge import canonical
from tflint_mem.project.holds.values import (
    CallOrigin,
    ClassValue,
    External,
    FunctionValue,
    Instance,
    MapValue,
    MethodValue,
    PartialValue,
    SelfValue,
    SequenceValue,
    Thing,
    ThingMethod,
    TupleValue,
)
from tflint_mem.project.linking.hardware import Hardware
from tflint_mem.project.linking.imports import Imports
from tflint_mem.project.linking.modules import Modules
from tflint_mem.project.linking.spelling import Spelling
from tflint_mem.project.linking.versions import Versions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any

    from tflint_mem.facts import Expression
    from tflint_mem.project.holds.asked import Asked
    from tflint_mem.project.holds.infer import Infer
    from tflint_mem.project.holds.questions import Owner
    from tflint_mem.project.holds.values import Value
    from tflint_mem.project.linking.module import Function, Module, Site
    from tflint_mem.project.repeats.callers import Callers
    from tflint_mem.project.repeats.compiled import Compiled
    from tflint_mem.project.repeats.iterated import Iterated
    from tflint_mem.project.repeats.released import Released
    from tflint_mem.project.repeats.repeat import Caller, Repeat
    from tflint_mem.project.repeats.repeats import Repeats
    from tflint_mem.settings.config import Settings
    from tflint_mem.sources.dependencies import Beside

LARGE = 1600  # files; the modules of a larger project would take more than a quarter of a gigabyte ...
KEEP_IN_LARGE = 640  # ... so it keeps these decoded, and decodes the others again when they are asked for

_MOST_DERIVED = 64  # modules that derive from a class of one name; more say nothing
_MOST_SUBCLASSES = 24
_TRACED = ("func", "python_function")  # keywords for what `tf.function` is given


class Project(Modules):
    """All modules of one run, and the answers about them.

    settings  what the run goes by           root   the project's folder, or None
    searches  what the bounded searches have cost
    infer, asked                             what an expression may hold
    callers_of, iterated, repeats_of, released_by, compiled_by   why something runs again
    versions, spelling, hardware, imports    what the project says about itself

    What asks about calls is made, and imported, when it is first asked for: a file without suspicious calls needs none.
    """

    if TYPE_CHECKING:
        infer: Infer
        asked: Asked
        callers_of: Callers
        iterated: Iterated
        repeats_of: Repeats
        released_by: Released
        compiled_by: Compiled
    else:

        def __getattr__(self, name):
            """A part that nobody has asked for yet."""
            make = _LATE.get(name)
            if make is None:
                raise AttributeError(name)
            part = self.__dict__[name] = make(self)
            return part

    def __init__(
        self,
        settings: Settings | None = None,
        root: str | None = None,
        files: int = 0,
        beside: Beside | None = None,
    ) -> None:
        """A project without modules.  How many of them stay decoded depends on how many files are checked."""
        super().__init__(KEEP_IN_LARGE if files > LARGE else LARGE, beside)
        self.settings = settings
        self.root = root
        self.searches = Searches()
        self._subclasses: dict[Owner, tuple[Owner, ...]] = {}
        self._apis: dict[tuple[int, int], frozenset[str]] = {}
        self._api_sets: dict[frozenset[str], frozenset[str]] = {}
        self._called: dict[tuple[int, int], list[Function]] = {}
        self.versions = Versions(self)
        self.spelling = Spelling(self)
        self.hardware = Hardware(self)
        self.imports = Imports(self)

    def anew(self, late: Iterable[int] = ()) -> Project:
        """The same modules without any answers, for the case that a search broke off.

        late   indices of modules that are empty from now on
        """
        other = Project(self.settings, self.root)
        other.take(self)
        other.searches = self.searches
        for module in self.modules:
            module.forget()
        for index in late:
            self.modules[index].empty()
        return other

    def close(self) -> None:
        """Let go of everything: the parts refer to each other, and only a slow full collection would find them."""
        for part in _parts(self):
            part.project = None
        for name in ("callers_of", "infer"):
            if name in self.__dict__:
                getattr(self, name).forget()
        self._called.clear()
        self.modules.clear()
        self.__dict__.pop("module", None)

    # -- calls --------------------------------------------------------------------------------------------------------

    def apis(self, m: Module, i: int) -> frozenset[str]:
        """Names of what call `i` of module `m` calls; none when it is unknown.

        `keras.load_model` (canonical), `model.predict` (a method of a thing of that kind), `model.__call__` (the thing
        itself called), `new:model` (a class of the project that derives from keras.Model is constructed), `ext:…`.
        """
        return self.infer.kept(self._apis, (m.index, i), self._api_set, m, i)

    def _api_set(self, m: Module, i: int) -> frozenset[str]:
        found = frozenset([name for v in self.infer.callee(m, i) for name in self._api_names(v)])
        return self._api_sets.setdefault(found, found)  # a few hundred different ones

    def _api_names(self, v: Value) -> Iterator[str]:
        """The names of one value that is called."""
        if isinstance(v, External):
            yield canonical(v.name)
        elif isinstance(v, ThingMethod):
            receiver = v.receiver
            if isinstance(receiver, Thing):
                yield f"{receiver.kind}.{v.name}"
            elif isinstance(receiver, (SequenceValue, MapValue, TupleValue)):
                yield f"{_CONTAINERS[type(receiver)]}.{v.name}"
        elif isinstance(v, Thing):
            yield v.kind + ".__call__"
        elif isinstance(v, (Instance, SelfValue)):
            kind = self.infer.class_kind(self.module(v.module), v.scope)
            if kind and not self.infer.lookup(self.module(v.module), v.scope, "__call__"):
                yield kind + ".__call__"
        elif isinstance(v, ClassValue):
            kind = self.infer.class_kind(self.module(v.module), v.scope)
            if kind:
                yield "new:" + kind
        elif isinstance(v, PartialValue):  # load = functools.partial(load_model, compile=False)
            for inner in v.values:
                if isinstance(inner, External):
                    yield canonical(inner.name)

    def functions_called(self, m: Module, i: int) -> list[Function]:
        """The project functions that call `i` may run (constructors give `__init__` and `__new__`)."""
        if self.large:
            return self._functions_called(m, i)  # a list for each call of a large project is too much
        return self.infer.kept(self._called, (m.index, i), self._functions_called, m, i)

    def _functions_called(self, m: Module, i: int) -> list[Function]:
        return self._functions_of_all(self.infer.callee(m, i))

    def functions_in(self, m: Module, scope: int, expression: Expression | None, at: int) -> list[Function]:
        """The project functions that an expression may be (a bound method, a partial, a `tf.function`)."""
        return self._functions_of_all(self.infer.values(m, scope, expression, at))

    def functions_of(self, v: Value) -> list[Function]:
        """The project functions that one value of the inference runs when it is called."""
        return self._functions_of_all((v,))

    def _functions_of_all(self, values: Iterable[Value]) -> list[Function]:
        found: list[Function] = []
        for v in values:
            self._functions(v, found)
        return found

    def _functions(self, v: Value, found: list[Function]) -> None:
        """Enter the functions that a value runs when it is called."""
        if isinstance(v, (FunctionValue, MethodValue)):
            found.append((self.module(v.module), v.scope))
        elif isinstance(v, ClassValue):
            for name in ("__init__", "__new__"):
                method = self.infer.lookup(self.module(v.module), v.scope, name)
                if method:
                    found.append(method)
        elif isinstance(v, (Instance, SelfValue)):
            cm = self.module(v.module)
            method = self.infer.lookup(cm, v.scope, "__call__") or (
                self.infer.lookup(cm, v.scope, "call") if self.infer.class_kind(cm, v.scope) else None
            )
            if method:
                found.append(method)
        elif isinstance(v, PartialValue):
            for inner in v.values:
                self._functions(inner, found)
        elif isinstance(v, Thing) and v.kind == "tf.function" and isinstance(v.origin, CallOrigin):
            m = self.module(v.origin.module)
            call = m.calls[v.origin.call]
            traced = call.args[0] if call.args else next((k.value for k in call.keywords if k.name in _TRACED), None)
            for inner in self.infer.values(m, call.scope, traced, call.statement):
                if isinstance(inner, (FunctionValue, MethodValue)):
                    self._functions(inner, found)

    def kinds(self, m: Module, scope: int, expression: Expression, at: int) -> set[str]:
        """Kinds of things (see knowledge) an expression may hold; project classes give their Keras kind."""
        found = set()
        for v in self.infer.values(m, scope, expression, at):
            if isinstance(v, Thing):
                found.add(v.kind)
            elif isinstance(v, (Instance, SelfValue)):
                kind = self.infer.class_kind(self.module(v.module), v.scope)
                if kind:
                    found.add(kind)
        return found

    def callers(self, m: Module, scope: int) -> Sequence[Caller]:
        """(module, call, how) of what runs a function: see `callers.Callers`."""
        return self.callers_of.of(self.module(m.index), scope)

    def subclasses(self, m: Module, scope: int) -> tuple[Owner, ...]:
        """(module index, class scope) of the project classes that derive from this one, directly or not."""
        key = (m.index, scope)
        if key not in self._subclasses:
            self._subclasses[key] = ()
            name = m.scopes[scope].name
            found: list[Owner] = []
            for other in self.found("derived", name, _MOST_DERIVED):
                for s in other.classes():
                    if (other.index, s) != key and any(tail_of(base) == name for base in other.scopes[s].bases):
                        if key in self.infer.bases(other, s).ours:
                            found.append((other.index, s))
                            found.extend(self.subclasses(other, s))
            self._subclasses[key] = tuple(found[:_MOST_SUBCLASSES])
        return self._subclasses[key]

    # -- the questions ------------------------------------------------------------------------------------------------

    def repeats(self, m: Module, i: int, accept: Callable[[Repeat], object] | None = None) -> Repeat | None:
        """Why call `i` of `m` runs again and again: a Repeat, or None.

        `accept(repeat)` may refuse a way of repeating (for example because it is released); then another is tried.
        """
        found: Repeat | None = self.repeats_of.of_call(m, i, accept)
        return found

    def released(self, repeat: Repeat, names: frozenset[str] | None = None) -> Site | None:
        """The call or construct that ends the life of what was made before the next repeat, or None.

        names   canonical names of what counts as a release
        """
        found: Site | None = self.released_by.along(repeat, names)
        return found

    def compiled(self, m: Module, scope: int) -> bool:
        """Does the function always run inside a `tf.function`, a Keras step or `Dataset.map`?"""
        found: bool = self.compiled_by.always(m, scope)
        return found


_CONTAINERS = {SequenceValue: "seq", MapValue: "map", TupleValue: "tup"}  # what their methods are named after


def _infer(project: Project) -> Infer:
    from tflint_mem.project.holds.infer import Infer

    return Infer(project)


def _asked(project: Project) -> Asked:
    from tflint_mem.project.holds.asked import Asked

    return Asked(project)


def _callers(project: Project) -> Callers:
    from tflint_mem.project.repeats.callers import Callers

    return Callers(project)


def _iterated(project: Project) -> Iterated:
    from tflint_mem.project.repeats.iterated import Iterated

    return Iterated(project)


def _repeats(project: Project) -> Repeats:
    from tflint_mem.project.repeats.repeats import Repeats

    return Repeats(project)


def _released(project: Project) -> Released:
    from tflint_mem.project.repeats.released import Released

    return Released(project)


def _compiled(project: Project) -> Compiled:
    from tflint_mem.project.repeats.compiled import Compiled

    return Compiled(project)


_LATE: dict[str, Callable[[Project], object]] = {
    "infer": _infer,
    "asked": _asked,
    "callers_of": _callers,
    "iterated": _iterated,
    "repeats_of": _repeats,
    "released_by": _released,
    "compiled_by": _compiled,
}


def _parts(project: Project) -> list[Any]:
    """The parts of a project that refer to it, and the parts of those."""
    found: list[Any] = [project]
    for whole in found:
        for part in vars(whole).values():
            if getattr(part, "project", None) is project and not any(part is each for each in found):
                found.append(part)
    return found[1:]
