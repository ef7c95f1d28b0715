"""Is a new object made in each repeat?  Then what is made when an object is first asked for it is made again in each repeat, too.

`Detector(path).run(x)` makes one, and so does `make("fast").run(x)` of a function that returns a new one, and `Service().answer(x)`
of an object whose constructor makes one for itself, and a handler whose framework asks such a function for a parameter.
"""

from tflint_mem import facts as F
from tflint_mem.project.linking.module import tail_of

MAX_DEPTH = 3
_DEPENDS = frozenset(("Depends", "Security", "Provide"))


class Owners:
    def __init__(self, project):
        self.project = project
        self._memo = {}

    def made(self, repeat, owner):
        """Is a new object of the class `owner` (module index, class scope) made in each repeat?"""
        cm = self.project.module(owner[0])
        handlers = self.project.repeats_of.handlers
        if repeat.kind == "handler" and handlers.made_per_request(cm, owner[1]):
            return True
        heirs = frozenset((owner, *self.project.subclasses(cm, owner[1])))
        for position, (m, i) in enumerate(repeat.hops):
            if position == 0 and repeat.handed:
                continue
            loop = repeat.context if position == 0 and repeat.context is not None else -1
            for j in m.scope_calls(m.calls[i][3]):
                call = m.calls[j]
                if (
                    m.inside(call[4], loop)
                    and self._makes(m, j, heirs, 0)
                    and not self.project.repeats_of.guards.once(m, j, loop)
                ):
                    return True
        return repeat.kind == "handler" and any(
            self._asked_for(*place, heirs) for place in {(m, m.calls[i][3]) for m, i in repeat.hops}
        )

    def _makes(self, m, j, heirs, depth):
        """Does the call make a new object of the classes: by itself, in a function that returns it, in a constructor that keeps it?"""
        tail = tail_of(m.calls[j][0])
        if (
            tail != "cls"
            and tail not in self.project.defined
            and tail not in m.aliases_of_defined(self.project.defined)
        ):
            return False
        if any(v[0] == "cls" and (v[1], v[2]) in heirs for v in self.project.infer.callee(m, j)):
            return True
        return depth < MAX_DEPTH and any(
            self._gives(fm, s, heirs, depth + 1) for fm, s in self.project.functions_called(m, j)
        )

    def _gives(self, m, scope, heirs, depth):
        """Does each run of the function make a new object, and return it or keep it in the object that is constructed?"""
        return self.project.infer.kept(
            self._memo, (m.index, scope, heirs, depth), self._makes_and_gives, m, scope, heirs, depth
        )

    def _makes_and_gives(self, m, scope, heirs, depth):
        guards = self.project.repeats_of.guards
        if guards.cached(m, scope):
            return False
        constructor = m.scopes[scope][F.S_NAME] == "__init__"
        given = {
            m.statements[s][5] for s in m.scope_statements(scope) if m.statements[s] and m.statements[s][0] == F.RETURN
        }
        for s in m.scope_statements(scope):
            statement = m.statements[s]
            if statement is None or statement[0] not in (F.RETURN, F.ASSIGN):
                continue
            value = statement[5] if statement[0] == F.RETURN else statement[6]
            if value is None or value[0] != "c":
                continue
            kept = (
                any(t[0] == "a" and t[1] == ("n", "self") for t in statement[5])
                if constructor
                else statement[0] == F.RETURN or not given.isdisjoint(statement[5])
            )
            if kept and self._makes(m, value[1], heirs, depth) and not guards.once(m, value[1], -1):
                return True
        return False

    def _asked_for(self, m, scope, heirs):
        """`def answer(x, detector=Depends(get_detector))`: the framework runs the function for each request."""
        for _, annotation, default, _ in m.scopes[scope][F.S_PARAMS]:
            given = default if default is not None and default[0] == "c" else _annotated(annotation)
            call = m.calls[given[1]] if given is not None and given[0] == "c" else None
            if call is None or tail_of(call[0]) not in _DEPENDS or not call[1]:
                continue
            for v in self.project.infer.values(m, call[3], call[1][0], call[5]):
                if v[0] == "cls" and (v[1], v[2]) in heirs:
                    return True
                if any(
                    self._gives(fm, s, heirs, 1)
                    for fm, s in (self.project.functions_of(v) if v[0] in ("fn", "meth") else ())
                ):
                    return True
        return False


def _annotated(annotation):
    """The last item of `Annotated[Detector, Depends(get_detector)]`, or None."""
    if (
        annotation is None
        or annotation[0] != "x"
        or tail_of(annotation[1]) != "Annotated"
        or annotation[2] is None
        or annotation[2][0] != "t"
    ):
        return None
    return annotation[2][1][-1]
