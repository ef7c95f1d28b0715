"""Which findings the comments of the files silence, and which comments silence none: see `comments` and `unused`."""

from __future__ import annotations

from . import comments

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tflint_mem.finding import Finding
    from tflint_mem.sources.source import Source

    from .unused import Runs

    Warn = Callable[[str], None]


def silence(source: Source, findings: list[Finding]) -> bool:
    """Whether the comments of the file silence all of `findings`, which lie in it."""
    return not apply(findings, lambda path: source, lambda message: None)


def apply(
    findings: Iterable[Finding],
    get: Callable[[str], Source | None],
    warn: Warn,
    judged: Mapping[str, Runs] | None = None,
) -> list[Finding]:
    """The findings that no comment silences, and those about comments that silence nothing.

    get     path -> Source or None        warn   called with one line for a comment that cannot work
    judged  {path: was the rule with this code asked about the file?} for files whose comments are judged, too
    """
    by_path: dict[str, list[Finding]] = {path: [] for path in judged or ()}
    for finding in findings:
        by_path.setdefault(finding.path, []).append(finding)
    kept: list[Finding] = []
    for path, group in by_path.items():
        said = comments.read(get(path))
        if said is None:
            kept += group
            continue
        runs = judged.get(path) if judged else None
        for line in said.complaints(names=bool(group)):  # it may have been meant for one of these
            warn(line)
        kept += [finding for finding in group if not said.silence(finding)]
        if runs is not None:
            from . import unused

            kept += unused.findings(said, runs)
    return kept
