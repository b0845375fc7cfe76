"""Checks that a text parses as definitions of a loss, as every remedy must before it is offered."""

from lark import UnexpectedToken

from alphadsl.report.source import Source
from alphadsl.syntax.language import language
from alphadsl.syntax.lexeme import Refused
from alphadsl.syntax.scan import scan


def reads_as_definitions(text: str) -> bool:
    parser = language().parse_interactive()
    try:
        lexemes, _ = scan(Source("remedy", f"loss x {{\n{text}\n}}\n"))
        for lexeme in lexemes:
            parser.feed_token(lexeme)
    except (UnexpectedToken, Refused):
        return False
    return True
