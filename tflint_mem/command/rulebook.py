"""What `tflint-mem rule` and `tflint-mem rules` print."""

import sys

from tflint_mem.hardening import safe
from tflint_mem.settings.selection import unknown_rule

_FIELDS = ("code", "name", "group", "severity", "summary", "fixable", "fix_safety")


def explain(word, output_format):
    """Print the documentation of one rule; returns the exit code."""
    from tflint_mem.ruleset import registry

    rule = registry.find(word.strip())
    if rule is None:
        print(f"tflint-mem: {safe.field(str(unknown_rule(word)))}", file=sys.stderr)
        return 2
    text = registry.explain(rule)
    if output_format == "json":
        _print_json({**_record(rule), "explanation": text})
    else:
        print(f"# {rule.name} ({rule.code})\n\n{text.strip()}")
    return 0


def table(output_format):
    """Print all rules; returns the exit code."""
    from tflint_mem.ruleset import registry

    if output_format == "json":
        _print_json([_record(rule) for rule in registry.RULES])
        return 0
    rows = [(rule.code, rule.name, rule.group, rule.severity, _fix(rule), rule.summary) for rule in registry.RULES]
    heads = ("code", "name", "group", "severity", "fix", "what it finds")
    widths = [max(len(row[i]) for row in (heads, *rows)) for i in range(len(heads) - 1)]
    for row in (heads, *rows):
        print("  ".join([*(cell.ljust(width) for cell, width in zip(row, widths)), row[-1]]))
    return 0


def _fix(rule):
    return "-" if rule.fixable == "never" else f"{rule.fixable}, {rule.fix_safety}" if rule.fix_safety else rule.fixable


def _record(rule):
    return {field: getattr(rule, field) for field in _FIELDS}


def _print_json(value):
    print(safe.dumps(value))
