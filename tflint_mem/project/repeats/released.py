"""released(site): what ends the life of what a repeat makes before the next one.

Cleanup counts wherever it stands on the way from the repeat to the place: in the loop, in a function on the path, in a
callee, in a callback object made there, in a `finally`; so does a fresh graph around the place and a child process.
"""

from tflint_mem.hardening.budget import settle
from tflint_mem.knowledge.api import GRAPH_RELEASES, RELEASES, canonical
from tflint_mem.project.linking.module import tail_of

_REPLICA = frozenset(("run", "experimental_run_v2"))
_CLEANS = frozenset(("__exit__", "__del__"))
_ENDS = frozenset(("on_train_end", "on_train_begin", "on_test_end", "on_predict_end"))


class Released:
    def __init__(self, project):
        self.project = project
        self._regions, self._settled, self._named = {}, {}, {}

    def along(self, repeat, names=None):
        """(module, call) of the release on the way of a repeat, or None.  `names`: canonical names that count."""
        names = RELEASES | GRAPH_RELEASES if names is None else names
        for position, (m, i) in enumerate(repeat.hops):
            call = m.calls[i]
            context = -1
            if position == 0 and repeat.context is not None and repeat.module is m:
                context = repeat.context
            elif position == 0 and repeat.handed:
                continue  # the call that hands the function over is not part of the repeat
            found = self._mentioned(names) and self.in_region(
                m, call[3], context, names, caller=repeat.hops[position - 1] if position else None
            )
            if found:
                return found
            graph = self._fresh_graph(
                m, i, context, {(hm.index, hm.calls[hi][3]) for hm, hi in repeat.hops[1 : position + 1]}
            )
            if graph:
                return graph
        return None

    def _mentioned(self, names):
        """Does the project use the last word of one of the names at all?"""
        found = self._named.get(names)
        if found is None:
            found = self._named[names] = bool(self.project.calling({name.rpartition(".")[2] for name in names}))
        return found

    def in_region(self, m, scope, context, names, caller=None):
        """The release called in the part of a scope that is inside `context` (-1: all), callees included.

        `caller` is the call that runs the scope: what its arguments switch off is none.
        """
        key = (m.index, scope, context, names)
        found = self._regions.get(key)
        if found is None:
            found = self._regions[key] = [
                i for i in m.scope_calls(scope) if m.inside(m.calls[i][4], context) and self._releases(m, i, names)
            ]
        for i in found:
            if not caller or self.project.repeats_of.feasible.way((caller, (m, i))):
                return (m, i)
        return None

    def in_function(self, m, scope, names):
        """The release that a run of the function calls, callees included, or None."""
        return self.in_region(m, scope, -1, names)

    # Two questions that calls and functions ask each other, each settled once: may there be a release at all, and is there one
    # that the arguments on the way do not switch off?

    def _releases(self, m, i, names):
        """Does the call release, itself or in what it runs?"""
        memo = self._settled.setdefault(("calls", names), {})
        return settle((m.index, i), lambda call: self._look(call, names), memo) > 0

    def _look(self, call, names):
        m, i = self.project.module(call[0]), call[1]
        self.project.searches.count("what releases")
        return int(self._itself(m, i, names)), self._run_by(m, i, names)

    def _itself(self, m, i, names):
        """Does the call itself release: by its name, or by the name of what `stack.callback(gc.collect)` is given?"""
        if self.project.apis(m, i) & names:
            return True
        call = m.calls[i]
        return (
            tail_of(call[0]) == "callback"
            and bool(call[1])
            and any(
                v[0] == "ext" and canonical(v[1]) in names
                for v in self.project.infer.values(m, call[3], call[1][0], call[5])
            )
        )

    def _run_by(self, m, i, names):
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

    def _given_or_made(self, m, i):
        """[(module, scope)] of functions that a call is given to run, and of methods that clean up in objects which it makes."""
        call, found = m.calls[i], []
        if call[1] and (
            tail_of(call[0]) == "callback" or call[0][0] == "a" and call[0][2] in _REPLICA
        ):  # strategy.run(train_step, args=…) runs it now
            found.extend(self.project.functions_in(m, call[3], call[1][0], call[5]))
        for v in self.project.infer.callee(m, i):
            if v[0] == "cls":
                cm = self.project.module(v[1])
                kind = self.project.infer.class_kind(cm, v[2])
                # a callback that clears after every epoch clears the model in training, not the one before
                found.extend(
                    (cm, scope)
                    for name, scope in cm.members(v[2]).items()
                    if name in _CLEANS or kind == "callback" and name in _ENDS
                )
        return found

    def _may_release(self, m, scope, names):
        """Is a release called in the function or in what it runs, whatever the arguments are?"""
        memo = self._settled.setdefault(("functions", names), {})
        return settle((m.index, scope), lambda function: self._look_into(function, names), memo) > 0

    def _look_into(self, function, names):
        m, scope = self.project.module(function[0]), function[1]
        calls = m.scope_calls(scope)
        self.project.searches.count("what releases")
        return int(any(self._itself(m, i, names) for i in calls)), (
            (fm.index, s) for i in calls for fm, s in (*self.project.functions_called(m, i), *self._given_or_made(m, i))
        )

    def _fresh_graph(self, m, i, outer, path):
        """`with tf.Graph().as_default():` between the repeat and the place; `path`: the functions that each repeat runs on the way."""
        for context in m.outward("with", m.calls[i][4], lambda c: m.contexts[c][0] == "with"):
            if context <= outer:  # a context is numbered after the one around it
                break
            statement = m.contexts[context][2]
            for expression, target in m.statements[statement][5]:
                if expression[0] == "c":
                    names = self.project.apis(m, expression[1])
                    if "graph.as_default" in names:
                        receiver = m.calls[expression[1]][0][1]
                        if self._made_inside(m, receiver, statement, outer, path):
                            return (m, expression[1])
                    if names & {"tf.Session", "session.as_default"}:
                        call = m.calls[expression[1]]
                        for keyword, value in call[2]:
                            if (
                                keyword == "graph"
                                and value[0] == "c"
                                and self._made_inside(m, value, statement, outer, path)
                            ):
                                return (m, expression[1])
        return None

    def _made_inside(self, m, expression, statement, outer, path):
        scope = m.statements[statement][1]
        values = self.project.infer.values(m, scope, expression, statement)
        if expression[0] == "a" and expression[2] == "graph":  # with self.session.graph.as_default()
            values = [
                g for v in self.project.infer.values(m, scope, expression[1], statement) for g in self._graph_of(v)
            ]
        for v in values:
            if v[0] == "obj" and v[1] == "graph" and v[2] is not None and isinstance(v[2][1], int):
                om = self.project.module(v[2][0])
                origin = om.calls[v[2][1]]
                here = om is m and origin[3] == scope and m.inside(origin[4], outer)
                if (
                    here or (om.index, origin[3]) in path or self._called(m, scope, outer, om, origin[3])
                ) and "tf.Graph" in self.project.apis(om, v[2][1]):
                    return True
        return False

    def _called(self, m, scope, outer, other, maker):
        """Does this part of the scope call the function that makes it, one that makes a new one each time?"""
        if self.project.repeats_of.guards.cached(other, maker):
            return False
        return any(
            m.inside(m.calls[i][4], outer)
            and any(fm is other and fs == maker for fm, fs in self.project.functions_called(m, i))
            for i in m.scope_calls(scope)
        )

    def _graph_of(self, v):
        """Values of the graph that a session was made for: `tf.Session(graph=tf.Graph())`."""
        if v[0] != "obj" or v[1] != "session" or v[2] is None or not isinstance(v[2][1], int):
            return ()
        m, i = self.project.module(v[2][0]), v[2][1]
        call = m.calls[i]
        given = next((value for name, value in call[2] if name == "graph"), None)
        return () if given is None else self.project.infer.values(m, call[3], given, call[5])
