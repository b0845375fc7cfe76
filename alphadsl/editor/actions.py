"""The fixes that diagnostics at a position suggest, as edits that an editor can apply."""

from collections.abc import Iterator

from lsprotocol import types

from alphadsl.editor.diagnostics import lsp_diagnostic, uri_of
from alphadsl.editor.document import Document
from alphadsl.editor.positions import Positions, Units
from alphadsl.report.diagnostic import Diagnostic, Edit
from alphadsl.report.visible import visible_text


def code_actions(document: Document, start: int, end: int, uri: str, units: Units) -> Iterator[types.CodeAction]:
    for diagnostic in document.checked.diagnostics:
        span = diagnostic.span
        if span.source == document.source and span.start <= end and start <= span.end:
            yield from _remedies(diagnostic, document, uri, units)


def _remedies(diagnostic: Diagnostic, document: Document, uri: str, units: Units) -> Iterator[types.CodeAction]:
    shown = lsp_diagnostic(diagnostic, document.source, uri, units)
    for place, remedy in enumerate(diagnostic.offered):
        changes: dict[str, list[types.TextEdit]] = {}
        for edit in remedy.edits:
            target = uri_of(edit.span.source, document.source, uri)
            changes.setdefault(target, []).append(_text_edit(edit, units))
        yield types.CodeAction(
            title=" ".join(visible_text(remedy.advice).split()),
            kind=types.CodeActionKind.QuickFix,
            diagnostics=[shown],
            is_preferred=place == 0,
            edit=types.WorkspaceEdit(changes=changes),
        )


def _text_edit(edit: Edit, units: Units) -> types.TextEdit:
    return types.TextEdit(Positions(edit.span.source.text, units).range_of(edit.span), edit.text)
