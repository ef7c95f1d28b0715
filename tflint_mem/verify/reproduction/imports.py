"""What a reproduction imports that whoever gets it may not have."""

from __future__ import annotations

import ast
import sys

from tflint_mem.hardening.parsing import parsed

from .stand_ins import INSTALLS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_WITH_TENSORFLOW = {"tensorflow", "keras", "numpy"}


def further(texts: Mapping[str, str], codes: Iterable[str]) -> list[str]:
    """Names of the packages that have to be installed beside TensorFlow, sorted.

    texts   of the main file and of the modules beside it, by relative file name        codes   of stand-ins
    """
    found: set[str] = set()
    for text in texts.values():
        for node in ast.walk(parsed(text)):
            if isinstance(node, ast.Import):
                found.update(alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                found.add(node.module.partition(".")[0])
    own = {name.partition("/")[0].removesuffix(".py") for name in texts}
    given = {name for code in codes for name in INSTALLS.findall(code)}
    return sorted(found - own - given - _WITH_TENSORFLOW - sys.stdlib_module_names)
