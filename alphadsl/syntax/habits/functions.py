"""Habits of array libraries: their functions, methods and modules, each with what a spec writes instead."""

import re
from collections.abc import Callable, Iterable

from alphadsl.syntax.habits.habit import INDEX, PAREN, Groups, Habit, arguments, wrapped

LIBRARIES = (
    r"torch\.nn\.functional|torch\.special|torch\.linalg|torch\.math|torch|np|numpy|math|nn\.functional|F|nn|jnp|jax\.nn|"
    r"jax\.numpy|jax\.lax|jax|tf\.math|tf\.nn|tf|K|scipy\.special|special|cmath|keras\.ops|ops|lax|Math|std"
)
_BUILT_IN = "exp log sqrt relu sigmoid softplus tanh abs min max where stopgrad".split()
_REDUCTIONS = {"sum": "sum", "mean": "mean", "max": "max", "min": "min", "amax": "max", "amin": "min"} | {
    "average": "mean",
    "nansum": "sum",
    "nanmean": "mean",
    "logsumexp": "logsumexp",
    "lse": "logsumexp",
    "reduce_sum": "sum",
    "reduce_mean": "mean",
    "reduce_max": "max",
    "reduce_logsumexp": "logsumexp",
}
_SAME = {"ln": "log", "fabs": "abs", "absolute": "abs", "maximum": "max", "fmax": "max", "minimum": "min"} | {
    "fmin": "min",
    "logistic": "sigmoid",
    "expit": "sigmoid",
    "sigma": "sigmoid",
    "σ": "sigmoid",
    "hinge": "relu",
    "detach": "stopgrad",
    "sg": "stopgrad",
    "stop_grad": "stopgrad",
    "stop_gradient": "stopgrad",
    "no_grad": "stopgrad",
    "log_e": "log",
    "ifelse": "where",
    "select": "where",
    "iif": "where",
}
# {0}, {1}, ... are the arguments; those with a ! are bracketed if necessary.
_REWRITTEN = {
    "log1p": "log(1 + {0!})",
    "expm1": "(exp({0}) - 1)",
    "exp2": "2^{0!}",
    "log2": "(log({0}) / log(2))",
    "log10": "(log({0}) / log(10))",
    "pow": "{0!}^{1!}",
    "power": "{0!}^{1!}",
    "square": "{0!}^2",
    "rsqrt": "(1 / sqrt({0}))",
    "reciprocal": "(1 / {0!})",
    "neg": "(-{0!})",
    "negative": "(-{0!})",
    "mul": "({0!} * {1!})",
    "multiply": "({0!} * {1!})",
    "divide": "({0!} / {1!})",
    "add": "({0} + {1!})",
    "sub": "({0} - {1!})",
    "subtract": "({0} - {1!})",
    "logaddexp": "log(exp({0}) + exp({1}))",
    "logsigmoid": "(-softplus(-{0!}))",
    "log_sigmoid": "(-softplus(-{0!}))",
    "heaviside": "({0} > 0)",
    "sign": "(({0} > 0) - ({0} < 0))",
    "cosh": "((exp({0}) + exp(-{0!})) / 2)",
    "sgn": "(({0} > 0) - ({0} < 0))",
    "sqr": "{0!}^2",
    "cbrt": "{0!}^(1/3)",
    "leaky_relu": "max(0.01 * {0!}, {0})",
    "relu6": "min(relu({0}), 6)",
    "elu": "where({0} > 0, {0}, exp({0}) - 1)",
    "gelu": "({0!} * sigmoid(1.702 * {0!}))",
    "silu": "({0!} * sigmoid({0}))",
    "swish": "({0!} * sigmoid({0}))",
    "softsign": "({0!} / (1 + abs({0})))",
    "sinh": "((exp({0}) - exp(-{0!})) / 2)",
}
_CLAMPS = "clamp|clip|clip_by_value|clamp_min|clamp_max"
_EXTRA = re.compile(r"(?:dim|axis|keepdim|keepdims|dtype|input|out|beta|threshold|inplace)\s*=\s*(?:\w+\s*$)?")


def _plain(brackets: str) -> list[str]:
    """The arguments of a call without options such as axes."""
    return [part for argument in arguments(brackets) if (part := _EXTRA.sub("", argument).strip()) not in ("", "j")]


def _called(groups: Groups) -> str:
    name, given = groups["f"], _plain(groups["args"])
    return f"{_SAME.get(name, name)}({', '.join(given)})"


def _written(groups: Groups) -> str:
    given = _plain(groups["args"])

    def argument(match: re.Match[str]) -> str:
        place = int(match[1])
        text = given[place] if place < len(given) else "..."
        return wrapped(text) if match[2] else text

    return re.sub(r"\{(\d)(!?)\}", argument, _REWRITTEN[groups["f"]])


def _clamped(groups: Groups) -> str:
    """`max(min(x, high), low)`, from positional or named arguments."""
    first, *rest = arguments(groups["args"])
    ends = dict(zip(("max",) if groups["f"] == "clamp_max" else ("min", "max"), rest, strict=False))
    for part in rest:
        if named := re.fullmatch(r"(?:a_|clip_value_)?(min|max)\s*=\s*(.*)", part):
            ends = {key: value for key, value in ends.items() if value != part} | {named[1]: named[2]}
    text = f"min({first}, {ends['max']})" if "max" in ends else first
    return f"max({text}, {ends['min']})" if "min" in ends else text


def _reduced(groups: Groups) -> str:
    name, given = _REDUCTIONS[groups["f"]], _plain(groups["args"])
    body = given[0] if given else "..."
    index = "j" if re.search(r"\[[^][]*,[^][]*\]", body) or not re.search(r"\[\s*i\s*\]", body) else "i"
    return f"{name}_{index}({body})"


def _softmax(groups: Groups) -> str:
    logits = _plain(groups["args"])[0]
    return f"exp({logits}) / sum_j(exp({logits}))"


def _log_softmax(groups: Groups) -> str:
    """The log-softmax of the positive in `loss[i]`, of each negative in a definition with [i,j]."""
    logits = _plain(groups["args"])[0]
    own = re.sub(r"\[\s*i\s*,\s*\w+\s*\]", "[i]", logits) if groups["head"].replace(" ", "") == "loss[i]" else logits
    return f"{groups['head']}{groups['between']}({own} - logsumexp_j({logits}))"


def _cross_entropy(groups: Groups) -> str:
    logits = _plain(groups["args"])[0]
    own = re.sub(r"\[\s*i\s*,\s*\w+\s*\]", "[i]", logits)
    return f"{groups['head']} = log(exp({own}) + sum_j(exp({logits}))) - {wrapped(own)}"


def any_of(names: Iterable[str]) -> str:
    return "|".join(sorted(names, key=len, reverse=True))


def _of_library(names: Iterable[str]) -> str:
    return rf"(?<![\w.])(?P<at>(?:(?:{LIBRARIES})\.)?(?P<f>{any_of(names)}))(?![\w])(?P<args>{PAREN})"


def _function(name: str, names: Iterable[str], lesson: str, rewrite: str | Callable[[Groups], str]) -> Habit:
    return Habit(name, _of_library(names), lesson, "a function of an array library", rewrite)


_SINGLE = rf"(?:[^(),\[\]]|{PAREN}|{INDEX})+"
_PAIRED = (
    rf"(?<![\w.])(?P<at>(?:(?:{LIBRARIES})\.)?(?P<f>max|min))"
    rf"(?P<args>\((?=[^=\n]*\[){_SINGLE}(?:,\s*(?:dim|axis)\s*=\s*-?\d+\s*)?\))"
)
METHODS = {*_BUILT_IN, *_SAME, *_REDUCTIONS, *_REWRITTEN, *_CLAMPS.split("|"), "softmax", "log_softmax"}


FUNCTIONS = (
    Habit(
        "softmax",
        rf"^(?P<head>alpha\s*\[i,\s*j\])\s*[=~]\s*(?P<at>(?:(?:{LIBRARIES})\.)?softmax(?:_j)?)(?P<args>{PAREN})\s*$",
        "a softmax over the negatives is written with ~: rows that sum to one",
        "a function of an array library",
        lambda groups: f"{groups['head']} ~ exp({_plain(groups['args'])[0]})",
    ),
    Habit(
        "softmax",
        rf"(?<![\w.])(?P<at>(?:(?:{LIBRARIES})\.)?softmax(?:_j)?)(?P<args>{PAREN})",
        "a softmax over the negatives is a quotient, or in alpha[i,j] ~ ... the sign ~",
        "a function of an array library",
        _softmax,
    ),
    Habit(
        "log-softmax",
        rf"^(?P<head>[^=~]*[^=~\s])(?P<between>\s*[=~][\s\S]*?(?<![\w.]))(?P<at>(?:(?:{LIBRARIES})\.)?log_softmax(?:_j)?)(?P<args>{PAREN})",
        "the logarithm of a softmax is a difference: logsumexp_j(...) is its denominator",
        "a function of an array library",
        _log_softmax,
    ),
    Habit(
        "cross-entropy",
        rf"^(?P<head>loss\s*\[\s*i\s*\])\s*=\s*(?P<at>(?:(?:{LIBRARIES})\.)?cross_entropy)(?P<args>{PAREN})\s*$",
        "a cross-entropy is written out, in the cosines of the anchor",
        "a function of an array library",
        _cross_entropy,
    ),
    Habit(
        "cross-entropy",
        rf"(?<![\w.])(?P<at>(?:(?:{LIBRARIES})\.)?(?:cross_entropy|CrossEntropyLoss|nll_loss|NLLLoss))\s*{PAREN}?",
        "a cross-entropy is written out, in the cosines of the anchor",
        "a function of an array library",
        None,
        "write log(exp(s[i] / tau) + sum_j(exp(s[i,j] / tau))) - s[i] / tau",
    ),
    Habit(
        "clamp",
        _of_library(_CLAMPS.split("|")),
        "bounds are written with max and min",
        "a function of an array library",
        _clamped,
    ),
    _function("rewritten", _REWRITTEN, "{at} is written out in other functions", _written),
    _function("renamed", _SAME, "{at} has another name here", _called),
    Habit(
        "keyword-argument",
        r"(?<![\w.])(?P<f>(?:sum|mean|max|min|logsumexp)_j|relu|exp|log|sigmoid|softplus)\((?P<x>"
        rf"(?:[^(),=\[\]]|[<>=]=|{PAREN}|{INDEX})+)(?:,\s*(?P<at>\w+\s*=\s*[-\w.]+)\s*)+\)",
        "a function takes its argument alone; a reduction runs over j",
        "an argument by name, as array libraries take it",
        "{f}({x})",
    ),
    Habit(
        "library-function",
        rf"(?<![\w.])(?P<at>(?:(?:torch\.)?nn|keras\.layers)\.(?P<f>ReLU|Sigmoid|Softplus|Tanh|Exp)\(\s*\))(?P<args>{PAREN})",
        "a function is called by its name alone",
        "a layer of an array library",
        lambda groups: f"{groups['f'].lower()}{groups['args']}",
    ),
    Habit(
        "reduction-over-j",
        _PAIRED,
        "a reduction says what it runs over, as in max_j(...)",
        "a reduction of an array library",
        _reduced,
    ),
    _function(
        "reduction-over-j",
        set(_REDUCTIONS) - {"max", "min"},
        "a reduction says what it runs over, as in sum_j(...)",
        _reduced,
    ),
    Habit(
        "library-function",
        rf"(?<![\w.])(?P<at>(?:{LIBRARIES})\.(?P<f>{any_of(_BUILT_IN)}))(?P<args>{PAREN})",
        "a function is called by its name alone",
        "a function of an array library",
        _called,
    ),
)
