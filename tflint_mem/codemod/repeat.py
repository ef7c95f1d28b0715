"""Adding statements to each repeat of a loop, such as `clear_session()` and `gc.collect()` at its end."""

import ast

import libcst as cst

from . import NoFix
from .names import kept, own_jumps
from .uses import used_outside
from .view import COMPREHENSIONS, LOOPS

_LEAVES = (cst.Return, cst.Raise, cst.Break, cst.Continue)


def append_to_repeat(view, loop, lines, *, name: str = None, stored: bool = False) -> list:
    """Add statements to every repeat: at the end of the body, or at its start when `continue` would skip the end.

    loop    a `for`, a `while`, or a function that is itself what repeats (an objective): there always at the start
    lines   statements as text
    name    the name whose object the statements shall set free: NoFix when it is read outside of the loop
    stored  the caller's knowledge that the object is kept elsewhere: NoFix
    """
    if isinstance(loop, COMPREHENSIONS):
        raise NoFix("a comprehension has no place for statements")
    if stored:
        raise NoFix("the object is kept beyond the repeat")
    if isinstance(loop, cst.FunctionDef):
        return _prepend(view, loop, lines, behind_docstring=True)
    if not isinstance(loop, LOOPS):
        raise NoFix("there is no loop to add to")
    if name and used_outside(view, loop, name):
        raise NoFix(f"{name} is used outside the loop")
    # many findings of one loop ask for the same lines, which takes writing out what they come to stand behind
    return list(view.outline.once(("appended", id(loop), *lines), lambda: _appended(view, loop, lines)))


def _appended(view, loop, lines):
    here = view.ast_of(loop)
    if kept(here, "continues", lambda: own_jumps(here.body, ast.Continue)):
        return _prepend(view, loop, lines, behind_docstring=False)
    block = loop.body
    if isinstance(block, cst.SimpleStatementSuite):
        if isinstance(block.body[-1], _LEAVES):
            raise NoFix("the loop body leaves the loop")
        return view.edits({block: _as_block(block, [], _parsed(view, lines))})
    last = block.body[-1]
    if isinstance(last, cst.SimpleStatementLine) and isinstance(last.body[-1], _LEAVES):
        raise NoFix("the loop body ends by leaving the loop")
    return view.edits(insert_after={last: _parsed(view, lines)})


def _prepend(view, owner, lines, behind_docstring):
    new = _parsed(view, lines)
    block = owner.body
    if isinstance(block, cst.SimpleStatementSuite):
        return view.edits({block: _as_block(block, new, [])})
    first = block.body[0]
    if behind_docstring and owner.get_docstring() is not None:
        return view.edits(insert_after={first: new})
    lead = list(first.leading_lines)
    blank = 0
    while blank < len(lead) and lead[blank].comment is None:
        blank += 1
    new[0] = new[0].with_changes(leading_lines=lead[:blank])
    return view.edits(insert_before={first: new}, leading={first: lead[blank:]})


def _parsed(view, lines):
    return [statement for line in lines for statement in view.new(line + "\n")]


def _as_block(suite, before, after):
    """The body of `for x in y: f(x)` as an indented block with more statements; its comment stays with the header."""
    own = [cst.SimpleStatementLine([small.with_changes(semicolon=cst.MaybeSentinel.DEFAULT)]) for small in suite.body]
    return cst.IndentedBlock([*before, *own, *after], header=suite.trailing_whitespace)
