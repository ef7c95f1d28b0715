"""Who iterates: `for batch in reader:` runs `__next__` of the reader's class in each pass, and `__iter__` once before them."""

from tflint_mem import facts as F
from tflint_mem.project.linking.module import tail_of

_STEPS = frozenset(("__next__", "__getitem__"))
METHODS = frozenset(("__iter__", *_STEPS))
_PASSING = frozenset(
    ("enumerate", "zip", "tqdm", "trange", "iter", "islice", "track", "alive_it", "reversed")
)  # one item for each of an argument's
_DRAINING = frozenset(
    (
        "list",
        "tuple",
        "set",
        "sorted",
        "sum",
        "min",
        "max",
        "any",
        "all",
        "from_generator",
        "fit",
        "fit_generator",
        "evaluate",
        "predict",
    )
)
MAX_MODULES = 24


class Iterated:
    """Loops and calls that iterate over objects of a class of the project."""

    def __init__(self, project):
        self.project = project
        self._memo = {}

    def loops(self, m, scope):
        """[(module, call, loop context)] of the loops whose every pass runs the function; the call stands in the header or the body."""
        return self._places(m, scope)[0]

    def calls(self, m, scope):
        """[(module, call, how)] of the calls that run the function: `next(reader)` now, `list(reader)` for each item."""
        return self._places(m, scope)[1]

    def _places(self, m, scope):
        key = (m.index, scope)
        if key not in self._memo:
            self._memo[key] = ((), ())
            if m.is_method(scope) and m.scopes[scope][F.S_NAME] in METHODS and self._is_way(m, scope):
                self._memo[key] = self._find(m, scope)
        return self._memo[key]

    def _is_way(self, m, scope):
        """Does iterating run the method?  `__getitem__` only where there is no `__iter__`."""
        return m.scopes[scope][F.S_NAME] != "__getitem__" or not self.project.infer.lookup(
            m, m.scopes[scope][F.S_PARENT], "__iter__"
        )

    def _find(self, m, scope):
        owner, each = m.scopes[scope][F.S_PARENT], m.scopes[scope][F.S_NAME] in _STEPS
        heirs = {(m.index, owner), *self.project.subclasses(m, owner)}
        if m.scopes[scope][F.S_NAME] == "__next__":
            heirs |= self._iterables(m, owner, heirs)
        loops, calls = [], []
        for other in self._modules(heirs):
            for context, at, here, iterable in _loops(other):
                given = self._given(other, here, iterable, at, heirs)
                if given and each:
                    call = (
                        given[0]
                        if given[0] is not None
                        else next(
                            (j for j in other.scope_calls(here) if other.inside(other.calls[j][4], context)), None
                        )
                    )
                    if call is not None:
                        loops.append((other, call, context))
                elif given and given[0] is not None:
                    calls.append((other, given[0], "call"))
            for tail in ("next" if each else "iter", *_DRAINING):
                for j in other.calls_by_tail().get(tail, ()):
                    call = other.calls[j]
                    if call[1] and self._given(other, call[3], call[1][0], call[5], heirs):
                        calls.append((other, j, "map" if each and tail != "next" else "call"))
        return tuple(loops), tuple(calls)

    def _iterables(self, m, owner, heirs):
        """Classes whose `__iter__` gives an object of these classes."""
        found = set()
        for other in self.project.mentioning(m.scopes[owner][F.S_NAME], MAX_MODULES):
            for each in other.classes():
                scope = other.members(each).get("__iter__")
                if scope is not None and any(
                    v[0] == "inst" and (v[1], v[2]) in heirs for v in self.project.infer.returns(other, scope)
                ):
                    found.add((other.index, each))
        return found

    def _modules(self, heirs):
        """Modules that name the classes, and what they import: there their objects may be handed to."""
        found = {}
        for name in sorted({self.project.module(index).scopes[s][F.S_NAME] for index, s in heirs}):
            for other in self.project.mentioning(name, MAX_MODULES):
                found[other.index] = None
                found.update(dict.fromkeys(self.project.imports.direct(other)))
        return [self.project.module(index) for index in sorted(found)[:MAX_MODULES]]

    def _given(self, m, scope, e, at, heirs):
        """[the outermost call that the iterable is, or None] when it is an object of the classes, by itself or in `enumerate(…)`; else None."""
        outermost = e[1] if e[0] == "c" else None
        queue = [e]
        while queue:
            e = queue.pop()
            if e[0] == "c" and tail_of(m.calls[e[1]][0]) in _PASSING:
                queue.extend(m.calls[e[1]][1])
            elif e[0] in ("n", "a", "c") and any(
                v[0] in ("inst", "self") and (v[1], v[2]) in heirs for v in self.project.infer.values(m, scope, e, at)
            ):
                return [outermost]
        return None


def _loops(m):
    """(context, statement, scope, iterable) of every `for` loop and comprehension of a module."""
    for context, (kind, _, statement, branch) in enumerate(m.contexts):
        if kind in ("for", "comp"):
            header = m.statements[statement]
            yield context, statement, header[1], branch[1] if kind == "comp" else header[6]
