"""What an encoder has learnt: features come in; accuracies of a linear classifier and of nearest neighbours come out.

Whatever is selected, be it a temperature or the best epoch of the probe itself, is selected on validation images: a
part of the training set on which the classifier is not trained. The test accuracy is that of a second classifier,
trained on the whole training set, after its last epoch and after the selected one. The paper (Tian 2022; the authors'
`linear_feature_eval.py`) reports the best epoch on the test set itself, as `select = "test"` does.
"""

from dataclasses import asdict, dataclass
from functools import partial

import torch
from lightning.fabric import Fabric
from torch import Tensor, nn

from alphadsl.report.exceptions import InputError
from runner.data.splits import ImageData
from runner.evaluation.features import Features, Labelled, encode
from runner.evaluation.frozen import evaluating
from runner.evaluation.linear import Scaling, fit_linear, predict_linear
from runner.evaluation.neighbours import predict_by_neighbours
from runner.evaluation.protocol import Protocol
from runner.settings.machine import limit_threads

# N images, V validation images, Q queries, F features, C classes

MONITOR_KNOWN, MONITOR_QUERIES = 10_000, 2_000


@dataclass(frozen=True)
class Validated:
    """Top-1 accuracies in [0, 1] on images held out of the training set."""

    linear: float
    """After the last epoch."""
    best_epoch: int
    knn_200: float


@dataclass(frozen=True)
class Tested:
    """Top-1 accuracies in [0, 1] on the test set."""

    linear_last: float
    linear_best: float
    """After `best_epoch`, which is selected on validation images, or on the test set if the protocol says so."""
    best_epoch: int
    knn_200: float


@dataclass(frozen=True)
class ProbeResult:
    """Results of a probe. `validation` is None if no class has an image to spare, `test` if the test set is sealed."""

    validation: Validated | None
    test: Tested | None
    confusion: tuple[tuple[int, ...], ...]
    """How many images of each class (rows) were assigned to each class after the last epoch: in the test set if it is
    read, otherwise in the validation images."""
    classes: tuple[str, ...]
    encoder: str

    @property
    def accuracies(self) -> dict[str, object]:
        return {name: part and asdict(part) for name, part in (("validation", self.validation), ("test", self.test))}

    @property
    def per_class(self) -> dict[str, float | None]:
        """The fraction of each class that was recognised, in [0, 1]; None for a class without images."""
        rows = zip(self.classes, enumerate(self.confusion), strict=True)
        return {name: row[index] / sum(row) if sum(row) else None for name, (index, row) in rows}

    def to_json(self) -> dict[str, object]:
        part = "validation" if self.test is None else "test"
        counted = {"per_class": self.per_class, "confusion": self.confusion, "counted_on": part}
        return self.accuracies | counted | {"encoder": self.encoder}


def probe_features(features: Features, protocol: Protocol) -> ProbeResult:
    """Linear probe and nearest neighbours. Raises `InputError` if there are no images to measure on."""
    if len(features.validation.y_N) == 0 and features.test is None:
        raise InputError(
            "There is nothing to measure a probe on: no class has an image to spare for validation, and the test set "
            "is sealed.",
            "Give more images, or --test-set read.",
        )
    measure = partial(_measure, classes=len(features.classes), protocol=protocol)
    validated = tested = None
    last = protocol.epochs
    if len(features.validation.y_N) > 0:
        measured = measure(features.kept, features.validation)
        validated = Validated(measured.by_epoch[-1], measured.best_epoch, measured.neighbours)
    if features.test is not None:
        measured = measure(features.train, features.test)
        chosen = validated.best_epoch if validated else last
        best = measured.best_epoch if protocol.select == "test" else chosen
        tested = Tested(measured.by_epoch[-1], measured.by_epoch[best - 1], best, measured.neighbours)
    return ProbeResult(validated, tested, measured.confusion, features.classes, features.encoder)


@dataclass(frozen=True)
class _Measured:
    by_epoch: tuple[float, ...]
    neighbours: float
    confusion: tuple[tuple[int, ...], ...]

    @property
    def best_epoch(self) -> int:
        """The first of the best epochs, counted from 1."""
        return self.by_epoch.index(max(self.by_epoch)) + 1


def _measure(known: Labelled, queries: Labelled, classes: int, protocol: Protocol) -> _Measured:
    """Train on `known` and measure on `queries`."""
    scaling = Scaling(known.x_NF)
    scaled_QF, by_epoch = scaling(queries.x_NF), []
    with limit_threads(1):
        for weight_CW in fit_linear(scaling(known.x_NF), known.y_N, classes, protocol):
            guess_Q = predict_linear(weight_CW, scaled_QF)
            by_epoch.append(accuracy(guess_Q, queries.y_N))
    counts_CC = torch.bincount(queries.y_N * classes + guess_Q, minlength=classes**2).view(classes, classes)
    confusion = tuple(tuple(row) for row in counts_CC.tolist())
    return _Measured(tuple(by_epoch), _neighbours(known, queries, classes, protocol), confusion)


def _neighbours(known: Labelled, queries: Labelled, classes: int, protocol: Protocol) -> float:
    guess_Q = predict_by_neighbours(
        known.x_NF, known.y_N, queries.x_NF, classes, protocol.neighbours, protocol.temperature
    )
    return accuracy(guess_Q, queries.y_N)


def monitor_encoder(encoder: nn.Module, data: ImageData, fabric: Fabric, protocol: Protocol) -> float | None:
    """Nearest-neighbour accuracy on a part of the validation images, cheap enough for every epoch of pretraining; None
    if there are none. The test set is not read."""
    holdout = data.holdout
    if len(holdout.validation_V) == 0:
        return None
    with evaluating(encoder):
        known, queries = (
            Labelled(encode(encoder, data.train.x_NCHW[indices_N], fabric.autocast), data.train.y_N[indices_N])
            for indices_N in (
                thin_out(holdout.kept_K, MONITOR_KNOWN),
                thin_out(holdout.validation_V, MONITOR_QUERIES),
            )
        )
        return _neighbours(known, queries, len(data.classes), protocol)


def thin_out(indices_N: Tensor, limit: int) -> Tensor:
    """At most `limit` of the indices, evenly spaced, so that every class of a sorted set is represented."""
    return indices_N[:: -(-len(indices_N) // limit)]


def accuracy(guess_Q: Tensor, y_Q: Tensor) -> float:
    return float((guess_Q == y_Q).double().mean())
