"""Names and options without a value: a stand-in by what they are called and how they are used."""

from __future__ import annotations

import builtins
import re

from tflint_mem.verify.standins import guess
from tflint_mem.verify.standins.action import Action, Rewrite
from tflint_mem.verify.standins.values import Value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .state import State


def missing_name(error: BaseException) -> str | None:
    """The name that an exception misses, None for any other exception."""
    if isinstance(error, NameError):
        match = re.search(r"name '(\w+)' is not defined", str(error))
        if match and not hasattr(builtins, match.group(1)):
            return match.group(1)
    return None


def name_without_value(error: BaseException, state: State) -> Iterator[Action]:
    """A name that is nowhere defined (a notebook's lost cell, a star import): a stand-in by what it is called."""
    name = missing_name(error)
    if name:
        value = guess.value_for(name, state.text(), state.input_shape())
        if value is not None:
            yield Action("%s%s = %s\n" % (value.imports, name, value.source), "%s: %s" % (name, value.text))


def option(error: BaseException, state: State) -> Iterator[Action]:
    """An option that is read in another function than the one whose parameter holds the options."""
    match = re.search(r"'types.SimpleNamespace' object has no attribute '(\w+)'", str(error))
    if isinstance(error, AttributeError) and match:
        name, text = match.group(1), state.text()
        uses = re.sub(r"(?<!\w)[\w.]+\.%s\b" % name, name, text)
        value = guess.value_for(name, uses, state.input_shape(), depth=1) or Value("None")
        words = "%s: %s" % (name, value.text)
        opened = "types.SimpleNamespace("
        for code in [code for code in state.setup if opened in code and name + "=" not in code]:
            yield Action(value.imports + code.replace(opened, "%s%s=%s, " % (opened, name, value.source)), words)
        if opened in text and "%s%s=" % (opened, name) not in text:
            yield Action(value.imports, words, Rewrite(opened, "%s%s=%s, " % (opened, name, value.source)))
