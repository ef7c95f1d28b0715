"""SARIF 2.1.0: results with fixes, the way from the repeat to the place, and fingerprints that survive moved code."""

from __future__ import annotations

from tflint_mem import __version__
from tflint_mem.hardening import safe
from tflint_mem.sources.paths import file_place, repository, uri

from .fingerprints import fingerprints

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tflint_mem.finding import Finding, Place, Step
    from tflint_mem.sources.source import Source

    from .run import Get, Run

_LEVELS = {"error": "error", "warning": "warning", "hint": "note"}
_RANKS = {"certain": 90.0, "likely": 60.0, "possible": 20.0}  # SARIF: a priority from 0 to 100
_ROOT = "%SRCROOT%"


def render(run: Run) -> str:
    """One SARIF log with one run."""
    root = repository(run.settings.project_root)
    rules: dict[str, dict[str, Any]] = {}
    for finding in run.findings:
        rules.setdefault(finding.code, _rule(finding))
    order = {code: index for index, code in enumerate(sorted(rules))}
    known = fingerprints(run.findings, run.reader.get, root)
    results = [
        _result(finding, run.reader.get, root, order[finding.code], by) for finding, by in zip(run.findings, known)
    ]
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "tflint-mem",
                        "version": __version__,
                        "semanticVersion": __version__,
                        "rules": [rules[code] for code in sorted(rules)],
                    }
                },
                "originalUriBaseIds": {_ROOT: {"uri": uri(root, None) + "/"}},
                "columnKind": "unicodeCodePoints",
                "results": results,
            }
        ],
    }
    return safe.dumps(log) + "\n"


def _rule(finding: Finding) -> dict[str, Any]:
    from tflint_mem.ruleset import registry

    rule = registry.find(finding.code)
    summary = rule.summary if rule else "The file cannot be read as Python code."
    explanation = registry.explain(rule) if rule else summary
    return {
        "id": finding.code,
        "name": finding.name,
        "shortDescription": {"text": summary},
        "fullDescription": {"text": summary},
        "help": {"text": explanation, "markdown": explanation},
        "defaultConfiguration": {"level": _LEVELS[rule.severity if rule else "error"]},
        "properties": {"tags": ["tensorflow", "memory", finding.group], "precision": "high"},
    }


def _result(finding: Finding, get: Get, root: str, index: int, fingerprint: str) -> dict[str, Any]:
    source = get(finding.path)
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": index,
        "level": _LEVELS[finding.severity],
        "message": {"text": "\n".join(filter(None, (finding.message, finding.measured, finding.help)))},
        "locations": [_location(source, root, finding, finding.start, finding.end)],
        "partialFingerprints": {"primaryLocationLineHash": fingerprint},
        "rank": _RANKS[finding.confidence],
        "properties": {
            "group": finding.group,
            "severity": finding.severity,
            "confidence": finding.confidence,
            "persona": finding.persona,
            "measured": finding.measured,
            "verification": finding.verification,
        },
    }
    related: list[dict[str, Any]] = []
    if finding.trace:
        steps = [
            {**_location(get(step.path), root, step, (step.row, step.column)), "message": {"text": step.message}}
            for step in finding.trace
        ]
        result["codeFlows"] = [{"threadFlows": [{"locations": [{"location": step} for step in steps]}]}]
        related += steps
    related += [
        {**_location(get(step.path), root, step, (step.row, step.column)), "message": {"text": "the same here"}}
        for step in finding.places
    ]
    if related:
        result["relatedLocations"] = [{**step, "id": number} for number, step in enumerate(related, 1)]
    fix = _fix(source, finding, root)
    if fix:
        result["fixes"] = [fix]
    return result


def _location(
    source: Source | None, root: str, where: Finding | Step, start: Place, end: Place | None = None
) -> dict[str, Any]:
    region: dict[str, int] = {}
    for name, place in (("start", start), ("end", end)):
        if place is not None:
            row, column = file_place(source, where.cell, place)
            region |= {f"{name}Line": row, f"{name}Column": column}
    location: dict[str, Any] = {"physicalLocation": {"artifactLocation": _artifact(where.path, root), "region": region}}
    if where.cell is not None:
        row, _ = start
        location["logicalLocations"] = [
            {"name": f"cell {where.cell}", "fullyQualifiedName": f"cell {where.cell}, row {row}"}
        ]
    return location


def _artifact(path: str, root: str) -> dict[str, str]:
    inside = uri(path, root)
    return {"uri": inside} if inside.startswith("file:") else {"uri": inside, "uriBaseId": _ROOT}


def _fix(source: Source | None, finding: Finding, root: str) -> dict[str, Any] | None:
    if finding.fix is None or source is None:
        return None
    try:
        edits = source.file_edits(finding.fix.edits)
    except ValueError:
        return None
    replacements = []
    for edit in edits:
        (row, column), (end_row, end_column) = edit.start, edit.end
        region = {"startLine": row, "startColumn": column, "endLine": end_row, "endColumn": end_column}
        replacement: dict[str, Any] = {"deletedRegion": region}
        if edit.content:
            replacement["insertedContent"] = {"text": edit.content}
        replacements.append(replacement)
    return {
        "description": {"text": f"{finding.fix.message} ({finding.fix.applicability})"},
        "artifactChanges": [{"artifactLocation": _artifact(finding.path, root), "replacements": replacements}],
    }
