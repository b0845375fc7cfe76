"""The linear probe against torch's own optimizer and autograd, and neighbours against a loop."""

import math

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from runner.evaluation.linear import Scaling, fit_linear, predict_linear
from runner.evaluation.neighbours import predict_by_neighbours
from runner.evaluation.protocol import Protocol

# N images, F features, C classes


def by_torch(x_NF: Tensor, y_N: Tensor, classes: int, protocol: Protocol) -> Tensor:
    """The paper's probe, literally: `nn.Linear` from 0, cross-entropy, `torch.optim.Adam` with its weight decay."""
    model = torch.nn.Linear(x_NF.shape[1], classes).to(x_NF.dtype)
    torch.nn.init.zeros_(model.weight)
    torch.nn.init.zeros_(model.bias)
    adam = torch.optim.Adam(model.parameters(), lr=protocol.lr, weight_decay=protocol.weight_decay)
    order = torch.Generator().manual_seed(protocol.order_seed)
    for _ in range(protocol.epochs):
        for indices in torch.split(torch.randperm(len(y_N), generator=order), protocol.batch):
            adam.zero_grad()
            functional.cross_entropy(model(x_NF[indices]), y_N[indices]).backward()  # type: ignore[no-untyped-call]
            adam.step()
    return torch.cat([model.weight, model.bias[:, None]], dim=1).detach()


@pytest.mark.parametrize(("images", "batch", "decay"), [(40, 16, 1e-3), (40, 7, 0.0), (3, 128, 0.5)])
def test_the_linear_probe_is_adam_on_the_cross_entropy(images: int, batch: int, decay: float) -> None:
    random = torch.Generator().manual_seed(0)
    x_NF = torch.randn(images, 5, generator=random, dtype=torch.float64)
    y_N = torch.randint(4, (images,), generator=random)
    protocol = Protocol(epochs=6, batch=batch, lr=0.01, select="validation", weight_decay=decay)
    *_, weight_CW = fit_linear(x_NF, y_N, 4, protocol)
    expected_CW = by_torch(x_NF, y_N, 4, protocol)
    torch.testing.assert_close(weight_CW, expected_CW, rtol=0, atol=1e-12)
    logits_NC = x_NF @ expected_CW[:, :-1].T + expected_CW[:, -1]
    assert torch.equal(predict_linear(weight_CW, x_NF), logits_NC.argmax(dim=1))


def test_features_are_scaled_by_those_that_are_learnt_from() -> None:
    known_NF = torch.tensor([[1.0, 7.0], [3.0, 7.0]])
    scaling = Scaling(known_NF)
    root = math.sqrt(2)
    torch.testing.assert_close(scaling(known_NF), torch.tensor([[-1 / root, 0.0], [1 / root, 0.0]]))
    torch.testing.assert_close(scaling(torch.tensor([[5.0, 8.0]])), torch.tensor([[3 / root, 1.0]]))


@pytest.mark.parametrize("neighbours", [1, 4, 200])
def test_neighbours_vote_with_the_exponential_of_their_cosine(neighbours: int) -> None:
    random = torch.Generator().manual_seed(3)
    known_NF, y_N = torch.randn(30, 3, generator=random), torch.randint(5, (30,), generator=random)
    query_QF = 100 * torch.randn(20, 3, generator=random)
    expected = []
    for query in query_QF.double():
        cosines = [float(query @ known / query.norm() / known.norm()) for known in known_NF.double()]
        nearest = sorted(range(30), key=lambda index: -cosines[index])[:neighbours]
        votes = [sum(math.exp(cosines[n] / 0.1) for n in nearest if y_N[n] == label) for label in range(5)]
        expected.append(votes.index(max(votes)))
    assert predict_by_neighbours(known_NF, y_N, query_QF, 5, neighbours, 0.1).tolist() == expected
