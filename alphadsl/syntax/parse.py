"""A source comes in; its surface tree comes out, or diagnostics for every error in its text. Never raises.

The tables of mistakes and habits are imported only when a text has an error.

A broken line is reported once and skipped: the parser's stack is unwound to the last place where a line could start
(panic mode), and parsing continues after the line. A broken `loss` line still opens its loss, so that its definitions
are parsed as such.
"""

from dataclasses import dataclass

from lark import UnexpectedToken

from alphadsl.report.diagnostic import Diagnostic
from alphadsl.report.errors.syntax import TooDeep
from alphadsl.report.source import Source
from alphadsl.syntax.build import DEEPEST
from alphadsl.syntax.language import language
from alphadsl.syntax.lark_parts import unwind
from alphadsl.syntax.lexeme import Lexeme, Refused
from alphadsl.syntax.scan import END, NEWLINE, scan
from alphadsl.syntax.tree import LossDef, SpecFile

MOST_ERRORS = 100
MOST_TAUGHT = 12


@dataclass(frozen=True)
class Parsed:
    """`file` is None exactly if there are diagnostics."""

    file: SpecFile | None
    diagnostics: tuple[Diagnostic, ...]


def parse_source(source: Source) -> Parsed:
    try:
        lexemes, comments = scan(source)
    except Refused as refused:
        return Parsed(None, (refused.diagnostic,))
    reader = _Reader(lexemes)
    losses = reader.read()
    if reader.diagnostics:
        return Parsed(None, tuple(sorted(reader.diagnostics, key=lambda diagnostic: diagnostic.span.start)))
    return Parsed(SpecFile(losses, comments), ())


class _Reader:
    """The parser at a position in the lexemes, with the brackets and the loss that are open there."""

    def __init__(self, lexemes: list[Lexeme]) -> None:
        self.diagnostics: list[Diagnostic] = []
        self._parser = language().parse_interactive()
        self._lexemes = lexemes
        self._at = 0
        self._line_start = 0
        self._brackets: list[Lexeme] = []
        self._in_loss = False
        self._loss_brace: Lexeme | None = None
        self._taught = 0

    def read(self) -> tuple[LossDef, ...]:
        losses: tuple[LossDef, ...] = ()
        while self._at < len(self._lexemes) and len(self.diagnostics) < MOST_ERRORS:
            lexeme = self._lexemes[self._at]
            try:
                losses = self._parser.feed_token(lexeme) or losses
                self._follow(lexeme)
                self._at += 1
            except UnexpectedToken:
                self._report(lexeme)
                self._recover(lexeme)
            except Refused as refused:
                self.diagnostics.append(refused.diagnostic)
                self._recover(lexeme)
        return losses

    def _follow(self, lexeme: Lexeme) -> None:
        """Update the open brackets and loss after a lexeme that was accepted."""
        match lexeme.type:
            case "LPAR" | "LSQB":
                self._brackets.append(lexeme)
                if len(self._brackets) > DEEPEST:
                    raise Refused(TooDeep(lexeme.span, limit=DEEPEST))
            case "RPAR" | "RSQB":
                self._brackets.pop()
            case "LBRACE":
                self._in_loss, self._loss_brace = True, lexeme
                self._line_start = self._at + 1
            case "RBRACE":
                self._in_loss = False
            case "_NEWLINE":
                self._line_start = self._at + 1

    def _report(self, lexeme: Lexeme) -> None:
        if self._ends_loss(lexeme) and self._loss_brace is None:
            return  # the line that should have opened it has been reported
        if self._teach():
            return
        from alphadsl.syntax.diagnose import Situation, diagnose

        situation = Situation(
            misfit=lexeme,
            before=self._lexemes[self._line_start : self._at],
            after=self._lexemes[self._at + 1 : self._line_end() + 1],
            previous=self._lexemes[max(0, self._at - 1)],
            accepted=frozenset(self._parser.accepts()),  # type: ignore[no-untyped-call]
            bracket=self._brackets[-1] if self._brackets else None,
            inside=self._in_loss,
            loss_brace=self._loss_brace,
        )
        self.diagnostics.append(diagnose(situation))

    def _teach(self) -> bool:
        """Report the habits from other languages in the faulty line instead, if it has any, and skip the statement.
        Returns whether it had any."""
        from alphadsl.syntax.habits.statement import statement_at
        from alphadsl.syntax.habits.teach import teach

        start, end = self._lexemes[self._line_start].span, self._lexemes[self._line_end()].span
        if self._taught == MOST_TAUGHT:
            return False
        statement = statement_at(start.source, start.start, end.start)
        lessons = teach(statement)
        reported = {diagnostic.span for diagnostic in self.diagnostics}
        self.diagnostics += [lesson for lesson in lessons if lesson.span not in reported]
        self._taught += bool(lessons)
        while lessons and self._lexemes[self._at].type != END and self._lexemes[self._at].span.start < statement.end:
            self._at += 1
        return bool(lessons)

    def _recover(self, lexeme: Lexeme) -> None:
        self._brackets.clear()
        if self._ends_loss(lexeme):
            self._in_loss = False
            unwind(self._parser, "LOSS")
        elif self._in_loss:
            unwind(self._parser, "PARAM")
            self._skip_definition()
        else:
            unwind(self._parser, "LOSS")
            self._skip_outside()

    def _ends_loss(self, lexeme: Lexeme) -> bool:
        """Whether a loss is still open at this lexeme, which ends the file or starts the next loss."""
        at_head = lexeme.type == "LOSS" and self._at == self._line_start
        named = at_head and self._lexemes[self._at + 1].type in ("NAME", "LBRACE")
        return self._in_loss and (lexeme.type == END or named)

    def _line_end(self) -> int:
        """The index of the next line break."""
        end = self._at
        while self._lexemes[end].type not in (NEWLINE, END):
            end += 1
        return end

    def _skip_definition(self) -> None:
        """Skip to the end of the line, or to the brace that closes the loss."""
        depth = 0
        while (kind := self._lexemes[self._at].type) not in (NEWLINE, END):
            depth += {"LBRACE": 1, "RBRACE": -1}.get(kind, 0)
            if depth < 0:
                return
            self._at += 1

    def _skip_outside(self) -> None:
        """Enter the loss that a broken line opens, or skip to the next line that opens one."""
        headed, fault_at = self._lexemes[self._line_start].type == "LOSS", self._at
        while self._lexemes[self._at].type != END:
            end = self._line_end()
            braces = (at for at in range(self._at, end + 2) if self._lexemes[at].type == "LBRACE")
            foreign = self._lexemes[self._line_start].type in ("LBRACE", "STRING", "OPEN_STRING")  # JSON, say
            brace = None if foreign else next(braces, None)
            if headed or brace is not None:
                self._enter_loss(brace, end)
                if brace == fault_at:
                    self._loss_brace = None
                return
            self._at = self._line_start = end + 1
            if self._lexemes[self._at].type == "LOSS":
                return

    def _enter_loss(self, brace: int | None, line_end: int) -> None:
        place = self._lexemes[self._at].span
        for kind in ("LOSS", "NAME", "LBRACE"):
            self._parser.feed_token(Lexeme.of(kind, "", place))
        self._in_loss = True
        self._loss_brace = None if brace is None else self._lexemes[brace]
        self._at = self._line_start = line_end if brace is None else brace + 1
