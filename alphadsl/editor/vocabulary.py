"""Every word of the language, by kind, with its meaning: for colours, completion and hover.

The words are those of the parser and of the checker's tables; a word without a meaning here is an error.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from alphadsl.ir.atoms import AUTHOR_FUNCTIONS
from alphadsl.ir.index_sets import DEFAULT, INDEX_SETS, IndexSet
from alphadsl.resolve.family import SETS as ALPHA_SETS
from alphadsl.resolve.names import BATCH_REDUCTIONS, FAMILY_PARTS, QUANTITIES, REDUCTIONS
from alphadsl.resolve.parameters import SCHEDULES
from alphadsl.resolve.quantities import MEMBERS
from alphadsl.resolve.setting import AGAINST, SETS, SPACES, against_words, narrowed
from alphadsl.syntax.language import KEYWORDS

CONVENTION = "d^2 is half the squared Euclidean distance; on the sphere d^2 = 1 - s, with s the cosine"


class Kind(StrEnum):
    KEYWORD = "keyword"
    CONSTANT = "constant"
    FUNCTION = "function"
    REDUCTION = "reduction"
    QUANTITY = "quantity"
    PART = "part of a loss"
    SCHEDULE = "schedule"
    CHOICE = "choice"


@dataclass(frozen=True)
class Word:
    text: str
    kind: Kind
    usage: str
    meaning: str


def _set_words(index_set: IndexSet) -> str:
    return f"{index_set.words}{' (the default)' if index_set == DEFAULT else ''}"


# How a word is used, and what it means.
_MEANINGS: Mapping[Kind, Mapping[str, tuple[str, str]]] = {
    Kind.KEYWORD: {
        "loss": ("loss NAME { ... }", "a loss; `loss NAME = 0.7 * infonce + 0.3 * square` blends others"),
        "extends": (
            "loss NAME extends PARENT { ... }",
            "starts from another loss: of the file, beside it, or built in",
        ),
        "param": ('param tau = 0.5 in (0, inf)   "temperature"', "a parameter, its interval, and what it is"),
        "learn": (
            'learn b = -10 in (-inf, inf)   "bias"',
            "a parameter trained with the network, in its interval",
        ),
        "set": ("set tau = 0.2", "another value for a parameter of the parent"),
        "in": ("param tau = 0.5 in (0, inf)", "the interval of a parameter, or the set that alpha lies in"),
        "pairs": ("pairs two_view", "which negatives an anchor has"),
        "against": (
            "pairs labels against other_classes",
            "which embeddings are negatives, where labels say the positives",
        ),
        "space": ("space euclidean", "whether embeddings are normalised (sphere, the default) or taken as they are"),
        "gradient": ("gradient through alpha", "alpha is differentiated too, not held fixed"),
        "through": ("gradient through alpha", "alpha is differentiated too, not held fixed"),
    },
    Kind.CONSTANT: {"inf": ("(0, inf)", "no bound")},
    Kind.FUNCTION: {
        "exp": ("exp(x)", "exponential, carried in the log domain"),
        "log": ("log(x)", "natural logarithm; x must be positive"),
        "sqrt": ("sqrt(x)", "square root; x must not be negative"),
        "relu": ("relu(x)", "max(x, 0)"),
        "sigmoid": ("sigmoid(x)", "1 / (1 + exp(-x))"),
        "softplus": ("softplus(x)", "log(1 + exp(x))"),
        "tanh": ("tanh(x)", "hyperbolic tangent"),
        "abs": ("abs(x)", "absolute value"),
        "min": ("min(x, y)", "the smaller of two"),
        "max": ("max(x, y)", "the larger of two"),
        "where": ("where(x > y, a, b)", "a where the comparison holds, b elsewhere"),
        "stopgrad": ("stopgrad(x)", "x, held fixed when the loss is differentiated"),
    },
    Kind.REDUCTION: {
        "sum_j": ("sum_j(h[i,j])", "sum over the negatives of anchor i"),
        "mean_j": ("mean_j(h[i,j])", "mean over the negatives of anchor i"),
        "max_j": ("max_j(h[i,j])", "largest over the negatives of anchor i"),
        "min_j": ("min_j(h[i,j])", "smallest over the negatives of anchor i"),
        "logsumexp_j": ("logsumexp_j(h[i,j])", "log of the sum of exponentials over the negatives of anchor i"),
        "sum_i": ("sum_i(u[i])", "sum over the anchors of the batch"),
        "mean_i": ("mean_i(u[i])", "mean over the anchors of the batch"),
        "logsumexp_i": ("logsumexp_i(u[i])", "log of the sum of exponentials over the anchors of the batch"),
    },
    Kind.QUANTITY: {
        "d": ("d[i], d[i,j]", f"distance of anchor i to its positive, and to its negative j; {CONVENTION}"),
        "s": ("s[i], s[i,j]", f"similarity to the positive, and to negative j: the cosine on the sphere; {CONVENTION}"),
        "count": ("count[i]", "the number of negatives of anchor i"),
    },
    Kind.PART: {
        "phi": ("phi(x) = ...", "the outer function of mean_i phi(sum_j psi(d[i]^2 - d[i,j]^2)); non-decreasing"),
        "psi": ("psi(x) = ...", "the inner function of mean_i phi(sum_j psi(d[i]^2 - d[i,j]^2)); non-decreasing"),
        "weight": ("weight[i,j] = ...", "a factor of psi for every pair"),
        "alpha": ("alpha[i,j] = ...", "pairwise importance: how hard i and j are pushed apart; with ~ rows sum to one"),
        "R": ("R(a) = ...", "the concave regulariser of the min player: alpha minimises E(alpha) - R(alpha)"),
        "loss": ("loss[i] = ...", "the whole loss of an anchor, from which alpha and beta are derived"),
    },
    Kind.SCHEDULE: {
        "constant": ("param tau = constant(0.5)", "does not change, even if that of a parent does"),
        "linear": ("param tau = linear(0.1, 0.5)", "moves linearly over training"),
        "cosine": ("param tau = cosine(0.1, 0.5)", "moves as half a cosine wave over training"),
        "step": ("param tau = step(0.1, 0.5, 0.7)", "jumps at a fraction of training"),
    },
    Kind.CHOICE: {
        **{name: (f"pairs {name}", _set_words(INDEX_SETS[name])) for name in SETS},
        **{
            word: (f"pairs {name} against {word}", _set_words(narrowed(name, word)))
            for name, words in against_words().items()
            for word in words
        },
        "sphere": ("space sphere", "embeddings are normalised (the default)"),
        "euclidean": ("space euclidean", "embeddings as they are; s is the inner product"),
        "simplex": ("alpha in simplex", "alpha is what the min player chooses: rows that sum to one"),
        "reals": ("alpha in reals", "alpha may be negative, on purpose"),
    },
}

FUNCTIONS = AUTHOR_FUNCTIONS
ALL_REDUCTIONS = frozenset({*REDUCTIONS, *BATCH_REDUCTIONS})
CHOICES = frozenset({*SETS, *AGAINST, *SPACES, *ALPHA_SETS})


def _words(kind: Kind, texts: Iterable[str]) -> tuple[Word, ...]:
    return tuple(Word(text, kind, *_MEANINGS[kind][text]) for text in sorted(texts))


VOCABULARY: tuple[Word, ...] = (
    *_words(Kind.KEYWORD, set(KEYWORDS) - {"inf"}),
    *_words(Kind.CONSTANT, {"inf"}),
    *_words(Kind.FUNCTION, FUNCTIONS),
    *_words(Kind.REDUCTION, ALL_REDUCTIONS),
    *_words(Kind.QUANTITY, QUANTITIES),
    *_words(Kind.PART, FAMILY_PARTS),
    *_words(Kind.SCHEDULE, SCHEDULES),
    *_words(Kind.CHOICE, CHOICES),
)
MEMBER_USAGES = {name: f"{name}[{','.join(indices)}]" for name, indices in MEMBERS.items()}


def words(*kinds: Kind) -> tuple[Word, ...]:
    return tuple(word for word in VOCABULARY if word.kind in kinds)


def texts_of(*kinds: Kind) -> tuple[str, ...]:
    return tuple(word.text for word in words(*kinds))
