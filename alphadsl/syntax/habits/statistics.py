"""Habits of statistics: moments, order statistics and divergences, each with what a spec writes or uses instead."""

from alphadsl.syntax.habits.functions import LIBRARIES
from alphadsl.syntax.habits.habit import PAREN, Groups, Habit, arguments, bare, wrapped

_CALL = rf"(?<![\w.])(?P<at>(?:(?:{LIBRARIES})\.)?(?P<f>NAMES)(?:_j|_\{{j\}})?)\s*(?P<args>{PAREN})"


def _centred(groups: Groups) -> str:
    inner = wrapped(arguments(groups["args"])[0])
    return f"mean_j(({inner} - mean_j({bare(inner)}))^2)"


def _call(names: str) -> str:
    return _CALL.replace("NAMES", names)


STATISTICS = (
    Habit(
        "variance",
        _call("var|variance|Var"),
        "a variance over the negatives is the mean of squares around a mean",
        "a function of statistics",
        _centred,
    ),
    Habit(
        "variance",
        _call("std|stddev|Std"),
        "a standard deviation over the negatives is the root of the mean of squares around a mean",
        "a function of statistics",
        lambda groups: f"sqrt({_centred(groups)})",
    ),
    Habit(
        "order-statistic",
        _call("topk|top_k|median|quantile|percentile|sort|argsort|kthvalue|rank|cumsum|hardest"),
        "a formula does not sort the negatives, but has the largest and the smallest: max_j(...), min_j(...)",
        "a function that sorts",
        None,
        "weigh the negatives instead, as in sigmoid((s[i,j] - 0.5) / tau)",
    ),
    Habit(
        "divergence",
        rf"(?<![\w.])(?P<at>(?:KL|D_?KL|kl_div|JS|D_?JS|entropy|H|MI|I)\s*\(\s*[^()|]*\|\|[^()]*\)|(?:(?:{LIBRARIES})\.)?kl_div\s*{PAREN})",
        "a divergence is written out, as a sum over the negatives",
        "a function of information theory",
        None,
        "write it as sum_j(...), with the weights of both distributions as quantities of pairs",
    ),
)
