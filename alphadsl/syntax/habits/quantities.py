"""Habits about what a loss is given: cosines, distances, embeddings, labels, the positive, and their indices."""

from collections.abc import Iterable

from alphadsl.syntax.habits.habit import INDEX, NAME, PAREN, Groups, Habit

_Z = r"(?:[zhfxuvq]|emb|embedding|embeddings|feat|feats|features?)"
_ONE = rf"(?:{_Z}(?:\[[ijk]\]|_[ijk]|_\{{[ijk]\}})|[ij])"
_COSINES = "cos|cosine|cosine_similarity|cos_sim|cossim|sim|similarity|sims|dot|inner|matmul|mm|S|logits|logit|scores?"
_DISTANCES = "dist|distance|distances|D|pdist|cdist|euclidean|pairwise_distance"
_LABELS = r"(?:labels?|ys?|targets?|classes|class|cls|c)"
_SAMPLE = {letter: rf"{_LABELS}(?:\[{letter}\]|_{letter}|_\{{{letter}\}})" for letter in "ij"}
_OWN = r"(?:i|p|pos|positive|\+|ip|i_pos|i\+|i'|j\+|self|a)"
_OTHER = r"(?:[klmn]|-|neg|negative|j-|:)"

_INDEXED = "i is the anchor and j one of its negatives"
_PAIRS = "pairs labels against other_classes"


def _sampled(groups: Groups) -> str:
    """A cosine or distance of the anchor to its positive, or to a negative."""
    letter = "d" if groups["f"] in _DISTANCES.split("|") else "s"
    return letter + ("[i]" if groups["i"].strip("[] ()") in ("i", "i,i", "i, i", "i,p", "i, p", "i,+") else "[i,j]")


def _alternation(*texts: str) -> str:
    return "|".join(sorted("|".join(texts).split("|"), key=len, reverse=True))


def _named(names: Iterable[str], meaning: str, lesson: str) -> Habit:
    pattern = rf"(?<![\w.])(?P<at>{'|'.join(names)})(?![\w(\[.])(?!\s*=[^=])"
    return Habit("named-quantity", pattern, lesson, "a name that papers give it", meaning)


POSITIVE = "the cosine to the positive is s[i], its distance d[i]"
NEGATIVE = "the cosine to a negative is s[i,j], its distance d[i,j]"
_CHOSEN = "labels choose the pairs: with " + _PAIRS + ", j runs over the embeddings of other labels"

QUANTITIES = (
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
    Habit(
        "embeddings",
        rf"(?P<at>(?:\|\||‖|\\\|)\s*{_ONE}\s*-\s*{_ONE}\s*(?:\|\||‖|\\\|)\s*(?:_2|_\{{2\}})?\s*(?:\^\s*(?P<two>2)|(?P<square>²))?)",
        "a distance is d[i,j], and d^2 is half the squared Euclidean distance",
        "a norm of embeddings",
        lambda groups: "2 * d[i,j]^2" if groups["two"] or groups["square"] else "sqrt(2) * d[i,j]",
    ),
    Habit(
        "embeddings",
        rf"(?<![\w.])(?P<at>(?:[\w.]+\.)?(?:norm|{_DISTANCES})\(\s*{_ONE}\s*[-,]\s*{_ONE}\s*(?:,[^()]*)?\))",
        "a distance is d[i,j], and d^2 is half the squared Euclidean distance",
        "a distance of embeddings",
        "sqrt(2) * d[i,j]",
    ),
    Habit(
        "embeddings",
        rf"(?<![\w.])(?P<at>(?:[\w.]+\.)?(?:{_COSINES})\(\s*{_ONE}\s*,\s*{_ONE}\s*(?:,[^()]*)?\))",
        "a cosine is s[i,j]",
        "a cosine of embeddings",
        "s[i,j]",
    ),
    Habit(
        "embeddings",
        rf"(?<![\w.])(?P<at>{_Z}(?:\d|\[[ij]\]|_[ij]|_\{{[ij]\}})?\s*(?:@|\*|\\cdot|·|\^T|\^\{{T\}}|\^\\top|\^\{{\\top\}}|')\s*{_Z}(?:\d|\[[ij]\]|_[ij]|_\{{[ij]\}})?"
        r"(?:\.T|\.t\(\)|\.mT|\.transpose\([^()]*\))?)(?!\w)",
        "a cosine is s[i,j]",
        "a product of embeddings",
        "s[i,j]",
    ),
    Habit(
        "embeddings",
        rf"(?P<at>(?:<|⟨|\\langle)\s*{_ONE}\s*,\s*{_ONE}\s*(?:>|⟩|\\rangle))",
        "a cosine is s[i,j]",
        "an inner product of embeddings",
        "s[i,j]",
    ),
    Habit(
        "embeddings",
        rf"(?P<at>{_Z}(?:\[i\]|_i)\s*\.\s*(?:dot|inner|matmul)\(\s*{_Z}(?:\[j\]|_j)\s*\))",
        "a cosine is s[i,j]",
        "a product of embeddings",
        "s[i,j]",
    ),
    Habit(
        "split-indices",
        rf"\b(?P<n>{NAME})(?P<at>\[\s*(?P<a>[ij])\s*\]\[\s*(?P<b>[ij])\s*\])",
        "both indices go into one pair of brackets",
        "the indices of a list of lists",
        "{n}[{a},{b}]",
    ),
    Habit(
        "named-quantity",
        rf"(?<![\w.])(?P<at>(?P<f>{_alternation(_COSINES, _DISTANCES)})"
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
        r"(?<![\w.])(?P<at>(?P<q>[ds])\s*\(\s*(?P<i>i|i\s*,\s*j)\s*\))",
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
        ("s_pos", "s_p", "sp", "pos_sim", "sim_pos", "s_ii", "s_ap", "l_pos", "pos_logits?", r"s_\+"), "s[i]", POSITIVE
    ),
    _named(("s_neg", "s_n", "sn", "neg_sim", "sim_neg", "s_ij", "s_an", "l_neg", "neg_logits?"), "s[i,j]", NEGATIVE),
    _named(tuple(_COSINES.replace("S|", "").split("|")), "s[i,j]", NEGATIVE),
    _named(tuple(_DISTANCES.replace("|D|", "|").split("|")), "d[i,j]", NEGATIVE),
    _named(("d_pos", "d_p", "dp", "d_ap", "pos_dist", "dist_pos", "d_ii"), "d[i]", POSITIVE),
    _named(("d_neg", "d_n", "dn", "d_an", "neg_dist", "dist_neg", "d_ij"), "d[i,j]", NEGATIVE),
    Habit(
        "embeddings",
        rf"(?<![\w.])(?P<at>{_Z}\[(?:[ij]|i,\s*j)\])",
        "embeddings enter a formula by their cosines s and distances d alone",
        "an embedding",
        None,
        "write s[i] or d[i] for the positive, s[i,j] or d[i,j] for a negative",
    ),
)
