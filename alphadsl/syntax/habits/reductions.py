"""Habits of sums, means and extrema over the negatives, and of brackets around the body of a reduction."""

from alphadsl.syntax.habits.habit import BRACE, INDEX, NAME, NUMBER, PAREN, PRODUCT, SQUARE, Groups, Habit, bare

_SUMS = {"avg": "mean", "average": "mean", "Σ": "sum", "∑": "sum", "add": "sum"}
_NAMES = {
    "lse": "logsumexp",
    "log_sum_exp": "logsumexp",
    "logsumexp": "logsumexp",
    "avg": "mean",
    "average": "mean",
} | {
    "mu": "mean",
    "amax": "max",
    "amin": "min",
    "maximum": "max",
    "minimum": "min",
    **{name: name for name in ("sum", "mean", "max", "min")},
}
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
        r"(?<![\w.\\])(?P<n>exp|log|sqrt|relu|sigmoid|softplus|tanh|abs|max|min|where|stopgrad|sg|detach|stop_grad|"
        rf"(?:sum|mean|max|min|logsumexp)_[ij])\s*(?P<at>{BRACE}|{SQUARE})",
        "the arguments of a function are written in round brackets",
        "brackets of another language",
        lambda groups: f"{groups['n']}({groups['at'][1:-1].strip()})",
    ),
    Habit(
        "call-brackets",
        rf"(?<=[=~])\s*(?P<at>{BRACE}|\[[^][,]*(?:{INDEX}[^][,]*)*\])\s*$",
        "formulas are grouped by ( )",
        "brackets of another language",
        lambda groups: f" {groups['at'][1:-1].strip()}",
    ),
    Habit(
        "renamed",
        rf"(?<![\w.])(?P<at>(?P<f>lse|LSE|log_sum_exp|logSumExp|avg|average|mu|amax|amin|maximum|minimum|Sum|Mean|Max|Min)_j)(?={PAREN})",
        "{at} has another name here",
        "a reduction with another name",
        lambda groups: f"{_NAMES[groups['f'].lower()]}_j",
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
        rf"(?P<at>\\?\b(?P<r>{_REDUCED})(?:\s+over\s+(?:all\s+)?(?:{_OVER})(?:\s+of\b|:)?|_\(\s*[ijkn]\s*[!=<>≠∈,][^()]*\)|_j\s*(?:≠|!=|\\neq?\b)\s*i|_\{{[^{{}}]*\}}(?:\^(?:{BRACE}|{NAME}|{NUMBER}))?))"
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
        rf"\b(?P<at>(?P<r>sum|mean|max|min|logsumexp)_(?P<w>[ijkn]))\s+(?P<e>{PRODUCT}+)",
        "a reduction over the negatives is written with brackets, as in sum_j(...)",
        "a reduction, as papers write it",
        _reduction,
    ),
    Habit(
        "batch-size",
        rf"(?<![\w.])(?P<at>(?:N|B|batch_size|bsz|num_negatives|n_neg|n_negatives)(?![\w([.])|(?:len|numel)\s*{PAREN})(?!\s*=[^=])",
        "how many negatives an anchor has is written sum_j(d[i,j] >= 0)",
        "the size of a batch",
        "sum_j(d[i,j] >= 0)",
    ),
)
