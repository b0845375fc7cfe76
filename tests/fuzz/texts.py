"""Texts that nobody would write, as hypothesis strategies: drawn from the grammar itself, and specs that were damaged.

From the grammar come sentences that mostly parse, with names that mean something; from the library and from specs drawn
at random come texts with tokens deleted, doubled, swapped or replaced, lines of two specs spliced, and characters that
look like others, cannot be seen or make a number huge.
"""

import re
from functools import cache
from importlib import resources

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from lark import Lark

import alphadsl
from alphadsl.api import find_text
from alphadsl.syntax.language import KEYWORDS
from tests.properties.whole_language import whole_specs

Texts = SearchStrategy[str]
TOKEN = re.compile(r"\s+|\w+|.", re.DOTALL)
NAMES = (
    "phi psi R alpha weight loss tau k t d s i j h u c x a f count exp log sqrt relu sigmoid softplus tanh abs min max "
    "where stopgrad sum_j mean_j max_j min_j logsumexp_j sum_i mean_i logsumexp_i simplex reals two_view same_view "
    "cross_view queue labels others other_classes sphere euclidean linear cosine step constant infonce direct square"
).split()
NUMBERS = ("0", "1", "2", "0.5", "1e-300", "1e300", "1e999", "9" * 400, "1e-999", "0.1", "3.", ".5", "1" + "0" * 30)
ODD = (
    *("а", "ο", "Τ", "τ", "ｔ", "𝜏", "²", "·", "−", "∞", "≤", "“", "\u00a0", "\u200b", "\u202e", "\ufeff"),
    *("\x00", "\x07", "\x1b[31m", "\x7f", "\x85", "\u2028", "\r", "\t", "\\", "'", '"', "%", "{", "}", "{0}", "{x}"),
    *("é", "ß", "中", "٣", "e\u0301", "\U0001f600", "\ud800"),
)
SIGNS = '( ) [ ] { } + - * / ^ = ~ < <= > >= == , . : ; ** := # " \n'.split(" ")
PIECES = st.sampled_from([*NAMES, *NUMBERS, *ODD, *SIGNS, *KEYWORDS, "\n", "  "]) | st.text(max_size=3)


@cache
def grammar() -> tuple[dict[str, list[tuple[str, ...]]], dict[str, int]]:
    """The right sides of every rule of the grammar, and how many rules deep the shallowest sentence of each is."""
    text = resources.files("grammar").joinpath("alpha.lark").read_text(encoding="utf-8")
    rules: dict[str, list[tuple[str, ...]]] = {}
    for rule in Lark(text, parser="lalr", lexer="basic", start=["start"]).rules:
        rules.setdefault(rule.origin.name, []).append(tuple(symbol.name for symbol in rule.expansion))
    depths: dict[str, int] = {}
    while len(depths) < len(rules):
        for name, sides in rules.items():
            reached = [
                max([depths.get(part, 0) for part in side], default=0) for side in sides if known(side, rules, depths)
            ]
            if reached:
                depths.setdefault(name, 1 + min(reached))
    return rules, depths


def known(side: tuple[str, ...], rules: dict[str, list[tuple[str, ...]]], depths: dict[str, int]) -> bool:
    return all(part in depths or part not in rules for part in side)


@st.composite
def sentences(draw: st.DrawFn) -> str:
    """A whole file, a loss with some lines, or a formula where one belongs, from the grammar itself."""
    rules, depths = grammar()

    def spelled(name: str, depth: int) -> str:
        if name not in rules:
            return draw(TERMINALS[name]) if name in TERMINALS else f" {SIGN_OF.get(name, name.lower())} "
        sides = rules[name]
        if depth <= 0:
            cost = [max([depths.get(part, 0) for part in side], default=0) for side in sides]
            sides = [side for side, each in zip(sides, cost, strict=True) if each == min(cost)]
        return "".join(spelled(part, depth - 1) for part in draw(st.sampled_from(sides)))

    start, frame = draw(st.sampled_from(FRAMES))
    return frame.format(spelled(start, draw(st.integers(2, 14))))


@cache
def library_texts() -> tuple[str, ...]:
    return tuple(find_text(name).source.text for name in alphadsl.library())


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """A spec with up to six things done to its tokens."""
    tokens = TOKEN.findall(draw(st.sampled_from(library_texts()) | whole_specs(2)))
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(tokens)))
        end = start + draw(st.integers(0, 3))
        match draw(st.sampled_from(["delete", "double", "swap", "insert", "replace", "rename"])):
            case "delete":
                del tokens[start:end]
            case "double":
                tokens[start:start] = tokens[start:end] * draw(st.sampled_from([1, 2, 30]))
            case "swap":
                tokens[start:end] = reversed(tokens[start:end])
            case "insert":
                tokens.insert(start, draw(PIECES))
            case "replace":
                tokens[start:end] = [draw(PIECES)]
            case _:
                words = [token for token in tokens if token.isidentifier()] or ["x"]
                old, new = draw(st.sampled_from(words)), draw(st.sampled_from([*words, *NAMES]))
                tokens = [new if token == old else token for token in tokens]
    return "".join(tokens)


@st.composite
def spliced(draw: st.DrawFn) -> str:
    """Lines of two specs in one."""
    first, second = (
        draw(st.sampled_from(library_texts()) | whole_specs(2)).splitlines(keepends=True) for _ in range(2)
    )
    lines = [draw(st.sampled_from(pair)) for pair in zip(first, second, strict=False)]
    return "".join(lines + draw(st.sampled_from([first, second]))[: draw(st.integers(0, 40))])


GENERAL = "loss a {{\nparam tau = 1 in (0, inf)\nloss[i] = d[i] + sum_j(s[i,j] * ({}))\n}}\n"
FRAMES = (
    ("start", "{}"),
    ("items", "loss a {{\n{}\n}}\n"),
    ("items", "loss b {{\nphi(x) = x\npsi(x) = exp(x)\n}}\nloss a {{\n{}\nloss[i] = d[i]\n}}\n"),
    ("expression", GENERAL),
    ("expression", GENERAL),
    ("expression", "loss a {{\nparam tau = 1 in (0, inf)\nphi(x) = {}\npsi(x) = exp(x)\n}}\n"),
    ("expression", "loss a {{\nalpha[i,j] ~ exp({})\n}}\n"),
    ("expression", "loss a = infonce + {}\n"),
)
TERMINALS = {
    "NAME": st.sampled_from(NAMES).map(" {} ".format),
    "NUMBER": st.sampled_from(NUMBERS),
    "COMPARE": st.sampled_from(["<", "<=", ">", ">=", "=="]),
    "STRING": st.just('"words"'),
    "_NEWLINE": st.just("\n"),
}
SIGN_OF = {
    **{"LBRACE": "{", "RBRACE": "}", "LPAR": "(", "RPAR": ")", "LSQB": "[", "RSQB": "]", "COMMA": ",", "DOT": "."},
    **{"EQUAL": "=", "TILDE": "~", "PLUS": "+", "MINUS": "-", "STAR": "*", "SLASH": "/", "CARET": "^"},
}
TEXTS: dict[str, Texts] = {
    "sentences": sentences(),
    "damaged": damaged(),
    "spliced": spliced(),
    "characters": st.text() | st.lists(PIECES, max_size=40).map("".join),
}
