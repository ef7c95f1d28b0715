"""Tables that are looked up by a key: `if key not in self.values: self.values[key] = net.predict(position)`.

What fills one runs once for each key, not once.  That bounds what is kept, by the keys there are; the time adds up all the same
where each run brings keys of its own, as the positions of a game do.
"""

from tflint_mem import facts as F
from tflint_mem.project.linking.module import tail_of, walk

MAX_NAMES = 24
# Words for what there are few of: a program meets all of them soon.
_FEW = frozenset(
    (
        "shape",
        "shapes",
        "size",
        "sizes",
        "dtype",
        "width",
        "height",
        "resolution",
        "scale",
        "len",
        "ndim",
        "rank",
        "name",
        "names",
        "kind",
        "mode",
        "type",
        "device",
        "level",
        "label",
        "class",
        "split",
        "version",
        "model",
        "net",
        "layer",
        "channels",
        "config",
        "folder",
        "dataset",
        "fold",
        "seed",
    )
)


class Tables:
    def __init__(self, project):
        self.project = project
        self._memo = {}

    def by_key(self, m, scope, place):
        """Is the place that a once-guard looks at a table that the function fills under keys that it is given or goes through?"""
        if not isinstance(place, F.Expression):
            return False
        key = (m.index, scope, place)
        found = self._memo.get(key)
        if found is None:
            keys = [target[2] for target in _targets(m, scope) if target[0] == "x" and place in (target[1], target)]
            found = any(self._comes_in(m, scope, key) for key in keys) and place not in _targets(m, scope, whole=True)
            self._memo[m.index, scope, place] = found
        return found

    def _comes_in(self, m, scope, key):
        """Is a key made of what a caller passes, other than a constant, or of the variable of a loop?  Shapes and names are few."""
        waiting, seen = [key], set()
        while waiting and len(seen) < MAX_NAMES:
            expression, varies = waiting.pop(), False
            for e in walk(expression, m.calls) if expression is not None else ():
                word = tail_of(m.calls[e[1]][0] if e[0] == "c" else e) if e[0] in ("n", "a", "c") else None
                if word is not None and word.lower().rpartition("_")[2] in _FEW:
                    return False
                if e[0] != "n" or e[1] in seen:
                    continue
                seen.add(e[1])
                for kind, _, _, value, _ in m.bindings(scope).get(e[1], ()):
                    varies = varies or kind == "iter" or kind == "param" and self._varies(m, scope, value)
                    if kind == "assign":
                        waiting.append(value)
            if varies:
                return True
        return False

    def _varies(self, m, scope, index):
        """Does a caller pass something else than a constant for the parameter, if there is any caller?"""
        if index == 0 and m.is_method(scope):
            return False
        given = [
            self.project.infer.argument(m, scope, index, other, j)
            for other, j, how in self.project.callers(m, scope)
            if how == "call"
        ]
        return not given or any(e is not None and e[0] != "k" for e in given)


def _targets(m, scope, whole=False):
    """What the statements of a function assign to; with `whole`, but for empty tables."""
    found = []
    for s in m.scope_statements(scope):
        statement = m.statements[s]
        if (
            statement
            and statement[0] == F.ASSIGN
            and not (whole and statement[6] is not None and statement[6][0] in ("d", "k"))
        ):
            found.extend(statement[5])
    return found
