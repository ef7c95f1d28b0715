"""Selectors (`TFM101`, `TFM1`, `load-model-in-loop`, `ALL`) to rule codes, with ruff's precedence.

The more specific selector wins wherever it stands; at the same specificity `ignore` wins over `select`.  A later layer
(the command line) with a `select` of its own replaces the layers before it, otherwise it adds to them.
"""

from tflint_mem.settings.config import UsageError

ALL = "ALL"


def resolve(layers):
    """`(enabled, explicit)` frozensets of codes for layers of `(select, ignore, extend_select)`, each a list or None."""
    from tflint_mem.ruleset.registry import RULES

    everything = frozenset(rule.code for rule in RULES)
    enabled, explicit = everything, frozenset()
    for select, ignore, extend in layers:
        chosen, ignored = [*(select or ()), *(extend or ())], ignore or ()
        if select is not None:
            enabled, explicit = frozenset(), frozenset()
        levels = {}
        for selectors, adds in ((chosen, True), (ignored, False)):
            for selector in selectors:
                specificity, codes = _lookup(selector)
                levels.setdefault((specificity, not adds), set()).update(codes)
                if adds and specificity == _EXACT:
                    explicit |= codes
        for (_, removes), codes in sorted(levels.items()):
            enabled = enabled - codes if removes else enabled | codes
    return enabled, explicit & enabled


def codes_of(selectors):
    """All codes that the selectors name."""
    return frozenset().union(*(_lookup(selector)[1] for selector in selectors))


def nearest(word, words):
    """`; did you mean ...?` with the most similar of `words`, or nothing."""
    from difflib import get_close_matches

    close = get_close_matches(str(word), list(words), 1, 0.65)
    return f"; did you mean `{close[0]}`?" if close else ""


_EXACT = 99


def _lookup(selector):
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


def unknown_rule(word):
    """The error for a name that is no rule."""
    from tflint_mem.ruleset.registry import RULES

    guess = nearest(word.upper(), [rule.code for rule in RULES]) or nearest(word.lower(), [rule.name for rule in RULES])
    return UsageError(f"no rule is called `{word}`{guess}")
