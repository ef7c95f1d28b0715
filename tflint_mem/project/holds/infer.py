"""holds(name): what an expression may evaluate to, across functions, classes and files.

The forms of values are in `values`.  The inference is flow-insensitive between functions and follows the order of
assignments inside one.  It never guesses: an unknown receiver has no value, and a rule that needs one stays silent.
"""

from .answers import EMPTY, Answers
from .attributes import Attributes
from .bound import Bindings
from .classes import Classes
from .expressions import HANDLERS
from .parameters import Parameters
from .results import Results
from .values import MAX_DEPTH, MAX_VALUES, SURE_DEPTH, few


class Infer(Answers, Bindings, Parameters, Classes, Attributes, Results):
    """The inference over a project (`project` gives modules, names and callers), put together from parts that ask each other."""

    def __init__(self, project):
        super().__init__()
        self.project = project
        self.depth = 0
        self.inner = None  # the front part of a dotted name that is looked at and does not lead out of the project
        self.sure = 0  # how many questions were open when SURE_DEPTH was reached

    def deeper(self, find, *about):
        """What `find(*about)` gives, one expression or name further in; nothing at MAX_DEPTH.

        The answers on the way that stand close to where the search was cut off are forgotten with the one at SURE_DEPTH.
        """
        if self.depth >= MAX_DEPTH:
            self.low = min(self.low, self.sure - 1)
            return EMPTY
        self.depth += 1
        if self.depth == SURE_DEPTH:
            self.sure = len(self.active)
        try:
            return find(*about)
        finally:
            self.depth -= 1

    def values(self, m, scope, expression, at):
        """Values of an expression of module `m` (a Module) in `scope`, seen from statement number `at`."""
        if expression is None:
            return EMPTY
        tag = expression[0]
        if tag == "n":
            return self.name(m, scope, expression[1], at)
        handler = HANDLERS.get(tag)
        if handler is None:
            return EMPTY
        found = self.deeper(handler, self, m, scope, expression, at)
        if len(found) < 2:
            return found
        return self.pooled(found if len(found) <= MAX_VALUES else few(found))
