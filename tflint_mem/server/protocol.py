"""pygls, with rows as the protocol and Python count them.

The protocol ends a row at LF, CR LF or CR.  pygls takes `str.splitlines`, which knows further characters (a form feed
is not rare in old sources), and would put a change into a wrong row.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pygls.protocol import LanguageServerProtocol
from pygls.workspace import TextDocument, Workspace

if TYPE_CHECKING:
    from collections.abc import Sequence

_ROW = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


def rows_of(text: str) -> list[str]:
    """The rows of a text with their ends; none behind the last end."""
    return _ROW.findall(text)


class Document(TextDocument):
    """An open text."""

    @property
    def lines(self) -> Sequence[str]:
        """Its rows, with their ends."""
        return rows_of(self.source)


class _Workspace(Workspace):
    def _create_text_document(
        self, doc_uri: str, source: str | None = None, version: int | None = None, language_id: str | None = None
    ) -> TextDocument:
        return Document(
            doc_uri,
            source=source,
            version=version,
            language_id=language_id,
            sync_kind=self._sync_kind,
            position_codec=self._position_codec,
        )


class Protocol(LanguageServerProtocol):
    """The protocol, with such documents."""

    _ours: _Workspace | None = None

    @property
    def workspace(self) -> Workspace:
        """The open documents, and the folders."""
        if self._ours is None:
            given = super().workspace
            self._ours = _Workspace(
                given.root_uri,
                self._server._text_document_sync_kind,
                list(given.folders.values()),
                given.position_encoding,
            )
        return self._ours
