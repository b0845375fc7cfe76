"""Labels: the positives of an anchor come together wherever their loss separates, so that nothing is larger than
anchors x candidates; the numbers are those of the interpreter, which knows a row for each positive and nothing of this.

That every loss of the library and of the grammar agrees with its oracle is held in test_library and the property tests.
"""

import pytest
import torch
from torch import Tensor

import alphadsl
from alphadsl.backend.module import ContrastiveLoss
from alphadsl.backend.runtime import but_one
from alphadsl.backend.runtime.pairs import rows_of
from alphadsl.backend.streaming import cells
from alphadsl.ir.kinds import Positives
from tests.backend.test_streaming import Largest

D = 5
BACKENDS = ["dense", "interpreter"]
SETS = ["labels", "labels against other_classes"]
# Exponentials, shares, signs of either kind, learned parameters, two spaces, statistics of the batch, a maximum, and
# hinges, which do not separate.
SPECS = {
    "direct": "extends direct {",
    "backprop": "extends direct_backprop {",
    "hard": "extends infonce_hard {\n  set beta = 2",
    "learned": "extends infonce_learned {",
    "siglip": "extends siglip {",
    "square": "extends square {",
    "spectral": "{\n  space euclidean\n  alpha in reals\n  loss[i] = -2 * s[i] + mean_j(s[i,j]^2)",
    "cauchy": "{\n  space euclidean\n  phi(x) = log(1 + x)\n  psi(x) = exp(x)",
    "pooled": "{\n  loss[i] = d[i]^2 + log(mean_i(mean_j(exp(-2 * d[i,j]^2))))",
    "hardest": "{\n  loss[i] = relu(max_j(s[i,j]) - s[i] + 0.2)",
    "moment": "{\n  alpha in reals\n  loss[i] = mean_j((s[i,j] - s[i])^2) - s[i]",
    "relative": "{\n  alpha[i,j] ~ relu(s[i,j] + 0.5)^2",
    "triplet": "extends triplet {",
    "sigmoid": "{\n  phi(x) = x\n  psi(x) = sigmoid(3 * x)",
}
APART = {
    "labels": {"square", "hardest", "triplet", "sigmoid"},
    "labels against other_classes": {"triplet", "sigmoid"},
}
LABELS = {
    "two classes": [0, 1, 0, 1, 0],
    "odd numbers": [-5, 2**40, -5, 2**40 + 1, 2**40],
    "one class": [3] * 4,
}
BATCHES = [*(("labels", labels) for labels in LABELS), (SETS[1], "two classes"), (SETS[1], "odd numbers")]


def of(name: str, pairs: str, **options: object) -> ContrastiveLoss:
    head, _, body = SPECS[name].partition("{")
    return alphadsl.loads(f"loss l {head}{{\n  pairs {pairs}{body}\n}}\n", compile=False, **options)  # type: ignore[arg-type]


def found(loss: ContrastiveLoss, z_VND: Tensor, labels: Tensor) -> list[Tensor]:
    views = [z_ND.clone().requires_grad_() for z_ND in z_VND]
    value = loss(*views, labels=labels)
    return [value.detach(), *torch.autograd.grad(value, [*views, *loss.parameters()])]


@pytest.mark.parametrize(("pairs", "labels"), BATCHES)
@pytest.mark.parametrize("name", [name for name in SPECS if name != "square"])
def test_numbers_are_those_of_a_row_for_each_positive(
    name: str, pairs: str, labels: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cells, "ROW_BLOCK_PAIRS", 3 * 10)
    label_N = torch.tensor(LABELS[labels])
    z_VND = torch.randn(2, len(label_N), D, dtype=torch.float64)
    expected = found(of(name, pairs, backend="interpreter"), z_VND, label_N)
    for backend in ("dense", "auto") if name == "pooled" else ("dense", "streaming"):
        for a, b in zip(found(of(name, pairs, backend=backend), z_VND, label_N), expected, strict=True):
            torch.testing.assert_close(a, b.to(a.dtype), rtol=1e-8, atol=1e-9)


def test_a_multiplier_is_shared_too() -> None:
    z_VND, labels = torch.randn(2, 3, D, dtype=torch.float64), torch.tensor([0, 1, 0])
    for a, b in zip(*(found(of("square", SETS[1], backend=each), z_VND, labels) for each in BACKENDS), strict=True):
        torch.testing.assert_close(a, b)


@pytest.mark.parametrize("name", ["direct", "siglip"])
def test_importances_too(name: str) -> None:
    z_VND, labels = torch.randn(2, 3, D, dtype=torch.float64), torch.tensor([0, 1, 0])
    for pairs in SETS:
        ours, expected = (of(name, pairs, backend=each).importance(*z_VND, labels=labels) for each in BACKENDS)
        torch.testing.assert_close(ours.repel, expected.repel)
        torch.testing.assert_close(ours.attract, expected.attract)


@pytest.mark.parametrize("pairs", SETS)
def test_what_separates_comes_together(pairs: str) -> None:
    apart = {name for name in SPECS if of(name, pairs).core.positives == Positives.APART}
    assert apart == APART[pairs]


@pytest.mark.parametrize("backend", ["dense", "streaming"])
@pytest.mark.parametrize("name", ["supcon", "eps_supinfonce"])
def test_nothing_is_larger_than_anchors_times_candidates(
    name: str, backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With two classes an anchor has as many positives as the batch has samples."""
    monkeypatch.setattr(cells, "ROW_BLOCK_PAIRS", 4 * 120)
    loss = alphadsl.load(name, backend=backend, compile=False)
    views, labels = [torch.randn(60, D, requires_grad=True) for _ in range(2)], torch.arange(60) % 2
    with Largest() as largest:
        loss(*views, labels=labels).backward()
    assert largest.numbers <= (120**2 if backend == "dense" else max(4 * 120, 120 * D))


def test_rows_are_listed_without_a_matrix() -> None:
    class_C = (torch.arange(50) // 2).repeat(2)
    with Largest() as largest:
        anchor_A, positive_A, weight_A1 = rows_of(class_C, (), (0, 100))
    assert largest.numbers <= 3 * 100
    alike_CC = (class_C[:, None] == class_C).fill_diagonal_(False)
    assert torch.equal(torch.stack([anchor_A, positive_A], 1), alike_CC.nonzero())
    torch.testing.assert_close(weight_A1[:, 0], torch.full((300,), 1 / 3, dtype=torch.float64))


REDUCED = {
    "sum_but_one": torch.sum,
    "logsumexp_but_one": torch.logsumexp,
    "amax_but_one": torch.amax,
    "amin_but_one": torch.amin,
}
ROWS = {
    "one outweighs the others": [60.0, 0.3, -0.2, 0.1],
    "all alike": [2.0, 2.0, 2.0, 2.0],
    "either sign": [-1e4, 1e4, 1e-3, 5.0],
    "low": [-300.0, -250.0, -310.0, -500.0],
}


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("name", REDUCED)
def test_but_one_keeps_its_digits(name: str, row: str) -> None:
    """Beside the reduction of the others alone, in float32, to what float32 rounds their sizes to."""
    body_1C = torch.tensor([ROWS[row]])
    kept = [[place for place in range(4) if place != left_out] for left_out in range(4)]
    expected = torch.stack([REDUCED[name](body_1C[0, others].double(), 0) for others in kept])
    sizes = torch.stack([body_1C[0, others].abs().sum() for others in kept])
    error = (getattr(but_one, name)(body_1C)[0].double() - expected).abs()
    assert (error <= 4 * torch.finfo(torch.float32).eps * sizes).all()


def test_time_does_not_follow_the_positives() -> None:
    """As many numbers are made with two classes as with one for each sample."""
    loss, counts = alphadsl.load("supcon", backend="streaming", compile=False), []
    for classes in (2, 2, 60):
        with Made() as made:
            loss(*torch.randn(2, 60, D), labels=torch.arange(60) % classes)
        counts.append(made.numbers)
    assert counts[1] == counts[2]


class Made(Largest):
    """How many numbers all tensors made have."""

    def __torch_dispatch__(self, *call: object) -> object:
        largest, self.numbers = self.numbers, 0
        made = super().__torch_dispatch__(*call)
        self.numbers += largest
        return made
