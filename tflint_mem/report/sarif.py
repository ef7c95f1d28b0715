"""SARIF 2.1.0: results with fixes, the way from the repeat to the place, and fingerprints that survive moved code."""

from __future__ import annotations

import os

from tflint_mem import __version__
from tflint_mem.hardening import safe
from tflint_mem.ruleset import pages
from tflint_mem.silencing import reasons
from tflint_mem.sources.paths import file_place, relative, repository, uri
from tflint_mem.sources.text import SourceError

from . import ways
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
_AZURE_BUILD = "azuredevops/pipeline/build/"
_AZURE = (  # variables of its pipelines
    "SYSTEM_COLLECTIONURI",
    "SYSTEM_TEAMPROJECT",
    "SYSTEM_DEFINITIONID",
    "BUILD_DEFINITIONNAME",
    "SYSTEM_PHASEID",
    "SYSTEM_PHASENAME",
    "BUILD_SOURCEBRANCH",
    "BUILD_BUILDID",
)
_AROUND = 2  # rows above and below what is flagged
_MOST_TEXT = 4_000  # characters of them


def render(run: Run) -> str:
    """One SARIF log with one run."""
    root, get = repository(run.settings.project_root), run.reader.get
    told = _told(run)
    rules: dict[str, dict[str, Any]] = {}
    for finding, _ in told:
        rules.setdefault(finding.code, _rule(finding))
    order = {code: index for index, code in enumerate(sorted(rules))}
    known = fingerprints([finding for finding, _ in told], get, root)
    results = [
        {**_result(finding, get, root, order[finding.code], by), **state} for (finding, state), by in zip(told, known)
    ]
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "tflint-mem",
                        "fullName": f"tflint-mem {__version__}, the memory linter for TensorFlow",
                        "version": __version__,
                        "semanticVersion": __version__,
                        "informationUri": pages.HOME,
                        "rules": [rules[code] for code in sorted(rules)],
                    }
                },
                "automationDetails": _automation(run.settings.project_root, root),
                "originalUriBaseIds": {_ROOT: {"uri": uri(root, None).rstrip("/") + "/"}},
                "columnKind": "unicodeCodePoints",
                "results": results,
            }
        ],
    }
    return safe.dumps(log) + "\n"


def _told(run: Run) -> list[tuple[Finding, dict[str, Any]]]:
    """All results and what there is to say of their state: of those of this run, of those that somebody has silenced,
    and of those that the baseline knows.

    GitHub takes a result that is suppressed for one that is not: it gets those of this run only.
    """
    since: dict[str, Any] = {"baselineState": "new"} if run.settings.baseline else {}
    new = [(finding, since) for finding in run.findings]
    if os.environ.get("GITHUB_ACTIONS") or run.fixed:  # with fixes the others stand elsewhere by now
        return new
    silenced = [
        (finding, since | {"suppressions": [_suppression("inSource", reasons.reason(finding, run.reader.get))]})
        for finding in run.silenced
    ]
    unchanged = {"baselineState": "unchanged", "suppressions": [_suppression("external", "known to the baseline")]}
    known = [(finding, unchanged) for finding in run.known]
    if silenced or known:  # the standard: all results of a run have it, or none
        new = [(finding, {**state, "suppressions": []}) for finding, state in new]
    return sorted([*new, *silenced, *known], key=lambda told: told[0].sort_key())


def _suppression(kind: str, justification: str) -> dict[str, str]:
    return {"kind": kind} | ({"justification": justification} if justification else {})


def _automation(project: str, root: str) -> dict[str, Any]:
    """What tells the results of this project from those of others in the repository: `tflint-mem/services/a/`, to which
    GitHub adds the number of its run.  Azure wants to know which of its own runs it was.
    """
    below = relative(project, root)
    category = "tflint-mem/" + (f"{below}/" if below != "." else "")
    said = [os.environ.get(name, "") for name in _AZURE]
    if not (os.environ.get("TF_BUILD") and all(said)):
        return {"id": category}
    organization, team, pipeline, title, phase, phase_title, branch, build = said
    path = (organization.rstrip("/").rpartition("/")[2], team, pipeline, phase, branch, build)
    return {
        "id": _AZURE_BUILD + "/".join(part.replace("/", "%2F") for part in path),
        "description": {"text": category},
        "properties": {
            f"{_AZURE_BUILD}buildDefinitionId": pipeline,
            f"{_AZURE_BUILD}buildDefinitionName": title,
            f"{_AZURE_BUILD}phaseId": phase,
            f"{_AZURE_BUILD}phaseName": phase_title,
        },
    }


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
        "helpUri": pages.page(finding.code),
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
        flows = [
            [
                {**_location(get(step.path), root, step, (step.row, step.column)), "message": {"text": step.message}}
                for step in steps
            ]
            for steps in (finding.trace, *finding.further_traces)
        ]
        result["codeFlows"] = [
            {"threadFlows": [{"locations": [{"location": step} for step in steps]}]} for steps in flows
        ]
        related += flows[0]
    also = [(step, f"also here: {step.message}") for step in ways.begins(finding)]
    related += [
        {**_location(get(step.path), root, step, (step.row, step.column)), "message": {"text": message}}
        for step, message in (*also, *((step, "the same here") for step in finding.places))
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
    region: dict[str, Any] = {}
    for name, place in (("start", start), ("end", end)):
        if place is not None:
            row, column = file_place(source, where.cell, place)
            region |= {f"{name}Line": row, f"{name}Column": column}
    physical: dict[str, Any] = {"artifactLocation": _artifact(where.path, root), "region": region}
    location: dict[str, Any] = {"physicalLocation": physical}
    if end is not None and source is not None:
        physical |= _context(source, region)
    if where.cell is not None:
        row, _ = start
        location["logicalLocations"] = [
            {"name": f"cell {where.cell}", "fullyQualifiedName": f"cell {where.cell}, row {row}"}
        ]
    return location


def _context(source: Source, region: dict[str, Any]) -> dict[str, Any]:
    """The rows around a region, which gets the text of its own rows; nothing where that is more than a glance."""
    try:
        rows = source.file_rows()
    except SourceError:
        return {}
    first, last = region["startLine"], region["endLine"]
    around = max(1, first - _AROUND), min(len(rows) - (rows[-1] == ""), last + _AROUND)
    text = "\n".join(rows[around[0] - 1 : around[1]])
    if not first <= last <= len(rows) or len(text) > _MOST_TEXT or around == (first, last):
        return {}
    flagged = rows[first - 1 : last]
    flagged[-1] = flagged[-1][: region["endColumn"] - 1]
    flagged[0] = flagged[0][region["startColumn"] - 1 :]
    if any(flagged):
        region["snippet"] = {"text": "\n".join(flagged)}
    return {"contextRegion": {"startLine": around[0], "endLine": around[1], "snippet": {"text": text}}}


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
