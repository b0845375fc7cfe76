"""The surface tree: what the author wrote, name by name, before anything is resolved.

Nodes are frozen and carry their span, which is ignored in comparisons. Comments are kept with their positions, so that
a formatter can print the file again. Identifiers are already spelled in ASCII (`φ` is `phi`); nothing else is changed.
"""

from dataclasses import field

from alphadsl.frozen import frozen
from alphadsl.report.source import Span


@frozen
class Name:
    text: str
    span: Span = field(compare=False, repr=False)


@frozen
class Number:
    value: float
    span: Span = field(compare=False, repr=False)


@frozen
class Identifier:
    """A bare name: a parameter, a function's argument, `inf`."""

    name: str
    span: Span = field(compare=False, repr=False)


@frozen
class Indexed:
    """`d[i,j]`, `s[i]`, or an author's definition such as `h[i,j]`."""

    name: Name
    indices: tuple[Name, ...]
    span: Span = field(compare=False, repr=False)


@frozen
class Keyword:
    """`tau = 0.2` among the arguments of a loss."""

    name: Name
    value: "Expression"
    span: Span = field(compare=False, repr=False)


@frozen
class Call:
    """`exp(x)`, `mean_j(h[i,j])`, an author's function, or a loss with some parameters set."""

    name: Name
    arguments: tuple["Expression", ...]
    keywords: tuple[Keyword, ...]
    span: Span = field(compare=False, repr=False)


@frozen
class Member:
    """`infonce.alpha[i,j]`, `infonce(tau = 0.2).loss[i]`: a quantity of another loss."""

    owner: "Identifier | Call"
    name: Name
    indices: tuple[Name, ...]
    span: Span = field(compare=False, repr=False)


@frozen
class Unary:
    """`-x`."""

    operand: "Expression"
    span: Span = field(compare=False, repr=False)


@frozen
class Binary:
    """`operator` is one of `+ - * / ^ < <= > >= ==`."""

    operator: str
    left: "Expression"
    right: "Expression"
    span: Span = field(compare=False, repr=False)


Expression = Number | Identifier | Indexed | Call | Member | Unary | Binary


@frozen
class Bounds:
    """`(0, inf)`, `[0, 1)`: ends are signed numbers, including `inf`."""

    low: float
    high: float
    low_open: bool
    high_open: bool
    span: Span = field(compare=False, repr=False)


@frozen
class ParamItem:
    """`param tau = 0.5 in (0, inf)   "temperature"`."""

    name: Name
    value: Expression
    bounds: Bounds | None
    doc: str
    span: Span = field(compare=False, repr=False)


@frozen
class LearnItem:
    """`learn b = -10 in (-inf, inf)   "bias"`: a parameter that is trained with the network."""

    name: Name
    value: Expression
    bounds: Bounds | None
    doc: str
    span: Span = field(compare=False, repr=False)


@frozen
class SetItem:
    """`set tau = 0.2`."""

    name: Name
    value: Expression
    span: Span = field(compare=False, repr=False)


@frozen
class PairsItem:
    """`pairs two_view`, `pairs labels against other_classes`."""

    name: Name
    against: Name | None
    span: Span = field(compare=False, repr=False)


@frozen
class SpaceItem:
    """`space euclidean`."""

    name: Name
    span: Span = field(compare=False, repr=False)


@frozen
class ThroughItem:
    """`gradient through alpha`."""

    name: Name
    span: Span = field(compare=False, repr=False)


@frozen
class MemberItem:
    """`alpha in simplex`."""

    name: Name
    domain: Name
    span: Span = field(compare=False, repr=False)


@frozen
class FunctionItem:
    """`psi(x) = exp(x / tau)`."""

    name: Name
    argument: Name
    body: Expression
    span: Span = field(compare=False, repr=False)


@frozen
class IndexedItem:
    """`alpha[i,j] ~ exp(-d[i,j]^p / tau)`, `loss[i] = ...`; `relation` is `=` or `~`."""

    name: Name
    indices: tuple[Name, ...]
    relation: Name
    body: Expression
    span: Span = field(compare=False, repr=False)


@frozen
class ConstantItem:
    """`c = 2 * tau`."""

    name: Name
    body: Expression
    span: Span = field(compare=False, repr=False)


@frozen
class BlendItem:
    """The right side of `loss NAME = 0.7 * infonce(tau = 0.2) + 0.3 * square`."""

    body: Expression
    span: Span = field(compare=False, repr=False)


Item = (
    ParamItem
    | LearnItem
    | SetItem
    | PairsItem
    | SpaceItem
    | ThroughItem
    | MemberItem
    | FunctionItem
    | IndexedItem
    | ConstantItem
    | BlendItem
)


@frozen
class LossDef:
    """`loss NAME extends PARENT { ... }`; a blend is a loss with a single item."""

    name: Name
    parent: Name | None
    items: tuple[Item, ...]
    span: Span = field(compare=False, repr=False)


@frozen
class Comment:
    """`# ...`, up to the end of its line."""

    text: str
    span: Span = field(compare=False, repr=False)


@frozen
class SpecFile:
    losses: tuple[LossDef, ...]
    comments: tuple[Comment, ...]
