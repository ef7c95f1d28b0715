"""The snippet as it ran, in its parts."""

from __future__ import annotations

import ast

from tflint_mem.hardening.parsing import parsed
from tflint_mem.verify.snippet.snippet import MAIN
from tflint_mem.verify.standins.action import Rewrite, rewritten

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tflint_mem.verify.containment.run import Run
    from tflint_mem.verify.snippet.snippet import Snippet

_PROBE = "tflint_mem_probe"


class Program:
    """What of a snippet is the user's.

    texts   rows of the main file, behind all that is ours, and of the modules beside it, by their names (MAIN first)
    ran     rows of each that were seen to run; empty where nobody looked
    """

    def __init__(self, snippet: Snippet, run: Run, rewrites: Iterable[Sequence[str]]) -> None:
        changes = [Rewrite(old, new) for old, new in rewrites]
        whole = rewritten(snippet.render().text, changes)
        start = _behind_ours(whole, bool(snippet.modules))
        self.texts = {MAIN: "\n".join(whole.split("\n")[start:])}
        for name, lines in sorted(snippet.modules.items()):
            self.texts[name] = rewritten("\n".join(line.text for line in lines), changes)
        self.ran: dict[str, set[int]] = {name: set() for name in self.texts}
        seen = run.last("ran")
        for name, row in seen["rows"] if seen is not None else ():
            if name in self.ran:
                self.ran[name].add(row - start if name == MAIN else row)


def _behind_ours(text: str, modules: bool) -> int:
    """The number of rows that the snippet itself begins with."""
    found = 0
    for node in parsed(text).body:
        if isinstance(node, ast.ImportFrom) and node.module == _PROBE:
            found = node.end_lineno or node.lineno
        elif modules and isinstance(node, ast.Expr) and ast.unparse(node) == "sys.path.insert(0, _FOLDER)":
            return node.end_lineno or node.lineno
    return found
