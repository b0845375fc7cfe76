"""The tokens that the parser reads, with their positions, and the exception that refuses a whole line or file."""

from lark import Token

from alphadsl.report.diagnostic import Diagnostic
from alphadsl.report.source import Span


class Lexeme(Token):
    """A Lark token with its span in the source. The text of a name is its ASCII spelling."""

    span: Span

    @classmethod
    def of(cls, type_: str, text: str, span: Span) -> "Lexeme":
        lexeme = cls(type_, text)
        lexeme.span = span
        return lexeme


class Refused(Exception):
    """Raised if reading cannot continue; the diagnostic says why."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.code)
        self.diagnostic = diagnostic
