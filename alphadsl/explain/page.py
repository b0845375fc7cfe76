"""The page of a loss as text: what it minimises, its weights, what holds for it, and its relatives; also as LaTeX.

Comes in: an `Explained`. Comes out: lines of at most 100 characters, except formulas, which are never wrapped.
"""

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from alphadsl.explain.candidates import defaults_of
from alphadsl.explain.curve import SETUP, alpha_curve
from alphadsl.explain.facts import facts_of
from alphadsl.explain.formulas import formulas_of
from alphadsl.explain.identities import find_kinship
from alphadsl.explain.kin import kin_lines
from alphadsl.explain.sections import drawn, latex_lines, minimised, parameter, table, weights
from alphadsl.journey import Journey
from alphadsl.report.outside import Outsider

OPENING = (
    "A loss belongs to the family if its gradient pulls each anchor to its positive by a weight beta[i] and pushes it "
    "from its negatives by weights alpha[i,j]: weights of pairs of embeddings (Tian 2022, arXiv 2201.12680, Theorem 1)."
)


@dataclass(frozen=True)
class Explained:
    """A loss and the library that it is compared with. `spec` is the name by which it was requested; `summary` is the
    first line of its comment."""

    spec: str
    summary: str
    journey: Journey
    library: Sequence[Journey]

    @property
    def title(self) -> str:
        return str(defaults_of(self.journey))


def render_loss(explained: Explained) -> Iterator[str]:
    """Yield the page section by section, since finding related losses takes seconds and everything else is
    immediate."""
    loss, formulas = explained.journey.loss, formulas_of(explained.journey)
    values = {parameter.name: parameter.value for parameter in loss.parameters}
    yield "".join(f"{line}\n" for line in (explained.title, explained.summary) if line)
    for heading, lines in (
        ("minimises", minimised(loss)),
        ("weights: a positive pulls with beta, negatives push with alpha", weights(formulas)),
        (f"alpha against d ({SETUP})", drawn(alpha_curve(explained.journey, values))),
        ("what holds", table((fact.topic, fact.answer) for fact in facts_of(explained.journey))),
        ("parameters", table(parameter(declared) for declared in loss.parameters)),
    ):
        yield _section_below(heading, lines)
    kinship = find_kinship(explained.journey, explained.library)
    for heading, lines in (
        ("the same gradient up to scale", table(kin_lines(kinship, loss.pairs))),
        ("LaTeX (alone with --latex)", latex_lines(loss, formulas)),
        ("see also", table(_see_also(explained))),
    ):
        yield _section_below(heading, lines)


def render_latex(journey: Journey, summary: str) -> str:
    """An align* environment to paste into a paper."""
    body = " \\\\\n".join(f"  {_aligned(line)}" for line in latex_lines(journey.loss, formulas_of(journey)))
    source = f": {summary}" if summary else ""
    return f"% {defaults_of(journey)}{source}\n\\begin{{align*}}\n{body}\n\\end{{align*}}\n"


def render_outsiders(outsiders: tuple[Outsider, ...]) -> str:
    """Why methods do not fit, in the terms of the paper, and what to use instead."""
    pages = []
    for outsider in outsiders:
        rows = [("why", f"{outsider.why}."), ("instead", f"{', '.join(outsider.losses)}: {outsider.instead}.")]
        pages.append(_section(f"{outsider.title} ({outsider.paper}) is outside the family", table(rows)))
    return "\n".join([textwrap.fill(OPENING, 100) + "\n", *pages])


def _section_below(heading: str, lines: list[str]) -> str:
    """A section after an empty line; empty if the section is."""
    return f"\n{_section(heading, lines)}" if lines else ""


def _section(heading: str, lines: list[str]) -> str:
    return f"{heading}\n{textwrap.indent(''.join(f'{line}{chr(10)}' for line in lines), '  ')}"


def _aligned(formula: str) -> str:
    """The formula with an alignment mark before its first relation."""
    first = min((formula.find(sign), sign) for sign in (" = ", r" \propto ", " : ") if sign in formula)[1]
    return formula.replace(first, f" &{first.lstrip()}", 1)


def _see_also(explained: Explained) -> list[tuple[str, str]]:
    spec, name = explained.spec, explained.journey.loss.name
    return [
        (f"alphadsl plot {spec} -o {name}.png", "the curve, and effective negatives by temperature"),
        (f"alphadsl show {spec} --emit torch", "the generated code"),
    ]
