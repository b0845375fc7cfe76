"""The meaning of the word under the cursor, as Markdown; None if there is nothing to say, for example in comments."""

import re
from dataclasses import dataclass
from textwrap import dedent

from alphadsl.editor.document import Document, read_document
from alphadsl.editor.scope import NAME, Head, Known, find_head, known_names, loss_around, without_quiet
from alphadsl.editor.vocabulary import MEMBER_USAGES, VOCABULARY, Kind, Word
from alphadsl.ir.parameter import Learned, Parameter, Schedule
from alphadsl.ir.pretty import pretty_interval, pretty_number
from alphadsl.ir.pretty_loss import pretty_derived
from alphadsl.journey import Journey
from alphadsl.report.source import Source
from alphadsl.syntax.format import format_source
from alphadsl.syntax.spelling import spell

_WORD = re.compile(NAME)
_MEMBERS = {
    "alpha": "the pairwise importance of that loss on the same batch, held fixed",
    "loss": "the value of that loss at the anchor",
}
_FREE = (Kind.CHOICE, Kind.SCHEDULE)  # words to which an author may give another meaning
_PARTS_HEAD = re.compile(r"[ \t]*[\[(]")


@dataclass(frozen=True)
class Hover:
    markdown: str
    start: int
    end: int


def hover(document: Document, offset: int) -> Hover | None:
    text = without_quiet(document.source.text)
    word = next((match for match in _WORD.finditer(text) if match.start() <= offset <= match.end()), None)
    if word is None:
        return None
    before, after = text[: word.start()].rstrip(" \t"), text[word.end() :]
    meaning = _meaning(document, spell(word[0]) or word[0], before, after, loss_around(text, word.start()))
    return Hover(meaning, word.start(), word.end()) if meaning else None


def _meaning(document: Document, name: str, before: str, after: str, head: Head | None) -> str | None:
    if before.endswith(".") and name in _MEMBERS:
        return _page(MEMBER_USAGES[name], _MEMBERS[name])
    if re.search(r"\b(loss|extends)$", before):
        return _of_loss(document, name)
    known = known_names(head, document.text).get(name) if head else None
    builtin = _builtin(name, after)
    if known and head and (builtin is None or builtin.kind in _FREE):
        return _of_name(document, head, known)
    if builtin:
        return _page(known.line if known and builtin.kind == Kind.PART else builtin.usage, builtin.meaning)
    return _of_loss(document, name)


def _builtin(name: str, after: str) -> Word | None:
    """`loss` opens a loss, and `loss[i]` is a part of one."""
    words = [word for word in VOCABULARY if word.text == name]
    if name == "loss":
        wanted = Kind.PART if _PARTS_HEAD.match(after) else Kind.KEYWORD
        words = [word for word in words if word.kind == wanted]
    return words[0] if words else None


def _of_name(document: Document, head: Head, known: Known) -> str:
    journey = document.journey(head.name)
    parameters = {parameter.name: parameter for parameter in journey.loss.parameters} if journey else {}
    shown = pretty_parameter(parameters[known.name]) if known.name in parameters else known.line
    origin = "" if known.loss == head.name else f"from {known.loss}"
    return _page(shown, origin)


def pretty_parameter(parameter: Parameter) -> str:
    """The declaration of a parameter with its value here."""
    match parameter.role:
        case Learned():
            word, value = "learn", pretty_number(parameter.value)
        case Schedule(shape, start, end):
            word, value = "param", f"{shape.value}({pretty_number(start)}, {pretty_number(end)}, ...)"
        case _:
            word, value = "param", pretty_number(parameter.value)
    doc = f'   "{parameter.doc}"' if parameter.doc else ""
    return f"{word} {parameter.name} = {value} in {pretty_interval(parameter.interval)}{doc}"


def _of_loss(document: Document, name: str) -> str | None:
    """What is derived from a loss: its value and both importances."""
    journey = document.journey(name)
    remark = ""
    if journey is None:
        head = find_head(name, document.text)
        if head is None:
            return None
        other = document if head[1] == document.text else read_document(head[1])
        journey = other.journey(name)
        first = other.source.text.partition("\n")[0]
        remark = first.removeprefix("#").strip() if first.startswith("#") else ""
    if journey is None:
        return _page(f"loss {name}", "refused: see its diagnostics")
    return _page(_derived(journey), remark)


def _derived(journey: Journey) -> str:
    parameters = "".join(f"{pretty_parameter(parameter)}\n" for parameter in journey.loss.parameters)
    derived = "\n".join(_wrapped(line) for line in pretty_derived(journey.alpha).splitlines())
    return f"loss {journey.loss.name}\n{parameters}{derived}"


def _wrapped(line: str) -> str:
    """A long line wrapped as by the formatter; a line that is no valid spec is left as it is."""
    text = format_source(Source("derived", f"loss derived {{\n{line}\n}}\n")).text
    return dedent(text.partition("\n")[2].rpartition("}")[0]).rstrip() if text else line


def _page(code: str, text: str) -> str:
    return f"```alpha\n{code}\n```" + (f"\n{text}" if text else "")
