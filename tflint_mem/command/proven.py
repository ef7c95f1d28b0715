"""`--fix --verify`: only fixes whose findings are confirmed, and that are measured to cure them and to change nothing
else.  The proof makes a fix that was marked unsafe one that may be applied.
"""

from __future__ import annotations

from tflint_mem.finding import SAFE
from tflint_mem.verify.verdict.fix import proven
from tflint_mem.verify.verdict.units import size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from tflint_mem.finding import Finding

    Key = tuple[object, ...]


def is_proven(finding: Finding) -> bool:
    """Has --verify proven the fix of a finding?"""
    said: Any = finding.verification
    return finding.fix is not None and said is not None and proven(said.get("fix"), said["verdict"])


def only_proven(findings: Iterable[Finding]) -> Callable[[Finding], bool]:
    """Whether a finding's fix is one of those that are proven, also when other fixes have moved it.

    A fix is known by what it writes.  Where another one writes the same and is not proven, neither is applied.
    """
    good: set[Key] = set()
    bad: set[Key] = set()
    for finding in findings:
        (good if is_proven(finding) else bad).add(_key(finding))

    def may(finding: Finding) -> bool:
        key = _key(finding)
        return key in good and key not in bad

    return may


def offered(findings: Iterable[Finding]) -> list[Finding]:
    """The findings as a review is to see them: a proven fix carries its measurement and is safe, the others are not
    offered.
    """
    shown = []
    for finding in findings:
        fix = finding.fix
        if fix is not None and is_proven(finding):
            fix = fix.replace(applicability=SAFE, message=f"{fix.message} ({_measurement(finding)})")
        elif fix is not None:
            fix = None
        shown.append(finding.replace(fix=fix))
    return shown


def as_before(findings: Iterable[Finding], before: Iterable[Finding]) -> list[tuple[Finding, Finding | None]]:
    """The findings that fixes have left, which may stand elsewhere by now, and what each was before: it is known by its
    rule, its file and its words, where only one was like it.
    """
    measured: dict[Key, list[Finding]] = {}
    for finding in before:
        measured.setdefault((finding.code, finding.path, finding.message), []).append(finding)
    found: list[tuple[Finding, Finding | None]] = []
    for finding in findings:
        alike = measured.get((finding.code, finding.path, finding.message), [])
        found.append((finding, alike[0] if len(alike) == 1 else None))
    return found


def _key(finding: Finding) -> Key:
    edits = finding.fix.edits if finding.fix is not None else ()
    return (finding.code, finding.path, finding.message, *(edit.content for edit in edits))


def _measurement(finding: Finding) -> str:
    """What was measured, in a few words."""
    said: Any = finding.verification
    times = said.get("time")
    if said["mechanism"] == "time" and times and times["fixed"]:
        return f"measured: {times['flagged'] / times['fixed']:.1f} times as fast, same results"
    meter = said.get("meter", "rss")
    name = {"host": "rss"}.get(meter, meter)
    rows = [each for each in said["meters"] if each["name"] == name and each["unit"] == "bytes/repeat"]
    which = "retained" if said["kind"] == "retained" else "raw"
    if rows and rows[0]["fixed"] and rows[0]["flagged"][which] is not None and rows[0]["fixed"][which] is not None:
        before, after = rows[0]["flagged"][which], max(rows[0]["fixed"][which], 0)
        return f"measured: {size(before)} per repeat before, {size(after)} after, same results"
    return "measured: cured, same results"
