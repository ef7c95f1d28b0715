"""Moving what does not change out of a loop.

Every function answers a `Move` and raises NoFix where the move could break the program.
"""

from __future__ import annotations

import ast

import libcst as cst

from tflint_mem.facts import Record
from tflint_mem.finding import SAFE, UNSAFE

from . import NoFix
from .changes import MOVED, REMOVE, split_leading
from .objections import Objections
from .outline import unique_name
from .view import LOOPS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from collections.abc import Set as AbstractSet

    from tflint_mem.finding import Edit

    from .changes import Replacement
    from .view import Comprehension, Line, Loop, View

# What a loop may do with a Keras model or a SavedModel so that one object serves all repeats as well as a new one each.
MODEL_READS = frozenset(
    (
        "call count_params dtype evaluate get_config get_layer get_weights input input_names input_shape inputs layers "
        "name output output_names output_shape outputs predict predict_classes predict_generator predict_on_batch "
        "predict_proba signatures summary test_on_batch to_json"
    ).split()
)


class Move(Record):
    """A move out of a loop.

    edits          in places of the module
    applicability  "safe": the program computes the same; "unsafe": it does in all likelihood, for a person to confirm
    """

    __slots__ = ()
    edits: list[Edit]
    applicability: str


def hoist_statement(
    view: View,
    node: cst.CSTNode,
    loop: Loop | Comprehension,
    *,
    call: cst.Call | None = None,
    reads: AbstractSet[str] | None = MODEL_READS,
    nonempty: bool | None = None,
) -> Move:
    """Move `x = …` (or a bare call) from the body of `loop` to right before it.

    node      the statement or anything in it
    call      the call that makes this worth while; other calls in the statement must be harmless to run once only
    reads     attributes and methods of `x` that do not change it; any other use of `x` makes the fix unsafe.  None:
              nothing the loop can do changes it (a graph operation, a compiled function)
    nonempty  True when the caller knows that the loop runs at least once
    """
    return _Hoist(view, loop, reads, nonempty).statement(node, call)


def hoist_call(
    view: View,
    call: cst.Call,
    loop: Loop | Comprehension,
    base: str,
    *,
    reads: AbstractSet[str] | None = MODEL_READS,
    nonempty: bool | None = None,
) -> Move:
    """Evaluate `call` once before `loop` (a loop or a comprehension) and use its value, under a new name like `base`.

    When the call is all that an assignment to one name assigns, that assignment moves instead.
    """
    small = view.parent(call)
    if isinstance(loop, LOOPS) and isinstance(small, (cst.Assign, cst.AnnAssign)) and _target(small) is not None:
        return hoist_statement(view, small, loop, call=call, reads=reads, nonempty=nonempty)
    return _Hoist(view, loop, reads, nonempty).expression(call, base)


def hoist_def(view: View, function: cst.FunctionDef, loop: Loop | Comprehension) -> Move:
    """Move a function definition, decorators included, from the body of `loop` to right before it.

    NoFix when the function takes anything from around it that the loop binds or changes.
    """
    return _Hoist(view, loop, frozenset(), None).definition(function)


def outermost_loop(view: View, node: cst.CSTNode, attempt: Callable[[Loop | Comprehension], Move]) -> Move:
    """The result of `attempt(loop)` for the outermost loop around `node` from which it does not raise NoFix.

    attempt  a function such as `lambda loop: hoist_statement(view, node, loop)`; loops are tried from the inside out
    """
    best: Move | None = None
    refusal = "there is no loop around it"
    for loop in view.loops(node):
        try:
            move = attempt(loop)
        except NoFix as error:
            refusal = error.reason  # an exception that is kept would keep all that was at work
            break
        if best is None or (best.applicability, move.applicability) != (SAFE, UNSAFE):
            best = move
    if best is None:
        raise NoFix(refusal)
    return best


class _Hoist:
    """One move out of one loop."""

    def __init__(
        self, view: View, loop: Loop | Comprehension, reads: AbstractSet[str] | None, nonempty: bool | None
    ) -> None:
        self.view, self.loop = view, loop
        self.ask = Objections(view, loop, reads, nonempty)

    def statement(self, node: cst.CSTNode, call: cst.Call | None) -> Move:
        """See `hoist_statement`."""
        view, ask = self.view, self.ask
        small = view.small(node)
        unit = self.unit_around(small)
        target = _target(small)
        if target is None and not isinstance(small, cst.Expr):
            raise NoFix("the statement is no simple assignment")
        here = view.ast_of(small)
        value: ast.expr | None = getattr(here, "value", None)
        if value is None:
            raise NoFix("nothing is assigned")
        ask.path_to_loop(unit)
        ask.assigned(here, value, view.ast_of(call) if call is not None else value, target)
        removed = ask.target_uses(here, target) if target else {}
        ask.before(here)
        if isinstance(unit, cst.BaseSmallStatement):
            moved: Line = cst.SimpleStatementLine([small.with_changes(semicolon=cst.MaybeSentinel.DEFAULT)])
            replace: dict[cst.CSTNode, Replacement] = {small: REMOVE}
        else:
            moved, replace = _without_paragraph(unit), {unit: MOVED}
        replace.update(removed)
        self.still_has_body(replace)
        return self.placed(moved, replace)

    def expression(self, call: cst.Call, base: str) -> Move:
        """See `hoist_call`."""
        view, ask = self.view, self.ask
        here = view.ast_of(call)
        statement = view.statement(call)
        ask.evaluated(call)
        if ask.here is not None and statement is not self.loop:
            ask.path_to_loop(statement)
        ask.steady(here, ask.scope(call), here, here)
        ask.used_inline(call)
        if ask.here is not None:
            ask.before(view.ast_of(statement) if statement is not self.loop else ask.here)
        name = unique_name(view.source, base, call, view.function(call))
        line = cst.SimpleStatementLine([cst.Assign([cst.AssignTarget(cst.Name(name))], call)])
        return self.placed(line, {call: cst.Name(name)})

    def definition(self, function: cst.FunctionDef) -> Move:
        """See `hoist_def`."""
        here = self.view.ast_of(function)
        self.ask.path_to_loop(function)
        self.ask.definition(function)
        self.ask.read_before(here, here.name)
        self.ask.empty_loop(here.name)
        self.still_has_body({function: MOVED})
        return self.placed(_without_paragraph(function), {function: MOVED}, blank=self.blank_lines())

    def unit_around(self, small: cst.BaseSmallStatement) -> Line | cst.BaseSmallStatement:
        """The node that moves: the small statement, its line, or a `with` block that holds nothing else."""
        view = self.view
        line = view.parent(small)
        if not isinstance(line, cst.SimpleStatementLine) or len(line.body) != 1:
            return small
        unit: Line = line
        while True:
            block = view.parent(unit)
            owner = view.parent(block)
            if not isinstance(owner, cst.With) or not isinstance(block, cst.IndentedBlock) or len(block.body) != 1:
                return unit
            for item in view.ast_of(owner).items:
                self.ask.steady(item.context_expr, [self.ask.body], item.context_expr, view.ast_of(owner))
            unit = owner

    def still_has_body(self, replace: Mapping[cst.CSTNode, Replacement]) -> None:
        """NoFix when nothing would be left of the loop, or of a block in it."""
        if not isinstance(self.loop, LOOPS):
            return
        gone = set(map(id, replace))
        body = self.loop.body.body
        if all(
            id(statement) in gone
            or isinstance(statement, cst.SimpleStatementLine)
            and all(id(s) in gone for s in statement.body)
            for statement in body
        ):
            raise NoFix("the loop does nothing else")
        for node in replace:
            block = self.view.parent(node)
            block = self.view.parent(block) if isinstance(block, cst.SimpleStatementLine) else block
            if block is not self.loop.body and len(getattr(block, "body", ())) == 1:
                raise NoFix("a block would be left empty")

    def blank_lines(self) -> int:
        """As many as stand around a definition: two in a module, one elsewhere."""
        return 2 if isinstance(self.view.parent(self.loop), cst.Module) else 1

    def placed(self, moved: Line, replace: Mapping[cst.CSTNode, Replacement], blank: int = 0) -> Move:
        """The edits that put `moved` before the loop; blank lines stay above, the loop keeps its own comments.

        blank  how many blank lines shall stand around what moved, unless it opens the block
        """
        view = self.view
        anchor = self.loop if isinstance(self.loop, LOOPS) else view.statement(next(iter(replace)))
        parent = view.parent(anchor)
        if not isinstance(parent, (cst.IndentedBlock, cst.Module)) or isinstance(anchor, cst.BaseSmallStatement):
            raise NoFix("there is no place for a statement before the loop")
        apart, attached = split_leading(anchor.leading_lines)
        empty = [cst.EmptyLine(indent=False)] * blank
        opens = parent.body[0] is anchor and isinstance(parent, cst.IndentedBlock)
        above = apart if opens else [*empty[len(apart) :], *apart]
        moved = moved.with_changes(leading_lines=[*above, *moved.leading_lines])
        edits = view.edits(replace, insert_before={anchor: [moved]}, leading={anchor: [*empty, *attached]})
        return Move(edits, UNSAFE if self.ask.doubts else SAFE)


def _without_paragraph(unit: Line) -> Line:
    """A line or compound statement with the comments right above it, but not what stands apart."""
    _, attached = split_leading(unit.leading_lines)
    return unit.with_changes(leading_lines=attached)


def _target(small: cst.CSTNode) -> str | None:
    """The dotted target of an assignment to one name or attribute; None for anything else."""
    if isinstance(small, cst.Assign) and len(small.targets) == 1:
        return _dotted(small.targets[0].target) or None
    if isinstance(small, cst.AnnAssign):
        return _dotted(small.target) or None
    return None


def _dotted(node: cst.CSTNode) -> str:
    """`a.b.c` of a chain of names and attributes, else ""."""
    if isinstance(node, cst.Name):
        return node.value
    if isinstance(node, cst.Attribute):
        owner = _dotted(node.value)
        return f"{owner}.{node.attr.value}" if owner else ""
    return ""
