"""The texts of an editor's session, each read once, and the diagnostics published for them.

An internal error becomes a diagnostic of the document, or an empty answer to a request.
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
from alphadsl.editor.diagnostics import internal_error, lsp_diagnostic
from alphadsl.editor.document import Document, read_document, spec_text
from alphadsl.editor.positions import Positions, Units
from alphadsl.resolve.files import SpecText

Params = TypeVar("Params")
Answer = TypeVar("Answer")


class AlphaServer(LanguageServer):
    """The server of one session. Texts are synchronised as a whole: they are small, and client and server cannot
    diverge."""

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
        """The current document, checked once."""
        text = self.spec(uri)
        known = self._read.get(uri)
        if known is None or known.text != text:
            known = self._read[uri] = read_document(text)
        return known

    def positions(self, uri: str) -> Positions:
        return Positions(self.spec(uri).source.text, self.units)

    def publish(self, uri: str, diagnostics: Sequence[types.Diagnostic]) -> None:
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, diagnostics))

    def check(self, uri: str) -> None:
        try:
            self._read.pop(uri, None)  # a file in its folder may have changed
            document = self.document(uri)
            said = document.checked.diagnostics
            self.publish(uri, [lsp_diagnostic(diagnostic, document.source, uri, self.units) for diagnostic in said])
        except Exception as failure:
            logging.exception("checking %s", uri)
            self.publish(uri, [internal_error(failure)])

    def forget(self, uri: str) -> None:
        if task := self.waiting.pop(uri, None):
            task.cancel()
        self._read.pop(uri, None)


Handler = Callable[[AlphaServer, Params], Answer | None]


def guarded(handler: Handler[Params, Answer]) -> Handler[Params, Answer]:
    """Answer a request with nothing if there is an internal error, which goes to the log."""

    @wraps(handler)
    def answer(ls: AlphaServer, params: Params) -> Answer | None:
        try:
            return handler(ls, params)
        except Exception:
            logging.exception("answering %s", handler.__name__)
            return None

    return answer
