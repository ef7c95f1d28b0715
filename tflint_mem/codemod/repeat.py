"""Adding statements to each repeat of a loop, such as `clear_session()` and `gc.collect()` at its end."""

from __future__ import annotations

import ast

import libcst as cst

from . import NoFix
from .loop_bodies import own_jumps
from .names import kept
from .node_order import members
from .outside_uses import used_outside
from .view import COMPREHENSIONS, LOOPS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from tflint_mem.finding import Edit

    from .view import Line, Loop, View

_LEAVES = (cst.Return, cst.Raise, cst.Break, cst.Continue)


def append_to_repeat(
    view: View,
    loop: cst.CSTNode,
    lines: Sequence[str],
    *,
    name: str | None = None,
    stored: bool = False,
    freed: str | None = None,
) -> list[Edit]:
    """Add statements to every repeat: at the end of the body, or at its start when `continue` would skip the end.

    loop    a `for`, a `while`, or a function that is itself what repeats (an objective): there always at the start
    lines   statements as text
    name    the name whose object the statements shall set free: NoFix when it is read outside of the loop
    freed   a name that each pass binds, and that the end of the body deletes first
    stored  the caller's knowledge that the object is kept elsewhere: NoFix
    """
    if isinstance(loop, COMPREHENSIONS):
        raise NoFix("a comprehension has no place for statements")
    if stored:
        raise NoFix("the object is kept beyond the repeat")
    if isinstance(loop, cst.FunctionDef):
        return _prepend(view, loop, lines)
    if not isinstance(loop, LOOPS):
        raise NoFix("there is no loop to add to")
    if name and used_outside(view, loop, name):
        raise NoFix(f"{name} is used outside the loop")
    # many findings of one loop ask for the same lines, which takes writing out what they come to stand behind
    return list(view.outline.once(("appended", id(loop), freed, *lines), lambda: _appended(view, loop, lines, freed)))


def _appended(view: View, loop: Loop, lines: Sequence[str], freed: str | None) -> list[Edit]:
    here = view.ast_of(loop)
    if kept(here, "continues", lambda: own_jumps(here.body, ast.Continue)):
        return _prepend(view, loop, lines)
    lines = [f"del {freed}", *lines] if freed and not _deleted(here, freed) else lines
    block = loop.body
    if isinstance(block, cst.SimpleStatementSuite):
        if isinstance(block.body[-1], _LEAVES):
            raise NoFix("the loop body leaves the loop")
        return view.edits({block: _as_block(block, [], _parsed(view, lines))})
    last = members(block)[-1]
    if isinstance(last, cst.SimpleStatementLine) and isinstance(last.body[-1], _LEAVES):
        raise NoFix("the loop body ends by leaving the loop")
    return view.edits(insert_after={last: _parsed(view, lines)})


def _deleted(loop: ast.AST, name: str) -> bool:
    """Does the loop delete the name itself?"""
    return any(
        isinstance(node, ast.Name) and isinstance(node.ctx, ast.Del) and node.id == name for node in ast.walk(loop)
    )


def _prepend(view: View, owner: Loop | cst.FunctionDef, lines: Sequence[str]) -> list[Edit]:
    """The edits that put statements at the start of a body: behind a docstring, or above the first one's comments."""
    new = _parsed(view, lines)
    block = owner.body
    if isinstance(block, cst.SimpleStatementSuite):
        return view.edits({block: _as_block(block, new, [])})
    first = members(block)[0]
    if isinstance(owner, cst.FunctionDef) and owner.get_docstring() is not None:
        return view.edits(insert_after={first: new})
    lead = list(first.leading_lines)
    blank = 0
    while blank < len(lead) and lead[blank].comment is None:
        blank += 1
    new[0] = new[0].with_changes(leading_lines=lead[:blank])
    return view.edits(insert_before={first: new}, leading={first: lead[blank:]})


def _parsed(view: View, lines: Sequence[str]) -> list[Line]:
    return [statement for line in lines for statement in view.new(line + "\n")]


def _as_block(suite: cst.SimpleStatementSuite, before: Sequence[Line], after: Sequence[Line]) -> cst.IndentedBlock:
    """The body of `for x in y: f(x)` as an indented block with more statements; its comment stays with the header."""
    own = [cst.SimpleStatementLine([small.with_changes(semicolon=cst.MaybeSentinel.DEFAULT)]) for small in suite.body]
    return cst.IndentedBlock([*before, *own, *after], header=suite.trailing_whitespace)
