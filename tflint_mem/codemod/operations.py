"""All rewrites that rules use, under one name."""

from . import NoFix
from .cells import located
from .expressions import (
    add_decorator, add_keyword, append_attribute, argument, decorator_keyword, decorator_on, keyword_names,
    predict_to_call, predict_to_on_batch, replace_expression, without_keyword, wrap_argument,
)
from .growth import growth_loop, growth_stanza
from .hoist import MODEL_READS, hoist_call, hoist_def, hoist_statement, outermost_loop, used_outside
from .imports import clear_session_expression, ensure, framework_names, tf_name
from .loader import cached_loader
from .outline import outline, unique_name
from .repeat import append_to_repeat
from .statements import close_at_end, move_up, remove_statement, with_rest
from .view import COMPREHENSIONS, LOOPS, MOVED, REMOVE, View, join, view_at

__all__ = [name for name in dir() if not name.startswith("_")]
