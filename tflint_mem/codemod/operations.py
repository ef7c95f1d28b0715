"""All rewrites that the author of a fix uses, under one name: `from tflint_mem.codemod import operations as do`.

A rule gives its finding a fix function.  It gets a `ruleset.context.FixContext` and returns a `Proposal`, or raises
`NoFix` with a reason that the report shows:

    def fix(fx: FixContext) -> do.Proposal:
        from tflint_mem.codemod import operations as do

        view, call = fx.at(m, i)
        return do.Proposal(SAFE, "Switch growth on for every GPU", do.growth_loop(view, call))

It imports this module when it runs and not before: LibCST takes longer to import than a small project takes to check.
`Proposal` and `NoFix` also stand in `tflint_mem.codemod` itself, for fixes that need no LibCST.  A Proposal is a
Record: it still unpacks at run time, as the engine does with the tuples that fix functions used to return; for mypy it
has names.

What a fix works with:

    View, view_at       the top-level statement around a row: find nodes by their places, ask what is around them, and
                        have them replaced with `view.edits`
    outline             the whole file
    unique_name, tf_name, framework_names        names that are free, and names that are there
    ensure, clear_session_expression             a `Spelling`: an expression, and the import that it needs
    hoist_call, hoist_statement, hoist_def       a `Move`: edits and their applicability; MODEL_READS is what may be
                                                 done with a model that moves
    outermost_loop                               as far out as such a move goes
    remove_statement, move_up, with_rest, close_at_end, stays_inside, append_to_repeat     statements
    replace_expression, append_attribute, argument, keyword_names, add_keyword, without_keyword, wrap_argument,
    add_decorator, decorator_on, decorator_keyword, predict_to_call, predict_to_on_batch   expressions
    cached_loader, into_constructor, growth_loop, growth_stanza, close_figure              whole fixes
    join                the edits of several of these as one list
    located             edits in the places that leave the program; the engine calls it

All of them return lists of `finding.Edit` in places of the module, unless they say otherwise, change nothing
themselves, and raise `NoFix` where the rewrite could break the program.
"""

from __future__ import annotations

from . import NoFix, Proposal
from .cells import located
from .constructor import into_constructor
from .expressions import (
    add_decorator,
    add_keyword,
    append_attribute,
    argument,
    decorator_keyword,
    decorator_on,
    keyword_names,
    predict_to_call,
    predict_to_on_batch,
    replace_expression,
    without_keyword,
    wrap_argument,
)
from .figures import close_figure
from .growth_loop import growth_loop
from .growth_stanza import growth_stanza
from .hoist import MODEL_READS, Move, hoist_call, hoist_def, hoist_statement, outermost_loop
from .hunks import join
from .imports import Spelling, clear_session_expression, ensure, framework_names, tf_name
from .loader import cached_loader
from .outline import outline, unique_name
from .outside_uses import used_outside
from .repeat import append_to_repeat
from .statements import close_at_end, move_up, remove_statement, stays_inside, with_rest
from .view import COMPREHENSIONS, LOOPS, MOVED, REMOVE, View, view_at

__all__ = [
    "COMPREHENSIONS",
    "LOOPS",
    "MODEL_READS",
    "MOVED",
    "Move",
    "NoFix",
    "Proposal",
    "REMOVE",
    "Spelling",
    "View",
    "add_decorator",
    "add_keyword",
    "append_attribute",
    "append_to_repeat",
    "argument",
    "cached_loader",
    "clear_session_expression",
    "close_at_end",
    "close_figure",
    "decorator_keyword",
    "decorator_on",
    "ensure",
    "framework_names",
    "growth_loop",
    "growth_stanza",
    "hoist_call",
    "hoist_def",
    "hoist_statement",
    "into_constructor",
    "join",
    "keyword_names",
    "located",
    "move_up",
    "outermost_loop",
    "outline",
    "predict_to_call",
    "predict_to_on_batch",
    "remove_statement",
    "replace_expression",
    "stays_inside",
    "tf_name",
    "unique_name",
    "used_outside",
    "view_at",
    "with_rest",
    "without_keyword",
    "wrap_argument",
]
