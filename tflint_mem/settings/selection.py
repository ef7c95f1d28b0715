"""Selectors (`TFM101`, `TFM1`, `load-model-in-loop`, `ALL`) to rule codes, with ruff's precedence.

The more specific selector wins wherever it stands; at the same specificity `ignore` wins over `select`.  A later layer
(the command line) with a `select` of its own replaces the layers before it, otherwise it adds to them.
"""

from __future__ import annotations

from tflint_mem.hardening.errors import UsageError
from tflint_mem.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Codes = frozenset[str]

ALL = "ALL"


class Layer(Record):
    """What one place (a file, the command line) says about rules: selectors as written; no `select`: what was selected
    before.
    """

    __slots__ = ()
    select: Sequence[str] | None
    ignore: Sequence[str]
    extend_select: Sequence[str]


class Selection(Record):
    """The codes of the rules that run, and of those among them that somebody selected by full code or name."""

    __slots__ = ()
    enabled: Codes
    explicit: Codes


def resolve(layers: Iterable[Layer]) -> Selection:
    """What the layers come to, later ones above the ones before.  Raises UsageError for a selector that names
    no rule.
    """
    from tflint_mem.ruleset.registry import RULES

    everything = frozenset(rule.code for rule in RULES)
    enabled: Codes = everything
    explicit: Codes = frozenset()
    for layer in layers:
        if layer.select is not None:
            enabled, explicit = frozenset(), frozenset()
        levels: dict[tuple[int, bool], set[str]] = {}  # by how specific a selector is, and whether it takes away
        for selectors, adds in (((*(layer.select or ()), *layer.extend_select), True), (layer.ignore, False)):
            for selector in selectors:
                specificity, codes = _lookup(selector)
                levels.setdefault((specificity, not adds), set()).update(codes)
                if adds and specificity == _EXACT:
                    explicit |= codes
        for (_, removes), found in sorted(levels.items()):
            enabled = enabled - found if removes else enabled | found
    return Selection(enabled, explicit & enabled)


def codes_of(selectors: Iterable[str]) -> Codes:
    """All codes that the selectors name.  Raises UsageError for one that names none."""
    return frozenset(code for selector in selectors for code in _lookup(selector)[1])


def nearest(word: str, words: Iterable[str]) -> str:
    """`; did you mean ...?` with the most similar of `words`, or nothing."""
    from difflib import get_close_matches

    close = get_close_matches(str(word), list(words), 1, 0.65)
    return f"; did you mean `{close[0]}`?" if close else ""


_EXACT = 99


def _lookup(selector: str) -> tuple[int, Codes]:
    """`(specificity, codes)`; raises UsageError for a selector that names no rule."""
    from tflint_mem.ruleset.registry import RULES

    word = selector.strip()
    if word.upper() == ALL:
        return 0, frozenset(rule.code for rule in RULES)
    for rule in RULES:
        if word.upper() == rule.code or word.lower() == rule.name:
            return _EXACT, frozenset((rule.code,))
    codes = frozenset(rule.code for rule in RULES if word and rule.code.startswith(word.upper()))
    if not codes:
        raise unknown_rule(selector)
    return len(word), codes


def unknown_rule(word: str) -> UsageError:
    """The error for a name that is no rule."""
    from tflint_mem.ruleset.registry import RULES

    guess = nearest(word.upper(), [rule.code for rule in RULES]) or nearest(word.lower(), [rule.name for rule in RULES])
    return UsageError(f"no rule is called `{word}`{guess}")
