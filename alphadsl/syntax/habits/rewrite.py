"""A statement in the notation of another language comes in; the habits in it come out, and the statement as a spec
writes it."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache

from alphadsl.syntax.characters import plain_character
from alphadsl.syntax.habits import FIRM, GUESSES
from alphadsl.syntax.habits.habit import PAREN, Habit, wrapped

MOST_REWRITES = 24
_QUIET = re.compile(r'#[^\n]*|"[^"\n]*"')
# Habits that are rewritten as a product, which must stay a single factor.
_FACTORS = ("embeddings", "squared-quantity", "batch-size")
_RAISED = re.compile(r"\s*(?:\^|\*\*|[²³])")
_PAIR = re.compile(r"(?<![\w.])(?P<q>[ds])\s*\[\s*i\s*,\s*j\s*\]")
_REDUCTION = rf"(?<![\w.])(?:sum|mean|max|min|logsumexp)_j\s*{PAREN}"
_UNTIDY = (
    (r"(?<=\S)[ \t]{2,}(?=[^\s#])", " "),
    (r"\s*\^\s*", "^"),
    (r"(?<=\()[ \t]+|[ \t]+(?=[),])", ""),
    (rf"(?<=\w)\(\s*(?P<keep>{PAREN})\s*\)", ""),
    (r"[ \t]+(?=\n|\Z)", ""),
)


@dataclass(frozen=True)
class Occurrence:
    """A habit at a place in a statement: the underlined range, and the whole range that its rewriting replaces."""

    habit: Habit
    start: int
    end: int
    whole: tuple[int, int]
    plain: str = ""
    again: tuple[tuple[int, int], ...] = ()


def masked(text: str) -> str:
    """The text with comments and descriptions blanked out; all other characters keep their positions."""
    return _QUIET.sub(lambda quiet: " " * len(quiet[0]), text)


def habits_in(text: str, defined: frozenset[str]) -> list[Occurrence]:
    """Each habit of a statement at its first occurrence. A place gets one lesson, that of the first row that fits."""
    return _each_once(text, FIRM, defined)


def guesses_in(text: str, defined: frozenset[str]) -> list[Occurrence]:
    return _each_once(text, GUESSES, defined) if _is_formula(text) else []


def _each_once(text: str, table: Iterable[Habit], defined: frozenset[str]) -> list[Occurrence]:
    habits: list[Occurrence] = []
    taken: list[tuple[int, int]] = []
    for habit, match in _matches(text, table, defined):
        start, end = _underlined(habit, match)
        if any(start < other and first < end for first, other in taken):
            continue
        taken.append((start, end))
        same = next((at for at, other in enumerate(habits) if other.habit[:3:2] == habit[:3:2]), None)
        if same is None:
            plain = apply(habit, match, text).strip() if habit.rewrite is not None else ""
            habits.append(Occurrence(habit, start, end, match.span(), plain))
        else:
            habits[same] = replace(habits[same], again=(*habits[same].again, match.span()))
        if habit.name == "comment-sign" or (not habit.rewrite and match.span() == (0, len(text))):
            return [*(other for other in habits if other.start <= start)]
    return habits


def rewritten(text: str, defined: frozenset[str]) -> str:
    """The statement with every rewritable habit replaced by what a spec writes."""
    written = text
    text = "".join(char if hidden in " ₊" else plain_character(char) or char for char, hidden in _with_mask(text))
    for _ in range(MOST_REWRITES):
        again = _rewritten_once(text, (*FIRM, *GUESSES) if _is_formula(text) else FIRM, defined)
        if again is None:
            break
        text = again
    return _tidied(text if _PAIR.search(written) else _of_positive(text))


def _of_positive(text: str) -> str:
    """In a `loss[i]` that was written without our indices, cosines and distances outside reductions become those to
    the positive."""
    if not re.match(r"loss\s*\[\s*i\s*\]\s*=", text):
        return text
    reduced = [match.span() for match in compiled(_REDUCTION).finditer(masked(text))]
    for match in reversed([*_PAIR.finditer(masked(text))]):
        if not any(start <= match.start() < end for start, end in reduced):
            text = f"{text[: match.start()]}{match['q']}[i]{text[match.end() :]}"
    return text


def _is_formula(text: str) -> bool:
    return re.match(r"loss\s+\w", text) is None and re.search("[=~]", text) is not None


def _tidied(text: str) -> str:
    """Collapse spaces, and remove spaces around ^ and doubled brackets."""
    for pattern, new in _UNTIDY:
        hidden = _QUIET.sub(lambda quiet: "_" * len(quiet[0]), text)
        for match in reversed([*compiled(pattern).finditer(hidden)]):
            kept = text[slice(*match.span("keep"))] if "keep" in match.re.groupindex else ""
            text = text[: match.start()] + new + kept + text[match.end() :]
    return text


def apply(habit: Habit, match: re.Match[str], text: str) -> str:
    """The replacement of a match; its groups are read from the original text, including comments."""
    parts = {name: text[slice(*match.span(name))] for name in match.re.groupindex if match[name] is not None}
    groups = {
        name: parts.get(name, "") if name == "between" else parts.get(name, "").strip() for name in match.re.groupindex
    }
    assert habit.rewrite is not None
    return habit.rewrite.format(**groups) if isinstance(habit.rewrite, str) else habit.rewrite(groups)


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _with_mask(text: str) -> Iterator[tuple[str, str]]:
    return zip(text, masked(text), strict=True)


def _matches(text: str, table: Iterable[Habit], defined: frozenset[str]) -> Iterator[tuple[Habit, re.Match[str]]]:
    blank = masked(text)
    for habit in table:
        for match in compiled(habit.pattern).finditer(blank):
            if not _is_own(match, defined):
                yield habit, match


def _is_own(match: re.Match[str], defined: frozenset[str]) -> bool:
    """Whether the author defines the name that matched as a habit."""
    names = {match[group] for group in ("at", "f") if group in match.re.groupindex and match[group]}
    return any(name.strip() in defined or name.partition("[")[0].partition("(")[0].strip() in defined for name in names)


def _underlined(habit: Habit, match: re.Match[str]) -> tuple[int, int]:
    group = next((name for name in ("at", "name") if name in match.re.groupindex and match[name] is not None), 0)
    text, (start, end) = match[group], match.span(group)
    return start + len(text) - len(text.lstrip()), end - (len(text) - len(text.rstrip()))


def _rewritten_once(text: str, table: Iterable[Habit], defined: frozenset[str]) -> str | None:
    for habit, match in _matches(text, table, defined):
        if habit.rewrite is not None:
            word = match[0]
            lead, tail = word[: len(word) - len(word.lstrip())], word[len(word.rstrip()) :]
            if not word.strip():
                lead, tail = "", ""
            plain = apply(habit, match, text)
            if habit.name in _FACTORS and (
                text[: match.start()].rstrip().endswith("/") or _RAISED.match(text, match.end())
            ):
                plain = wrapped(plain)
            rest = text[match.end() :].lstrip(" \t") if plain.endswith("\n") else f"{tail}{text[match.end() :]}"
            new = f"{text[: match.start()]}{lead}{plain}{rest}"
            if new != text:
                return new
    return None
