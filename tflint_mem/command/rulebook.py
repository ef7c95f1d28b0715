"""What `tflint-mem rule` and `tflint-mem rules` print."""

from __future__ import annotations

import sys

from tflint_mem.hardening import safe
from tflint_mem.settings.selection import unknown_rule

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.ruleset.registry import Rule

_FIELDS = ("code", "name", "group", "severity", "summary", "fixable", "fix_safety", "since", "until")


def explain(word: str, output_format: str) -> int:
    """Print the documentation of one rule; returns the exit code."""
    from tflint_mem.ruleset import registry

    rule = registry.find(word.strip())
    if rule is None:
        print(f"tflint-mem: {safe.field(str(unknown_rule(word)))}", file=sys.stderr)
        return 2
    if output_format == "json":
        _print_json(_explained(rule))
    else:
        print(_page(rule))
    return 0


def explain_all(output_format: str) -> int:
    """Print the documentation of all rules; returns the exit code."""
    from tflint_mem.ruleset import registry

    if output_format == "json":
        _print_json([_explained(rule) for rule in registry.LISTED])
    else:
        print("\n\n".join(map(_page, registry.LISTED)))
    return 0


def table(output_format: str) -> int:
    """Print all rules; returns the exit code."""
    from tflint_mem.ruleset import registry

    if output_format == "json":
        _print_json([_record(rule) for rule in registry.LISTED])
        return 0
    rows = [(rule.code, rule.name, rule.group, rule.severity, _fix(rule), rule.summary) for rule in registry.LISTED]
    rows.insert(0, ("code", "name", "group", "severity", "fix", "what it finds"))
    widths = [max(map(len, column)) for column in zip(*rows)]
    for *cells, last in rows:
        print("  ".join([*(cell.ljust(width) for cell, width in zip(cells, widths)), last]))
    return 0


def _explained(rule: Rule) -> dict[str, object]:
    from tflint_mem.ruleset import registry

    return {**_record(rule), "explanation": registry.explain(rule)}


def _page(rule: Rule) -> str:
    from tflint_mem.ruleset import registry

    return f"# {rule.name} ({rule.code})\n\n{registry.explain(rule).strip()}"


def _fix(rule: Rule) -> str:
    if rule.fixable == "never":
        return "-"
    return f"{rule.fixable}, {rule.fix_safety}" if rule.fix_safety else str(rule.fixable)


def _record(rule: Rule) -> dict[str, object]:
    from tflint_mem.ruleset import costs

    return {**{field: getattr(rule, field) for field in _FIELDS}, "versions": costs.of_rule(rule.code)}


def _print_json(value: object) -> None:
    print(safe.dumps(value))
