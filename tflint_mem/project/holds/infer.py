"""The inference itself: what an expression may evaluate to, and the parts that it is put together from."""

from __future__ import annotations

from tflint_mem.facts import Name

from .answers import SURE_DEPTH
from .attributes import Attributes
from .bound import Bindings
from .classes import Classes
from .containers import Containers
from .expressions import HANDLERS
from .parameters import Parameters
from .results import Results
from .values import EMPTY, MAX_VALUES, few

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.facts import Expression
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.project import Project

    from .values import Values


class Infer(Bindings, Containers, Parameters, Classes, Attributes, Results):
    """The inference over a project."""

    def __init__(self, project: Project) -> None:
        super().__init__()
        self.project = project
        self.inner = None

    def values(self, m: Module, scope: int, expression: Expression | None, at: int) -> Values:
        """Values of an expression of module `m` in `scope`, seen from statement number `at`; empty: unknown."""
        if type(expression) is Name:
            return self.name(m, scope, expression.id, at)
        handler = HANDLERS.get(type(expression))
        if handler is None:
            return EMPTY
        depth = self.depth  # as `deeper` has it, without its call: nothing is asked more often
        if depth >= SURE_DEPTH - 1:
            found = self.deeper(handler, self, m, scope, expression, at)
        else:
            self.depth = depth + 1
            try:
                found = handler(self, m, scope, expression, at)
            finally:
                self.depth = depth
        if len(found) < 2:
            return found
        return self.pooled(found if len(found) <= MAX_VALUES else few(found))
