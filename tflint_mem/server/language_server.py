"""The messages of the Language Server Protocol that are answered."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from tflint_mem import __version__

from . import actions, hover
from .actions import Actions
from .editor import Editor
from .options import EditorSettings
from .protocol import Protocol
from .service import Service

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from .diagnostics import Shown
    from .options import Options
    from .service import Result

_NOTEBOOKS = types.NotebookDocumentSyncOptions(
    [types.NotebookDocumentFilterWithNotebook(notebook="jupyter-notebook")], save=True
)


class Handlers:
    """What is done about each message."""

    def __init__(self, server: LanguageServer, options: Options) -> None:
        self.editor = Editor(server)
        self.service = Service(self.editor, options)
        self._register(server)

    def _register(self, server: LanguageServer) -> None:
        for name in (
            types.TEXT_DOCUMENT_DID_OPEN,
            types.TEXT_DOCUMENT_DID_CHANGE,
            types.TEXT_DOCUMENT_DID_CLOSE,
            types.NOTEBOOK_DOCUMENT_DID_OPEN,
            types.NOTEBOOK_DOCUMENT_DID_CHANGE,
            types.NOTEBOOK_DOCUMENT_DID_CLOSE,
        ):
            _register(server, name, self.edited)
        for name in (
            types.TEXT_DOCUMENT_DID_SAVE,
            types.NOTEBOOK_DOCUMENT_DID_SAVE,
            types.WORKSPACE_DID_CHANGE_WATCHED_FILES,
            types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS,
        ):
            _register(server, name, self.changed_on_disk)
        _register(server, types.INITIALIZE, self.initialize)
        _register(server, types.INITIALIZED, self.initialized)
        _register(server, types.SHUTDOWN, self.shutdown)
        _register(server, types.WORKSPACE_DID_CHANGE_CONFIGURATION, self.configured)
        kinds = types.CodeActionOptions(list(actions.KINDS), resolve_provider=True)
        _register(server, types.TEXT_DOCUMENT_CODE_ACTION, self.code_actions, kinds)
        _register(server, types.CODE_ACTION_RESOLVE, self.resolve)
        _register(server, types.TEXT_DOCUMENT_HOVER, self.hover)

    # -- what the editor tells

    def initialize(self, params: types.InitializeParams) -> None:
        """The editor says who it is, and may say settings."""
        self.service.settings = EditorSettings.of(params.initialization_options)

    async def initialized(self, params: types.InitializedParams) -> None:
        """The editor is there."""
        self.editor.watch_files()
        await self._ask_for_settings(None)

    def edited(self, params: object) -> None:
        """A text was opened, changed or closed."""
        self.service.changed()

    def changed_on_disk(self, params: object) -> None:
        """Files have changed on the disk, or which folders are looked at."""
        self.service.changed(everything=True)

    async def configured(self, params: types.DidChangeConfigurationParams) -> None:
        """The settings of the editor have changed."""
        await self._ask_for_settings(params.settings)

    def shutdown(self, params: object) -> None:
        """The editor goes."""
        self.service.stop()

    async def _ask_for_settings(self, said: object) -> None:
        settings = await self.editor.settings()
        if settings is None and said:
            settings = EditorSettings.of(said)
        if settings is not None and settings != self.service.settings:
            self.service.settings = settings
        self.service.changed(everything=True)

    # -- what it asks

    async def hover(self, params: types.HoverParams) -> types.Hover | None:
        """What is known about a place."""
        uri, place = params.text_document.uri, params.position
        result = await self.service.current(uri)
        if result is None:
            return None
        found = [each for each in result.of(uri) if actions.meets(types.Range(place, place), each.diagnostic.range)]
        if found:
            return hover.of_findings(found)
        rows = self.editor.workspace.get_text_document(uri).lines
        if place.line >= len(rows):
            return None
        column = self.editor.codec.position_from_client_units(rows, place).character
        return hover.of_comment(rows[place.line], column)

    async def code_actions(self, params: types.CodeActionParams) -> list[types.CodeAction]:
        """What can be done about the findings of a place, and of the whole file."""
        uri, only = params.text_document.uri, params.context.only
        result = await self.service.current(uri)
        here = [] if result is None else _at(result.of(uri), params.range)
        quick = bool(here) and actions.wanted(types.CodeActionKind.QuickFix, only)
        everywhere = actions.wanted(actions.FIX_ALL, only)
        if result is None or not (quick or everywhere):
            return []
        if any(each.finding.fix is not None for each in (result.of(uri) if everywhere else here)):
            result = await self.service.with_fixes_that_hold(uri) or result
        found: list[types.CodeAction] = []
        if quick:
            found += self._quick(result, _at(result.of(uri), params.range))
        if everywhere and any(map(actions.is_safe, result.of(uri))):
            action = actions.fix_all(uri)
            found.append(action if self.editor.resolves_edits else await self.resolve(action))
        return found

    async def resolve(self, action: types.CodeAction) -> types.CodeAction:
        """The change of an action that somebody has chosen."""
        uri = action.data.get("uri") if isinstance(action.data, dict) else None
        fixed = await self.service.fixed(uri) if isinstance(uri, str) and action.edit is None else None
        if fixed is not None:
            result, old, new = fixed
            action.edit = self._actions(result).difference(old, new)
        return action

    def _quick(self, result: Result, here: Sequence[Shown]) -> list[types.CodeAction]:
        possible = self._actions(result)
        found = [possible.fix(each) for each in here] + [possible.ignore(each) for each in here]
        return [action for action in found if action is not None and action.edit is not None]

    def _actions(self, result: Result) -> Actions:
        return Actions(result.opened, result.places, self.editor.takes_versions)


def make(options: Options) -> LanguageServer:
    """The server, not yet started."""
    server = LanguageServer("tflint-mem", __version__, notebook_document_sync=_NOTEBOOKS, protocol_cls=Protocol)
    Handlers(server, options)
    return server


def _register(server: LanguageServer, name: str, answer: Callable[[Any], Any], options: object = None) -> None:
    """Let a method answer a message: pygls takes functions only, which it marks."""
    if inspect.iscoroutinefunction(answer):

        async def handle_later(params: Any) -> Any:
            return await answer(params)

        server.feature(name, options)(handle_later)
    else:

        def handle(params: Any) -> Any:
            return answer(params)

        server.feature(name, options)(handle)


def _at(found: Sequence[Shown], place: types.Range) -> list[Shown]:
    return [each for each in found if actions.meets(place, each.diagnostic.range)]
