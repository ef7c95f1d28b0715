"""The code of stand-ins, as short as what ran of it."""

from __future__ import annotations

import ast
import copy
import os
import re
import textwrap

from tflint_mem.verify.snippet.syntax import DEFINITIONS, FUNCTIONS, first_row, last_row
from tflint_mem.verify.standins.noted import LITERAL, literal, sum_of

from .edited import Edited
from .unreached import without_unreached
from .unused import without_unused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tflint_mem.verify.containment.run import Run

_FOR = re.compile(r"\s*# for: (?P<words>.*)")
_IMPORT = re.compile(r"(?m)^import (gc|itertools|json|os|sys|tempfile|time|types)$\n?")
_PLACE = "r'''0'''"
INSTALLS = re.compile(r"\.install\('(\w+)'")  # a stand-in for a module
_MADE = re.compile(r"(?:\bopen|makedirs|write_file|\.save|\.export|np\.savez?)\('([^']+)'")
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
        module = INSTALLS.search(outer)
        if module is not None and module.group(1) not in parts.words or _is_of_no_use(outer, text):
            outer = ""
        for match in _FILLS.finditer(outer):
            if _is_empty(texts[f"{number}.{match.group(1)}"]):
                outer = ""

        def fill(match: re.Match[str], number: int = number) -> str:
            return literal(_dense(texts[f"{number}.{match.group(1)}"]) + "\n")

        filled = _HOLE.sub(fill, _dense(outer))
        found.append("" if filled.strip() in ("", "pass") else filled)
    if not any(INSTALLS.search(each) for each in found):  # what would install them
        found = ["" if "def install(" in each else each for each in found]
    return found


def _is_of_no_use(code: str, text: str) -> bool:
    """Does a code only make files and folders that the text does not name any more?"""
    paths = _MADE.findall(code)
    return bool(paths) and all(os.path.splitext(os.path.basename(path))[0] not in text for path in paths)


def imports_of(code: str) -> list[str]:
    """Names of the standard library's modules that a code imports for itself, not in the sources that it carries."""
    return _IMPORT.findall(LITERAL.sub("", code))


def without_imports(code: str) -> str:
    """The code without these imports."""
    sources = LITERAL.findall(code)
    outer = iter(sources)
    bare = _IMPORT.sub("", LITERAL.sub(_PLACE, code)).strip("\n")
    return re.sub(re.escape(_PLACE), lambda match: literal(next(outer)), bare)


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
        if isinstance(node, FUNCTIONS):
            bare = copy.copy(node)
            bare.body, bare.decorator_list = [ast.Pass()], []
            last = first_row(node.body[0]) - 1
            if last > node.lineno and edited.is_alone(node.body[0]):
                _reflow(edited, bare, node.lineno, last)
        elif isinstance(node, ast.stmt) and not hasattr(node, "body") and node.end_lineno != node.lineno:
            if edited.is_alone(node):
                _reflow(edited, node, first_row(node), last_row(node))
    rows = edited.text().split("\n")
    return "\n".join(row for row in rows if row.strip() and not row.lstrip().startswith("#"))


def _reflow(edited: Edited, node: ast.stmt, first: int, last: int) -> None:
    """Writes a statement, or the head of a function, in as few rows as it needs, where that keeps its meaning."""
    if any("'''" in row for row in edited.rows[first - 1 : last]):
        return  # a source that is shown as it is
    indent, text = edited.indent(node), ast.unparse(node)
    head = text.removesuffix("\n    pass") if isinstance(node, FUNCTIONS) else text
    rows = textwrap.wrap(
        head,
        _WIDTH,
        initial_indent=indent,
        subsequent_indent=indent + " " * 8,
        break_long_words=False,
        break_on_hyphens=False,
    )
    if len(rows) > last - first:
        return
    try:
        again = ast.parse("\n".join(row.removeprefix(indent) for row in rows) + text[len(head) :])
    except SyntaxError:
        return
    if ast.unparse(again) == text:
        edited.replace(first, last, "\n".join(rows))


def _is_empty(text: str) -> bool:
    """Is there nothing left but imports?"""
    rows = [row.strip() for row in text.split("\n") if row.strip() and not row.lstrip().startswith("#")]
    return all(re.match(r"(import|from) |pass$", row) for row in rows)
