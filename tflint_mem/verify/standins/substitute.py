"""The files of `substitutes/` as source for a snippet."""

from __future__ import annotations

import os

from .action import Action
from .noted import literal

_FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "substitutes")


def source_of(name: str) -> str:
    """The text of one of them."""
    with open(os.path.join(_FOLDER, name + ".py"), encoding="utf-8") as handle:
        return handle.read()


def substitute(name: str, words: str) -> Action:
    """One of them as an Action: its names go into a module of their own, made once.  words: for the report."""
    module = "_" + name
    return Action(
        "import sys\nimport types\nif %r not in sys.modules:\n    %s = sys.modules[%r] = types.ModuleType(%r)\n"
        "    exec(%s, %s.__dict__)\n" % (module, module, module, module, literal(source_of(name)), module),
        words,
    )
