"""What the editor shows where the pointer rests: the finding, and the page of its rule."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lsprotocol import types

from tflint_mem.hardening import safe
from tflint_mem.ruleset import registry
from tflint_mem.ruleset.pages import page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .diagnostics import Shown

_CODE = re.compile(r"TFM\d{3}")
_COMMENT = re.compile(r"#.*\b(?:noqa|tflint-mem)\b")
_CODE_SPAN = re.compile(r"`([^`]*)`")
_MARKUP = re.compile(r"[^\w\s]", re.ASCII)
_HEADING = re.compile(r"^## ", re.MULTILINE)


def of_findings(found: Sequence[Shown]) -> types.Hover | None:
    """The findings at a place, and their rules."""
    parts: list[str] = []
    codes: list[str] = []
    for each in found:
        finding = each.finding
        told = [finding.message, finding.measured and f"Measured: {finding.measured}", finding.help]
        parts.append("\n\n".join(_escaped(text) for text in told if text))
        if finding.code not in codes:
            codes.append(finding.code)
    parts += [text for text in map(_page, codes) if text]
    return _hover(parts, found[0].diagnostic.range) if parts else None


def of_comment(row: str, column: int) -> types.Hover | None:
    """The rule whose code or name stands in a comment that silences it; `column` counts characters from 0."""
    if not _COMMENT.search(row):
        return None
    for word in re.finditer(r"[\w-]+", row):
        if word.start() <= column < word.end():
            rule = registry.find(word.group()) if _CODE.fullmatch(word.group()) or "-" in word.group() else None
            return None if rule is None else _hover([_page(rule.code)], None)
    return None


def _page(code: str) -> str:
    """The rule's documentation, one level lower."""
    rule = registry.find(code)
    if rule is None:
        return ""
    text = _HEADING.sub("### ", registry.explain(rule))
    return f"## [{rule.code} {rule.name}]({page(rule.code)})\n\n{text}"


def _hover(parts: Sequence[str], place: types.Range | None) -> types.Hover:
    return types.Hover(types.MarkupContent(types.MarkupKind.Markdown, "\n\n---\n\n".join(parts)), place)


def _escaped(text: str) -> str:
    """Text of a finding as Markdown that shows it, parts in backquotes as code; editors take no HTML."""
    parts = _CODE_SPAN.split(safe.field(text))
    return "".join(
        f"`{part}`" if number % 2 and part else _MARKUP.sub(_character, part) for number, part in enumerate(parts)
    )


def _character(found: re.Match[str]) -> str:
    """A character that Markdown might take for markup; its backslash goes before punctuation of ASCII only."""
    return "\\" + found.group() if found.group().isascii() else found.group()
