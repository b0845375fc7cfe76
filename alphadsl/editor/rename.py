"""All occurrences of a name in a text, and renaming it. Refused: names of another file or of the language, and new
names that are taken."""

from alphadsl.editor.symbols import Role, Symbol, lexemes_of, lineage, meaning, name_at, region_at, regions
from alphadsl.report.exceptions import InputError
from alphadsl.report.source import Span
from alphadsl.resolve.files import SpecText
from alphadsl.resolve.names import FAMILY_PARTS, RESERVED
from alphadsl.syntax.spelling import spell


def renamable(text: SpecText, offset: int) -> Span | None:
    """The span of a name that is defined in this text, or None."""
    index = name_at(text, offset)
    symbol = meaning(text, index) if index is not None else None
    if index is None or symbol is None or symbol.span.source != text.source or symbol.name in FAMILY_PARTS:
        return None
    return lexemes_of(text.source)[index].span


def places(text: SpecText, symbol: Symbol) -> list[Span]:
    """Where a text refers to the symbol, in Greek or in ASCII, including `set` lines and named arguments."""
    spans = []
    for index, lexeme in enumerate(lexemes_of(text.source)):
        if lexeme.type == "NAME" and str(lexeme) == symbol.name:
            meant = meaning(text, index)
            if meant and meant.span == symbol.span:
                spans.append(lexeme.span)
    return spans


def rename(text: SpecText, offset: int, new: str) -> list[Span]:
    """The spans in which to write the new name. Raises `InputError` if the text would then mean something else."""
    index = name_at(text, offset)
    symbol = meaning(text, index) if index is not None else None
    if symbol is None or symbol.name in FAMILY_PARTS:
        raise InputError("this name belongs to the language")
    if symbol.span.source != text.source:
        raise InputError(f"{symbol.name} is defined in {symbol.span.source.name}")
    spelled = spell(new)
    if not spelled:
        raise InputError(f"{new} is not a name: write Latin or Greek letters, digits and _")
    if spelled in RESERVED:
        raise InputError(f"{new} already has a meaning: {RESERVED[spelled]}")
    if spelled != symbol.name and spelled in _taken(text, symbol):
        raise InputError(f"{new} is already defined")
    return places(text, symbol)


def _taken(text: SpecText, symbol: Symbol) -> set[str]:
    if symbol.role == Role.LOSS:
        return {region.name for region in regions(text)}
    home = region_at(text, symbol.span.start)
    users = [region for region in regions(text) if home in [*lineage(region)]]
    names = {name for user in users for ancestor in lineage(user) for name in ancestor.symbols}
    arguments = {str(line[2]) for user in users for line in user.lines if len(line) > 4 and line[3].type == "RPAR"}
    return names | arguments
