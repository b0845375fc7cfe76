"""From a loss to a score without labels: what it pulls a network's features towards, before any training.

For features h of views, project h on the top eigenvectors of C_alpha[h]. The projection varies from sample to sample
and, less, from view to view. The score is the fraction of this variation that is not between views: in (-inf, 1],
higher if a loss pulls towards what its augmentations leave unchanged. Whether it predicts probe accuracy is measured: a
small network is trained with the loss on the digits and probed.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from pydantic import BaseModel, ConfigDict, ValidationError
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn

import alphadsl
from alphadsl.storage import read_file, write_file
from runner.theory.data import Recipe, Views, read_views
from runner.theory.report import watched
from runner.theory.subject import Subject, effective_number

# V views, N samples, E embeddings, F inputs, H hidden units, D embedding width, T top directions

HIDDEN, WIDTH, TOP = 32, 16, 8
STEPS, BATCH, RATE = 150, 64, 3e-3
PROBE_SAMPLES = 600


@dataclass(frozen=True, eq=False)
class Network:
    """A small network: hidden features h, and embeddings z for the loss."""

    trunk: nn.Module
    head: nn.Module

    def __call__(self, x_EF: Tensor) -> Tensor:
        z_ED: Tensor = self.head(self.trunk(x_EF))
        return z_ED

    def parameters(self) -> list[nn.Parameter]:
        return [*self.trunk.parameters(), *self.head.parameters()]


class Entry(BaseModel):
    """What is known about one loss: its score without labels, and the probe accuracy after a short training."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    loss: str
    score: float
    effective_negatives: float
    accuracy: float
    supervised: bool


def make_small_network(width: int, seed: int) -> Network:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        trunk = nn.Sequential(nn.Linear(width, 64), nn.ReLU(), nn.Linear(64, HIDDEN), nn.ReLU()).double()
        return Network(trunk, nn.Linear(HIDDEN, WIDTH).double())


def top_directions(subject: Subject, network: Network, views: Views, top: int = TOP) -> tuple[Tensor, Tensor, Tensor]:
    """Hidden features (V, N, H), and the top eigenvectors (H, T) and the spectrum (H,) of their C_alpha."""
    with torch.no_grad():
        h_VNH = network.trunk(views.x_VNF)
        z_VND = network.head(h_VNH)
    company = subject.company_of(views.classes_N, z_VND)
    h_EH = subject.company_of(views.classes_N, h_VNH).beside(h_VNH)
    values_H, vectors_HH = torch.linalg.eigh(subject.weights(z_VND, company).covariance(h_EH))
    return h_VNH, vectors_HH[:, -top:], values_H


def view_consistency(p_VNT: Tensor) -> float:
    """1 - E|p - p'|^2 over positives / E|p_i - p_j|^2 over pairs of samples in one view; 1 if both views are the
    same."""
    between = (p_VNT[0] - p_VNT[1]).square().sum(1).mean()
    apart = 2 * p_VNT.var(1, correction=1).sum(1).mean()
    return float(1 - between / apart) if apart > 0 else 0.0


def class_share(p_VNT: Tensor, classes_N: Tensor) -> float:
    """The fraction of the variance of the features that is between classes, in [0, 1]."""
    p_EC = p_VNT.flatten(0, 1)
    classes_E = classes_N.repeat(2)
    centred_ET = p_EC - p_EC.mean(0)
    means = [
        centred_ET[classes_E == label].mean(0).square().sum() * (classes_E == label).sum()
        for label in sorted(set(classes_N.tolist()))
    ]
    total = centred_ET.square().sum()
    return float(torch.stack(means).sum() / total) if total > 0 else 0.0


def score_of(subject: Subject, views: Views, seed: int) -> tuple[float, float]:
    """The score of a loss at an untrained network, and its effective number of negatives there."""
    network = make_small_network(views.width, seed)
    h_VNH, top_HT, _ = top_directions(subject, network, views)
    with torch.no_grad():
        z_VND = network.head(h_VNH)
    company = subject.company_of(views.classes_N, z_VND)
    return view_consistency(h_VNH @ top_HT), effective_number(subject.repel(subject.derived, z_VND, company))


def train_small(loss: alphadsl.ContrastiveLoss, network: Network, views: Views, seed: int, steps: int = STEPS) -> None:
    """Train with Adam on batches of the views."""
    random = torch.Generator().manual_seed(seed)
    adam = torch.optim.Adam([*network.parameters(), *loss.parameters()], lr=RATE)
    for _ in range(steps):
        chosen_N = torch.randperm(len(views.classes_N), generator=random)[:BATCH]
        z_ED = network(views.x_VNF[:, chosen_N].flatten(0, 1))
        labels = views.classes_N[chosen_N] if "labels" in loss.takes else None
        value = loss(*z_ED.reshape(2, len(chosen_N), -1), labels)
        adam.zero_grad()
        torch.autograd.backward(value)
        adam.step()


def probe_small(network: Network, train: Views, test: Views) -> float:
    """Accuracy of a logistic regression on standardised hidden features, in [0, 1]."""
    with torch.no_grad():
        train_NH, test_NH = (network.trunk(views.x_VNF[0]) for views in (train, test))
    mean_H, deviation_H = train_NH.mean(0), train_NH.std(0).clamp_min(1e-9)
    model = LogisticRegression(max_iter=300).fit(((train_NH - mean_H) / deviation_H).numpy(), train.classes_N.numpy())
    return float(model.score(((test_NH - mean_H) / deviation_H).numpy(), test.classes_N.numpy()))


def measure_library(subjects: Sequence[Subject], seed: int, cache: Path, steps: int = STEPS) -> list[Entry]:
    """Score and accuracy of each loss; those in the cache file are not measured again."""
    known = _read_cache(cache)
    whole = read_views("digits", Recipe(samples=2 * PROBE_SAMPLES, seed=seed))
    train, test = whole.part(slice(0, PROBE_SAMPLES)), whole.part(slice(PROBE_SAMPLES, None))
    small = train.part(slice(0, 100))
    entries = []
    for subject in watched(subjects, "Training small networks"):
        key = hashlib.sha256(f"{subject.derived.text} {seed} {steps} {subject.sabotage.__name__}".encode()).hexdigest()[
            :16
        ]
        if key not in known:
            score, effective = score_of(subject, small, seed)
            network = make_small_network(train.width, seed)
            train_small(subject.derived, network, train, seed, steps)
            accuracy = probe_small(network, train, test)
            known[key] = Entry(
                loss=subject.name,
                score=score,
                effective_negatives=effective,
                accuracy=accuracy,
                supervised="labels" in subject.derived.takes,
            )
            write_file(
                cache, json.dumps({name: entry.model_dump() for name, entry in known.items()}, indent=1).encode()
            )
        entries.append(known[key])
    return entries


def _read_cache(path: Path) -> dict[str, Entry]:
    """Results of an earlier start; a file that is not a cache counts as empty."""
    if not path.is_file():
        return {}
    try:
        stored: Mapping[str, object] = json.loads(read_file(path))
        return {name: Entry.model_validate(entry) for name, entry in stored.items()}
    except (ValueError, ValidationError, AttributeError):
        return {}
