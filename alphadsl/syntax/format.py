"""A source comes in; its canonical text comes out: one definition per line, aligned columns, uniform spacing, every
comment in its place.

The surface tree does not change, which is checked. Refused, with diagnostics: a source that cannot be parsed, and one
whose formatted text would exceed the limits of the parser.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from alphadsl.report.diagnostic import Diagnostic
from alphadsl.report.source import Source
from alphadsl.syntax import tree
from alphadsl.syntax.arrange import Entry, arrange
from alphadsl.syntax.formula import Formula, Letters, Remarks, closing, comment_text, indexed, is_whole
from alphadsl.syntax.layout import STEP, Doc, Remark
from alphadsl.syntax.parse import parse_source
from alphadsl.syntax.rows import Declaration, Definition, Plain, Row, align, bounds_text
from alphadsl.syntax.spelling import greek

BEFORE_COMMENT = "  "


@dataclass(frozen=True)
class Formatted:
    """`text` is None exactly if there are diagnostics."""

    text: str | None
    diagnostics: tuple[Diagnostic, ...]


def ascii_names(name: str) -> str:
    return name


def greek_names(name: str) -> str:
    return greek(name)


def format_source(source: Source, letters: Letters = ascii_names) -> Formatted:
    parsed = parse_source(source)
    if parsed.file is None:
        return Formatted(None, parsed.diagnostics)
    text = format_file(parsed.file, letters)
    again = parse_source(Source(source.name, text))
    if again.file is None:
        return Formatted(None, again.diagnostics)
    assert again.file.losses == parsed.file.losses, "formatting changed the tree"
    return Formatted(text, ())


def format_file(file: tree.SpecFile, letters: Letters = ascii_names) -> str:
    return "".join(f"{line}\n" for line in _Writer(letters).lines(arrange(file.losses, file.comments), 0))


@dataclass(frozen=True)
class _Written:
    """A row, with the comments inside it that are moved above it."""

    above: tuple[Remark, ...]
    row: Row


@dataclass(frozen=True)
class _Writer:
    letters: Letters

    def lines(self, entries: Sequence[Entry], indent: int) -> Iterator[str]:
        margin = " " * indent
        for part in _parts(entries):
            written = {id(entry): self._written(entry) for entry in part if not isinstance(entry.node, tree.Comment)}
            texts = dict(zip(written, align([line.row for line in written.values()], indent), strict=True))
            columns = _comment_columns(part, written, texts)
            if part[0] is not entries[0]:
                yield ""
            for entry in part:
                if isinstance(entry.node, tree.Comment):
                    yield margin + comment_text(entry.node)
                    continue
                yield from (margin + remark.text for remark in written[id(entry)].above)
                text, column = texts[id(entry)], columns.get(id(entry), 0)
                behind = BEFORE_COMMENT + comment_text(entry.behind) if entry.behind else ""
                yield f"{margin}{text:<{column}}{behind}"

    def _written(self, entry: Entry) -> _Written:
        match entry.node:
            case tree.LossDef(name, None, (tree.BlendItem(body),)):
                return self._defined(f"loss {self.letters(name.text)}", "=", body, name.span.end, entry)
            case tree.LossDef() as loss:
                return _Written((), Plain(self._block(loss, entry.inside)))
            case tree.ParamItem(name, value, bounds, doc):
                return self._declared("param", name, value, bounds, doc, entry)
            case tree.LearnItem(name, value, bounds, doc):
                return self._declared("learn", name, value, bounds, doc, entry)
            case tree.SetItem(name, value):
                return self._declared("set", name, value, None, "", entry)
            case tree.FunctionItem(name, argument, body):
                head = f"{self.letters(name.text)}({self.letters(argument.text)})"
                return self._defined(head, "=", body, closing(argument.span), entry)
            case tree.IndexedItem(name, indices, relation, body):
                head = indexed(self.letters(name.text), (self.letters(index.text) for index in indices))
                return self._defined(head, relation.text, body, relation.span.start, entry)
            case tree.ConstantItem(name, body):
                return self._defined(self.letters(name.text), "=", body, name.span.end, entry)
            case tree.PairsItem(name, against):
                said = f"pairs {self.letters(name.text)}"
                return _Written((), Plain(f"{said} against {self.letters(against.text)}" if against else said))
            case tree.SpaceItem(name):
                return _Written((), Plain(f"space {self.letters(name.text)}"))
            case tree.ThroughItem(name):
                return _Written((), Plain(f"gradient through {self.letters(name.text)}"))
            case tree.MemberItem(name, domain):
                return _Written((), Plain(f"{self.letters(name.text)} in {self.letters(domain.text)}"))
        raise AssertionError(entry.node)

    def _block(self, loss: tree.LossDef, comments: Sequence[tree.Comment]) -> str:
        parent = f" extends {self.letters(loss.parent.text)}" if loss.parent else ""
        head = f"loss {self.letters(loss.name.text)}{parent} {{"
        text = loss.span.source.text
        if not loss.items and not comments:
            return head + "}"
        brace = text.index("{", (loss.parent or loss.name).span.end)
        first = loss.items[0].span.start if loss.items else loss.span.end
        if comments and comments[0].span.start < first and "\n" not in text[brace : comments[0].span.start]:
            head, comments = head + BEFORE_COMMENT + comment_text(comments[0]), comments[1:]
        return "\n".join([head, *self.lines(arrange(loss.items, comments), STEP), "}"])

    def _defined(self, head: str, relation: str, body: tree.Expression, head_end: int, entry: Entry) -> _Written:
        above, doc, left = self._formula(body, head_end, entry)
        return _Written(above + left, Definition(head, relation, doc))

    def _declared(
        self,
        word: str,
        name: tree.Name,
        value: tree.Expression,
        bounds: tree.Bounds | None,
        description: str,
        entry: Entry,
    ) -> _Written:
        above, doc, left = self._formula(value, name.span.end, entry)
        quoted = f'"{description}"' if description else ""
        return _Written(above + left, Declaration(word, self.letters(name.text), doc, bounds_text(bounds), quoted))

    def _formula(
        self, body: tree.Expression, head_end: int, entry: Entry
    ) -> tuple[tuple[Remark, ...], Doc, tuple[Remark, ...]]:
        """The document of a formula, and the comments before and after it that have no place inside."""
        remarks = Remarks(entry.inside)
        above = remarks.take(body.span.start if is_whole(body) else head_end)
        doc = Formula(self.letters, remarks).right_side(body)
        return above, doc, remarks.take_all()


def _parts(entries: Sequence[Entry]) -> Iterator[Sequence[Entry]]:
    """Entries split at gaps: blank lines that the author left, or gaps around a loss in braces."""
    start = 0
    for at in range(1, len(entries)):
        apart = _is_block(entries[at - 1]) or (_is_block(entries[at]) and not _is_comment(entries[at - 1]))
        if entries[at].gap or apart:
            yield entries[start:at]
            start = at
    if entries:
        yield entries[start:]


def _is_comment(entry: Entry) -> bool:
    return isinstance(entry.node, tree.Comment)


def _is_block(entry: Entry) -> bool:
    return isinstance(entry.node, tree.LossDef) and not _is_blend(entry.node)


def _is_blend(loss: tree.LossDef) -> bool:
    return any(isinstance(item, tree.BlendItem) for item in loss.items)


def _comment_columns(
    part: Sequence[Entry], written: Mapping[int, _Written], texts: Mapping[int, str]
) -> dict[int, int]:
    """The width to which each row is padded, so that comments at the ends of consecutive rows are aligned."""
    columns: dict[int, int] = {}
    run: list[int] = []
    for entry in part:
        key = id(entry)
        if key not in written or written[key].above or entry.behind is None or "\n" in texts[key]:
            run = []
        if key in written and entry.behind is not None and "\n" not in texts[key]:
            run = [*run, key]
            columns |= dict.fromkeys(run, max(len(texts[line]) for line in run))
    return columns
