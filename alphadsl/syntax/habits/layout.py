"""Habits of layout: characters at the ends of lines, intervals, quotation marks and the heads of losses."""

from alphadsl.syntax.habits.habit import NAME, NUMBER, OPERAND, PAREN, Groups, Habit, bare, wrapped

_REALS = r"(?:ℝ|R|reals?|\\mathbb\{R\}|\\R|\\Re)"
_BOUND = r"\s*[-+]?\s*(?:[\d.]+(?:[eE][-+]?\d+)?|inf|∞|\\infty)"


def _interval(groups: Groups) -> str:
    left = {"]": "(", "[": "[", "(": "("}[groups["l"]]
    right = {"[": ")", "]": "]", ")": ")"}[groups["r"]]
    return f"{left}{groups['a'].strip()}, {groups['b'].strip()}{right}"


def _half(groups: Groups) -> str:
    closed = "=" in groups["o"] or groups["o"] in "≤≥"
    if groups["o"][0] in ">≥":
        return f"{groups['head']} in {'[' if closed else '('}{groups['a'].strip()}, inf)"
    return f"{groups['head']} in (-inf, {groups['a'].strip()}{']' if closed else ')'}"


def _started(groups: Groups) -> str:
    """A start value at a distance of 1 from the bound, on the allowed side."""
    value = float(groups["a"]) + (1 if groups["o"][0] in ">≥" else -1)
    return _half({**groups, "head": f"{groups['head']} = {value:g}"})


LAYOUT = (
    Habit(
        "line-break",
        r"(?P<at>\\)[ \t]*(?=\n|\Z)",
        "a long formula is wrapped inside brackets, without any sign",
        "a broken line of another language",
        "",
    ),
    Habit(
        "semicolon",
        r"(?P<at>;)(?=\s*\Z)",
        "a definition ends with its line",
        "a semicolon of another language",
        "",
    ),
    Habit(
        "semicolon",
        rf"(?P<at>;)\s*(?=(?:param|learn|set|pairs|space|{NAME}\s*(?:{PAREN}|\[[^][]*\])?\s*[=~])(?!\w))",
        "a definition ends with its line",
        "a semicolon of another language",
        "\n",
    ),
    Habit(
        "loss-head",
        rf"^(?P<at>loss\s+(?P<n>{NAME})\s*(?:{PAREN})?\s*:)\s*$",
        "the definitions of a loss are enclosed by { }",
        "a block of Python",
        "loss {n} {{",
        "and close it with } after its last line",
    ),
    Habit(
        "class",
        rf"^(?P<at>class)\s+(?P<n>{NAME})\s*(?:{PAREN})?\s*[:{{]?\s*$",
        "a loss is opened by loss NAME {",
        "a class of another language",
        "loss {n} {{",
        "and close it with } after its last line",
    ),
    Habit(
        "interval",
        rf"\bin\s*(?P<at>(?P<l>\])(?P<a>{_BOUND})[,;](?P<b>{_BOUND})(?P<r>[\[\])]))",
        "an end that is excluded has a round bracket",
        "a French interval",
        lambda groups: f"in {_interval(groups)}",
    ),
    Habit(
        "interval",
        rf"\bin\s*(?P<at>(?P<l>[\[(])(?P<a>{_BOUND})[,;](?P<b>{_BOUND})(?P<r>\[))",
        "an end that is excluded has a round bracket",
        "a French interval",
        lambda groups: f"in {_interval(groups)}",
    ),
    Habit(
        "interval",
        rf"\bin\s*(?P<at>(?P<l>[\[(])(?P<a>{_BOUND})\s*(?:;|\.\.\.?|:)\s*(?P<b>{_BOUND})(?P<r>[\])]))",
        "the ends of an interval are separated by a comma",
        "another way to write an interval",
        lambda groups: f"in {_interval(groups)}",
    ),
    Habit(
        "number-set",
        rf"\bin\s*(?P<at>{_REALS}\s*(?:_?\^?\{{?(?:\+\+?|>\s*0|₊₊?|⁺|_\+)\}}?))",
        "the values of a parameter are an interval",
        "a set of numbers, as papers write it",
        "in (0, inf)",
    ),
    Habit(
        "number-set",
        rf"\bin\s*(?P<at>{_REALS})(?!\w)",
        "the values of a parameter are an interval",
        "a set of numbers, as papers write it",
        "in (-inf, inf)",
    ),
    Habit(
        "bound",
        rf"^(?P<head>(?:param|learn)\s+{NAME}\s*=\s*(?P<v>-?\s*{NUMBER}))\s*(?:,|where|with)?\s*(?:{NAME}\s*)?"
        rf"(?P<at>(?P<o>>=?|<=?|≤|≥)\s*(?P<a>-?\s*(?:{NUMBER}|inf)))(?!\s*[<>])",
        "the values of a parameter are an interval",
        "a bound, as papers write it",
        _half,
    ),
    Habit(
        "bound",
        rf"^(?P<head>(?:param|learn)\s+{NAME})\s*(?P<at>(?P<o>>=?|<=?|≤|≥)\s*(?P<a>-?\s*{NUMBER}))\s*$",
        "the values of a parameter are an interval, and it has one to start from",
        "a bound, as papers write it",
        _started,
    ),
    Habit(
        "quotes",
        r"(?<!\()(?P<at>[“”„«»‘’'`]+)(?P<x>[^“”„«»‘’'`\"\n]+)(?:[“”„«»‘’'`]+)",
        'a description is written between two plain "',
        "quotation marks of another kind",
        '"{x}"',
    ),
)

CHARACTERS = (
    Habit(
        "power-character",
        r"(?P<at>[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺]+)",
        "a power is written with ^",
        "a raised character",
        lambda groups: "^" + groups["at"].translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")).lstrip("+"),
    ),
    Habit(
        "fraction-character",
        r"(?P<at>[½¼¾⅓⅔⅛])",
        "a fraction is written a / b",
        "a fraction in one character",
        lambda groups: dict(zip("½¼¾⅓⅔⅛", ("0.5", "0.25", "0.75", "(1 / 3)", "(2 / 3)", "0.125"), strict=True))[
            groups["at"]
        ],
    ),
    Habit(
        "root-character",
        rf"(?P<at>√)\s*(?P<x>{OPERAND})",
        "a square root is written sqrt(x)",
        "a root, as papers write it",
        lambda groups: f"sqrt({bare(groups['x'])})",
    ),
)

_BEFORE = r"(?<=[-+*/^(,=~<>\s])(?<![\w.])"
_NO_WORD = r"(?!(?:in|inf|if|else|and|or|not)\b)"
_FACTOR = rf"{NAME}(?:{PAREN}|\[[^][]*\])?"

# Weak evidence: reported only if the line parses as a definition after rewriting.
GUESSES = (
    Habit(
        "applied-function",
        r"(?<![\w.])(?P<at>(?P<f>exp|log|sqrt|relu|sigmoid|softplus|tanh|abs)[ \t]+"
        rf"(?P<x>-?\s*(?:{NUMBER}(?=[A-Za-z]))?{OPERAND}(?:\^{OPERAND})?))",
        "the argument of a function is written in brackets",
        "a function applied without brackets",
        "{f}({x})",
    ),
    Habit(
        "implicit-product",
        rf"{_BEFORE}(?P<at>(?P<a>{NUMBER})[ \t]*(?P<b>{_NO_WORD}(?![eE][-+]?\d){_FACTOR}|{PAREN}))",
        "a product is written with *",
        "a product without a sign",
        "{a} * {b}",
    ),
    Habit(
        "implicit-product",
        rf"(?P<at>(?P<a>{PAREN})[ \t]*(?P<b>{PAREN}|{_NO_WORD}{_FACTOR}))",
        "a product is written with *",
        "a product without a sign",
        lambda groups: f"{wrapped(groups['a'])} * {groups['b'].strip()}",
    ),
    Habit(
        "implicit-product",
        rf"{_BEFORE}(?P<at>(?P<a>(?!(?:param|learn|set)\b){_NO_WORD}{NAME}(?:\[[^][]*\])?)[ \t]+"
        rf"(?P<b>{_NO_WORD}{_FACTOR}|{PAREN}))",
        "a product is written with *",
        "a product without a sign",
        "{a} * {b}",
    ),
)
