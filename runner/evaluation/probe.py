"""What an encoder has learnt: frozen features come in, top-1 accuracies of a linear probe and of nearest neighbours
come out. Features are taken before the projector, without augmentation; nothing of the encoder changes.

The linear probe is the paper's (Tian 2022; the authors' `linear_feature_eval.py`): standardised features, Adam with
learning rate 3e-4 and weight decay 1e-3, 50 epochs of batches of 128, unless the configuration says otherwise. The
paper quotes the best epoch on the test set; the last epoch is the honest number, so both are reported. Nearest
neighbours vote with exp(cosine / 0.1) among 200 (Wu et al. 2018).
"""

from dataclasses import asdict, dataclass

import torch
from lightning.fabric import Fabric
from torch import Tensor
from torch.nn import functional

from runner.data.splits import ImageData, Split
from runner.data.views import to_float
from runner.network.models import Encoder
from runner.settings.config import ExperimentConfig
from runner.settings.machine import limit_threads

# N images, B batch, F features, C classes, T test images, K neighbours

NEIGHBOURS = 200
KNN_TEMPERATURE = 0.1
WEIGHT_DECAY = 1e-3
FEATURE_BATCH = 512
MONITOR_TRAIN, MONITOR_TEST = 10_000, 2_000


@dataclass(frozen=True)
class ProbeResult:
    """Top-1 accuracies on the test set, in [0, 1]."""

    linear_last: float
    linear_best: float
    best_epoch: int
    knn_200: float

    def to_json(self) -> dict[str, float]:
        return asdict(self)


def probe_encoder(encoder: Encoder, data: ImageData, config: ExperimentConfig, fabric: Fabric) -> ProbeResult:
    """Linear probe and nearest neighbours on the features of a frozen encoder."""
    train_NF, test_TF = (extract_features(encoder, split, fabric) for split in (data.train, data.test))
    with limit_threads(1):
        accuracies = train_linear_probe(train_NF, data.train.y_N, test_TF, data.test.y_N, config)
    best = max(accuracies)
    knn = knn_accuracy(train_NF, data.train.y_N, test_TF, data.test.y_N)
    return ProbeResult(accuracies[-1], best, accuracies.index(best) + 1, knn)


def monitor_encoder(encoder: Encoder, data: ImageData, fabric: Fabric) -> float:
    """Nearest-neighbour accuracy on a part of the data, cheap enough for every epoch of pretraining."""
    train, test = _thin_out(data.train, MONITOR_TRAIN), _thin_out(data.test, MONITOR_TEST)
    train_NF, test_TF = (extract_features(encoder, split, fabric) for split in (train, test))
    return knn_accuracy(train_NF, train.y_N, test_TF, test.y_N)


def _thin_out(split: Split, limit: int) -> Split:
    stride = -(-len(split.y_N) // limit)
    return Split(split.x_NCHW[::stride], split.y_N[::stride])


@torch.no_grad()
def extract_features(encoder: Encoder, split: Split, fabric: Fabric) -> Tensor:
    """Features (N, F) in float32, with the encoder in evaluation mode."""
    was_training = encoder.training
    encoder.eval()
    with fabric.autocast():
        batches = [encoder(to_float(x_BCHW)).float() for x_BCHW in torch.split(split.x_NCHW, FEATURE_BATCH)]
    encoder.train(was_training)
    return torch.cat(batches)


def train_linear_probe(
    train_NF: Tensor, y_N: Tensor, test_TF: Tensor, y_T: Tensor, config: ExperimentConfig
) -> list[float]:
    """The test accuracy after each epoch of a linear classifier on standardised features."""
    mean_F, deviation_F = train_NF.mean(dim=0), train_NF.std(dim=0)
    deviation_F = torch.where(deviation_F > 0, deviation_F, 1)
    train_NF, test_TF = (train_NF - mean_F) / deviation_F, (test_TF - mean_F) / deviation_F
    classes = int(y_N.max()) + 1
    weight_CF = torch.zeros(classes, train_NF.shape[1], device=train_NF.device, requires_grad=True)
    bias_C = torch.zeros(classes, device=train_NF.device, requires_grad=True)
    adam = torch.optim.Adam([weight_CF, bias_C], lr=config.probe_lr, weight_decay=WEIGHT_DECAY, fused=True)
    order = torch.Generator().manual_seed(config.seed)
    accuracies = []
    for _ in range(config.probe_epochs):
        shuffled_N = torch.randperm(len(y_N), generator=order).to(y_N.device)
        for indices_B in torch.split(shuffled_N, config.probe_batch):
            adam.zero_grad()
            logits_BC = functional.linear(train_NF[indices_B], weight_CF, bias_C)
            torch.autograd.backward(functional.cross_entropy(logits_BC, y_N[indices_B]))
            adam.step()
        with torch.no_grad():
            prediction_T = functional.linear(test_TF, weight_CF, bias_C).argmax(dim=1)
        accuracies.append(_accuracy(prediction_T, y_T))
    return accuracies


def knn_accuracy(train_NF: Tensor, y_N: Tensor, test_TF: Tensor, y_T: Tensor) -> float:
    """Top-1 accuracy of the weighted vote of the 200 nearest training images by cosine (all, if there are fewer)."""
    train_NF, test_TF = functional.normalize(train_NF), functional.normalize(test_TF)
    neighbours, classes = min(NEIGHBOURS, len(y_N)), int(y_N.max()) + 1
    predictions = []
    for test_BF in torch.split(test_TF, FEATURE_BATCH):
        cosine_BK, nearest_BK = (test_BF @ train_NF.T).topk(neighbours, dim=1)
        votes_BC = torch.zeros(len(test_BF), classes, device=test_BF.device)
        votes_BC.scatter_add_(1, y_N[nearest_BK], (cosine_BK / KNN_TEMPERATURE).exp())
        predictions.append(votes_BC.argmax(dim=1))
    return _accuracy(torch.cat(predictions), y_T)


def _accuracy(prediction_T: Tensor, y_T: Tensor) -> float:
    return float((prediction_T == y_T).double().mean())
