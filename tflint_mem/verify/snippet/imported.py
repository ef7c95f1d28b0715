"""What the imports of kept statements want from other first-party files."""

from __future__ import annotations

import ast

from .first_party import absolute_parts
from .scope import Synthetic, attributes_of, dotted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from .first_party import FileModel, Files, Parts

    Wanted = list[tuple[FileModel, set[str]]]  # files, and the names that are wanted from each


class Imports:
    """Follows the imports of one file.

    files, model   all first-party files, and the one whose imports they are
    nodes          the statements that are kept of it
    needed         names that these read
    attributes     attribute names used anywhere in the snippet: what is taken from a module that another file imports
    """

    def __init__(
        self, files: Files, model: FileModel, nodes: Sequence[ast.AST], needed: Collection[str], attributes: set[str]
    ) -> None:
        self._files, self._model, self._nodes = files, model, nodes
        self._needed, self._attributes = needed, attributes

    def wanted(self) -> Wanted:
        """Other files, and the names that are wanted from them; a file may come up more than once."""
        found: Wanted = []
        for node in self._nodes:
            if isinstance(node, Synthetic):
                continue
            for child in ast.walk(node):
                if isinstance(child, ast.Import):
                    found += self._of_import(child, child is node)
                elif isinstance(child, ast.ImportFrom):
                    found += self._of_import_from(child, child is node)
        return found

    def _of_import(self, node: ast.Import, top: bool) -> Wanted:
        """top: the import is a kept statement itself, and counts only where its names are needed."""
        found: Wanted = []
        for alias in node.names:
            if top and (alias.asname or alias.name.split(".")[0]) not in self._needed:
                continue
            parts = tuple(alias.name.split("."))
            other = self._files.resolve(parts, self._model)
            if other is not None:
                name = alias.asname or alias.name
                used = _attributes_behind(name, self._nodes) if "." in name else attributes_of(name, *self._nodes)
                found.append((other, self._taken(other, used)))
                found += self._packages(parts)
                found += self._submodules(parts, other, name, used)
        return found

    def _of_import_from(self, node: ast.ImportFrom, top: bool) -> Wanted:
        found: Wanted = []
        parts = absolute_parts(node, self._model)
        other = self._files.resolve(parts, self._model) if parts else None
        for alias in node.names:
            if top and alias.name != "*" and (alias.asname or alias.name) not in self._needed:
                continue
            inner = self._files.resolve((*parts, alias.name), self._model)
            if alias.name == "*" and other is not None:
                found.append((other, other.names() & set(self._needed) if top else other.names()))
            elif inner is not None and (other is None or alias.name not in other.names()):
                used = attributes_of(alias.asname or alias.name, *self._nodes)
                found.append((inner, self._taken(inner, used)))
                found += self._packages((*parts, alias.name))
            elif other is not None:
                found.append((other, {alias.name}))
        if other is not None:
            found += self._packages(parts)
        return found

    def _taken(self, other: FileModel, used: set[str] | None) -> set[str]:
        """The names of a module that are used by attribute; all of them where the module itself is handed on."""
        return used | (other.names() & self._attributes) if used is not None else other.names()

    def _submodules(self, parts: Parts, package: FileModel, name: str, used: set[str] | None) -> Wanted:
        """`import package`, then `package.module.function`: what is used of modules that the package itself imports."""
        if not package.is_package or not used:
            return []
        found: Wanted = []
        for attribute in sorted(used - package.names()):
            inner = self._files.resolve((*parts, attribute), self._model)
            if inner is not None:
                found.append((inner, _attributes_behind(f"{name}.{attribute}", self._nodes)))
        return found

    def _packages(self, parts: Parts) -> Wanted:
        """The `__init__` files on the way to a module: they run when it is imported, cut down to nothing where nothing
        is used."""
        found: Wanted = []
        for length in range(1, len(parts)):
            package = self._files.resolve(parts[:length], self._model)
            if package is not None and package.is_package:
                found.append((package, set()))
        return found


def _attributes_behind(dotted_name: str, nodes: Iterable[ast.AST]) -> set[str]:
    """Attributes that nodes take from a dotted name: "c" for "a.b" where they have `a.b.c`."""
    found: set[str] = set()
    for node in nodes:
        for child in ast.walk(node):
            full = dotted(child) if isinstance(child, ast.Attribute) else None
            if full and full.startswith(dotted_name + ".") and "." not in full[len(dotted_name) + 1 :]:
                found.add(full[len(dotted_name) + 1 :])
    return found
