"""What the parser reads and how it is stopped: a token with its place, and the refusal of a whole line or file."""

from lark import Token

from alphadsl.report.diagnostic import Diagnostic
from alphadsl.report.source import Span


class Lexeme(Token):
    """A Lark token that knows its place in the source. Its text is the ASCII spelling where it is a name."""

    span: Span

    @classmethod
    def of(cls, type_: str, text: str, span: Span) -> "Lexeme":
        lexeme = cls(type_, text)
        lexeme.span = span
        return lexeme


class Refused(Exception):
    """Raised where reading cannot go on; the diagnostic says why."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.code)
        self.diagnostic = diagnostic
