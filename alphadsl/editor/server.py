"""The language server: requests of an editor come in over stdin; answers of the other modules of this folder go out
over stdout.

No document can crash it: an internal error becomes a diagnostic of that document, or an empty answer.
"""

import asyncio
import logging

from lsprotocol import types

from alphadsl.editor.actions import code_actions
from alphadsl.editor.completion import complete
from alphadsl.editor.diagnostics import uri_of
from alphadsl.editor.hover import hover
from alphadsl.editor.outline import outline
from alphadsl.editor.positions import Positions
from alphadsl.editor.rename import renamable, rename
from alphadsl.editor.signatures import signature
from alphadsl.editor.symbols import meaning, name_at
from alphadsl.editor.tokens import MODIFIERS, TYPES, semantic_tokens
from alphadsl.editor.vocabulary import Kind
from alphadsl.editor.workspace import AlphaServer, guarded
from alphadsl.report.exceptions import InputError
from alphadsl.syntax.format import format_source

PAUSE = 0.1  # seconds without a keystroke before a text is checked
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

server = AlphaServer()


def serve() -> None:
    logging.basicConfig(level=logging.ERROR)  # to stderr, since stdout belongs to the protocol
    server.start_io()


@server.feature(types.TEXT_DOCUMENT_DID_OPEN)
def did_open(ls: AlphaServer, params: types.DidOpenTextDocumentParams) -> None:
    ls.check(params.text_document.uri)


@server.feature(types.TEXT_DOCUMENT_DID_SAVE)
def did_save(ls: AlphaServer, params: types.DidSaveTextDocumentParams) -> None:
    """A file that other texts may extend has changed on disk, so every open text is checked again."""
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
@guarded
def on_hover(ls: AlphaServer, params: types.HoverParams) -> types.Hover | None:
    uri = params.text_document.uri
    positions = ls.positions(uri)
    shown = hover(ls.document(uri), positions.offset(params.position))
    if shown is None:
        return None
    content = types.MarkupContent(types.MarkupKind.Markdown, shown.markdown)
    return types.Hover(content, positions.range(shown.start, shown.end))


@server.feature(types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=[".", " ", "(", "["]))
@guarded
def on_completion(ls: AlphaServer, params: types.CompletionParams) -> list[types.CompletionItem]:
    uri = params.text_document.uri
    proposals = complete(ls.spec(uri), ls.positions(uri).offset(params.position))
    return [
        types.CompletionItem(
            label=proposal.text,
            kind=_ITEM_KINDS[proposal.kind],
            detail=proposal.detail,
            documentation=proposal.meaning or None,
            insert_text=proposal.written or None,
            sort_text=f"{index:04}",
        )
        for index, proposal in enumerate(proposals)
    ]


@server.feature(types.TEXT_DOCUMENT_FORMATTING)
@guarded
def on_formatting(ls: AlphaServer, params: types.DocumentFormattingParams) -> list[types.TextEdit] | None:
    """Replace the whole text; nothing if it does not parse, which its diagnostics report."""
    uri = params.text_document.uri
    source = ls.spec(uri).source
    formatted = format_source(source).text
    if formatted is None or formatted == source.text:
        return None
    return [types.TextEdit(ls.positions(uri).everything, formatted)]


@server.feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
@guarded
def on_symbols(ls: AlphaServer, params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
    uri = params.text_document.uri
    file = ls.document(uri).file
    return outline(file, ls.positions(uri)) if file else []


@server.feature(types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions([types.CodeActionKind.QuickFix]))
@guarded
def on_code_action(ls: AlphaServer, params: types.CodeActionParams) -> list[types.CodeAction]:
    uri, chosen = params.text_document.uri, params.range
    positions = ls.positions(uri)
    start, end = positions.offset(chosen.start), positions.offset(chosen.end)
    return [*code_actions(ls.document(uri), start, end, uri, ls.units)]


@server.feature(types.TEXT_DOCUMENT_DEFINITION)
@guarded
def on_definition(ls: AlphaServer, params: types.DefinitionParams) -> types.Location | None:
    uri = params.text_document.uri
    text = ls.spec(uri)
    index = name_at(text, ls.positions(uri).offset(params.position))
    symbol = meaning(text, index) if index is not None else None
    if symbol is None:
        return None
    source = symbol.span.source
    return types.Location(uri_of(source, text.source, uri), Positions(source.text, ls.units).range_of(symbol.span))


@server.feature(types.TEXT_DOCUMENT_PREPARE_RENAME)
@guarded
def on_prepare_rename(ls: AlphaServer, params: types.PrepareRenameParams) -> types.Range | None:
    uri = params.text_document.uri
    positions = ls.positions(uri)
    span = renamable(ls.spec(uri), positions.offset(params.position))
    return positions.range_of(span) if span else None


@server.feature(types.TEXT_DOCUMENT_RENAME, types.RenameOptions(prepare_provider=True))
@guarded
def on_rename(ls: AlphaServer, params: types.RenameParams) -> types.WorkspaceEdit | None:
    """The edits; or nothing, and a message with the reason."""
    uri = params.text_document.uri
    positions = ls.positions(uri)
    try:
        spans = rename(ls.spec(uri), positions.offset(params.position), params.new_name)
    except InputError as refusal:
        ls.window_show_message(types.ShowMessageParams(types.MessageType.Error, refusal.message))
        return None
    return types.WorkspaceEdit({uri: [types.TextEdit(positions.range_of(span), params.new_name) for span in spans]})


@server.feature(types.TEXT_DOCUMENT_SIGNATURE_HELP, types.SignatureHelpOptions(["(", ","]))
@guarded
def on_signature(ls: AlphaServer, params: types.SignatureHelpParams) -> types.SignatureHelp | None:
    uri = params.text_document.uri
    called = signature(ls.spec(uri), ls.positions(uri).offset(params.position))
    if called is None:
        return None
    parameters = [types.ParameterInformation(label, meaning or None) for label, meaning in called.parameters]
    shown = types.SignatureInformation(called.label, called.meaning, parameters)
    return types.SignatureHelp([shown], active_signature=0, active_parameter=called.active)


@server.feature(types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, types.SemanticTokensLegend(TYPES, MODIFIERS))
@guarded
def on_semantic_tokens(ls: AlphaServer, params: types.SemanticTokensParams) -> types.SemanticTokens:
    uri = params.text_document.uri
    return types.SemanticTokens(semantic_tokens(ls.spec(uri), ls.positions(uri)))
