"""`--add-noqa` over a run: comments for all files, checked again before anything is written."""

from tflint_mem.silencing import comment_edits, noqa_comments
from tflint_mem.sources.source import Source


def add_noqa(run) -> int:
    """Write a comment for every finding of the run; returns how many were written.

    A file where that is not possible stays as it is and is told in one line.
    """
    by_path = {}
    for finding in run.findings:
        if finding.code != "TFM000":
            by_path.setdefault(finding.path, []).append(finding)
    changed, counts = {}, {}
    for path, findings in by_path.items():
        result = comment_edits.commented(run.reader.get(path), findings, _silenced)
        if result is None:
            _refuse(run, path, findings[0])
        else:
            changed[path], counts[path] = Source(path, result[0]), result[1]
    added = 0
    left = (
        {finding.path: finding for finding in run.found_with(changed)[0] if finding.code != "TFM000"} if changed else {}
    )
    for path, new in changed.items():
        if path in left:
            _refuse(run, path, left[path])
        elif run.written(path, new.raw, run.reader.get(path).raw):
            added += counts[path]
    return added


def _silenced(source, findings) -> bool:
    """Whether the comments of the file silence all of `findings`."""
    return not noqa_comments.apply(findings, lambda path: source, lambda message: None)


def _refuse(run, path, finding):
    run.failed = True
    run.warn(f"{path}: not written: no comment can silence {finding.code} in row {finding.start[0]}")
