"""The editor at the other end: what it can do, and what it is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.capabilities import get_capability

from tflint_mem.hardening import safe

from .options import SECTION, EditorSettings

if TYPE_CHECKING:
    from pygls.lsp.server import LanguageServer
    from pygls.workspace import PositionCodec, Workspace

_WATCHED = (
    *("**/*.py", "**/*.ipynb", "**/pyproject.toml", "**/tflint-mem.toml"),
    *("**/*requirements*.txt", "**/*.lock", "**/setup.cfg", "**/setup.py", "**/environment*.yml", "**/Dockerfile*"),
)


class Editor:
    """What is asked of the editor, and told it."""

    def __init__(self, server: LanguageServer) -> None:
        self._server = server

    @property
    def workspace(self) -> Workspace:
        """What is open in it."""
        return self._server.workspace

    @property
    def codec(self) -> PositionCodec:
        """How it counts columns."""
        return self.workspace.position_codec

    @property
    def shows_related(self) -> bool:
        """Does it show further places of a diagnostic?"""
        return bool(self._can("text_document.publish_diagnostics.related_information"))

    @property
    def takes_versions(self) -> bool:
        """May changes name the version of the text that they are for?"""
        return bool(self._can("workspace.workspace_edit.document_changes"))

    @property
    def resolves_edits(self) -> bool:
        """Does it ask for the change of an action when somebody has chosen that?"""
        properties = self._can("text_document.code_action.resolve_support.properties")
        return isinstance(properties, (list, tuple)) and "edit" in properties

    def publish(self, uri: str, version: int | None, found: list[types.Diagnostic]) -> None:
        """These are the diagnostics of a text."""
        params = types.PublishDiagnosticsParams(uri, found, version)
        self._server.text_document_publish_diagnostics(params)

    def complain(self, text: str) -> None:
        """Something went wrong."""
        self._log(types.MessageType.Error, text)

    def remark(self, text: str) -> None:
        """Something that is good to know."""
        self._log(types.MessageType.Info, text)

    def watch_files(self) -> None:
        """Ask to be told of files that change on the disk, where the editor can."""
        if not self._can("workspace.did_change_watched_files.dynamic_registration"):
            return
        watchers = [types.FileSystemWatcher(pattern) for pattern in _WATCHED]
        options = types.DidChangeWatchedFilesRegistrationOptions(watchers)
        method = types.WORKSPACE_DID_CHANGE_WATCHED_FILES
        registration = types.Registration("tflint-mem-files", method, options)
        self._server.client_register_capability(types.RegistrationParams([registration]))

    async def settings(self) -> EditorSettings | None:
        """What it has set, None where it cannot be asked."""
        if not self._can("workspace.configuration"):
            return None
        items = [types.ConfigurationItem(section=SECTION)]
        said = await self._server.workspace_configuration_async(types.ConfigurationParams(items))
        return EditorSettings.of(said[0]) if said and said[0] else None

    def _log(self, kind: types.MessageType, text: str) -> None:
        self._server.window_log_message(types.LogMessageParams(kind, f"tflint-mem: {safe.field(text)}"))

    def _can(self, capability: str) -> object:
        return get_capability(self._server.client_capabilities, capability)
