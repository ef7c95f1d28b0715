"""All rewrites that rules use, under one name."""

from . import NoFix
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
from .growth import growth_loop
from .hoist import MODEL_READS, hoist_call, hoist_def, hoist_statement, outermost_loop
from .imports import clear_session_expression, ensure, framework_names, tf_name
from .loader import cached_loader
from .outline import outline, unique_name
from .repeat import append_to_repeat
from .stanza import growth_stanza
from .statements import close_at_end, move_up, remove_statement, stays_inside, with_rest
from .uses import used_outside
from .view import COMPREHENSIONS, LOOPS, MOVED, REMOVE, View, join, view_at

__all__ = [
    "COMPREHENSIONS",
    "LOOPS",
    "MODEL_READS",
    "MOVED",
    "NoFix",
    "REMOVE",
    "View",
    "add_decorator",
    "add_keyword",
    "append_attribute",
    "append_to_repeat",
    "argument",
    "cached_loader",
    "clear_session_expression",
    "close_at_end",
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
