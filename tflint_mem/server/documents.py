"""What is open in the editor, as files of a check."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING
from urllib.parse import unquote

from lsprotocol import types
from pygls.uris import to_fs_path

from tflint_mem.record import Record
from tflint_mem.sources.source import Source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pygls.workspace import TextDocument, Workspace

_SUFFIXES = (".py", ".ipynb")
_PYTHON = "python"


class Text(Record):
    """One text of the editor: a file, or a cell of a notebook."""

    __slots__ = ()
    uri: str
    version: int | None


class Opened(Record):
    """A file that is open.

    source   what it holds in the editor
    cells    its texts there: by the number of the cell, under None for a file that is one text (a notebook may be that,
             too, where the editor shows its JSON)
    """

    __slots__ = ()
    source: Source
    cells: dict[int | None, Text]

    @property
    def path(self) -> str:
        """The absolute path, which an unsaved file has, too."""
        return self.source.path

    def as_it_was(self) -> Opened:
        """The same before it was checked: a notebook is read without its broken cells from then on."""
        return self.replace(source=Source(self.source.path, self.source.raw))


def opened(workspace: Workspace) -> Iterator[Opened]:
    """All that is open and may be checked."""
    for document in list(workspace.text_documents.values()):
        if workspace.get_notebook_document(cell_uri=document.uri) is None:
            path = _path(workspace, document.uri, ".py")
            if path.endswith(_SUFFIXES) or document.language_id == _PYTHON:
                yield Opened(Source.of_text(path, document.source), {None: Text(document.uri, document.version)})
    for notebook in list(workspace.notebook_documents.values()):
        yield _notebook(workspace, notebook)


def _notebook(workspace: Workspace, notebook: types.NotebookDocument) -> Opened:
    """The notebook as its file would be; cells are numbered over all, as ever."""
    cells: list[dict[str, object]] = []
    texts: dict[int | None, Text] = {}
    for number, cell in enumerate(notebook.cells, 1):
        document = workspace.text_documents.get(unquote(cell.document))
        text = "" if document is None else document.source
        if document is not None and cell.kind == types.NotebookCellKind.Code:
            texts[number] = Text(cell.document, document.version)
            cells.append({"cell_type": "code", "source": text, **_language(document)})
        else:
            cells.append({"cell_type": "markdown", "source": text})
    path = _path(workspace, notebook.uri, ".ipynb")
    path = path if path.endswith(".ipynb") else path + ".ipynb"
    content = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return Opened(Source(path, json.dumps(content).encode()), texts)


def _language(document: TextDocument) -> dict[str, object]:
    language = document.language_id
    return {} if language in (None, "", _PYTHON) else {"language": language}


def _path(workspace: Workspace, uri: str, suffix: str) -> str:
    """The absolute path of a text.  One without a file lies in the first folder of the workspace, and without that at
    the root of the file system, where it is alone.
    """
    path = to_fs_path(uri)
    if path:
        return os.path.abspath(path)
    folders = [to_fs_path(folder.uri) for folder in workspace.folders.values()] + [workspace.root_path]
    name = uri.rpartition(":")[2].strip("/\\").replace("/", "_").replace("\\", "_") or "untitled"
    name = name if name.endswith(_SUFFIXES) else name + suffix
    return os.path.join(next((folder for folder in folders if folder), os.path.abspath(os.sep)), name)
