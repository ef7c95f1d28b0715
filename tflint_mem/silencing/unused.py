"""Comments to this program that silence nothing, or name no rule: the rule TFM001.

A comment is judged only when all rules that it names were asked about its file; otherwise it may well silence one that
was not.  Blanket `noqa` comments and codes of other tools are not ours to judge.
"""

from __future__ import annotations

import re

from tflint_mem.finding import SAFE, UNUSED_SUPPRESSION, Edit, Finding, Fix
from tflint_mem.settings.selection import every_code, lookup

from .comments import NAMESPACE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .comments import Comments, Directive, Selector

    Runs = Callable[[str], bool]

_NEXT = re.compile(r"\s#(?!\d)")  # where another comment begins; `#12` is a number that a reason refers to


def findings(comments: Comments, runs: Runs) -> Iterator[Finding]:
    """One finding for each comment with something in it that is not needed.

    comments   of a file whose findings have all been silenced, or not
    runs       was the rule with this code asked about the file?
    """
    for directive in comments.directives:
        idle = [selector for selector in directive.selectors if _is_idle(directive, selector, runs)]
        empty = not directive.selectors and directive.verb != "noqa"
        if (idle or empty) and not any(map(_excuses, [*comments.everywhere, *comments.rows.get(directive.row, ())])):
            yield _finding(comments, directive, idle)


def _is_idle(directive: Directive, selector: Selector, runs: Runs) -> bool:
    """Is the word for us, and does it silence nothing?"""
    if directive.verb == "noqa" and not selector.word.upper().startswith(NAMESPACE):
        return False
    if not selector.known:
        return True
    if selector.used:
        return False
    codes = every_code() if not selector.word else lookup(selector.word)[1]
    own = codes - {UNUSED_SUPPRESSION}
    return bool(own) and all(map(runs, own))


def _excuses(selector: Selector) -> bool:
    """Does the word say that an idle comment is meant to stay?"""
    return selector.word.upper() == UNUSED_SUPPRESSION or selector.word.lower() == "unused-suppression"


def _finding(comments: Comments, directive: Directive, idle: list[Selector]) -> Finding:
    source = comments.source
    cell, row = source.locate(directive.row)
    margin = source.margin(directive.row)
    whole = len(idle) == len(directive.selectors)
    edit = _without_comment(comments, directive) if whole else _without_words(comments, directive, idle)
    return Finding(
        code=UNUSED_SUPPRESSION,
        name="unused-suppression",
        group="comment",
        severity="hint",
        message=_message(directive, idle),
        path=source.path,
        cell=cell,
        start=(row, margin + directive.start + 1),
        end=(row, margin + directive.end + 1),
        noqa_row=row,
        help="take it away, so that it cannot silence what comes later",
        fix=Fix(
            applicability=SAFE,
            message="Remove the comment" if whole else f"Remove {_listed(idle)} from the comment",
            edits=(edit,),
        ),
    )


def _message(directive: Directive, idle: list[Selector]) -> str:
    name = "noqa" if directive.verb == "noqa" else f"tflint-mem: {directive.verb}"
    unknown = [selector for selector in idle if not selector.known]
    useless = [selector for selector in idle if selector.known]
    parts: list[str] = []
    if unknown:
        parts.append(f"no rule is called {_listed(unknown)}")
    if useless:
        words = _listed(useless)
        verb = "silence" if len(useless) > 1 else "silences"
        parts.append(f"{words} {verb} nothing here" if words else "it silences nothing")
    if not idle:
        parts.append("it names no rule")
    return f"`{name}` is not needed: " + ", and ".join(parts)


def _listed(selectors: list[Selector]) -> str:
    return ", ".join(f"`{selector.word}`" for selector in selectors if selector.word)


def _without_words(comments: Comments, directive: Directive, idle: list[Selector]) -> Edit:
    """The other words, with commas between them."""
    source = comments.source
    cell, row = source.locate(directive.row)
    margin = source.margin(directive.row)
    first, last = directive.selectors[0], directive.selectors[-1]
    kept = ", ".join(selector.word for selector in directive.selectors if selector not in idle)
    return Edit(start=(row, margin + first.start + 1), end=(row, margin + last.end + 1), content=kept, cell=cell)


def _without_comment(comments: Comments, directive: Directive) -> Edit:
    """Nothing of the directive and its reason; the row goes when nothing else is on it."""
    source = comments.source
    cell, row = source.locate(directive.row)
    text = source.rows(cell)[row - 1]
    margin = source.margin(directive.row)
    start = margin + directive.start
    following = _NEXT.search(text, margin + directive.end - 1)
    if following:
        return Edit(start=(row, start + 1), end=(row, following.start() + 2), content="", cell=cell)
    before = text[:start].rstrip()
    if before or row == len(source.rows(cell)):
        return Edit(start=(row, len(before) + 1), end=(row, len(text) + 1), content="", cell=cell)
    return Edit(start=(row, 1), end=(row + 1, 1), content="", cell=cell)
