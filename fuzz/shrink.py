"""Make a failing input small: leave out files, rows, then tokens, as long as the same failure stays."""

import json
from collections.abc import Callable

from fuzz import material
from fuzz.case import Case

MOST_TRIALS = 250


class Shrinker:
    """Shrinks one case.  `fails(case)` tells whether it still fails in the same way."""

    def __init__(self, fails: Callable[[Case], bool], trials: int = MOST_TRIALS):
        self._fails, self._left = fails, trials

    def shrink(self, case: Case) -> Case:
        """The smallest case found within the trials."""
        for name in list(case.files):
            files = {other: content for other, content in case.files.items() if other != name}
            if len(case.files) > 1 and self._try(case.replace(files=files)):
                case = case.replace(files=files)
        for name in sorted(case.files, key=lambda name: -len(case.files[name])):
            if isinstance(case.files[name], bytes):
                case = self._file(case, name)
        return case

    def _try(self, case: Case) -> bool:
        if self._left <= 0:
            return False
        self._left -= 1
        return self._fails(case)

    def _file(self, case: Case, name: str) -> Case:
        def with_(parts, join):
            return case.replace(files={**case.files, name: join(parts)})

        raw = case.files[name]
        if name.endswith(".ipynb"):
            return self._notebook(case, name)
        rows = raw.split(b"\n")
        rows = self._parts(rows, lambda parts: with_(parts, b"\n".join))
        raw = b"\n".join(rows)
        case = case.replace(files={**case.files, name: raw})
        if len(raw) < 1500:
            tokens = [
                part.encode("utf-8", "surrogateescape")
                for part in material.TOKEN.findall(raw.decode("utf-8", "surrogateescape"))
            ]
            tokens = self._parts(tokens, lambda parts: with_(parts, b"".join))
            case = case.replace(files={**case.files, name: b"".join(tokens)})
        return case

    def _notebook(self, case: Case, name: str) -> Case:
        """Cells are left out when the JSON can be read, else bytes."""
        raw = case.files[name]
        try:
            document = json.loads(raw)
            cells = list(document["cells"])
        except (ValueError, TypeError, KeyError, RecursionError):
            size = max(1, len(raw) // 200)
            parts = [raw[i : i + size] for i in range(0, len(raw), size)]
            parts = self._parts(parts, lambda parts: case.replace(files={**case.files, name: b"".join(parts)}))
            return case.replace(files={**case.files, name: b"".join(parts)})

        def spelled(cells):
            return case.replace(
                files={**case.files, name: json.dumps({**document, "cells": cells}).encode("utf-8", "surrogatepass")}
            )

        if not self._try(spelled(cells)):
            return case
        return spelled(self._parts(cells, spelled))

    def _parts(self, parts: list, build) -> list:
        """Leave out runs of parts, half of them first, then a quarter ..."""
        size = max(1, len(parts) // 2)
        while size >= 1 and self._left > 0:
            i = 0
            while i < len(parts) and self._left > 0:
                fewer = parts[:i] + parts[i + size :]
                if fewer and self._try(build(fewer)):
                    parts = fewer
                else:
                    i += size
            size //= 2
        return parts
