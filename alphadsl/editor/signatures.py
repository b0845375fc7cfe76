"""The call at a position: a built-in function, a function of the author's, or a loss, and the current argument."""

import re
from dataclasses import dataclass

from alphadsl.editor.scope import NAME, find_head, known_names, loss_around, without_quiet
from alphadsl.editor.vocabulary import Kind, words
from alphadsl.resolve.files import SpecText
from alphadsl.syntax.spelling import spell


@dataclass(frozen=True)
class Signature:
    """`label` is the whole call, `parameters` are parts of it with their meanings, and `active` is the current one."""

    label: str
    meaning: str
    parameters: tuple[tuple[str, str], ...]
    active: int


def signature(text: SpecText, offset: int) -> Signature | None:
    before = without_quiet(text.source.text)[:offset]
    opened = _open_bracket(before)
    called = re.search(rf"({NAME})[ \t]*$", before[:opened]) if opened is not None else None
    if opened is None or called is None:
        return None
    name, given = spell(called[1]) or called[1], before[opened + 1 :]
    for word in words(Kind.FUNCTION, Kind.REDUCTION, Kind.SCHEDULE):
        if word.text == name:
            label = word.usage[word.usage.index(name) :]
            inner = label[label.index("(") + 1 : label.rindex(")")]
            parts = tuple((part, "") for part in re.split(r", (?![^\[]*\])", inner))
            return Signature(label, word.meaning, parts, min(_commas(given), len(parts) - 1))
    head = loss_around(before, offset)
    known = known_names(head, text).get(name) if head else None
    if known and known.usage.endswith(")"):
        return Signature(known.usage, known.line, ((known.usage[len(known.name) + 1 : -1], ""),), 0)
    return _of_loss(name, given, text)


def _of_loss(name: str, given: str, text: SpecText) -> Signature | None:
    head = find_head(name, text)
    if head is None:
        return None
    known = [parameter for parameter in known_names(*head).values() if parameter.parameter]
    parts = tuple((f"{parameter.name} = ...", parameter.line) for parameter in known)
    label = f"{name}({', '.join(part for part, _ in parts)})"
    named = re.search(rf"({NAME})[ \t]*=[^,]*$", given)
    own = next(
        (at for at, parameter in enumerate(known) if named and parameter.name == (spell(named[1]) or named[1])), None
    )
    return Signature(
        label, f"the loss {name}, with other values of its parameters", parts, _commas(given) if own is None else own
    )


def _open_bracket(before: str) -> int | None:
    """The offset of the innermost bracket that is still open."""
    depth = 0
    for place in range(len(before) - 1, -1, -1):
        match before[place]:
            case ")" | "]":
                depth += 1
            case "(" | "[" if depth:
                depth -= 1
            case "(":
                return place
            case "{" | "}":
                return None
    return None


def _commas(given: str) -> int:
    """The number of commas outside nested brackets."""
    depth = count = 0
    for char in given:
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(char, 0)
        count += char == "," and depth == 0
    return count
