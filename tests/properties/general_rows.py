"""The rows of a batch for any index set and space, from the paper's definitions, for formulas on paper: raw views in,
one `Row` of float64 quantities out for each anchor and positive of it. Nothing here looks at alphadsl.

A loss is the mean over anchors of the mean over an anchor's positives; a row of one of P positives weighs 1 / P, also
in the reductions over the batch. Legend: N samples, D embedding width, A embeddings, J negatives of a row, Q rows.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace

import torch
from torch import Tensor

SETS = ("two_view", "same_view", "cross_view", "queue", "labels", "labels against other_classes")
SPACES = ("sphere", "euclidean")


@dataclass(frozen=True)
class Row:
    """Inner products and half squared distances of an anchor to a positive and to its negatives."""

    s: Tensor
    s_J: Tensor
    d2: Tensor
    d2_J: Tensor
    weight: float

    @property
    def d(self) -> Tensor:
        return self.d2.sqrt()

    @property
    def d_J(self) -> Tensor:
        return self.d2_J.sqrt()

    @property
    def count(self) -> int:
        return len(self.s_J)


Rows = list[Row]
Formula = Callable[[Rows, SimpleNamespace], list[Tensor]]


@dataclass(frozen=True)
class Case:
    """A general loss: the inside of its braces, its formula, what it learns; `before` are losses that it uses."""

    name: str
    text: str
    formula: Formula
    learned: Mapping[str, float] = field(default_factory=dict, hash=False)
    before: str = ""

    def spec(self, pairs: str, space: str) -> str:
        setting = f"pairs {pairs}\nspace {space}\n"
        return (
            self.before.replace("SETTING\n", setting)
            + f"loss {self.name} {{\n{setting}{self.text}\nalpha in reals\n}}\n"
        )

    def __str__(self) -> str:
        return self.name


def each(row: Callable[[Row, SimpleNamespace], Tensor]) -> Formula:
    """A loss whose rows meet in the mean only."""
    return lambda rows, p: [row(r, p) for r in rows]


def sum_i(values: list[Tensor], rows: Rows) -> Tensor:
    return torch.stack([r.weight * value for value, r in zip(values, rows, strict=True)]).sum()


def mean_i(values: list[Tensor], rows: Rows) -> Tensor:
    return sum_i(values, rows) / sum(r.weight for r in rows)


def logsumexp_i(values: list[Tensor], rows: Rows) -> Tensor:
    return sum_i([value.exp() for value in values], rows).log()


def index_rows(pairs: str, samples: int, labels: list[int], queued: int) -> list[tuple[int, int, list[int], float]]:
    """Anchor, positive, negatives and weight of every row."""
    every = range(2 * samples)
    if pairs == "queue":
        return [(i, i + samples, list(range(queued)), 1.0) for i in range(samples)]
    if pairs.startswith("labels"):
        rows = []
        for i in every:
            positives = [p for p in every if p != i and labels[p % samples] == labels[i % samples]]
            for p in positives:
                other = [j for j in every if labels[j % samples] != labels[i % samples]]
                rest = [j for j in every if j not in (i, p)]
                rows.append((i, p, other if "against" in pairs else rest, 1 / len(positives)))
        return rows
    negatives = {
        "two_view": lambda i, j: j % samples != i % samples,
        "same_view": lambda i, j: j != i and j // samples == i // samples,
        "cross_view": lambda i, j: j % samples != i % samples and j // samples != i // samples,
    }[pairs]
    return [(i, (i + samples) % (2 * samples), [j for j in every if negatives(i, j)], 1.0) for i in every]


def rows_of(z0_ND: Tensor, z1_ND: Tensor, pairs: str, space: str, labels: list[int], queue_QD: Tensor) -> Rows:
    def placed(z: Tensor) -> Tensor:
        return z / z.norm(dim=1, keepdim=True) if space == "sphere" else z

    u_AD = placed(torch.cat([z0_ND, z1_ND]))
    others_AD = placed(queue_QD).detach() if pairs == "queue" else u_AD
    rows = []
    for i, p, negatives, weight in index_rows(pairs, len(z0_ND), labels, len(queue_QD)):
        u_D, v_D, n_JD = u_AD[i], u_AD[p], others_AD[negatives]
        rows.append(
            Row(u_D @ v_D, n_JD @ u_D, (u_D - v_D).square().sum() / 2, (u_D - n_JD).square().sum(1) / 2, weight)
        )
    return rows


def truth_of(
    case: Case, z0_ND: Tensor, z1_ND: Tensor, pairs: str, space: str, labels: list[int], queue_QD: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Value, gradient on both views (2, N, D), slopes of what is learned; by autograd."""
    z_VND = torch.stack([z0_ND, z1_ND]).double().requires_grad_()
    learned = {
        name: torch.tensor(value, dtype=torch.float64, requires_grad=True) for name, value in case.learned.items()
    }
    rows = rows_of(z_VND[0], z_VND[1], pairs, space, labels, queue_QD.double())
    value = mean_i(case.formula(rows, SimpleNamespace(**learned)), rows)
    gradient_VND, *slopes = torch.autograd.grad(value, [z_VND, *learned.values()])
    return value.detach(), gradient_VND, torch.stack(slopes) if slopes else torch.zeros(0)
