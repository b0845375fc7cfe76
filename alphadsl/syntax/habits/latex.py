"""Habits of LaTeX: commands, fractions, indices in braces."""

from alphadsl.syntax.habits.habit import BRACE, Groups, Habit, wrapped
from alphadsl.syntax.spelling import GREEK

_FUNCTIONS = "exp log sqrt tanh min max abs sigmoid softplus relu".split()
_COMMANDS = {
    **{name: name for name in (*_FUNCTIONS, *GREEK.values())},
    "ln": "log",
    "varepsilon": "eps",
    "epsilon": "eps",
    "varphi": "phi",
    "vartheta": "theta",
    "varrho": "rho",
    "varsigma": "sigma",
    "cdot": "*",
    "times": "*",
    "ast": "*",
    "div": "/",
    "le": "<=",
    "leq": "<=",
    "leqslant": "<=",
    "lt": "<",
    "ge": ">=",
    "geq": ">=",
    "geqslant": ">=",
    "gt": ">",
    "infty": "inf",
    "in": "in",
    "propto": "~",
    "sim": "~",
    "left": "",
    "right": "",
    "big": "",
    "Big": "",
    "bigl": "",
    "bigr": "",
    "quad": "",
    "displaystyle": "",
    "limits": "",
}


def _command(groups: Groups) -> str:
    plain = _COMMANDS[groups["c"]]
    return f" {plain} " if plain in ("*", "/", "in", "~") or (plain[:1] in "<>" and plain) else plain


def _fraction(groups: Groups) -> str:
    return f"{wrapped(groups['a'][1:-1])} / {wrapped(groups['b'][1:-1])}"


def _indices(groups: Groups) -> str:
    text = groups["i"].replace(",", "").replace(" ", "")
    positive = text in ("i", "ii", "ip", "i+", "+", "p", "pos")
    return f"{groups['q']}[{'i' if positive else 'i,j'}]"


_WORDS = "|".join(sorted(_COMMANDS, key=len, reverse=True))

LATEX = (
    Habit(
        "latex-fraction",
        rf"(?P<at>\\[dt]?frac)\s*(?P<a>{BRACE})\s*(?P<b>{BRACE})",
        "a quotient is written a / b",
        "a fraction of LaTeX",
        lambda groups: f"({_fraction(groups)})",
    ),
    Habit(
        "latex-root",
        rf"(?P<at>\\sqrt)\s*(?P<a>{BRACE})",
        "a square root is written sqrt(x)",
        "a root of LaTeX",
        lambda groups: f"sqrt({groups['a'][1:-1]})",
    ),
    Habit(
        "latex-text",
        rf"(?P<at>\\(?:mathrm|mathit|mathbf|mathsf|text|operatorname|textrm|boldsymbol|bm)\s*(?P<a>{BRACE}))",
        "a name is written as it is",
        "a command of LaTeX",
        lambda groups: groups["a"][1:-1],
    ),
    Habit(
        "latex-norm",
        r"(?P<at>\\lvert\b|\\rvert\b|\\vert\b|\\mid\b)",
        "an absolute value is written abs(x)",
        "bars of LaTeX",
        "|",
    ),
    Habit(
        "latex-space",
        r"(?P<at>\\[,;:!> ]|\\\\|(?<!\w)\$|\$(?!\w))",
        "a formula needs no signs around it and none for its spaces",
        "a sign of LaTeX",
        "",
    ),
    Habit(
        "latex-command",
        rf"(?P<at>\\(?P<c>{_WORDS}))(?![A-Za-z])",
        "a name or an operator is written without a backslash",
        "a command of LaTeX",
        _command,
    ),
    Habit(
        "braced-indices",
        r"(?P<at>\b(?P<q>[A-Za-z]\w*?)_(?:\{\s*(?P<i>i\s*,?\s*[ijknp+]|i\s*,?\s*pos|i|ij|\+|p|pos)\s*\}))",
        "indices are written in square brackets, as in s[i,j]",
        "indices of LaTeX",
        _indices,
    ),
    Habit(
        "braced-index",
        r"(?P<at>_\{(?P<a>\w+)\})",
        "an index that is part of a name is written without braces",
        "an index of LaTeX",
        "_{a}",
    ),
    Habit(
        "latex-unknown",
        r"(?P<at>\\[A-Za-z]+)",
        "a formula is plain text, without commands",
        "a command of LaTeX",
        None,
        "write a Greek letter by its name, as in tau, and a function too, as in log(x)",
    ),
)
