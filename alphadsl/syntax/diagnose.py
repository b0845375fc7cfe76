"""The place where the parser stopped comes in; one diagnostic comes out: the first known mistake that fits, or what was
expected."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from alphadsl.report.diagnostic import Diagnostic, Label
from alphadsl.report.errors.syntax import UnexpectedToken
from alphadsl.report.source import Span
from alphadsl.report.suggest import suggest
from alphadsl.syntax.characters import diagnose_character
from alphadsl.syntax.lexeme import Lexeme
from alphadsl.syntax.mistakes import MISTAKES
from alphadsl.syntax.mistakes.mistake import At, Mistake

_STATEMENTS = ("loss", "param", "learn", "set", "pairs", "space", "gradient")
_PARTNERS = {"(": ")", "[": "]"}
_ENDS_OPERAND = {"NAME", "NUMBER", "INF", "RPAR", "RSQB"}
_LONGEST_SHOWN = 32
_PATH_SIGNS = ("'", ".", "\\", "~")

# Read from top to bottom; a phrase covers its kinds, which are then not named again.
_PHRASES: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"NAME", "NUMBER", "LPAR", "MINUS", "INF"}), "a formula"),
    (frozenset({"PLUS", "MINUS", "STAR", "SLASH", "CARET"}), "an operator"),
    (frozenset({"PLUS", "MINUS", "STAR", "SLASH"}), "an operator"),
    (frozenset({"PLUS", "MINUS", "NUMBER", "INF"}), "a number"),
    (frozenset({"NUMBER", "INF"}), "a number"),
    (frozenset({"NAME", "PARAM", "LEARN", "SET", "PAIRS", "SPACE", "GRADIENT"}), "a definition"),
    (frozenset({"COMPARE"}), "a comparison"),
    (frozenset({"LOSS"}), "a loss"),
    (frozenset({"NAME"}), "a name"),
    (frozenset({"IN"}), "in"),
    (frozenset({"EXTENDS"}), "extends"),
    (frozenset({"THROUGH"}), "through"),
    (frozenset({"EQUAL"}), "="),
    (frozenset({"TILDE"}), "~"),
    (frozenset({"AGAINST"}), "against"),
    (frozenset({"COMMA"}), "a comma"),
    (frozenset({"DOT"}), "."),
    (frozenset({"LPAR"}), "("),
    (frozenset({"RPAR"}), ")"),
    (frozenset({"LSQB"}), "["),
    (frozenset({"RSQB"}), "]"),
    (frozenset({"LBRACE"}), "{"),
    (frozenset({"RBRACE"}), "}"),
    (frozenset({"STRING"}), "a description"),
    (frozenset({"_NEWLINE"}), "the end of the line"),
    (frozenset({"$END"}), "the end of the file"),
)


@dataclass(frozen=True)
class Situation:
    """The lexeme that did not fit, its line, and what is open there."""

    misfit: Lexeme
    before: Sequence[Lexeme]
    after: Sequence[Lexeme]
    previous: Lexeme
    accepted: frozenset[str]
    bracket: Lexeme | None
    inside: bool
    loss_brace: Lexeme | None

    @property
    def guess(self) -> str:
        first = (*self.before, self.misfit)[0]
        return (suggest(first, _STATEMENTS) if first.type == "NAME" else None) or ""

    @property
    def line(self) -> str:
        kinds = [*(lexeme.type for lexeme in self.before), "@", self.misfit.type]
        return " ".join([*kinds, *(lexeme.type for lexeme in self.after)])

    @property
    def _after_formula(self) -> bool:
        """Whether a formula could continue here, even if the parser has already closed it."""
        defined = any(lexeme.type in ("EQUAL", "TILDE") for lexeme in self.before)
        return defined and not self._in_interval and self.previous.type in _ENDS_OPERAND

    @property
    def _in_interval(self) -> bool:
        return any(lexeme.type == "IN" for lexeme in self.before)

    @property
    def words(self) -> set[str]:
        """The words that hold here, for the `where` of a mistake."""
        accepted = self.accepted
        holds = {
            "inside": self.inside,
            "outside": not self.inside,
            "bracket": self.bracket is not None,
            "unbracketed": self.bracket is None,
            "operand": {"NAME", "NUMBER"} <= accepted,
            "operator": "STAR" in accepted or self._after_formula,
            "bound": "INF" in accepted and "NAME" not in accepted,
            "name": "NAME" in accepted,
            "equal": "EQUAL" in accepted,
            "ends": "_NEWLINE" in accepted,
            "typo": bool(self.guess),
        }
        return {word for word, true in holds.items() if true}

    def place(self, at: At) -> Span:
        match at:
            case At.FIRST if self.before:
                return self.before[0].span
            case At.BRACKET if self.bracket:
                return self.bracket.span
            case At.BRACE if self.loss_brace:
                return self.loss_brace.span
            case _ if self.misfit.type in ("_NEWLINE", "$END"):
                end = self.previous.span.end
                return Span(self.misfit.span.source, end, end)
            case _:
                return self.misfit.span

    @property
    def fields(self) -> dict[str, str]:
        line = (*self.before, self.misfit)
        bracket = str(self.bracket or "")
        return {
            "found": _shown(self.misfit),
            "left": _shown(self.previous),
            "name": next((_shown(lexeme) for lexeme in line if lexeme.type == "NAME"), "NAME"),
            "keyword": _shown(line[0]),
            "guess": self.guess,
            "bracket": bracket,
            "closing": ") or ]" if self._in_interval else _PARTNERS.get(bracket, ""),
        }


def diagnose(situation: Situation) -> Diagnostic:
    stray = situation.misfit
    if stray.type == "OPEN_STRING" and situation.after:
        stray = situation.after[0]  # a refused character cuts a string short
    words, line = situation.words, situation.line
    foreign = stray.type == "STRAY"
    known = (
        [mistake for mistake in MISTAKES if stray in _PATH_SIGNS and "STRAY" in mistake.line] if foreign else MISTAKES
    )
    fitting = (mistake for mistake in known if _fits(mistake, words, line))
    match next(fitting, None):
        case None if foreign:
            return diagnose_character(stray.span)
        case None:
            return _unknown(situation)
        case mistake:
            return _known(mistake, situation)


def _fits(mistake: Mistake, words: set[str], line: str) -> bool:
    return words.issuperset(mistake.where.split()) and bool(re.search(f"(?:{mistake.line})(?![A-Z])", line))


def _known(mistake: Mistake, situation: Situation) -> UnexpectedToken:
    fields = situation.fields
    also = mistake.also if situation.misfit.type != "$END" else None
    return UnexpectedToken(
        situation.place(mistake.at),
        mistake=mistake.name,
        problem=mistake.problem.format(**fields),
        mark=mistake.mark.format(**fields),
        advice=mistake.advice.format(**fields),
        also=(Label(situation.place(also[0]), also[1]),) if also else (),
    )


def _unknown(situation: Situation) -> UnexpectedToken:
    return UnexpectedToken(
        situation.place(At.FOUND),
        mistake="other",
        problem=f"{_shown(situation.misfit)} is not expected here",
        mark=f"expected {_either([*_phrases(situation.accepted)])}",
        advice="",
    )


def _shown(lexeme: Lexeme) -> str:
    match lexeme.type:
        case "_NEWLINE":
            return "the end of the line"
        case "$END":
            return "the end of the file"
        case _ if len(lexeme) > _LONGEST_SHOWN:
            return f"{lexeme[:_LONGEST_SHOWN]}..."
        case _:
            return str(lexeme)


def _phrases(accepted: frozenset[str]) -> Iterator[str]:
    left = set(accepted)
    for kinds, phrase in _PHRASES:
        if kinds <= left:
            left -= kinds
            yield phrase


def _either(phrases: list[str]) -> str:
    *others, last = phrases
    return f"{', '.join(others)} or {last}" if others else last
