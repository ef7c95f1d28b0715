"""`--add-noqa` and `--add-ignore` over a run: comments for all files, checked again before anything is written."""

from __future__ import annotations

from tflint_mem.finding import UNUSED_SUPPRESSION
from tflint_mem.hardening.errors import UsageError
from tflint_mem.sources.source import Source

from . import comment_edits, comments, noqa_comments

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from tflint_mem.checking.check import Check
    from tflint_mem.finding import Finding


def add_noqa(check: Check, refuse: Callable[[str, str], None], own: bool = False, reason: str = "") -> int:
    """Write a comment for every finding of the check; returns how many were written.

    refuse   is given the path of a file where that is not possible, which stays as it is, and why
    own      write `tflint-mem: ignore[...]`
    reason   stands behind each comment; one row, no comment and no code of its own.  Raises UsageError for another
    """
    reason = reason.strip()
    if not reason.isprintable() or "#" in reason or any(comments.codes_in(reason)):
        raise UsageError(f"a reason is one row without `#`, and does not begin with a code: {reason!r}")
    style = comment_edits.Style(own, reason)
    by_path: dict[str, list[Finding]] = {}
    for finding in check.findings:
        if finding.code != UNUSED_SUPPRESSION and check.may_change(finding.path):
            by_path.setdefault(finding.path, []).append(finding)
    changed: dict[str, Source] = {}
    counts: dict[str, int] = {}
    for path, findings in by_path.items():
        source = check.reader.get(path)
        commented = None if source is None else comment_edits.commented(source, findings, noqa_comments.silence, style)
        if commented is None:
            refuse(path, _why(findings[0]))
        else:
            raw, counts[path] = commented
            changed[path] = Source(path, raw)
    added = 0
    left: dict[str, Finding] = {}
    if changed:
        left = {finding.path: finding for finding in check.found_with(changed)[0] if finding.code != UNUSED_SUPPRESSION}
    for path, new in changed.items():
        old = check.reader.get(path)
        if path in left or old is None:
            refuse(path, _why(left.get(path, by_path[path][0])))
            continue
        refused = check.replace(path, new.raw, old.raw)
        if refused is None:
            added += counts[path]
        else:
            refuse(path, refused)
    return added


def _why(finding: Finding) -> str:
    return f"no comment can silence {finding.code} in row {finding.start[0]}"
