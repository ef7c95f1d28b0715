"""Callers that a method has by its kind, where nobody is seen to call it.

By the names that people give things: `self.agent.act(state)` runs `act` of `class DQNAgent`.  A library's loop gets its
agent, policy or environment from a program that is not there to be read, so that nothing says what the receiver is.
Its name does when it is the last word of the class's name, or of the name of a base.

By its interface: code that is given something of a kind, and calls its `act`, is written for every class of that kind,
whichever the program makes today.
"""

from __future__ import annotations

from tflint_mem.facts import SELF, Attribute, Jump, Name, Subscript, tail_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint_mem.facts import Expression
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.project import Project

    from .repeat import Caller, Site

MAX_MODULES = 24  # that use the name of a method; what more of them use is called on anything
MAX_SIBLINGS = 12  # other classes of an interface that are looked at
# Methods that things of every kind have, and words for things that are as often somebody else's.
_ANYBODYS = frozenset(
    (
        "fit",
        "fit_generator",
        "fit_transform",
        "transform",
        "predict",
        "predict_proba",
        "predict_on_batch",
        "score",
        "evaluate",
        "train",
        "test",
        "run",
        "call",
        "forward",
        "build",
        "compile",
        "save",
        "load",
        "update",
        "step",
        "reset",
        "apply",
        "process",
        "train_on_batch",
        "summary",
        "close",
        "open",
        "read",
        "write",
    )
)
_ANYTHINGS = frozenset(
    (
        "model",
        "net",
        "network",
        "estimator",
        "classifier",
        "regressor",
        "clf",
        "pipeline",
        "layer",
        "optimizer",
        "loss",
        "metric",
        "dataset",
        "data",
        "session",
        "generator",
        "base",
        "object",
        "mixin",
        "interface",
        "wrapper",
        "module",
        "abc",
        "type",
        "self",
        "cls",
    )
)


class Kindred:
    """Answers of one project."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._memo: dict[tuple[int, int], tuple[Caller, ...]] = {}

    def callers(self, m: Module, scope: int) -> tuple[Caller, ...]:
        """The calls whose receiver is unknown and named like the class of the method, or given and of its interface."""
        key = (m.index, scope)
        found = self._memo.get(key)
        if found is None:
            sites = (*self._of_interface(m, scope), *self._by_word(m, scope))
            unique: dict[tuple[int, int], Caller] = {(other.index, i): (other, i, "call") for other, i in sites}
            found = self._memo[key] = tuple(unique.values())
        return found

    def _of_interface(self, m: Module, scope: int) -> Iterator[Site]:
        """The calls of other implementations of the method, where what they are called on is a parameter."""
        name, infer = m.scopes[scope].name, self.project.infer
        if not m.is_method(scope) or name.startswith("__"):
            return
        owner = m.scopes[scope].parent
        for index, base in infer.mro(m, owner)[1:]:
            bm = self.project.module(index)
            declared = bm.members(base).get(name)
            if declared is None or not _says_nothing(bm, declared):
                continue
            for other, sibling in self.project.subclasses(bm, base)[:MAX_SIBLINGS]:
                om = self.project.module(other)
                method = om.members(sibling).get(name)
                if method is None or (other, sibling) == (m.index, owner):
                    continue
                for caller, i, how in self.project.callers(om, method):
                    if how == "call" and not caller.unit_test and self._is_given(caller, i, name):
                        yield caller, i

    def _is_given(self, m: Module, i: int, name: str) -> bool:
        """Is what the method is called on a parameter, or an attribute that only ever holds one?"""
        call = m.calls[i]
        if type(call.func) is not Attribute or call.func.attr != name:
            return False
        receiver, scope = call.func.base, call.scope
        if type(receiver) is Attribute and receiver.base == SELF and m.is_method(scope):
            kept = self.project.infer.attribute_assignments(m, m.scopes[scope].parent).get(receiver.attr, ())
            return bool(kept) and all(
                each.kind == "assign" and type(each.value) is Name and _is_parameter(m, each.function, each.value.id)
                for each in kept
            )
        return type(receiver) is Name and receiver != SELF and _is_parameter(m, scope, receiver.id)

    def _by_word(self, m: Module, scope: int) -> Iterator[Site]:
        """The calls on what nobody says anything of but its name, which is that of the class."""
        record = m.scopes[scope]
        if not m.is_method(scope) or record.name.startswith("__"):
            return
        words = self._words(m, record.parent)
        if record.name in _ANYBODYS:
            words -= _ANYTHINGS
        kinds = [p.kind for p in record.parameters]
        most = None if "*" in kinds else kinds.count("p")
        for other in self.project.using(record.name, MAX_MODULES) if words else ():
            for i in other.calls_by_tail().get(record.name, ()):
                call = other.calls[i]
                if type(call.func) is not Attribute or most is not None and len(call.args) > most:
                    continue
                receiver = call.func.base
                if word_of(receiver) in words:
                    if not self.project.infer.values(other, call.scope, receiver, call.statement):
                        yield other, i

    def _words(self, m: Module, owner: int) -> set[str]:
        """The last words of the names of a class and its bases."""
        infer = self.project.infer
        names = [self.project.module(index).scopes[s].name for index, s in infer.mro(m, owner)]
        names.extend(base.rpartition(".")[2] for base in infer.foreign_bases(m, owner))
        return {last_word(name) for name in names} - {"object", ""}


def _is_parameter(m: Module, scope: int, name: str) -> bool:
    """Is a name of a function only ever what its caller passes?"""
    bindings = m.bindings(scope).get(name, ())
    return bool(bindings) and all(b.kind == "param" for b in bindings)


def _says_nothing(m: Module, scope: int) -> bool:
    """Is a method only declared: nothing but words, which are no statements here, or an exception?"""
    statements = map(m.statements.__getitem__, m.scope_statements(scope))
    return all(type(each) is Jump and each.what == "raise" for each in statements)


def last_word(name: str) -> str:
    """ "agent" for `DQNAgent`, `Agent` and `AgentV2`; "ddpg" for `DDPG`."""
    name = name.rstrip("0123456789_")
    if name[-1:] in ("V", "v") and name[:-1]:
        name = name[:-1]
    for start in range(len(name) - 1, 0, -1):
        if name[start].isupper() and name[start + 1 : start + 2].islower():
            return name[start:].lower()
    return name.lower()


def word_of(receiver: Expression) -> str | None:
    """The word that a receiver goes by: "agent" for `agent`, `self._agent`, `self.dqn_agent`, `agents[i]`."""
    name = tail_of(receiver)
    if name is None:
        name = tail_of(receiver.base) if type(receiver) is Subscript else None
        return None if name is None else name.rstrip("0123456789").rpartition("_")[2].lower().removesuffix("s")
    return name.rstrip("0123456789_").rpartition("_")[2].lower()
