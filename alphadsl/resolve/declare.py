"""Writes the missing declaration of a parameter that a formula uses, with the value and interval usual in the field."""

from typing import NamedTuple

from alphadsl.report.diagnostic import Edit, Remedy
from alphadsl.report.source import Span
from alphadsl.syntax import tree


class Usual(NamedTuple):
    value: str
    interval: str
    doc: str = ""


_TEMPERATURE = Usual("0.5", "(0, inf)", "temperature")
_MARGIN = Usual("0.5", "[0, inf)", "margin")
_BIAS = Usual("0", "(-inf, inf)", "bias")
_USUAL = {
    **dict.fromkeys(("tau", "t", "T", "temp", "temperature"), _TEMPERATURE),
    **dict.fromkeys(("m", "margin", "delta"), _MARGIN),
    **dict.fromkeys(("b", "bias", "offset"), _BIAS),
    **dict.fromkeys(("eps", "epsilon"), Usual("1e-8", "(0, inf)", "offset of a logarithm or quotient")),
    **dict.fromkeys(("p", "q", "power", "exponent"), Usual("2", "(0, inf)", "power")),
    **dict.fromkeys(("scale", "gamma", "logit_scale"), Usual("1", "(0, inf)", "scale")),
    **dict.fromkeys(("beta", "concentration"), Usual("1", "[0, inf)", "concentration")),
    **dict.fromkeys(("w", "weight", "lam", "lambda", "lambd", "mu"), Usual("1", "[0, inf)", "weight")),
}
_ANY = Usual("1", "(0, inf)")


def declaration(name: str, used: Span, loss: tree.LossDef) -> Remedy | None:
    """A remedy that inserts a line above the first one of the loss; None if the name is used in another file or the
    loss is a blend."""
    first = loss.items[0] if loss.items else None
    if first is None or isinstance(first, tree.BlendItem) or used.source != loss.span.source:
        return None
    usual = _USUAL.get(name, _ANY)
    doc = f'   "{usual.doc}"' if usual.doc else ""
    line = f"param {name} = {usual.value} in {usual.interval}{doc}"
    start = first.span.start
    text = used.source.text
    margin = text[text.rfind("\n", 0, start) + 1 : start]
    indent = margin if not margin.strip() else "  "
    return Remedy(f"declare it: {line}", (Edit(Span(used.source, start, start), f"{line}\n{indent}"),))
