"""A loss of alphadsl in a plain PyTorch loop, on scikit-learn's digits: `python examples/plain_pytorch.py`.

Needs the package and scikit-learn. Takes a few seconds on one core.
"""

import torch
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn

import alphadsl

EPOCHS, BATCH = 8, 256


def make_view(x_BS: Tensor) -> Tensor:
    """Digits (B, 64) in [0, 1], some pixels dark and all a little noisy."""
    kept = torch.rand_like(x_BS) > 0.3
    return x_BS * kept + 0.1 * torch.randn_like(x_BS)


def main() -> float:
    torch.manual_seed(0)
    digits = load_digits()
    x_NS = torch.tensor(digits.data, dtype=torch.float32) / 16
    encoder = nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 64), nn.ReLU())
    projector = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 32))
    # Any built-in name, or the path of a spec. By default it is compiled, which pays in a longer run.
    loss_of = alphadsl.load("infonce", tau=0.2, compile=False)
    parameters = [*encoder.parameters(), *projector.parameters(), *loss_of.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=3e-3)
    for epoch in range(EPOCHS):
        loss_of.at(epoch / EPOCHS)  # moves what the spec schedules; here there is nothing
        for indices in torch.randperm(len(x_NS)).split(BATCH)[:-1]:
            z0, z1 = (projector(encoder(make_view(x_NS[indices]))) for _ in range(2))
            loss = loss_of(z0, z1)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        print(f"epoch {epoch + 1}: loss {loss.item():.3f}")
    with torch.no_grad():
        features = encoder(x_NS).numpy()
    probe = LogisticRegression(max_iter=1000).fit(features[:1297], digits.target[:1297])
    accuracy = float(probe.score(features[1297:], digits.target[1297:]))
    print(f"linear probe on {len(features) - 1297} digits of other hands: {accuracy:.1%}")
    return accuracy


if __name__ == "__main__":
    main()
