"""Selectors (`TFM101`, `TFM1`, `load-model-in-loop`, `ALL`) to rule codes, with ruff's precedence.

The more specific selector wins wherever it stands; at the same specificity `ignore` wins over `select`.  A later layer
(the command line) with a `select` of its own replaces the layers before it, otherwise it adds to them.  `fixable` and
`unfixable` stand to each other as `select` and `ignore` do.

A file that cannot be read is told whatever is selected: only who ignores that rule is without it.
"""

from __future__ import annotations

from tflint_mem.finding import CODES_OF_FILES, SYNTAX_ERROR
from tflint_mem.hardening.errors import UsageError
from tflint_mem.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    Codes = frozenset[str]
    Selectors = Sequence[str]

ALL = "ALL"


class Layer(Record):
    """What one place (a file, the command line) says about rules: selectors as written; no `select`: what was selected
    before.

    severity   {selector: severity}
    """

    __slots__ = ()
    select: Selectors | None
    ignore: Selectors
    extend_select: Selectors
    fixable: Selectors | None = None
    unfixable: Selectors = ()
    extend_fixable: Selectors = ()
    severity: Mapping[str, str] | None = None

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Layer | None:
        """What these settings (keys in snake_case) say about rules; None when they say nothing."""
        if values.keys().isdisjoint(cls._fields):
            return None
        return cls(
            values.get("select"),
            values.get("ignore") or (),
            values.get("extend_select") or (),
            values.get("fixable"),
            values.get("unfixable") or (),
            values.get("extend_fixable") or (),
            values.get("severity"),
        )


class Selection(Record):
    """Codes of rules.

    enabled    those that run            of_files    those of rules about files as text that are reported
    explicit   those that somebody selected by full code or name
    unfixable  those whose fixes are not offered
    """

    __slots__ = ()
    enabled: Codes
    of_files: Codes
    explicit: Codes
    unfixable: Codes


def resolve(layers: Iterable[Layer]) -> Selection:
    """What the layers come to, later ones above the ones before.  Raises UsageError for a selector that names
    no rule.
    """
    layers = list(layers)
    enabled: Codes = every_code()
    explicit: Codes = frozenset()
    for layer in layers:
        if layer.select is not None:
            enabled, explicit = enabled & {SYNTAX_ERROR}, frozenset()
        adds = (*(layer.select or ()), *layer.extend_select)
        enabled = _changed(enabled, adds, layer.ignore)
        explicit |= frozenset(code for level, codes in map(lookup, adds) if level == _EXACT for code in codes)
    fixable: Codes = every_code()
    for layer in layers:
        if layer.fixable is not None:
            fixable = frozenset()
        fixable = _changed(fixable, (*(layer.fixable or ()), *layer.extend_fixable), layer.unfixable)
    return Selection(enabled - CODES_OF_FILES, enabled & CODES_OF_FILES, explicit & enabled, every_code() - fixable)


def _changed(codes: Codes, adds: Selectors, removes: Selectors) -> Codes:
    """The codes with some more and some less, the more specific selector after the less specific one."""
    levels: dict[tuple[int, bool], set[str]] = {}  # by how specific a selector is, and whether it takes away
    for selectors, takes_away in ((adds, False), (removes, True)):
        for selector in selectors:
            specificity, found = lookup(selector)
            levels.setdefault((specificity, takes_away), set()).update(found)
    for (_, takes_away), named in sorted(levels.items()):
        codes = codes - named if takes_away else codes | named
    return codes


def by_code(choices: Iterable[tuple[str, str]]) -> dict[str, str]:
    """{code: choice} of `(selector, choice)`: the more specific selector says it, of two alike the later one.  Raises
    UsageError for a selector that names no rule.
    """
    found: dict[str, str] = {}
    for _, codes, choice in sorted(
        ((*lookup(selector), choice) for selector, choice in choices), key=lambda entry: entry[0]
    ):
        found.update(dict.fromkeys(codes, choice))
    return found


def every_code() -> Codes:
    """The codes of all rules."""
    from tflint_mem.ruleset.registry import LISTED

    return frozenset(rule.code for rule in LISTED)


def codes_of(selectors: Iterable[str]) -> Codes:
    """All codes that the selectors name.  Raises UsageError for one that names none."""
    return frozenset(code for selector in selectors for code in lookup(selector)[1])


def nearest(word: str, words: Iterable[str]) -> str:
    """`; did you mean ...?` with the most similar of `words`, or nothing."""
    from difflib import get_close_matches

    close = get_close_matches(str(word), list(words), 1, 0.65)
    return f"; did you mean `{close[0]}`?" if close else ""


_EXACT = 99


def lookup(selector: str) -> tuple[int, Codes]:
    """`(specificity, codes)`; raises UsageError for a selector that names no rule."""
    from tflint_mem.ruleset.registry import LISTED

    word = selector.strip()
    if word.upper() == ALL:
        return 0, every_code()
    for rule in LISTED:
        if word.upper() == rule.code or word.lower() == rule.name:
            return _EXACT, frozenset((rule.code,))
    codes = frozenset(rule.code for rule in LISTED if word and rule.code.startswith(word.upper()))
    if not codes:
        raise unknown_rule(selector)
    return len(word), codes


def unknown_rule(word: str) -> UsageError:
    """The error for a name that is no rule."""
    from tflint_mem.ruleset.registry import LISTED

    guess = nearest(word.upper(), [rule.code for rule in LISTED]) or nearest(
        word.lower(), [rule.name for rule in LISTED]
    )
    return UsageError(f"no rule is called `{word}`{guess}")
