"""released(site): what ends the life of what a repeat makes before the next one.

Cleanup counts wherever it stands on the way from the repeat to the place: in the loop, in a function on the path, in a
callee, in a callback object made there, in a `finally`; so does a fresh graph around the place and a child process.
"""

from __future__ import annotations

from tflint_mem.facts import Attribute, CallRef, With, tail_of
from tflint_mem.hardening.budget import settle
from tflint_mem.knowledge import GRAPH_RELEASES, RELEASES, canonical
from tflint_mem.project.holds.values import CallOrigin, ClassValue, External, Thing
from tflint_mem.project.repeats.consumers import REPLICA_TAILS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from typing import TypeAlias

    from tflint_mem.facts import Expression
    from tflint_mem.project.holds.values import Value, Values
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.project import Project

    from .repeat import Function, Repeat, Site

    Key: TypeAlias = tuple[int, int]  # the index of a module, and the number of a call or a scope in it
    Apis: TypeAlias = frozenset[str]  # canonical names of calls that release

_CLEANS = frozenset(("__exit__", "__del__"))
_ENDS = frozenset(("on_train_end", "on_train_begin", "on_test_end", "on_predict_end"))
_SESSIONS = frozenset(("tf.Session", "session.as_default"))
_ALL = RELEASES | GRAPH_RELEASES


class Released:
    """Answers of one project."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._regions: dict[tuple[int, int, int, Apis], list[int]] = {}
        self._calls: dict[Apis, dict[Key, int]] = {}  # names -> call -> 1 when it releases
        self._functions: dict[Apis, dict[Key, int]] = {}  # names -> function -> 1 when it may release
        self._named: dict[Apis, bool] = {}

    def along(self, repeat: Repeat, names: Apis | None = None) -> Site | None:
        """The release on the way of a repeat, or None.  `names`: canonical names that count, None for all there are."""
        names = _ALL if names is None else names
        path: set[Key] = set()  # the functions that each repeat runs on the way so far
        for position, (m, i) in enumerate(repeat.hops):
            call = m.calls[i]
            if position:
                path.add((m.index, call.scope))
            block = repeat.region_at(position) if repeat.module is m else -1
            if position == 0 and block == -1 and repeat.handed:
                continue  # the call that hands the function over is not part of the repeat
            if self._mentioned(names):
                caller = repeat.hops[position - 1] if position else None
                found = self.in_region(m, call.scope, block, names, caller)
                if found is not None:
                    return found
            graph = self._fresh_graph(m, i, block, path)
            if graph is not None:
                return graph
        return None

    def in_region(self, m: Module, scope: int, block: int, names: Apis, caller: Site | None = None) -> Site | None:
        """The release called in the part of a scope that is inside `block` (-1: all), callees included.

        `caller` is the call that runs the scope: what its arguments switch off is none.
        """
        key = (m.index, scope, block, names)
        found = self._regions.get(key)
        if found is None:
            found = self._regions[key] = [
                i for i in m.scope_calls(scope) if m.inside(m.calls[i].block, block) and self._releases(m, i, names)
            ]
        for i in found:
            if caller is None or self.project.repeats_of.feasible.way((caller, (m, i))):
                return (m, i)
        return None

    def in_function(self, m: Module, scope: int, names: Apis) -> Site | None:
        """The release that a run of the function calls, callees included, or None."""
        return self.in_region(m, scope, -1, names)

    def _mentioned(self, names: Apis) -> bool:
        """Does the project use the last word of one of the names at all?"""
        found = self._named.get(names)
        if found is None:
            found = self._named[names] = bool(self.project.calling({name.rpartition(".")[2] for name in names}))
        return found

    # Two questions that calls and functions ask each other, each settled once: may there be a release at all, and is
    # there one that the arguments on the way do not switch off?

    def _releases(self, m: Module, i: int, names: Apis) -> bool:
        """Does the call release, itself or in what it runs?"""
        memo = self._calls.setdefault(names, {})
        return settle((m.index, i), lambda call: self._look_at(call, names), memo) > 0

    def _look_at(self, call: Key, names: Apis) -> tuple[int, Iterator[Key]]:
        index, i = call
        m = self.project.module(index)
        self.project.searches.count("what releases")
        return int(self._itself(m, i, names)), self._run_by(m, i, names)

    def _itself(self, m: Module, i: int, names: Apis) -> bool:
        """Does the call itself release: by its name, or by that of what `stack.callback(gc.collect)` is given?"""
        if self.project.apis(m, i) & names:
            return True
        call = m.calls[i]
        return (
            tail_of(call.func) == "callback"
            and bool(call.args)
            and any(
                isinstance(v, External) and canonical(v.name) in names
                for v in self.project.infer.values(m, call.scope, call.args[0], call.statement)
            )
        )

    def _run_by(self, m: Module, i: int, names: Apis) -> Iterator[Key]:
        """The calls in functions that a call runs, those that its arguments switch off left out."""
        way = self.project.repeats_of.feasible.way
        for fm, scope in self.project.functions_called(m, i):
            if self._may_release(fm, scope, names):
                for j in fm.scope_calls(scope):
                    if way(((m, i), (fm, j))):
                        yield (fm.index, j)
        for fm, scope in self._given_or_made(m, i):
            if self._may_release(fm, scope, names):
                for j in fm.scope_calls(scope):
                    yield (fm.index, j)

    def _given_or_made(self, m: Module, i: int) -> list[Function]:
        """Functions that a call is given to run, and methods that clean up in objects which it makes."""
        call, f = m.calls[i], m.calls[i].func
        found: list[Function] = []
        if call.args and (tail_of(f) == "callback" or type(f) is Attribute and f.attr in REPLICA_TAILS):
            # strategy.run(train_step, args=…) runs it now
            found.extend(self.project.functions_in(m, call.scope, call.args[0], call.statement))
        for v in self.project.infer.callee(m, i):
            if isinstance(v, ClassValue):
                cm = self.project.module(v.module)
                # a callback that clears after every epoch clears the model in training, not the one before
                callback = self.project.infer.class_kind(cm, v.scope) == "callback"
                for name, scope in cm.members(v.scope).items():
                    if name in _CLEANS or callback and name in _ENDS:
                        found.append((cm, scope))
        return found

    def _may_release(self, m: Module, scope: int, names: Apis) -> bool:
        """Is a release called in the function or in what it runs, whatever the arguments are?"""
        memo = self._functions.setdefault(names, {})
        return settle((m.index, scope), lambda function: self._look_into(function, names), memo) > 0

    def _look_into(self, function: Key, names: Apis) -> tuple[int, Iterable[Key]]:
        index, scope = function
        m = self.project.module(index)
        calls = m.scope_calls(scope)
        self.project.searches.count("what releases")
        return int(any(self._itself(m, i, names) for i in calls)), (
            (fm.index, s) for i in calls for fm, s in (*self.project.functions_called(m, i), *self._given_or_made(m, i))
        )

    # -- a graph of its own --------------------------------------------------------------------------------------------

    def _fresh_graph(self, m: Module, i: int, outer: int, path: Collection[Key]) -> Site | None:
        """The call that enters a new graph around the place: `with tf.Graph().as_default():`, or None.

        outer  the block of the repeat, -1 for the whole function
        path   the functions that each repeat runs on the way
        """
        for block in m.outward("with", m.calls[i].block, lambda b: m.blocks[b].kind == "with"):
            if block <= outer:  # a block is numbered after the one around it
                break
            at = m.blocks[block].statement
            statement = m.statements[at]
            for item in statement.items if type(statement) is With else ():
                if type(item.context) is CallRef and self._enters_fresh(m, item.context.number, at, outer, path):
                    return (m, item.context.number)
        return None

    def _enters_fresh(self, m: Module, j: int, at: int, outer: int, path: Collection[Key]) -> bool:
        """Does call `j` of a `with` enter a graph that is made inside the repeat?"""
        call, names = m.calls[j], self.project.apis(m, j)
        if "graph.as_default" in names and type(call.func) is Attribute:
            if self._made_inside(m, call.func.base, at, outer, path):
                return True
        if names & _SESSIONS:
            for keyword in call.keywords:
                if keyword.name == "graph" and type(keyword.value) is CallRef:
                    if self._made_inside(m, keyword.value, at, outer, path):
                        return True
        return False

    def _made_inside(self, m: Module, e: Expression, at: int, outer: int, path: Collection[Key]) -> bool:
        """Is an expression of a `with` statement a graph that each repeat makes?"""
        scope, infer = m.statements[at].scope, self.project.infer
        values: Iterable[Value] = infer.values(m, scope, e, at)
        if type(e) is Attribute and e.attr == "graph":  # with self.session.graph.as_default()
            values = [graph for v in infer.values(m, scope, e.base, at) for graph in self._graph_of(v)]
        for v in values:
            if isinstance(v, Thing) and v.kind == "graph" and isinstance(v.origin, CallOrigin):
                om, i = self.project.module(v.origin.module), v.origin.call
                maker = om.calls[i].scope
                here = om is m and maker == scope and m.inside(om.calls[i].block, outer)
                if here or (om.index, maker) in path or self._called(m, scope, outer, (om, maker)):
                    if "tf.Graph" in self.project.apis(om, i):
                        return True
        return False

    def _called(self, m: Module, scope: int, outer: int, maker: Function) -> bool:
        """Does this part of the scope call the function that makes it, one that makes a new one each time?"""
        other, made_in = maker
        if self.project.repeats_of.caching.cached(other, made_in):
            return False
        return any(
            m.inside(m.calls[i].block, outer)
            and any(fm is other and s == made_in for fm, s in self.project.functions_called(m, i))
            for i in m.scope_calls(scope)
        )

    def _graph_of(self, v: Value) -> Values:
        """Values of the graph that a session was made for: `tf.Session(graph=tf.Graph())`."""
        if not isinstance(v, Thing) or v.kind != "session" or not isinstance(v.origin, CallOrigin):
            return frozenset()
        m = self.project.module(v.origin.module)
        call = m.calls[v.origin.call]
        given = next((keyword.value for keyword in call.keywords if keyword.name == "graph"), None)
        if given is None:
            return frozenset()
        found: Values = self.project.infer.values(m, call.scope, given, call.statement)
        return found
