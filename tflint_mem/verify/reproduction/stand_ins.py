"""The code of stand-ins, as short as what ran of it."""

from __future__ import annotations

import ast
import re

from tflint_mem.verify.snippet.syntax import DEFINITIONS, first_row, last_row
from tflint_mem.verify.standins.noted import LITERAL, literal, sum_of

from .edited import Edited
from .unreached import without_unreached
from .unused import without_unused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tflint_mem.verify.containment.run import Run

_FOR = re.compile(r"\s*# for: (?P<words>.*)")
_INSTALLS = re.compile(r"\.install\('(\w+)'")
_WIDTH = 116
_WORD = re.compile(r"\w+")
_HOLE = re.compile(r"r'''\n(\d+)\n*'''")
# one that only fills a module of its own, which `substitute` makes: nothing is left of it when that is empty
_FILLS = re.compile(r"exec\(" + _HOLE.pattern)


def in_effect(setup: Iterable[str], run: Run) -> list[str]:
    """The codes that were there in the last attempt, each once: those that others took the place of are gone."""
    codes = list(dict.fromkeys(setup))
    ran = run.last("ran")
    if ran is None:
        return codes
    by_sum = {sum_of(code): code for code in codes}
    return [by_sum[number] for number in dict.fromkeys(ran["setup"]) if number in by_sum]


def shortened(codes: Sequence[str], run: Run, text: str, cut: bool = True) -> list[str]:
    """The codes without what never ran, and what nothing uses; "" for one of which nothing is left.

    codes   in effect, in order           text   all else in the reproduction
    cut     leave out what did not run; else only what is named nowhere
    """
    parts = _Parts(codes, run, text, cut)
    texts = without_unused(parts.texts, text, aliases=True)
    found = []
    for number, _ in enumerate(codes):
        outer = texts[f"{number}.0"]
        module = _INSTALLS.search(outer)
        if module is not None and module.group(1) not in parts.words:
            outer = ""
        for match in _FILLS.finditer(outer):
            if _is_empty(texts[f"{number}.{match.group(1)}"]):
                outer = ""

        def fill(match: re.Match[str], number: int = number) -> str:
            return literal(_dense(texts[f"{number}.{match.group(1)}"]) + "\n")

        filled = _HOLE.sub(fill, _dense(outer))
        found.append("" if _is_empty(filled) else filled)
    return found


class _Parts:
    """texts: by "code.source", as standins/noted.py counts them; words: of all else in the reproduction."""

    def __init__(self, codes: Sequence[str], run: Run, text: str, cut: bool) -> None:
        ran = run.last("ran")
        rows: dict[tuple[int, int], set[int]] = {}
        for known, at, row in ran["stand_ins"] if ran is not None and cut else ():
            rows.setdefault((known, at), set()).add(row)
        words = self.words = set(_WORD.findall(text))
        self.texts: dict[str, str] = {}
        for number, code in enumerate(codes):
            sources: list[str] = []

            def hole(match: re.Match[str], sources: list[str] = sources) -> str:
                sources.append(match.group(1))
                # as many rows as before: those that ran are told by number
                return "r'''\n%d%s'''" % (len(sources), "\n" * match.group(1).count("\n"))

            outer = LITERAL.sub(hole, code)
            for inner, source in enumerate([outer, *sources]):
                executed = rows.get((sum_of(code), inner))
                short = without_unreached(source, executed, True) if executed else source
                self.texts[f"{number}.{inner}"] = _for_text(short, words)


def _for_text(source: str, words: set[str]) -> str:
    """A source without the statements below a `# for: words` none of which is in the text."""
    try:
        edited = Edited(source)
    except (SyntaxError, ValueError, RecursionError):
        return source
    for node in edited.tree.body:
        match = _FOR.fullmatch(edited.rows[node.lineno - 2]) if node.lineno > 1 else None
        if match is not None and not words & set(match.group("words").split()):
            edited.drop(node)
    left = Edited(edited.text())
    for part in ast.walk(left.tree):
        if isinstance(part, (*DEFINITIONS, ast.Module)) and len(part.body) > 1 and ast.get_docstring(part) is not None:
            left.drop(part.body[0])
    return left.text()


def _dense(text: str) -> str:
    """The text without remarks and blank rows, each statement in as few rows as it needs."""
    try:
        edited = Edited(text)
    except (SyntaxError, ValueError, RecursionError):
        return text
    for node in ast.walk(edited.tree):
        if isinstance(node, ast.stmt) and not hasattr(node, "body") and node.end_lineno != node.lineno:
            row = edited.indent(node) + ast.unparse(node)
            if any("'''" in each for each in edited.rows[node.lineno - 1 : node.end_lineno]):
                continue  # a source that is shown as it is
            if len(row) <= _WIDTH and "\n" not in row and edited.is_alone(node):
                edited.replace(first_row(node), last_row(node), row)
    rows = edited.text().split("\n")
    return "\n".join(row for row in rows if row.strip() and not row.lstrip().startswith("#"))


def _is_empty(text: str) -> bool:
    """Is there nothing left but imports?"""
    rows = [row.strip() for row in text.split("\n") if row.strip() and not row.lstrip().startswith("#")]
    return all(re.match(r"(import|from) |pass$", row) for row in rows)
