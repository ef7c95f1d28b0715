"""First-party files as the cutter sees them: text, tree, dotted name; and how one finds another."""

from __future__ import annotations

import ast
import os

from tflint_mem.hardening.parsing import parsed
from tflint_mem.sources.source import Source, SourceError

from .scope import binds
from .source_text import Text
from .syntax import FUNCTIONS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .syntax import Chain, Function

    Parts = tuple[str, ...]  # of a dotted name: ("a", "b") of `import a.b`


class FileModel:
    """One Python file or notebook.

    path, root   absolute; the root is the folder that the dotted name starts from
    source       what the file says        tree, text   its syntax and its rows
    parts        ("pkg", "mod") of `root/pkg/mod.py`; a package's own `__init__` has the package's parts
    relative     of the path, from the root on, with "/"
    """

    def __init__(self, path: str, source: Source, root: str) -> None:
        """Raises SyntaxError, ValueError or RecursionError for a file that does not parse, SourceError for one that
        cannot be decoded."""
        self.path, self.source, self.root = path, source, root
        self.tree = parsed(source.code_bytes(), path)
        self.text = Text(path, source.lines)
        relative = os.path.relpath(path, root).replace(os.sep, "/")
        stem = relative.rsplit(".", 1)[0]
        self.is_package = stem.rsplit("/", 1)[-1] == "__init__"
        self.parts: Parts = tuple(part for part in stem.split("/") if part != "__init__")
        self.relative = relative
        self._functions: list[tuple[Function, Chain]] | None = None
        self._imported: set[Parts] = set()

    @property
    def package(self) -> Parts:
        """Parts of the package that relative imports of this file start from."""
        return self.parts if self.is_package else self.parts[:-1]

    def imported_as(self, parts: Parts) -> None:
        """Notes a name that the file is imported by: the first one is what its own relative imports start from."""
        if not self._imported:
            self.parts = parts
        self._imported.add(parts)

    def module_files(self) -> list[str]:
        """Where the module lies below a folder on `sys.path`, under each name that it is imported by."""
        tail: Parts = ("__init__",) if self.is_package else ()
        return sorted("/".join(parts + tail) + ".py" for parts in self._imported or {self.parts})

    def functions(self) -> list[tuple[Function, Chain]]:
        """The functions and methods, outer ones first, each with the nodes from the module down to it."""
        if self._functions is None:
            self._functions = []
            stack: list[tuple[ast.AST, tuple[ast.AST, ...]]] = [(self.tree, (self.tree,))]
            while stack:
                node, chain = stack.pop(0)
                for child in ast.iter_child_nodes(node):
                    if isinstance(child, FUNCTIONS):
                        self._functions.append((child, (*chain, child)))
                    if isinstance(child, (ast.stmt, ast.ExceptHandler)):
                        stack.append((child, (*chain, child)))
        return self._functions

    def names(self) -> set[str]:
        """Names bound at the top level, also inside its `if`, `try` and `with`."""
        found: set[str] = set()
        for statement in self.tree.body:
            found |= binds(statement)
        return found


class Files:
    """All first-party files that a snippet may draw from.

    sources   Sources of the run, by absolute path: what the caller has read (and perhaps fixed) already
    folders   folders to resolve imports from besides the importing file's own
    """

    def __init__(self, sources: Iterable[Source] = (), folders: Iterable[str] = ()) -> None:
        self._sources = {os.path.abspath(source.path): source for source in sources}
        self.folders = [os.path.abspath(folder) for folder in folders]
        self._models: dict[str, FileModel | None] = {}

    def sources(self) -> list[Source]:
        """The Sources of the run."""
        return list(self._sources.values())

    def get(self, path: str) -> FileModel | None:
        """The FileModel of a path, or None when it does not exist or does not parse."""
        path = os.path.abspath(path)
        if path not in self._models:
            self._models[path] = self._load(path)
        return self._models[path]

    def _load(self, path: str) -> FileModel | None:
        source = self._sources.get(path)
        try:
            if source is None:
                source = Source.read(path)
            return FileModel(path, source, _root_of(path))
        except (SourceError, SyntaxError, ValueError, RecursionError):
            return None

    def resolve(self, parts: Parts, importer: FileModel, note: bool = True) -> FileModel | None:
        """The file that `import a.b` (parts ("a", "b")) means in `importer`, or None when it is not first-party.

        note: remember the name, because the import will be part of a snippet.
        """
        if not parts:
            return None
        seen: list[str] = []
        namespace = False
        for root in self._roots(importer):
            if root in seen:
                continue
            seen.append(root)
            base = os.path.join(root, *parts)
            namespace = namespace or os.path.isdir(base)
            for path in (base + ".py", os.path.join(base, "__init__.py")):
                if os.path.abspath(path) in self._sources or os.path.isfile(path):
                    model = self.get(path)
                    if model is not None and model.path != importer.path:
                        if note:
                            model.imported_as(tuple(parts))
                        return model
        # a script that puts folders on `sys.path` itself: the only file of that name in the project
        if namespace:
            return None  # a folder without `__init__`: it is the package, whatever other file has its name
        ending = os.sep + os.path.join(*parts) + ".py"
        matches = [path for path in self._sources if path.endswith(ending)]
        model = self.get(matches[0]) if len(matches) == 1 and matches[0] != importer.path else None
        if model is not None and note:
            model.imported_as(tuple(parts))
        return model

    def _roots(self, importer: FileModel) -> Iterator[str]:
        """Folders that imports of a file may start from, nearest first: scripts often put a folder above theirs on the
        path."""
        folder = os.path.dirname(importer.path)
        if importer.root != folder:
            yield importer.root  # a member of a package does not see its neighbours by their bare names
        yield folder
        while any(folder != top and folder.startswith(top.rstrip(os.sep) + os.sep) for top in self.folders):
            folder = os.path.dirname(folder)
            yield folder
        for top in self.folders:
            yield top
            yield os.path.join(top, "src")

    def importers(self, name: str, target: FileModel) -> Iterator[FileModel]:
        """Files of the run that name `name` and import it from `target`, perhaps by way of a package."""
        for model in self.others(name, target):
            if self._takes(model, name, target):
                yield model

    def _takes(self, model: FileModel, name: str, target: FileModel, depth: int = 0) -> bool:
        for node in ast.walk(model.tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    if self.resolve(tuple(alias.name.split(".")), model, False) is target:
                        return True
            elif isinstance(node, ast.ImportFrom):
                parts = absolute_parts(node, model)
                source = self.resolve(parts, model, False)
                if source is target:
                    return True
                for alias in node.names:
                    if self.resolve(parts + (alias.name,), model, False) is target:
                        return True
                    if (
                        alias.name in (name, "*")
                        and source is not None
                        and source.is_package
                        and depth < 2
                        and self._takes(source, name, target, depth + 1)
                    ):
                        return True
        return False

    def others(self, name: str, besides: FileModel) -> Iterator[FileModel]:
        """Files of the run, other than `besides`, whose text names `name`."""
        needle = name.encode("utf-8")
        for path, source in sorted(self._sources.items()):
            if path != besides.path and needle in source.raw and path.endswith((".py", ".ipynb")):
                model = self.get(path)
                if model is not None:
                    yield model


def _root_of(path: str) -> str:
    """The folder above the outermost package that holds the file."""
    folder = os.path.dirname(path)
    while os.path.isfile(os.path.join(folder, "__init__.py")) and os.path.dirname(folder) != folder:
        folder = os.path.dirname(folder)
    return folder


def absolute_parts(node: ast.ImportFrom, model: FileModel) -> Parts:
    """Parts of the module that an `ast.ImportFrom` of `model` names; relative levels resolved."""
    parts: Parts = tuple(node.module.split(".")) if node.module else ()
    if node.level:
        package = model.package
        up = node.level - 1
        base = package[: len(package) - up] if up else package
        return base + parts
    return parts
