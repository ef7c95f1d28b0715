"""What rules ask about models, under one name: where they come from, what becomes of them, and how a repeat is told.

The answers are found in the modules beside this one; here they can be had as `models.NAME`.
"""

from __future__ import annotations

from tflint_mem.project.linking.call_names import call_text as text

from .fixes import clear_each_repeat, clearing, hoist_load, hoist_or_clear, lives_through
from .origins import LOAD_TAILS, Acquired, builds, constructions, loads, ways
from .parts import part
from .releases import CLEARS, FEW, LIBRARY_LOADERS, all_unreleased, release_names, unreleased
from .results import values_of
from .stored import ADDERS, added_later, kept, read_elsewhere, stored
from .syntax import held, local_name, returned_from, walk_statement
from .trained import CHANGES, factory, trains, uses, uses_in

__all__ = [
    "ADDERS",
    "Acquired",
    "CHANGES",
    "CLEARS",
    "FEW",
    "LIBRARY_LOADERS",
    "LOAD_TAILS",
    "added_later",
    "all_unreleased",
    "builds",
    "clear_each_repeat",
    "clearing",
    "constructions",
    "factory",
    "held",
    "hoist_load",
    "hoist_or_clear",
    "kept",
    "lives_through",
    "loads",
    "local_name",
    "part",
    "read_elsewhere",
    "release_names",
    "returned_from",
    "stored",
    "text",
    "trains",
    "unreleased",
    "uses",
    "uses_in",
    "values_of",
    "walk_statement",
    "ways",
]
