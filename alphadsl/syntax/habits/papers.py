"""Habits of papers: masks, expectations, probabilities, argmax, names with subscripts."""

from alphadsl.syntax.habits.habit import BRACE, INDEX, NAME, PAREN, PRODUCT, SQUARE, Groups, Habit, bare, wrapped

_UNEQUAL = r"(?:!=|≠|<>|~=|\\neq?\b|\\not=)"
_APART = rf"(?:[jkn]\s*{_UNEQUAL}\s*(?:i|p)|i\s*{_UNEQUAL}\s*[jkn])"
_ONE = r"(?:(?<![\w.])1|𝟙|𝟏|(?<![\w.])I|\\mathbb\{1\}|\\mathbbm\{1\}|\\mathbf\{1\}|\\1|indicator)"
_INDICATOR = rf"(?P<at>{_ONE}\s*_?(?:\{{?\[|\\?\{{|\()\s*{_APART}\s*(?:\]\}}?|\\?\}}|\)))"
_SAME = r"(?:i\s*==\s*[jkn]|[jkn]\s*==\s*i)"
_NONE = r"(?:0(?:\.0*)?|-\s*\S*inf)"
_EYE = rf"(?:(?:torch|np|jnp|tf)\.)?eye(?:{PAREN})?"
_MASK = rf"(?:{_EYE}|diag_mask|self_mask|neg_mask|negative_mask|mask_?(?:ij|neg)?|M)"
_MASKED = rf"(?P<at>{_MASK}\s*(?:\[[^][]*\])?)(?![\w(])"
_WITHOUT = "there is no mask: j runs over the negatives, which leave out the anchor i and its positive"
_ARGUMENT = rf"(?:{PAREN}|{INDEX}|[^()\[\],])+?"
_P = r"(?:[pPqQ]|\\Pr|Pr)\s*(?:\(\s*[jk]\s*(?:\||\\mid)\s*i\s*\)|_\{?\s*[jk]\s*\|\s*i\s*\}?|_\{?ij\}?(?!\w))"
_SIZE = r"(?:\d*N|B|n|N_?neg|batch_size|bsz|num_negatives|n_neg|n_negatives)(?:\s*[-+]\s*\d)?"


def _mask(pattern: str, rewrite: str) -> Habit:
    return Habit("mask", pattern, _WITHOUT, "a mask, as arrays need it", rewrite)


def _mean(groups: Groups) -> str:
    index, inner = "i" if groups["k"] == "i" else "j", groups["e"]
    return f"mean_{index}({inner[1:-1].strip() if inner.startswith('[') else bare(inner)})"


def _share(tau: str, own: bool) -> str:
    """The softmax probability of a negative, or with `own` that of the positive among all candidates."""
    if own:
        return f"exp(s[i] / {tau}) / (exp(s[i] / {tau}) + sum_j(exp(s[i,j] / {tau})))"
    return f"exp(s[i,j] / {tau}) / sum_j(exp(s[i,j] / {tau}))"


def _largest(groups: Groups) -> str:
    name, inner = groups["f"][3:], bare(groups["args"])
    if groups["head"].startswith(("alpha", "weight")):
        return f"{groups['head']}{groups['between']}({inner} == {name}_j({inner}))"
    return f"{groups['head']}{groups['between']}{name}_j({inner})"


def _headed(groups: Groups) -> str:
    name, indices = groups["n"], "[i,j]" if "j" in groups["k"] else "[i]"
    return f"{name}{indices} {groups['sign']} {groups['e']}"


def _loss(groups: Groups) -> str:
    return f"loss[i] = {groups['e']}"


PAPERS = (
    *(
        Habit(
            "loss-name",
            rf"^(?P<name>{name})\s*=(?!=)(?P<e>(?=[^\n]*[\[(_])[\s\S]*)",
            "a loss is stated anchor by anchor, as loss[i], and averaged over them",
            "a loss with another name or without its index",
            _loss,
        )
        for name in (
            r"loss(?:_i|_\{i\}|\(\s*i\s*\))?",
            r"(?:\\mathcal\{L\}|\\ell|[Llℓ]|ell)_\{?\s*i(?:\s*,?\s*[jp])?\s*\}?",
        )
    ),
    Habit(
        "indices-below",
        r"^(?P<name>(?P<n>[^\W\d]\w*?)_(?P<k>ij|i)|(?P<m>alpha|α)(?:ij|ᵢⱼ))\s*(?P<sign>[=~])(?!=)(?P<e>[\s\S]*)",
        "indices are written in square brackets, as in alpha[i,j]",
        "indices below a name",
        lambda groups: _headed({**groups, "n": groups["n"] or groups["m"], "k": groups["k"] or "ij"}),
    ),
    _mask(
        rf"{_INDICATOR}\s*(?:\*|\\cdot|\\,)?\s*(?=[\w\\(])",
        "",
    ),
    _mask(_INDICATOR, "1"),
    _mask(rf"(?<!_)\(\s*(?P<at>{_APART})\s*\)\s*(?:\*|\\cdot)?\s*(?=[\w\\(])", ""),
    _mask(rf"\s*\*\s*\(\s*(?P<at>{_APART})\s*\)", ""),
    _mask(rf"where\(\s*(?P<at>{_APART})\s*,(?P<e>{_ARGUMENT}),\s*{_NONE}\s*\)", "{e}"),
    _mask(
        rf"where\(\s*(?P<at>{_SAME})\s*,\s*{_NONE}\s*,(?P<e>{_ARGUMENT})\)",
        "{e}",
    ),
    _mask(rf"(?<![\w.])(?:\(\s*1(?:\.0*)?\s*-\s*|[~!]\s*)?{_MASKED}\s*\)?\s*\*\s*", ""),
    _mask(rf"\s*\*\s*(?:\(\s*1(?:\.0*)?\s*-\s*|[~!]\s*)?{_MASKED}\s*\)?", ""),
    _mask(rf"(?<=[=~])\s*(?:1(?:\.0*)?\s*-\s*|[~!]\s*)?{_MASKED}\s*$", "1"),
    _mask(rf"(?P<e>{NAME}(?:{PAREN}|{INDEX})?|{PAREN})\s*(?P<at>\.\s*masked_fill_?{PAREN})", "{e}"),
    _mask(rf"(?<![\w.])(?P<at>(?:torch\.)?masked_fill)\(\s*(?P<e>{_ARGUMENT})\s*,(?:{PAREN}|{INDEX}|[^()])*\)", "{e}"),
    Habit(
        "expectation",
        r"(?<![\w.])(?P<at>(?:\\mathbb\s*\{?E\}?|\\E(?![a-z])|\\operatorname\{E\}|\\mathrm\{E\}|𝔼|E|Ex)"
        rf"(?:_(?P<k>[ijkn])|_{BRACE})?)\s*(?:\\left|\\[bB]ig)?\s*(?P<e>(?!\[\s*[ij]\s*(?:,\s*[ij]\s*)?\]){SQUARE}|{PAREN})",
        "an expectation over the negatives is a mean: mean_j(...)",
        "an expectation, as papers write it",
        _mean,
    ),
    Habit(
        "probability",
        rf"^(?P<head>alpha\s*\[\s*i\s*,\s*j\s*\])\s*[=~]\s*(?P<name>{_P})\s*$",
        "a softmax over the negatives is written with ~: rows that sum to one",
        "a conditional probability, as papers write it",
        "{head} ~ exp(s[i,j] / tau)",
    ),
    Habit(
        "probability",
        rf"^(?P<head>loss\s*\[\s*i\s*\])(?P<between>\s*=[\s\S]*?)(?P<name>{_P})",
        "the probability of the positive is written out, as a softmax of cosines",
        "a conditional probability, as papers write it",
        lambda groups: f"{groups['head']}{groups['between']}({_share('tau', True)})",
    ),
    Habit(
        "probability",
        rf"(?<![\w.])(?P<name>{_P})",
        "a probability is written out, as a softmax of cosines",
        "a conditional probability, as papers write it",
        f"({_share('tau', False)})",
    ),
    Habit(
        "argmax",
        rf"[sd]\[\s*i\s*,\s*(?P<at>(?:\w+\.)?arg(?P<f>max|min)(?:_j)?)\s*(?P<args>{PAREN})\s*\]",
        "the largest of the negatives is max_j(...), and it has no index",
        "the index of a maximum",
        "{f}_j{args}",
    ),
    Habit(
        "argmax",
        rf"^(?P<head>[^=~]*[^=~\s])(?P<between>\s*[=~][\s\S]*?(?<![\w.]))(?P<at>\\?(?:\w+\.)?(?P<f>argmax|argmin)(?:_\{{?\s*[jk]\s*\}}?)?)\s*(?P<args>{PAREN})",
        "the largest of the negatives is max_j(...); a comparison with it is 1 where it is reached",
        "the index of a maximum",
        _largest,
    ),
    Habit(
        "batch-mean",
        rf"(?P<at>(?:\(\s*1(?:\.0*)?\s*/\s*\(?\s*{_SIZE}\s*\)?\s*\)|1(?:\.0*)?\s*/\s*\(?\s*{_SIZE}\s*\)?|\\[dt]?frac\s*\{{\s*1\s*\}}\s*\{{\s*{_SIZE}\s*\}}))"
        r"\s*\*?\s*(?:\\?sum|Σ|∑)(?![a-z])",
        "a sum over the number of its terms is a mean: mean_j(...)",
        "a mean, as papers write it",
        "mean",
    ),
    Habit(
        "batch-mean",
        rf"\bsum_j(?P<e>{PAREN})\s*(?P<at>/\s*\(?\s*{_SIZE}(?!\w)\s*\)?)",
        "a sum over the number of its terms is a mean: mean_j(...)",
        "a mean, as papers write it",
        "mean_j{e}",
    ),
    Habit(
        "product",
        rf"(?<![\w.])(?P<at>\\?prod(?:_j|_\{{[^{{}}]*\}})?(?:\^(?:{BRACE}|{NAME}))?|[Π∏](?:_j)?|torch\.prod|np\.prod)\s*(?P<e>{PAREN}|{PRODUCT}+)",
        "a product over the negatives is the exponential of a sum of logarithms",
        "a product, as papers write it",
        lambda groups: f"exp(sum_j(log({bare(groups['e'])})))",
    ),
    Habit(
        "trailing-condition",
        rf"^(?P<head>(?!(?:param|learn|set)\b)[^=~]*[=~])(?P<e>(?:{PAREN}|{INDEX}|[^()\[\],=~;{{}}])+?)(?P<at>,?\s*(?<![\w.])(?:where|when|if|for|s\.t\.)(?!\w)(?!\s*[\w]+\s*(?:in\b|:))(?!\s*\()|,(?=[^=]*[<>]))"
        r"(?P<c>(?:(?!\belse\b)[^=~;{}]|[<>=]=)+)$",
        "a formula with cases is written where(condition, a, b)",
        "a condition after its formula",
        lambda groups: f"{groups['head']} where({bare(groups['c'])}, {bare(groups['e'])}, 0)",
    ),
    Habit(
        "squared",
        rf"(?P<x>{NAME}(?:{PAREN}|{INDEX})?|{PAREN})\s+(?P<at>squared|cubed)(?!\w)",
        "a power is written with ^",
        "a power in words",
        lambda groups: f"{wrapped(groups['x'])}^{'2' if groups['at'] == 'squared' else '3'}",
    ),
)
