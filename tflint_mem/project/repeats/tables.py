"""Tables that are looked up by a key: `if key not in self.values: self.values[key] = net.predict(position)`.

What fills one runs once for each key, not once.  That bounds what is kept, by the keys there are; the time adds up all
the same where each run brings keys of its own, as the positions of a game do.
"""

from __future__ import annotations

from tflint_mem.facts import Assign, CallRef, Constant, DictDisplay, Expression, Name, Subscript, tail_of, walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.project import Project

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
    """Answers of one project."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._memo: dict[tuple[int, int, Expression], bool] = {}

    def by_key(self, m: Module, scope: int, place: Expression | bool) -> bool:
        """Is the place that a once-guard looks at a table that the function fills under keys that vary?

        Those that it is given or goes through do, as far as they are not few by their names.
        """
        if not isinstance(place, Expression):
            return False
        key = (m.index, scope, place)
        found = self._memo.get(key)
        if found is None:
            indices = [t.index for t in _targets(m, scope) if type(t) is Subscript and place in (t.base, t)]
            found = any(self._comes_in(m, scope, index) for index in indices)
            found = self._memo[key] = found and place not in _targets(m, scope, whole=True)
        return found

    def _comes_in(self, m: Module, scope: int, index: Expression) -> bool:
        """Is a key made of what a caller passes, other than a constant, or of the variable of a loop?

        Shapes and names are few.
        """
        waiting: list[Expression | None] = [index]
        seen: set[str] = set()
        while waiting and len(seen) < MAX_NAMES:
            varies = False
            for e in walk(waiting.pop(), m.calls):
                word = tail_of(m.calls[e.number].func if type(e) is CallRef else e)
                if word is not None and word.lower().rpartition("_")[2] in _FEW:
                    return False
                if type(e) is not Name or e.id in seen:
                    continue
                seen.add(e.id)
                for binding in m.bindings(scope).get(e.id, ()):
                    value = binding.value
                    varies = varies or binding.kind == "iter" or type(value) is int and self._varies(m, scope, value)
                    if binding.kind == "assign" and isinstance(value, Expression):
                        waiting.append(value)
            if varies:
                return True
        return False

    def _varies(self, m: Module, scope: int, index: int) -> bool:
        """Does a caller pass something else than a constant for the parameter, if there is any caller?"""
        if index == 0 and m.is_method(scope):
            return False
        given = [
            self.project.infer.argument(m, scope, index, other, j)
            for other, j, how in self.project.callers(m, scope)
            if how == "call"
        ]
        return not given or any(e is not None and type(e) is not Constant for e in given)


def _targets(m: Module, scope: int, whole: bool = False) -> list[Expression]:
    """What the statements of a function assign to; with `whole`, but for empty tables."""
    found: list[Expression] = []
    for s in m.scope_statements(scope):
        statement = m.statements[s]
        if type(statement) is Assign:
            if not (whole and (type(statement.value) is DictDisplay or type(statement.value) is Constant)):
                found.extend(statement.targets)
    return found
