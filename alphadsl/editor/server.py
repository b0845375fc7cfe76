"""The language server: an editor's requests in, what the other modules of this folder say out, over stdin and stdout.

No document can end it: whatever goes wrong inside is told as a diagnostic of that document, or answers with nothing.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import TypeVar

from lsprotocol import types
from pygls import uris
from pygls.lsp.server import LanguageServer

import alphadsl
from alphadsl.check.library import SpecText
from alphadsl.editor.completion import complete
from alphadsl.editor.diagnostics import internal_error, lsp_diagnostic
from alphadsl.editor.document import Document, read_document, spec_text
from alphadsl.editor.hover import hover
from alphadsl.editor.outline import outline
from alphadsl.editor.positions import Positions, Units
from alphadsl.editor.vocabulary import Kind
from alphadsl.syntax.format import format_source

Params = TypeVar("Params")
Answer = TypeVar("Answer")
PAUSE = 0.1  # seconds without a keystroke, before a text is checked
_ITEM_KINDS = {
    Kind.KEYWORD: types.CompletionItemKind.Keyword,
    Kind.CONSTANT: types.CompletionItemKind.Variable,
    Kind.FUNCTION: types.CompletionItemKind.Function,
    Kind.REDUCTION: types.CompletionItemKind.Function,
    Kind.SCHEDULE: types.CompletionItemKind.Function,
    Kind.QUANTITY: types.CompletionItemKind.Variable,
    Kind.PART: types.CompletionItemKind.Property,
    Kind.CHOICE: types.CompletionItemKind.EnumMember,
    None: types.CompletionItemKind.Class,
}


class AlphaServer(LanguageServer):
    """Texts are sent whole: they are small, and no count of lines can then drift apart."""

    def __init__(self) -> None:
        super().__init__("alphadsl", alphadsl.__version__, types.TextDocumentSyncKind.Full)
        self.waiting: dict[str, asyncio.Task[None]] = {}
        self._read: dict[str, Document] = {}

    @property
    def units(self) -> Units:
        return self.workspace.position_codec.client_num_units

    def spec(self, uri: str) -> SpecText:
        path = uris.to_fs_path(uri) if uri.startswith("file:") else None
        return spec_text(path or uri, self.workspace.get_text_document(uri).source, Path(path) if path else None)

    def document(self, uri: str) -> Document:
        """The document as it is now, checked once."""
        text = self.spec(uri)
        known = self._read.get(uri)
        if known is None or known.text != text:
            known = self._read[uri] = read_document(text)
        return known

    def positions(self, uri: str) -> Positions:
        return Positions(self.spec(uri).source.text, self.units)

    def publish(self, uri: str, found: Sequence[types.Diagnostic]) -> None:
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, found))

    def check(self, uri: str) -> None:
        try:
            self._read.pop(uri, None)  # a file beside it may have changed
            document = self.document(uri)
            said = document.checked.diagnostics
            self.publish(uri, [lsp_diagnostic(each, document.source, uri, self.units) for each in said])
        except Exception as failure:
            logging.exception("checking %s", uri)
            self.publish(uri, [internal_error(failure)])

    def forget(self, uri: str) -> None:
        if task := self.waiting.pop(uri, None):
            task.cancel()
        self._read.pop(uri, None)


Handler = Callable[[AlphaServer, Params], Answer | None]


def _guarded(handler: Handler[Params, Answer]) -> Handler[Params, Answer]:
    """A request answered with nothing if we fail; the failure goes to the log."""

    @wraps(handler)
    def answer(ls: AlphaServer, params: Params) -> Answer | None:
        try:
            return handler(ls, params)
        except Exception:
            logging.exception("answering %s", handler.__name__)
            return None

    return answer


server = AlphaServer()


def serve() -> None:
    logging.basicConfig(level=logging.ERROR)  # to stderr: stdout is the editor's
    server.start_io()


@server.feature(types.TEXT_DOCUMENT_DID_OPEN)
def did_open(ls: AlphaServer, params: types.DidOpenTextDocumentParams) -> None:
    ls.check(params.text_document.uri)


@server.feature(types.TEXT_DOCUMENT_DID_SAVE)
def did_save(ls: AlphaServer, params: types.DidSaveTextDocumentParams) -> None:
    """What others extend has changed on the disk: every open text is checked again."""
    for uri in [*ls.workspace.text_documents]:
        ls.check(uri)


@server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
async def did_change(ls: AlphaServer, params: types.DidChangeTextDocumentParams) -> None:
    uri = params.text_document.uri
    ls.forget(uri)
    ls.waiting[uri] = asyncio.ensure_future(_check_after_pause(ls, uri))


async def _check_after_pause(ls: AlphaServer, uri: str) -> None:
    await asyncio.sleep(PAUSE)
    ls.check(uri)


@server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
def did_close(ls: AlphaServer, params: types.DidCloseTextDocumentParams) -> None:
    ls.forget(params.text_document.uri)
    ls.publish(params.text_document.uri, [])


@server.feature(types.TEXT_DOCUMENT_HOVER)
@_guarded
def on_hover(ls: AlphaServer, params: types.HoverParams) -> types.Hover | None:
    uri = params.text_document.uri
    positions = ls.positions(uri)
    found = hover(ls.document(uri), positions.offset(params.position))
    if found is None:
        return None
    content = types.MarkupContent(types.MarkupKind.Markdown, found.markdown)
    return types.Hover(content, positions.range(found.start, found.end))


@server.feature(types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=[".", " ", "("]))
@_guarded
def on_completion(ls: AlphaServer, params: types.CompletionParams) -> list[types.CompletionItem]:
    uri = params.text_document.uri
    proposals = complete(ls.spec(uri), ls.positions(uri).offset(params.position))
    return [
        types.CompletionItem(
            label=each.text,
            kind=_ITEM_KINDS[each.kind],
            detail=each.detail,
            documentation=each.meaning or None,
            sort_text=f"{place:04}",
        )
        for place, each in enumerate(proposals)
    ]


@server.feature(types.TEXT_DOCUMENT_FORMATTING)
@_guarded
def on_formatting(ls: AlphaServer, params: types.DocumentFormattingParams) -> list[types.TextEdit] | None:
    """The whole text anew; nothing where it cannot be parsed, which its diagnostics say."""
    uri = params.text_document.uri
    source = ls.spec(uri).source
    formatted = format_source(source).text
    if formatted is None or formatted == source.text:
        return None
    return [types.TextEdit(ls.positions(uri).everything, formatted)]


@server.feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
@_guarded
def on_symbols(ls: AlphaServer, params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
    uri = params.text_document.uri
    file = ls.document(uri).file
    return outline(file, ls.positions(uri)) if file else []
