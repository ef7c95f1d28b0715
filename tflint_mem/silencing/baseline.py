"""A baseline: findings that a project lives with for now, so that a check reports new ones only.

A finding is known again by its rule, its file below the project root, its flagged row without indentation, and how many
like it the file has.  Row numbers are not stored: code that moves stays known, and the file merges well.
"""

from __future__ import annotations

import json
import os

from tflint_mem.hardening.errors import UsageError
from tflint_mem.sources.files import read_regular
from tflint_mem.sources.paths import relative
from tflint_mem.sources.text import SourceError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from tflint_mem.checking.check import Check
    from tflint_mem.finding import Finding
    from tflint_mem.sources.source import Source

    Get = Callable[[str], Source | None]
    Key = tuple[str, str, str]  # code, path below the project root, text of the row

VERSION = 1
_MOST_BYTES = 200_000_000


def keys(findings: Iterable[Finding], get: Get, root: str) -> list[Key]:
    """`(code, path, row text)` of each finding; notebooks' cell numbers play no part either."""
    sources: dict[str, Source | None] = {}
    result: list[Key] = []
    for finding in findings:
        if finding.path not in sources:
            sources[finding.path] = get(finding.path)
        result.append((finding.code, relative(finding.path, root), flagged_row(finding, sources[finding.path])))
    return result


def flagged_row(finding: Finding, source: Source | None) -> str:
    """The row where the finding starts, white space normalised; "" when the file cannot be read."""
    try:
        rows = source.rows(finding.cell) if source is not None else []
    except SourceError:
        rows = []
    row, _ = finding.start
    return " ".join(rows[row - 1].split()) if row <= len(rows) else ""


def write(check: Check, path: str) -> int:
    """Write all findings to `path`; returns how many.  Raises UsageError."""
    from tflint_mem.storage.new_file import save

    findings = [finding for finding in check.findings if check.may_change(finding.path)]
    counts = _counts(keys(findings, check.reader.get, check.settings.project_root))
    entries = [
        {"code": code, "path": file, "row": row, "count": count}
        for (file, code, row), count in sorted(((file, code, row), n) for (code, file, row), n in counts.items())
    ]
    text = json.dumps({"version": VERSION, "findings": entries}, indent=1) + "\n"
    try:
        save(path, text.encode("utf-8"))
    except OSError as error:
        raise UsageError(f"--write-baseline {path}: {error.strerror or error}") from None
    return len(findings)


class Baseline:
    """The findings that a baseline file knows.  Raises UsageError for a file that is none."""

    def __init__(self, path: str, root: str) -> None:
        self.path, self._root = path, root
        self._known = self._left = _read(path)

    def new(self, findings: list[Finding], get: Get) -> list[Finding]:
        """The findings that the file does not know."""
        left = dict(self._known)
        new: list[Finding] = []
        for finding, key in zip(findings, keys(findings, get, self._root)):
            if left.get(key):
                left[key] -= 1
            else:
                new.append(finding)
        self._left = left
        return new

    def stale(self, files: Iterable[str]) -> int:
        """How many entries the last call of `new` did not find, though the run looked at their file or the file is
        gone.
        """
        checked = {relative(file, self._root) for file in files}
        return sum(
            count > 0 and (file in checked or not os.path.exists(os.path.join(self._root, file)))
            for (_, file, _), count in self._left.items()
        )


def _read(path: str) -> dict[Key, int]:
    try:
        content = json.loads(read_regular(path, _MOST_BYTES).decode("utf-8"))
        if content["version"] != VERSION:
            raise UsageError(
                f"baseline {path}: version {str(content['version'])[:20]} is not {VERSION}; write it again"
            )
        return dict(map(_entry, content["findings"]))
    except OSError as error:
        raise UsageError(f"baseline {path}: {error.strerror or error}") from None
    except (ValueError, KeyError, TypeError, RecursionError):
        raise UsageError(f"baseline {path}: not a baseline file; write it with --write-baseline") from None


def _entry(entry: Any) -> tuple[Key, int]:
    key, count = (entry["code"], entry["path"], entry["row"]), entry["count"]
    if not all(isinstance(word, str) for word in key) or not isinstance(count, int):
        raise TypeError("no entry of ours")
    return key, count


def _counts(items: Iterable[Key]) -> dict[Key, int]:
    counts: dict[Key, int] = {}
    for item in items:
        counts[item] = counts.get(item, 0) + 1
    return counts
