"""What settings change about findings that are reported: how severe they are, and which of their fixes are offered.

Nothing is changed about what is found: fixes are judged by what the rules say themselves.
"""

from __future__ import annotations

import os

from tflint_mem.finding import SAFE, UNSAFE

from .globs import Globs
from .selection import by_code, resolve

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tflint_mem.finding import Finding

    from .selection import Layer

    Severities = dict[str, str]  # by code


class PerFile:
    """Patterns of files, each with what holds in them; a leading "!" inverts a pattern."""

    def __init__(self, patterns: Iterable[str], root: str) -> None:
        self._globs = [(Globs([pattern.removeprefix("!")], root), pattern.startswith("!")) for pattern in patterns]

    def holds(self, path: str) -> list[int]:
        """The places of the patterns, counted from 0, that fit the file at `path`."""
        absolute = os.path.abspath(path)
        return [place for place, (globs, inverted) in enumerate(self._globs) if globs.match(absolute) != inverted]


class Overrides:
    """Resolved once for a check.  Raises UsageError for selectors that name no rule.

    layers       what files and the command line say, in order
    per_file     {pattern: {selector: severity}}
    safe, unsafe selectors of rules whose fixes are to count as that
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        per_file: Mapping[str, Mapping[str, str]],
        safe: Sequence[str],
        unsafe: Sequence[str],
        root: str,
    ) -> None:
        self._unfixable = resolve(layers).unfixable
        self._severities: Severities = {}
        for layer in layers:
            self._severities.update(by_code((layer.severity or {}).items()))
        self._files = PerFile(per_file, root)
        self._of_files: list[Severities] = [by_code(table.items()) for table in per_file.values()]
        # of two that are as specific, the careful one is last and wins
        self._applicability = by_code([*((word, SAFE) for word in safe), *((word, UNSAFE) for word in unsafe)])
        self._of_path: tuple[str, Severities] = ("", self._severities)

    def of(self, finding: Finding) -> Finding:
        """The finding as the settings have it."""
        severity = self._in(finding.path).get(finding.code, finding.severity)
        if severity != finding.severity:
            finding = finding.replace(severity=severity)
        fix = finding.fix
        if fix is not None:
            if finding.code in self._unfixable:
                return finding.replace(fix=None)
            applicability = self._applicability.get(finding.code, fix.applicability)
            if applicability != fix.applicability:
                return finding.replace(fix=fix.replace(applicability=applicability))
        return finding

    def _in(self, path: str) -> Severities:
        """The severities in a file, by code; findings come file by file."""
        if not self._of_files:
            return self._severities
        if self._of_path[0] != path:
            severities = dict(self._severities)
            for place in self._files.holds(path):
                severities.update(self._of_files[place])
            self._of_path = (path, severities)
        return self._of_path[1]
