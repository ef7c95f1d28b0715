"""Codemods: concrete-syntax rewrites of one top-level statement that come back as small text edits.

This package's own name imports nothing, so that `NoFix` can be caught without paying for LibCST; the modules below it are
imported only when a fix is built, and but for those that work on text (`cells`, `predictions`, `stanza`) they import LibCST.
"""


class NoFix(Exception):
    """A rewrite that would not be right here; `reason` is a short phrase a person can read."""

    def __init__(self, reason: str):
        super().__init__(reason)
        self.reason = reason
