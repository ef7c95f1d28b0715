"""Moving what does not change out of a loop.

Every function answers `(edits, applicability)` and raises NoFix where the move could break the program.  "safe" means
that the program computes the same; "unsafe" that it does in all likelihood, for a person to confirm.
"""

import ast

import libcst as cst

from tflint_mem.finding import SAFE, UNSAFE

from . import NoFix
from .imports import framework_names
from .invariance import SUSPENDS, interference, same_each_time
from .names import bound, chains, changed, constants, everything, free, kept, loaded, never_empty, own_jumps, place
from .outline import dotted, unique_name
from .rewrite import MOVED, REMOVE, split_leading
from .survey import Altered, survey
from .uses import used_outside
from .view import COMPREHENSIONS, LOOPS

# What a loop may do with a Keras model or a SavedModel so that one object serves all repeats as well as a new one each.
MODEL_READS = frozenset(
    (
        "call count_params dtype evaluate get_config get_layer get_weights input input_names input_shape inputs layers name "
        "output output_names output_shape outputs predict predict_classes predict_generator predict_on_batch predict_proba "
        "signatures summary test_on_batch to_json"
    ).split()
)
_CONTEXTS = frozenset("as_default device init_scope name_scope scope".split())


def hoist_statement(view, node, loop, *, call=None, reads=MODEL_READS, nonempty=None) -> tuple:
    """Move `x = …` (or a bare call) from the body of `loop` to right before it.

    node      the statement or anything in it
    call      the call that makes this worth while; other calls in the statement must be harmless to run once only
    reads     attributes and methods of `x` that do not change it; any other use of `x` makes the fix unsafe.  None: nothing
              the loop can do changes it (a graph operation, a compiled function)
    nonempty  True when the caller knows that the loop runs at least once
    """
    return _Hoist(view, loop, reads, nonempty).statement(node, call)


def hoist_call(view, call, loop, base: str, *, reads=MODEL_READS, nonempty=None) -> tuple:
    """Evaluate `call` once before `loop` (a loop or a comprehension) and use its value, under a new name like `base`.

    When the call is all that an assignment to one name assigns, that assignment moves instead.
    """
    small = view.parent(call)
    if isinstance(loop, LOOPS) and isinstance(small, (cst.Assign, cst.AnnAssign)) and _targets(small) is not None:
        return hoist_statement(view, small, loop, call=call, reads=reads, nonempty=nonempty)
    return _Hoist(view, loop, reads, nonempty).expression(call, base)


def hoist_def(view, function, loop) -> tuple:
    """Move a function definition, decorators included, from the body of `loop` to right before it.

    NoFix when the function takes anything from around it that the loop binds or changes.
    """
    return _Hoist(view, loop, frozenset(), None).definition(function)


def outermost_loop(view, node, attempt):
    """The result of `attempt(loop)` for the outermost loop around `node` from which it does not raise NoFix.

    attempt  a function such as `lambda loop: hoist_statement(view, node, loop)`; loops are tried from the inside out
    """
    best, refusal = None, "there is no loop around it"
    for loop in view.loops(node):
        try:
            result = attempt(loop)
        except NoFix as error:
            refusal = error.reason  # an exception that is kept would keep all that was at work
            break
        if best is None or (best[1], result[1]) != (SAFE, UNSAFE):
            best = result
    if best is None:
        raise NoFix(refusal)
    return best


class _Hoist:
    """One move out of one loop.  `doubts` collects what makes it unsafe."""

    def __init__(self, view, loop, reads, nonempty):
        self.view, self.loop, self.reads = view, loop, reads
        self.here = None if isinstance(loop, COMPREHENSIONS) else view.ast_of(loop)
        self.nonempty = nonempty
        self.doubts = []
        self.inner_loops = []
        self.modules = framework_names(view.source, view.first_row + (self.here.lineno - 1 if self.here else 0))

    @property
    def applicability(self):
        return UNSAFE if self.doubts else SAFE

    # --- the three moves

    def statement(self, node, call):
        view = self.view
        small = view.small(node)
        unit = self.unit_around(small)
        target = _targets(small)
        if target is None and not isinstance(small, cst.Expr):
            raise NoFix("the statement is no simple assignment")
        here = view.ast_of(small)
        if isinstance(small, cst.AnnAssign) and here.value is None:
            raise NoFix("nothing is assigned")
        self.path_to_loop(unit)
        self.invariant(here, view.ast_of(call) if call is not None else here.value, target)
        removed = self.target_uses(here, target) if target else {}
        self.before(here)
        moved, replace = self.taken_out(small, unit)
        replace.update(removed)
        self.still_has_body(replace)
        return self.placed(moved, replace), self.applicability

    def expression(self, call, base):
        view = self.view
        here = view.ast_of(call)
        statement = view.statement(call)
        self.evaluated(call)
        if self.here is not None and statement is not self.loop:
            self.path_to_loop(statement)
        scope = self.loop_scope(call)
        self.steady(here, scope, here, here)
        self.used_inline(call)
        if self.here is not None:
            self.before(view.ast_of(statement) if statement is not self.loop else self.here)
        name = unique_name(view.source, base, call, view.function(call))
        line = cst.SimpleStatementLine([cst.Assign([cst.AssignTarget(cst.Name(name))], call)])
        return self.placed([line], {call: cst.Name(name)}), self.applicability

    def definition(self, function):
        view = self.view
        here = view.ast_of(function)
        self.path_to_loop(function)
        inside = bound([self.here])
        taken = (free(here) | loaded(here.decorator_list)) & inside - {here.name}
        if taken:
            raise NoFix(f"the function uses {sorted(taken)[0]}, which the loop binds")
        if any(node is not here for node in survey(self.here).bound_here.get(here.name, ())):
            raise NoFix(f"{here.name} is bound elsewhere in the loop")
        if any(isinstance(node, SUSPENDS) for node in everything([here.args, *here.decorator_list])):
            raise NoFix("its definition waits for something")
        altered = kept(self.here, "altered", lambda: Altered(changed(self.loop_parts())))
        for chain in sorted(chains([here])):
            if "." in chain and altered.touching(chain):
                raise NoFix(f"the loop changes {chain}")
        self.read_before(here, here.name)
        self.empty_loop(here.name)
        self.still_has_body({function: MOVED})
        apart, attached = split_leading(function.leading_lines)
        return self.placed(
            [function.with_changes(leading_lines=attached)], {function: MOVED}, blank=self.blank_lines()
        ), self.applicability

    # --- questions

    def steady(self, value, scope, main, exclude):
        """NoFix unless `value` is the same in each repeat, doubts where the loop may change what it reads."""
        same_each_time(value, scope, main, self.modules)
        self.doubts += interference(value, scope, exclude, self.modules, self.view.outline.shared)

    def loop_parts(self):
        return [self.here] if self.here is not None else []

    def loop_scope(self, call):
        """The `ast` nodes that run again and again: the loop, or the statement around a comprehension."""
        return [self.here] if self.here is not None else [self.view.ast_of(self.view.statement(call))]

    def unit_around(self, small):
        """The node that moves: the small statement, its line, or a `with` block that holds nothing else."""
        view = self.view
        line = view.parent(small)
        if not isinstance(line, cst.SimpleStatementLine) or len(line.body) != 1:
            return small
        unit = line
        while True:
            block = view.parent(unit)
            owner = view.parent(block)
            if not isinstance(owner, cst.With) or not isinstance(block, cst.IndentedBlock) or len(block.body) != 1:
                return unit
            for item in view.ast_of(owner).items:
                self.steady(item.context_expr, [self.here], item.context_expr, view.ast_of(owner))
            unit = owner

    def path_to_loop(self, node):
        """Check the blocks between the moving node and the loop."""
        view = self.view
        below = node
        for around in view.ancestors(node):
            if around is self.loop:
                if below is not around.body:
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
                self.with_block(around)
            elif isinstance(around, LOOPS):
                if below is not around.body:
                    raise NoFix("it does not stand in the body of the loop")
                self.inner_loops.append(around)
            below = around
        raise NoFix("it does not stand in the loop")

    def with_block(self, block):
        for item in self.view.ast_of(block).items:
            name = dotted(item.context_expr.func) if isinstance(item.context_expr, ast.Call) else ""
            if name.split(".")[-1] in _CONTEXTS:
                raise NoFix("it would leave the with block around it")
        self.doubts.append("it leaves a with block")

    def invariant(self, statement, main, target):
        scope = [self.here]
        value = getattr(statement, "value", None)
        self.steady(value, scope, main, statement)
        if target and "." in target:
            self.doubts.append("it assigns an attribute")
            if not set(target.split(".")[:1]).isdisjoint(bound(scope)):
                raise NoFix(f"the loop binds {target.split('.')[0]}")

    def target_uses(self, statement, target):
        """Check every other use of the assigned name; returns the `del` statements that go away with the move."""
        view, root = self.view, target.split(".")[0]
        removed = {}
        known = survey(self.here)
        for node in known.deleting.get(target, ()):
            removed.update(self.deletion(node))
        own = set(map(id, ast.walk(statement)))
        for node in (*known.binding.get(target, ()), *(known.stores.get(target, ()) if "." in target else ())):
            if id(node) in own or isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Del):
                continue
            raise NoFix(f"{target} is bound again in the loop")
        if target in view.once("shared", lambda: _shared(view.tree)):
            self.doubts.append(f"{target} is shared with other functions")
        self.read_before(statement, target)
        self.changes_of(target, root)
        self.empty_loop(target)
        return removed

    def deletion(self, node):
        there = self.view.cst_of(node)
        if len(node.targets) != 1:
            raise NoFix("it is deleted in the loop together with others")
        line = self.view.parent(there)
        block = self.view.parent(line) if isinstance(line, cst.SimpleStatementLine) else None
        if block is not self.loop.body:
            raise NoFix("it is deleted in the loop")
        if any(
            place(other) > place(node.targets[0]) for other in survey(self.here).named.get(dotted(node.targets[0]), ())
        ):
            raise NoFix("it is used behind its deletion")
        return {there: REMOVE}

    def read_before(self, statement, target):
        """NoFix when a repeat reads the name before it is assigned, and so sees the value of the repeat before."""
        if any(place(node) < place(statement) for node in survey(self.here).reads.get(target, ())):
            raise NoFix(f"{target} is read before it is assigned")

    def changes_of(self, target, root):
        """Doubt when the loop does anything with the object that may change it or keep it."""
        if self.reads is None:
            return
        known = survey(self.here)
        for node in known.reads.get(target, ()):
            around = known.parents.get(id(node))
            if isinstance(around, ast.Attribute) and isinstance(around.ctx, ast.Load) and around.attr in self.reads:
                continue
            if isinstance(around, ast.Call) and around.func is node and not _trains(around):
                continue
            self.doubts.append(f"the loop may change {target}")
            return

    def empty_loop(self, name):
        """Doubt when a loop that is left behind may not run at all and the name is read outside of it."""
        file = self.view.outline
        known = file.once("constants", lambda: constants(file.tree, file.nodes))
        loops = self.inner_loops + ([] if self.nonempty else [self.loop])
        for loop in loops:
            if not never_empty(self.view.ast_of(loop), known) and used_outside(self.view, loop, name):
                self.doubts.append(f"{name} is used outside the loop, which may not run")

    def before(self, statement):
        """Doubt when the loop can be left, or a repeat ended, before the statement."""
        jump = survey(self.here).first_jump(own_jumps)
        if jump is not None and jump < place(statement):
            self.doubts.append("a repeat may end before it")

    def evaluated(self, call):
        """Check what stands between the call and its statement."""
        below = call
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

    def used_inline(self, call):
        if self.reads is None:
            return
        parent = self.view.parent(call)
        if isinstance(parent, cst.Attribute) and parent.attr.value in self.reads:
            return
        if isinstance(parent, cst.Call) and parent.func is call and not _trains(self.view.ast_of(parent)):
            return
        self.doubts.append("its value goes elsewhere")

    # --- writing

    def taken_out(self, small, unit):
        if unit is small:
            line = cst.SimpleStatementLine([small.with_changes(semicolon=cst.MaybeSentinel.DEFAULT)])
            return [line], {small: REMOVE}
        apart, attached = split_leading(unit.leading_lines)
        return [unit.with_changes(leading_lines=attached)], {unit: MOVED}

    def still_has_body(self, replace):
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

    def blank_lines(self):
        """As many as stand around a definition: two in a module, one elsewhere."""
        return 2 if isinstance(self.view.parent(self.loop), cst.Module) else 1

    def placed(self, moved, replace, blank=0):
        """The edits that put `moved` before the loop; blank lines stay above, the loop keeps its own comments.

        blank  how many blank lines shall stand around what moved, unless it opens the block
        """
        view = self.view
        anchor = self.loop if self.here is not None else view.statement(next(iter(replace)))
        parent = view.parent(anchor)
        if not isinstance(parent, (cst.IndentedBlock, cst.Module)):
            raise NoFix("there is no place for a statement before the loop")
        apart, attached = split_leading(anchor.leading_lines)
        first = moved[0]
        empty = [cst.EmptyLine(indent=False)] * blank
        opens = parent.body[0] is anchor and isinstance(parent, cst.IndentedBlock)
        above = apart if opens else [*empty[len(apart) :], *apart]
        moved = [first.with_changes(leading_lines=[*above, *first.leading_lines]), *moved[1:]]
        return view.edits(replace, insert_before={anchor: moved}, leading={anchor: [*empty, *attached]})


def _shared(tree) -> set:
    """Names that are declared global or nonlocal somewhere."""
    return {name for node in ast.walk(tree) if isinstance(node, (ast.Global, ast.Nonlocal)) for name in node.names}


def _targets(small):
    """The dotted target of an assignment to one name or attribute; None for anything else."""
    if isinstance(small, cst.Assign) and len(small.targets) == 1:
        return _dotted(small.targets[0].target) or None
    if isinstance(small, cst.AnnAssign):
        return _dotted(small.target) or None
    return None


def _dotted(node):
    if isinstance(node, cst.Name):
        return node.value
    if isinstance(node, cst.Attribute):
        owner = _dotted(node.value)
        return f"{owner}.{node.attr.value}" if owner else ""
    return ""


def _trains(call) -> bool:
    return any(
        keyword.arg == "training" and not (isinstance(keyword.value, ast.Constant) and not keyword.value.value)
        for keyword in call.keywords
    )
