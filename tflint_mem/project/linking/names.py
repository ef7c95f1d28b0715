"""Which file an import means.

A project may be laid out as scripts beside each other, as packages, under `src/`, or all of these at once, and nobody
tells a linter what `sys.path` will be.  So a dotted name is looked up by the end of the path: of all files that end in
`a/b.py` or `a/b/__init__.py`, the one whose root is nearest to the importing file wins.
"""

from __future__ import annotations

import os

from tflint_mem.knowledge import EXTERNAL_ROOTS
from tflint_mem.sources.dependencies import Beside

TYPE_CHECKING = False
if TYPE_CHECKING:
    Parts = tuple[str, ...]  # of a path, without the suffix


class Names:
    """Index of the project's modules by the last part of their name.

    beside   notes the other files that are looked for
    """

    def __init__(self, beside: Beside | None = None) -> None:
        self._files = beside or Beside()
        self._by_last: dict[str, list[tuple[int, Parts]]] = {}
        self._known: dict[Parts, dict[tuple[str, int], int | None]] = {}
        self._beside: dict[tuple[Parts, str], bool] = {}

    def add(self, index: int, parts: Parts) -> None:
        """`parts` are the path's parts without suffix, for example ("src", "pkg", "__init__")."""
        name = parts[:-1] if parts[-1] == "__init__" else parts
        if name:
            self._by_last.setdefault(name[-1], []).append((index, name))

    def resolve(self, importer: Parts, dotted: str, level: int) -> int | None:
        """Index of the module that `dotted` (a string, "" with `level` > 0) means for the importing module, or None.

        importer  the parts of the importing module
        """
        known, key = self.known(importer), (dotted, level)
        found = known.get(key, -1)
        if found == -1:
            found = known[key] = self._resolve(importer, dotted, level)
        return found

    def known(self, importer: Parts) -> dict[tuple[str, int], int | None]:
        """{(dotted, level): index or None} of what was resolved for the files of the importing module's folder.

        All of them mean the same by the same name.
        """
        return self._known.setdefault(importer[:-1], {})

    def _resolve(self, importer: Parts, dotted: str, level: int) -> int | None:
        parts = tuple(dotted.split(".")) if dotted else ()
        if level:
            base = importer[: len(importer) - level]
            target = base + parts
            return self._exact(target)
        if not parts or parts[0] in EXTERNAL_ROOTS:
            return None
        best, score, nearest = None, None, None
        here = importer[:-1]
        for index, name in self._by_last.get(parts[-1], ()):
            if name[-len(parts) :] != parts:
                continue
            root = name[: len(name) - len(parts)]
            common = 0
            for a, b in zip(root, here):
                if a != b:
                    break
                common += 1
            above = common == len(root)  # the root is the importer's folder or one above it
            source = len(root) > 0 and root[-1] in ("src", "lib", "python")
            if not above and not source and len(root) - common > 2:
                continue
            rank = (above, source, common, -len(root))
            if score is None or rank > score:
                best, score, nearest = index, rank, root
        if best is not None and nearest != here and self._stands_beside(here, parts[0]) and self._exists(here + parts):
            return None  # a file beside the importer that has nothing to do with TensorFlow
        return best

    def _stands_beside(self, here: Parts, name: str) -> bool:
        """Is there a module or a folder of that name in the folder `here`?  Looked for once, whatever is imported."""
        found = self._beside.get((here, name))
        if found is None:
            path = _path(here + (name,))
            found = self._beside[here, name] = self._files.is_file(path + ".py") or self._files.is_folder(path)
        return found

    def _exists(self, parts: Parts) -> bool:
        return self._files.is_file(_path(parts) + ".py") or is_package(parts, self._files)

    def _exact(self, target: Parts) -> int | None:
        if not target:
            return None
        for index, name in self._by_last.get(target[-1], ()):
            if name == target:
                return index
        return None


def is_package(parts: Parts, beside: Beside) -> bool:
    """Has the folder of these parts an `__init__.py`?  `beside` notes that it was looked for."""
    return beside.is_file(os.path.join(_path(parts), "__init__.py"))


def _path(parts: Parts) -> str:
    return os.sep.join(("", *parts)) if not parts[0].endswith(":") else os.sep.join(parts)
