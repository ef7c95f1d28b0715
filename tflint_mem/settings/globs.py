"""Patterns for paths, with ruff's meaning.

A pattern matches a path when it fits the last name alone (`build`, `*_test.py`) or the whole path below the project
root (`src/generated`, `notebooks/**/*.py`).  `*` also crosses `/`.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from re import Match

    Fits = Callable[[str], "Match[str] | bool | None"]

_FEW = 3  # a pattern with more of a kind may stand for too many: see `wildcards`


class Globs:
    """Match absolute, normalised paths against patterns that are relative to `root`."""

    def __init__(self, patterns: Iterable[str], root: str) -> None:
        names: set[str] = set()
        paths: set[str] = set()
        wild: list[tuple[str, str]] = []
        self._wild: list[Fits] = []
        for pattern in patterns:
            pattern = pattern.rstrip("/") or "/"
            if pattern.count("**/") > _FEW or pattern.count("{") > _FEW or pattern.count(",") > _FEW:
                from tflint_mem.settings import wildcards as automata

                pattern = automata.once(pattern)
                if automata.alternatives(pattern) > automata.ALTERNATIVES:
                    whole = os.path.join(_literal(root), pattern).replace(os.sep, "/")
                    self._wild += [_slashed(automata.of_path(form).match) for form in (pattern, whole)]
                    continue
            for form in _spellings(pattern):
                whole = os.path.normpath(os.path.join(root, form))
                if any(c in form for c in "*?["):
                    wild.append((form, os.path.normpath(os.path.join(_literal(root), form))))
                else:
                    names.add(form)
                    paths.add(whole)
        self._names, self._paths = names, paths
        self._wild += [_compile(form) for pair in wild for form in pair]

    def match(self, path: str, name: str | None = None) -> bool:
        """True when `path` itself (not one of its parents) fits a pattern."""
        name = name or os.path.basename(path)
        if name in self._names or path in self._paths:
            return True
        return any(fits(name) or fits(path) for fits in self._wild)

    def match_below(self, path: str, root: str) -> bool:
        """True when `path` or one of its parents below `root` fits a pattern."""
        while True:
            if self.match(path):
                return True
            parent = os.path.dirname(path)
            if parent == path or parent == root:
                return False
            path = parent


def _spellings(pattern: str) -> Iterator[str]:
    """`**/` may stand for nothing at all, and `{a,b}` for each of its parts."""
    opened, closed = pattern.find("{"), pattern.find("}")
    if 0 <= opened < closed:
        for part in pattern[opened + 1 : closed].split(","):
            yield from _spellings(pattern[:opened] + part + pattern[closed + 1 :])
        return
    head, stars, tail = pattern.partition("**/")
    if not stars:
        yield pattern
        return
    for rest in _spellings(tail):
        yield head + "*/" + rest
        yield head + rest


def _slashed(fits: Fits) -> Fits:
    """The same for paths as the system writes them."""
    return fits if os.sep == "/" else lambda path: fits(path.replace(os.sep, "/"))


def _literal(text: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in text)


def _compile(pattern: str) -> Fits:
    import fnmatch
    import re

    return re.compile(fnmatch.translate(pattern)).match
