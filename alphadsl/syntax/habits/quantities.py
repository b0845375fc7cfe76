"""Habits about the inputs of a loss: cosines, distances, labels, the positive, and their indices."""

from collections.abc import Iterable

from alphadsl.syntax.habits.embeddings import COSINES, DISTANCES
from alphadsl.syntax.habits.habit import INDEX, NAME, PAREN, Groups, Habit

_LABELS = r"(?:labels?|ys?|targets?|classes|class|cls|c)"
_SAMPLE = {letter: rf"{_LABELS}(?:\[{letter}\]|_{letter}|_\{{{letter}\}})" for letter in "ij"}
_OWN = r"(?:i|p|pos|positive|\+|ip|i_pos|i\+|i'|j\+|self|a)"
_OTHER = r"(?:[klmn]|-|neg|negative|j-|:)"

_INDEXED = "i is the anchor and j one of its negatives"
_PAIRS = "pairs labels against other_classes"


def _sampled(groups: Groups) -> str:
    """A cosine or distance of the anchor to its positive, or to a negative."""
    letter = "d" if groups["f"] in DISTANCES.split("|") else "s"
    return letter + ("[i]" if groups["i"].strip("[] ()") in ("i", "i,i", "i, i", "i,p", "i, p", "i,+") else "[i,j]")


def _alternation(*texts: str) -> str:
    return "|".join(sorted("|".join(texts).split("|"), key=len, reverse=True))


def _named(names: Iterable[str], meaning: str, lesson: str) -> Habit:
    pattern = rf"(?<![\w.])(?P<at>{'|'.join(names)})(?![\w(\[.}}])(?!\s*=[^=])"
    return Habit("named-quantity", pattern, lesson, "a name that papers give it", meaning)


POSITIVE = "the cosine to the positive is s[i], its distance d[i]"
NEGATIVE = "the cosine to a negative is s[i,j], its distance d[i,j]"
_CHOSEN = "labels choose the pairs: with " + _PAIRS + ", j runs over the embeddings of other labels"

LABELS = (
    Habit(
        "same-label",
        rf"where\(\s*(?P<at>{_SAMPLE['i']}\s*==\s*{_SAMPLE['j']})\s*,\s*0(?:\.0?)?\s*,(?P<b>(?:{PAREN}|{INDEX}|[^()\[\],])+)\)",
        _CHOSEN,
        "a mask made of labels",
        "{b}",
        "and add the line " + _PAIRS,
        _PAIRS,
    ),
    Habit(
        "same-label",
        rf"where\(\s*(?P<at>{_SAMPLE['i']}\s*(?:!=|≠)\s*{_SAMPLE['j']})\s*,(?P<b>(?:{PAREN}|{INDEX}|[^()\[\],])+),\s*0(?:\.0?)?\s*\)",
        _CHOSEN,
        "a mask made of labels",
        "{b}",
        "and add the line " + _PAIRS,
        _PAIRS,
    ),
    Habit(
        "same-label",
        rf"\(\s*(?P<at>{_SAMPLE['i']}\s*(?:!=|≠)\s*{_SAMPLE['j']})\s*\)\s*\*",
        _CHOSEN,
        "a mask made of labels",
        "",
        "and add the line " + _PAIRS,
        _PAIRS,
    ),
    Habit(
        "same-label",
        rf"(?P<at>{_SAMPLE['i']}\s*(?:==|!=|≠)\s*{_SAMPLE['j']})",
        "labels choose the pairs, and a formula does not compare them",
        "a mask made of labels",
        None,
        "remove the comparison and write the line " + _PAIRS + ": then j runs over the embeddings of other labels",
    ),
)

QUANTITIES = (
    Habit(
        "split-indices",
        rf"\b(?P<n>{NAME})(?P<at>\[\s*(?P<a>[ij])\s*\]\[\s*(?P<b>[ij])\s*\])",
        "both indices go into one pair of brackets",
        "the indices of a list of lists",
        "{n}[{a},{b}]",
    ),
    Habit(
        "split-indices",
        rf"\b(?P<n>{NAME})(?P<at>\[\s*i\s*(?:[;:.]\s*)?j\s*\])",
        "two indices are separated by a comma",
        "indices with another sign between them",
        "{n}[i,j]",
    ),
    Habit(
        "lone-index",
        rf"(?<![\w.])(?P<at>(?P<q>[ds]|{COSINES})\[\s*[jkn]\s*\])",
        "a negative has two indices, the anchor i and its own j; one index is the positive's: s[i], d[i]",
        "the index of a negative without its anchor",
        lambda groups: f"{'d' if groups['q'] == 'd' else 's'}[i,j]",
    ),
    Habit(
        "squared-quantity",
        r"(?<![\w.])(?P<at>(?P<f>d2|d_?sq|dsqr|sq_?d|D2|dist2|dist_?sq|sq_?dist|squared_distance)(?:_ij|\[\s*i\s*,\s*j\s*\])?|d(?:²|\^2|\^\{2\}|\*\*2)_(?:ij|\{\s*i\s*,?\s*j\s*\}))(?![\w(\[.])(?!\s*=[^=])",
        "a distance is d[i,j], and d^2 is half the squared Euclidean distance",
        "a squared distance with a name of its own",
        lambda groups: "2 * d[i,j]^2" if "dist" in (groups["f"] or "") else "d[i,j]^2",
    ),
    Habit(
        "named-quantity",
        rf"(?<![\w.])(?P<at>(?P<f>{_alternation(COSINES, DISTANCES)})"
        r"(?P<i>\[\s*i\s*(?:,\s*[^\s,\]]+\s*)?\]|\(\s*i\s*(?:,\s*[^\s,)]+\s*)?\)))",
        "{at} has another name here: a cosine is s, a distance d",
        "a name that papers give it",
        _sampled,
    ),
    Habit(
        "own-index",
        rf"(?<![\w.])(?P<at>(?P<q>[ds])\s*[\[(]\s*(?:i\s*,\s*{_OWN}|\+|p|pos|positive|i\+)\s*[\])])",
        "the positive has no index: s[i] is the cosine to it, d[i] the distance, and j never is i",
        "an index of the positive",
        "{q}[i]",
    ),
    Habit(
        "other-index",
        rf"(?<![\w.])(?P<at>(?P<q>[ds])\s*[\[(]\s*(?:i\s*,\s*{_OTHER}|:\s*,\s*j|:\s*,\s*:|-|neg|negative)\s*[\])])",
        "the negatives of the anchor i have the index j, and no other",
        "another index of a negative",
        "{q}[i,j]",
    ),
    Habit(
        "swapped-indices",
        r"(?<![\w.])(?P<at>(?P<q>[ds])\s*\[\s*j\s*,\s*i\s*\])",
        f"{_INDEXED}, so a pair is written [i,j]; a distance is the same in both directions",
        "indices in another order",
        "{q}[i,j]",
    ),
    Habit(
        "called-indices",
        r"(?<![\w.])(?P<name>(?P<q>[ds]|loss|(?!(?:phi|psi|R)\b)[a-zA-Z]\w*(?=\(\s*i\s*,))\s*\(\s*(?P<i>i|i\s*,\s*j)\s*\))",
        "indices are written in square brackets",
        "indices in the brackets of a function",
        lambda groups: f"{groups['q']}[{groups['i'].replace(' ', '')}]",
    ),
    Habit(
        "reduction-over-k",
        rf"(?<![\w.])(?P<at>(?P<f>sum|mean|max|min|logsumexp)_(?:[klmn]|neg|negatives))(?P<args>{PAREN})",
        "a reduction runs over the negatives, whose index is j",
        "another index of a negative",
        "{f}_j{args}",
    ),
    _named(
        ("s_pos", "s_p", "sp", "pos_sim", "sim_pos", "s_ii", "s_i", "sᵢ", "s_ap", "l_pos", "pos_logits?", r"s_\+"),
        "s[i]",
        POSITIVE,
    ),
    _named(
        (
            r"cos(?:\s*θ|\s*\\theta|theta)_?(?:ij|\{ij\})",
            "s_neg",
            "s_n",
            "sn",
            "neg_sim",
            "sim_neg",
            "s_ij",
            "sij",
            "sᵢⱼ",
            "s_ik",
            "s_j",
            "s_k",
            "s_an",
            "l_neg",
            "neg_logits?",
        ),
        "s[i,j]",
        NEGATIVE,
    ),
    _named(tuple(COSINES.replace("S|", "").split("|")), "s[i,j]", NEGATIVE),
    _named(tuple(DISTANCES.replace("|D|", "|").split("|")), "d[i,j]", NEGATIVE),
    *(_named((rf"{letter}(?!\s*[\[(^²_*])",), f"{letter}[i,j]", NEGATIVE) for letter in "sd"),
    _named(("d_pos", "d_p", "dp", "d_ap", "pos_dist", "dist_pos", "d_ii", "d_i"), "d[i]", POSITIVE),
    _named(
        ("d_neg", "d_n", "dn", "d_an", "neg_dist", "dist_neg", "d_ij", "dij", "d_ik", "d_j", "d_k"), "d[i,j]", NEGATIVE
    ),
)
