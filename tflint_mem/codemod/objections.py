"""What speaks against moving code out of a loop: certain harm, for which NoFix is raised, and doubts, which add up."""

from __future__ import annotations

import ast

import libcst as cst

from . import NoFix
from .changes import REMOVE
from .imports import framework_names
from .invariance import SUSPENDS, interference, same_each_time
from .loop_bodies import constants, never_empty
from .names import bound, chains, changed, everything, free, kept, loaded
from .outline import beginning, dotted
from .outside_uses import used_outside
from .survey import Altered, survey
from .view import COMPREHENSIONS, LOOPS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from collections.abc import Set as AbstractSet

    from . import loop_bodies
    from .changes import Replacement
    from .view import Comprehension, Loop, View

# `with` blocks that say where or how what is in them is made.
_CONTEXTS = frozenset("as_default device init_scope name_scope scope".split())


class Objections:
    """The questions that one move out of one loop has to answer.

    loop     the loop or comprehension
    here     its `ast` node; None for a comprehension
    modules  local names of TensorFlow and Keras
    doubts   what makes the move unsafe, a few words each; the methods add to it

    `reads` and `nonempty` are those of `hoist.hoist_statement`.
    """

    def __init__(
        self, view: View, loop: Loop | Comprehension, reads: AbstractSet[str] | None, nonempty: bool | None
    ) -> None:
        self.view, self.loop = view, loop
        self.here: loop_bodies.Loop | None = None if isinstance(loop, COMPREHENSIONS) else view.ast_of(loop)
        self.modules = framework_names(view.source, view.first_row + (self.here.lineno - 1 if self.here else 0))
        self.doubts: list[str] = []
        self._reads, self._nonempty = reads, nonempty
        self._inner_loops: list[Loop | Comprehension] = []  # those between what moves and the loop

    @property
    def body(self) -> loop_bodies.Loop:
        """The `ast` node of the loop; NoFix for a comprehension, which holds no statements."""
        if self.here is None:
            raise NoFix("it does not stand in the loop")
        return self.here

    def steady(self, value: ast.expr, scope: Sequence[ast.AST], main: ast.AST | None, exclude: ast.AST) -> None:
        """NoFix unless `value` is the same in each repeat, doubts where the loop may change what it reads."""
        same_each_time(value, scope, main, self.modules)
        self.doubts += interference(value, scope, exclude, self.modules, self.view.outline.shared)

    def scope(self, call: cst.Call) -> list[ast.AST]:
        """The `ast` nodes that run again and again: the loop, or the statement around a comprehension."""
        return [self.here] if self.here is not None else [self.view.ast_of(self.view.statement(call))]

    def path_to_loop(self, node: cst.CSTNode) -> None:
        """Look at the blocks between the moving node and the loop."""
        view = self.view
        below = node
        for around in view.ancestors(node):
            if around is self.loop:
                if not isinstance(around, LOOPS) or below is not around.body:
                    raise NoFix("it does not stand in the body of the loop")
                return
            if isinstance(around, (cst.FunctionDef, cst.ClassDef, cst.Lambda)):
                raise NoFix("it stands in a function of its own")
            if isinstance(around, (cst.If, cst.Else, cst.MatchCase)):
                self.doubts.append("it does not run in every repeat")
            elif isinstance(around, cst.Try):
                if below is not around.body:
                    raise NoFix("it stands in a clause of a try block")
                self.doubts.append("its exceptions are handled in the loop")
            elif isinstance(around, (cst.ExceptHandler, cst.Finally, cst.ExceptStarHandler, cst.TryStar)):
                raise NoFix("it stands in a clause of a try block")
            elif isinstance(around, cst.With):
                self._with_block(around)
            elif isinstance(around, LOOPS):
                if below is not around.body:
                    raise NoFix("it does not stand in the body of the loop")
                self._inner_loops.append(around)
            below = around
        raise NoFix("it does not stand in the loop")

    def _with_block(self, block: cst.With) -> None:
        for item in self.view.ast_of(block).items:
            name = dotted(item.context_expr.func) if isinstance(item.context_expr, ast.Call) else ""
            if name.split(".")[-1] in _CONTEXTS:
                raise NoFix("it would leave the with block around it")
        self.doubts.append("it leaves a with block")

    def assigned(self, statement: ast.stmt, value: ast.expr, main: ast.AST, target: str | None) -> None:
        """Is what the statement assigns to `target` (None: nothing) the same in each repeat?"""
        scope = [self.body]
        self.steady(value, scope, main, statement)
        if target and "." in target:
            self.doubts.append("it assigns an attribute")
            if not set(target.split(".")[:1]).isdisjoint(bound(scope)):
                raise NoFix(f"the loop binds {target.split('.')[0]}")

    def target_uses(self, statement: ast.stmt, target: str) -> dict[cst.CSTNode, Replacement]:
        """Look at every other use of the assigned name; returns the `del` statements that go away with the move."""
        removed: dict[cst.CSTNode, Replacement] = {}
        known = survey(self.body)
        for node in known.deleting.get(target, ()):
            removed[self._deletion(node)] = REMOVE
        own = set(map(id, ast.walk(statement)))
        for node in (*known.binding.get(target, ()), *(known.stores.get(target, ()) if "." in target else ())):
            if id(node) in own or isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Del):
                continue
            raise NoFix(f"{target} is bound again in the loop")
        if target in self.view.once("shared", lambda: _shared(self.view.tree)):
            self.doubts.append(f"{target} is shared with other functions")
        self.read_before(statement, target)
        self._changes_of(target)
        self.empty_loop(target)
        return removed

    def _deletion(self, node: ast.Delete) -> cst.CSTNode:
        """A `del` of the name that goes away; NoFix for others."""
        there = self.view.cst_of(node)
        if len(node.targets) != 1:
            raise NoFix("it is deleted in the loop together with others")
        line = self.view.parent(there)
        block = self.view.parent(line) if isinstance(line, cst.SimpleStatementLine) else None
        if not isinstance(self.loop, LOOPS) or block is not self.loop.body:
            raise NoFix("it is deleted in the loop")
        target = node.targets[0]
        if any(beginning(other) > beginning(target) for other in survey(self.body).named.get(dotted(target), ())):
            raise NoFix("it is used behind its deletion")
        return there

    def read_before(self, statement: ast.stmt, target: str) -> None:
        """NoFix when a repeat reads the name before it is assigned, and so sees the value of the repeat before."""
        if any(beginning(node) < beginning(statement) for node in survey(self.body).reads.get(target, ())):
            raise NoFix(f"{target} is read before it is assigned")

    def _changes_of(self, target: str) -> None:
        """Doubt when the loop does anything with the object that may change it or keep it."""
        if self._reads is None:
            return
        known = survey(self.body)
        for node in known.reads.get(target, ()):
            around = known.parents.get(id(node))
            if isinstance(around, ast.Attribute) and isinstance(around.ctx, ast.Load) and around.attr in self._reads:
                continue
            if isinstance(around, ast.Call) and around.func is node and not _trains(around):
                continue
            self.doubts.append(f"the loop may change {target}")
            return

    def empty_loop(self, name: str) -> None:
        """Doubt when a loop that is left behind may not run at all and the name is read outside of it."""
        file = self.view.outline
        known = file.once("constants", lambda: constants(file.tree, file.nodes))
        loops = self._inner_loops + ([] if self._nonempty else [self.loop])
        for loop in loops:
            if not isinstance(loop, LOOPS):
                continue
            if not never_empty(self.view.ast_of(loop), known) and used_outside(self.view, loop, name):
                self.doubts.append(f"{name} is used outside the loop, which may not run")

    def before(self, statement: ast.stmt) -> None:
        """Doubt when the loop can be left, or a repeat ended, before the statement."""
        jump = survey(self.body).first_jump
        if jump is not None and jump < beginning(statement):
            self.doubts.append("a repeat may end before it")

    def evaluated(self, call: cst.Call) -> None:
        """Look at what stands between the call and its statement."""
        below: cst.CSTNode = call
        for around in self.view.ancestors(call):
            if isinstance(around, (cst.Lambda, cst.FunctionDef, cst.ClassDef)) and not isinstance(below, cst.Decorator):
                raise NoFix("it stands in a function of its own")
            if isinstance(around, cst.Decorator):
                raise NoFix("it decorates a function")
            if (
                isinstance(around, cst.IfExp)
                and below is not around.test
                or isinstance(around, cst.BooleanOperation)
                and below is around.right
            ):
                self.doubts.append("it is not always evaluated")
            if isinstance(around, (cst.BaseSmallStatement, cst.BaseCompoundStatement)):
                break
            below = around

    def used_inline(self, call: cst.Call) -> None:
        """Doubt when the value of the call is used in another way than `reads` allows."""
        if self._reads is None:
            return
        parent = self.view.parent(call)
        if isinstance(parent, cst.Attribute) and parent.attr.value in self._reads:
            return
        if isinstance(parent, cst.Call) and parent.func is call and not _trains(self.view.ast_of(parent)):
            return
        self.doubts.append("its value goes elsewhere")

    def definition(self, function: cst.FunctionDef) -> None:
        """Does the function, with its decorators and defaults, take the same from around it in each repeat?"""
        here = self.view.ast_of(function)
        inside = bound([self.body])
        taken = (free(here) | loaded(here.decorator_list)) & inside - {here.name}
        if taken:
            raise NoFix(f"the function uses {sorted(taken)[0]}, which the loop binds")
        if any(node is not here for node in survey(self.body).bound_here.get(here.name, ())):
            raise NoFix(f"{here.name} is bound elsewhere in the loop")
        if any(isinstance(node, SUSPENDS) for node in everything([here.args, *here.decorator_list])):
            raise NoFix("its definition waits for something")
        altered = kept(self.body, "altered", lambda: Altered(changed([self.body])))
        for chain in sorted(chains([here])):
            if "." in chain and altered.touching(chain):
                raise NoFix(f"the loop changes {chain}")


def _shared(tree: ast.Module) -> set[str]:
    """Names that are declared global or nonlocal somewhere."""
    return {name for node in ast.walk(tree) if isinstance(node, (ast.Global, ast.Nonlocal)) for name in node.names}


def _trains(call: ast.Call) -> bool:
    """Is the model called to train: `model(x, training=True)`?"""
    return any(
        keyword.arg == "training" and not (isinstance(keyword.value, ast.Constant) and not keyword.value.value)
        for keyword in call.keywords
    )
