"""Habits of languages whose values have methods, attributes, types and constants."""

from alphadsl.syntax.habits.functions import LIBRARIES, METHODS, any_of
from alphadsl.syntax.habits.habit import INDEX, NAME, NUMBER, PAREN, Groups, Habit, arguments, bare


def _method(groups: Groups) -> str:
    return f"{groups['f']}({', '.join([bare(groups['x']), *arguments(groups['args'])])})"


OBJECTS = (
    Habit(
        "method",
        rf"(?P<x>{NAME}(?:{PAREN}|{INDEX})?|{PAREN})\s*(?P<at>\.\s*(?P<f>{any_of(METHODS)})_?)(?P<args>{PAREN})",
        "a function is called around its argument, as in exp(x)",
        "a method of an array library",
        _method,
    ),
    Habit(
        "array-method",
        rf"(?P<x>{NAME}(?:{PAREN}|{INDEX})?|{PAREN})\s*(?P<at>\.\s*(?:(?:clone|item|cpu|cuda|to|float|double|half|"
        rf"contiguous|unsqueeze|squeeze|view|reshape|t|transpose|numpy|type|requires_grad_|fill_diagonal_)\s*{PAREN}|"
        r"(?:T|mT|H|data)(?!\w)))",
        "a formula is of numbers, one for each anchor or pair, and has no methods",
        "a method of an array library",
        "{x}",
    ),
    Habit(
        "infinity",
        rf"(?<![\w.])(?P<at>(?:(?:{LIBRARIES})\.(?:inf|Inf|infty)|float\(\s*[\"']?\s*inf[\"']?\s*\)|"
        r"infinity|Infinity|INF|Inf|oo))(?!\w)",
        "the unbounded end of an interval is written inf",
        "infinity in another language",
        "inf",
    ),
    Habit(
        "self",
        rf"(?<![\w.])(?P<at>(?:self|this)\.(?P<x>{NAME}))(?!\s*\()",
        "a parameter is used by its name alone",
        "an attribute of a class",
        "{x}",
    ),
    Habit(
        "truth",
        r"(?<![\w.])(?P<at>True|true|TRUE|False|false|FALSE)(?![\w(\[])",
        "true is written 1, and false 0",
        "a Boolean of another language",
        lambda groups: "1" if groups["at"].lower() == "true" else "0",
    ),
    Habit(
        "no-value",
        r"(?<![\w.])(?P<at>None|null|nil|NULL|NaN|nan)(?![\w(\[])",
        "the value of every definition is a number",
        "a missing value of another language",
        None,
        "write a number or a formula",
    ),
    *(
        Habit(
            "constant",
            rf"(?<![\w.])(?P<at>(?:(?:{LIBRARIES})\.)?(?P<f>{name}))(?![\w(\[])(?!\s*[=^])",
            "a constant is written as a number",
            "a constant of an array library",
            value,
        )
        for name, value in (("pi|π", "3.141592654"), ("e", "2.718281828"))
    ),
    Habit(
        "suffixed-number",
        rf"(?<![\w.])(?P<at>(?P<x>{NUMBER})[fFdDL])(?!\w)",
        "a number has no suffix: every one is a float64",
        "a number of C",
        "{x}",
    ),
)
