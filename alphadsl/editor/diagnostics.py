"""From diagnostics of the checker to those of an editor: code, severity, note and help, and related locations."""

from functools import cache
from importlib import resources
from pathlib import Path

from lsprotocol import types

from alphadsl.editor.page import render_page
from alphadsl.editor.positions import Positions, Units
from alphadsl.folders import kept_file
from alphadsl.report.diagnostic import Diagnostic, Label, Severity
from alphadsl.report.errors import CATALOGUE
from alphadsl.report.source import Source, Span
from alphadsl.report.visible import visible_text

SOURCE = "alphadsl"
_SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
}


def lsp_diagnostic(diagnostic: Diagnostic, source: Source, uri: str, units: Units) -> types.Diagnostic:
    """A diagnostic in another file is shown at the top of this one, with its location as related information."""
    labels = [*diagnostic.secondary]
    here = diagnostic.span.source == source
    if not here:
        labels.insert(0, Label(diagnostic.span, diagnostic.label or diagnostic.title))
    span = diagnostic.span if here else Span(source, 0, 0)
    return types.Diagnostic(
        range=Positions(source.text, units).range_of(span),
        message=_message(diagnostic),
        severity=_SEVERITIES[diagnostic.severity],
        code=diagnostic.code,
        code_description=types.CodeDescription(page) if (page := page_uri(diagnostic.code)) else None,
        source=SOURCE,
        related_information=[_related(label, source, uri, units) for label in labels],
    )


def internal_error(failure: Exception) -> types.Diagnostic:
    """An error of ours, shown where the author can see it; the server continues."""
    start = types.Range(types.Position(0, 0), types.Position(0, 0))
    message = f"internal error, please report it with this text: {type(failure).__name__}: {failure}"
    return types.Diagnostic(
        start, message, severity=types.DiagnosticSeverity.Error, code="internal-error", source=SOURCE
    )


def _message(diagnostic: Diagnostic) -> str:
    """The title, with the label of its location; then note and help."""
    label = f" ({diagnostic.label})" if diagnostic.label and diagnostic.label not in diagnostic.title else ""
    remarks = [f"{word}: {text}" for word, text in (("note", diagnostic.note), ("help", diagnostic.help)) if text]
    return "\n".join(visible_text(line) for text in (diagnostic.title + label, *remarks) for line in text.splitlines())


def _related(label: Label, source: Source, uri: str, units: Units) -> types.DiagnosticRelatedInformation:
    place = label.span.source
    where = types.Location(uri_of(place, source, uri), Positions(place.text, units).range_of(label.span))
    return types.DiagnosticRelatedInformation(where, visible_text(label.text))


def uri_of(place: Source, source: Source, uri: str) -> str:
    """The URI of a source: `uri` for the open document, a file URI for others."""
    return uri if place == source else _path(place).as_uri()


@cache
def page_uri(code: str) -> str | None:
    """The page of a code, as `alphadsl explain CODE` prints it, in a file that an editor can open."""
    kept = kept_file(f"{code}.txt")
    if kept is None or code not in CATALOGUE:
        return None
    try:
        kept.write_text(render_page(CATALOGUE[code]), encoding="utf-8")
    except OSError:
        return None
    return kept.as_uri()


def _path(source: Source) -> Path:
    """The file of a source; a source of the library has a name that starts at the package."""
    path = Path(source.name).absolute()
    return path if path.exists() else Path(str(resources.files("specs"))) / path.name
