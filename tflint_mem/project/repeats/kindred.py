"""Callers that a method has by its kind, where nobody is seen to call it.

By the names that people give things: `self.agent.act(state)` runs `act` of `class DQNAgent`.  A library's loop gets its agent,
policy or environment from a program that is not there to be read, so that nothing says what the receiver is.  Its name does when
it is the last word of the class's name, or of the name of a base.

By its interface: code that is given something of a kind, and calls its `act`, is written for every class of that kind, whichever
the program makes today.
"""

from tflint_mem import facts as F
from tflint_mem.project.linking.module import tail_of

MAX_MODULES = 24
MAX_SIBLINGS = 12
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
    def __init__(self, project):
        self.project = project
        self._memo = {}

    def callers(self, m, scope):
        """[(module, call, "call")] of the calls whose receiver is unknown and named like the class of the method, or given and of its interface."""
        key = (m.index, scope)
        if key not in self._memo:
            self._memo[key] = tuple(
                {
                    (other.index, i): (other, i, how)
                    for other, i, how in (*self._of_interface(m, scope), *self._find(m, scope))
                }.values()
            )
        return self._memo[key]

    def _of_interface(self, m, scope):
        """The calls of other implementations of the method, where what they are called on is a parameter."""
        name, infer = m.scopes[scope][F.S_NAME], self.project.infer
        if not m.is_method(scope) or name.startswith("__"):
            return
        owner = m.scopes[scope][F.S_PARENT]
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
                    if how == "call" and not caller.unit_test and self._given(caller, i, name):
                        yield caller, i, "call"

    def _given(self, m, i, name):
        """Is what the method is called on a parameter, or an attribute that only ever holds one?"""
        call = m.calls[i]
        if call[0][0] != "a" or call[0][2] != name:
            return False
        receiver, scope = call[0][1], call[3]
        if receiver[0] == "a" and receiver[1] == ("n", "self") and m.is_method(scope):
            kept = self.project.infer.attribute_assignments(m, m.scopes[scope][F.S_PARENT]).get(receiver[2], ())
            return bool(kept) and all(
                kind == "assign" and value[0] == "n" and _is_parameter(m, function, value[1])
                for function, _, value, _, kind in kept
            )
        return receiver[0] == "n" and receiver[1] != "self" and _is_parameter(m, scope, receiver[1])

    def _find(self, m, scope):
        name = m.scopes[scope][F.S_NAME]
        if not m.is_method(scope) or name.startswith("__"):
            return
        words = self._words(m, m.scopes[scope][F.S_PARENT])
        if name in _ANYBODYS:
            words -= _ANYTHINGS
        params = m.scopes[scope][F.S_PARAMS]
        most = None if any(p[3] == "*" for p in params) else sum(p[3] == "p" for p in params)
        for other in self.project.using(name, MAX_MODULES) if words else ():
            for i in other.calls_by_tail().get(name, ()):
                call = other.calls[i]
                if call[0][0] != "a" or most is not None and len(call[1]) > most or word_of(call[0][1]) not in words:
                    continue
                if not self.project.infer.values(other, call[3], call[0][1], call[5]):
                    yield other, i, "call"

    def _words(self, m, owner):
        """The last words of the names of a class and its bases."""
        infer = self.project.infer
        names = [self.project.module(index).scopes[s][F.S_NAME] for index, s in infer.mro(m, owner)]
        names.extend(base.rpartition(".")[2] for base in infer.foreign_bases(m, owner))
        return {last_word(name) for name in names} - {"object", ""}


def _is_parameter(m, scope, name):
    bindings = m.bindings(scope).get(name, ())
    return bool(bindings) and all(b[0] == "param" for b in bindings)


def _says_nothing(m, scope):
    """Is a method only declared: nothing but words, which are no statements here, or an exception?"""
    return all(
        m.statements[s] is not None and m.statements[s][0] == F.JUMP and m.statements[s][5] == "raise"
        for s in m.scope_statements(scope)
    )


def last_word(name):
    """ "agent" for `DQNAgent`, `Agent` and `AgentV2`; "ddpg" for `DDPG`."""
    name = name.rstrip("0123456789_")
    if name[-1:] in ("V", "v") and name[:-1]:
        name = name[:-1]
    for start in range(len(name) - 1, 0, -1):
        if name[start].isupper() and name[start + 1 : start + 2].islower():
            return name[start:].lower()
    return name.lower()


def word_of(receiver):
    """The word that a receiver goes by: "agent" for `agent`, `self._agent`, `self.dqn_agent`, `agents[i]`."""
    name = tail_of(receiver)
    if name is None:
        name = tail_of(receiver[1]) if receiver[0] == "x" else None
        return None if name is None else name.rstrip("0123456789").rpartition("_")[2].lower().removesuffix("s")
    return name.rstrip("0123456789_").rpartition("_")[2].lower()
