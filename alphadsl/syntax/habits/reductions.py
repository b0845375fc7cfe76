"""Habits of sums, means and extremes over the negatives, and of brackets around what is reduced."""

from alphadsl.syntax.habits.habit import BRACE, NAME, NUMBER, PAREN, PRODUCT, SQUARE, Groups, Habit, bare

_SUMS = {"avg": "mean", "average": "mean", "Σ": "sum", "∑": "sum", "add": "sum"}
_REDUCED = r"sum|mean|max|min|logsumexp|avg|average|Σ|∑"
_OVER = r"[jkln]|neg|negatives|(?:the )?negatives"
_BOUND = rf"(?:\{{\s*(?P<k>[ijkln])[^{{}}]*\}}|(?P<w>[ijkln])(?!\w))(?:\s*\^\s*(?:{BRACE}|{NAME}|{NUMBER}))?"


def _reduction(groups: Groups) -> str:
    name = _SUMS.get(groups["r"], groups["r"])
    index = "i" if "i" in (groups.get("k"), groups.get("w")) else "j"
    return f"{name}_{index}({bare(groups['e'])})"


REDUCTIONS = (
    Habit(
        "call-brackets",
        r"(?<![\w.\\])(?P<n>exp|log|sqrt|relu|sigmoid|softplus|tanh|abs|max|min|where|stopgrad|"
        rf"(?:sum|mean|max|min|logsumexp)_[ij])\s*(?P<at>{BRACE}|{SQUARE})",
        "the arguments of a function are written in round brackets",
        "brackets of another language",
        lambda groups: f"{groups['n']}({groups['at'][1:-1].strip()})",
    ),
    Habit(
        "comprehension",
        rf"(?P<at>\bfor\s+\w+\s+in\s+[^()]+(?:{PAREN})?)(?=\s*\))",
        "a reduction says in its name what it runs over, as in sum_j(...)",
        "a comprehension of Python",
        "",
    ),
    Habit(
        "reduction",
        rf"(?P<at>\\?\b(?P<r>{_REDUCED})(?:\s+over\s+(?:all\s+)?(?:{_OVER})(?:\s+of\b|:)?|_\{{[^{{}}]*\}}(?:\^(?:{BRACE}|{NAME}|{NUMBER}))?))"
        rf"\s*(?P<e>{PAREN}|{PRODUCT}+)",
        "a reduction over the negatives is written with brackets, as in sum_j(...)",
        "a reduction, as papers write it",
        _reduction,
    ),
    Habit(
        "reduction",
        rf"(?P<at>(?:\\(?=sum|max_|min_)|(?<!\w)(?=[Σ∑]))(?P<r>sum|max|min|Σ|∑)(?:_?{_BOUND})?)\s*(?P<e>{PAREN}|(?=[\w\\]){PRODUCT}+)",
        "a reduction over the negatives is written with brackets, as in sum_j(...)",
        "a reduction, as papers write it",
        _reduction,
    ),
    Habit(
        "reduction",
        rf"\b(?P<at>(?P<r>sum|mean|max|min|logsumexp)_(?P<w>[ij]))\s+(?P<e>{PRODUCT}+)",
        "a reduction over the negatives is written with brackets, as in sum_j(...)",
        "a reduction, as papers write it",
        _reduction,
    ),
)
