"""A whole step of training (views, forward, loss, backward, optimizer) of the runner, beside two recipes of others with
the same encoder, batch and threads: lightly's SimCLR with its own transforms, DataLoader and NTXentLoss, and the plain
script of torchvision's transforms per sample and a cross-entropy that many papers' code is.

pip install 'lightly>=1.5' && python benchmarks/train_step.py --threads 2 --workers 2

    python benchmarks/train_step.py --device cuda --encoder resnet18 --width 64 --batch 512 --workers 14

On a GPU all compute in bf16 where the runner does. All are in one process, take turns in another order each round, and
are given by their median step. A DataLoader's workers are started for each turn, and their first batches are not
counted. All have the C allocator set as the runner sets it, which makes the others faster too. Images are random, as
their content costs nothing.
"""

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightly.data import LightlyDataset
from lightly.loss import NTXentLoss
from lightly.transforms import SimCLRTransform
from PIL import Image
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

import alphadsl
from alphadsl.bench.conditions import conditions
from alphadsl.bench.task import Device
from runner.data.splits import ImageData, Split
from runner.network.models import Encoder, SiameseNetwork, make_head
from runner.records.folder import RunFolder
from runner.settings.decisions import decide
from runner.settings.machine import keep_freed_memory
from runner.settings.processor import look_at
from runner.settings.resolving import make_config
from runner.training.embedding import draw_views, embed
from runner.training.fabric import make_fabric
from runner.training.job import Job
from runner.training.pretrain import prepare
from runner.training.schedule import epoch_batches
from runner.training.step import backpropagate, train_step

STEPS = 8
UNCOUNTED = 5
"""The first batches of a turn, which workers have made before anybody asks."""
AHEAD = 2
"""Batches that each worker of a DataLoader makes in advance."""
TEMPERATURE = 0.5


@dataclass
class Setting:
    device: str
    encoder: str
    width: int
    batch: int
    size: int
    threads: int
    workers: int
    images: list[Image.Image]
    x_NCHW: Tensor


class Pictures(Dataset[Any]):
    def __init__(self, images: list[Image.Image], transform: Callable[[Image.Image], Any] | None = None) -> None:
        self.images, self.transform = images, transform

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        image = self.images[index]
        return (self.transform(image) if self.transform else image), 0


def batches_of_an_epoch(workers: int) -> int:
    """As many as a turn takes and its workers make in advance: they are started once a turn, and work until its end."""
    return UNCOUNTED + STEPS + AHEAD * workers


def make_job(setting: Setting, folder: Path) -> Job:
    network = {"encoder": setting.encoder, "width": setting.width}
    config = make_config("folder", data_dir=folder, image_size=setting.size, batch=setting.batch, **network)
    here = {"threads": setting.threads, "device": setting.device}
    config = decide(config.model_copy(update=here), look_at(setting.device)).config
    config = config.model_copy(update={"dataset": "cifar10" if setting.size == 32 else "stl10"})
    x_NCHW = setting.x_NCHW.to(setting.device)
    split = Split(x_NCHW, torch.zeros(len(x_NCHW), dtype=torch.int64, device=setting.device))
    data = ImageData(("a",), x_NCHW, split, split)
    return Job(alphadsl.load("infonce", tau=TEMPERATURE), data, config, RunFolder(folder / "run"), make_fabric(config))


def ours(setting: Setting, folder: Path) -> tuple[Callable[[], list[float]], Callable[[], dict[str, float]]]:
    """Seconds of steps, and of the parts of one."""
    job = make_job(setting, folder)
    state = prepare(job)
    state.network.train()
    batches = endless(lambda: epoch_batches(len(setting.x_NCHW), 0, job.config, job.fabric.device))

    def step() -> None:
        train_step(job, state, next(batches), backpropagate).loss.item()

    def parts() -> dict[str, float]:
        seconds, indices_B = {}, next(batches)
        state.optimizer.zero_grad()
        marks = [now(setting.device)]
        views = draw_views(job, state, indices_B)
        marks.append(now(setting.device))
        z_VBD = embed(state, *views)
        marks.append(now(setting.device))
        leaf_VBD = z_VBD.detach().requires_grad_()
        job.loss_of(*leaf_VBD, indices_B).backward()
        marks.append(now(setting.device))
        job.fabric.backward(z_VBD, leaf_VBD.grad)
        marks.append(now(setting.device))
        parameters = [weight for group in state.optimizer.param_groups for weight in group["params"]]
        torch.nn.utils.get_total_norm([weight.grad for weight in parameters if weight.grad is not None])
        state.optimizer.step()
        marks.append(now(setting.device))
        names = ("views", "forward", "loss and its gradient", "backward", "optimizer")
        for name, start, end in zip(names, marks[:-1], marks[1:], strict=True):
            seconds[name] = end - start
        return seconds

    return lambda: timed(step, STEPS, 1), parts


def now(device: str) -> float:
    """The clock, once the device has done what it was given."""
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


def endless(make: Callable[[], Iterator[Any]]) -> Iterator[Any]:
    while True:
        yield from make()


def timed(step: Callable[[], object], steps: int, uncounted: int) -> list[float]:
    seconds = []
    for _ in range(uncounted + steps):
        start = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - start)
    return seconds[uncounted:]


def script(setting: Setting, dataset: Dataset[Any], loss: Callable[[Tensor, Tensor], Tensor], workers: int) -> Any:
    """Turns of a loop as tutorials have it: two passes, a loss, a step of SGD; on a GPU under autocast to bf16."""
    torch.manual_seed(0)
    device, gpu = torch.device(setting.device), setting.device == "cuda"
    encoder = Encoder(setting.encoder, setting.width, setting.size)
    network = SiameseNetwork(encoder, make_head(encoder.features, max(encoder.features, 128), 128)).to(device)
    autocast = torch.autocast("cuda", torch.bfloat16, enabled=gpu)
    sgd = torch.optim.SGD(network.parameters(), lr=0.06, momentum=0.9, weight_decay=5e-4)
    how = {"num_workers": workers, "prefetch_factor": AHEAD if workers else None, "pin_memory": gpu}
    loader = DataLoader(dataset, setting.batch, shuffle=True, drop_last=True, **how)

    def turn() -> list[float]:
        batches = endless(lambda: iter(loader))

        def step() -> None:
            (x0_BCHW, x1_BCHW), *_ = next(batches)
            sgd.zero_grad()
            with autocast:
                z0_BD, z1_BD = (network(x_BCHW.to(device, non_blocking=True)) for x_BCHW in (x0_BCHW, x1_BCHW))
                value = loss(z0_BD, z1_BD)
            value.backward()
            sgd.step()
            value.item()

        return timed(step, STEPS, UNCOUNTED if workers else 1)

    return turn


def lightly(setting: Setting, workers: int) -> Any:
    small = setting.size == 32
    transform = SimCLRTransform(setting.size, cj_strength=0.5, gaussian_blur=0.0 if small else 0.5)
    dataset = LightlyDataset.from_torch_dataset(Pictures(setting.images), transform=transform)
    return script(setting, dataset, NTXentLoss(temperature=TEMPERATURE), workers)


def plain(setting: Setting, workers: int) -> Any:
    blur = [] if setting.size == 32 else [transforms.RandomApply([transforms.GaussianBlur(9)], 0.5)]
    jitter = transforms.RandomApply([transforms.ColorJitter(0.4, 0.4, 0.4, 0.1)], 0.8)
    crop = transforms.RandomResizedCrop(setting.size, (0.2, 1.0))
    tail = [transforms.RandomGrayscale(0.2), *blur, transforms.ToTensor()]
    view = transforms.Compose([crop, transforms.RandomHorizontalFlip(), jitter, *tail])
    return script(setting, Pictures(setting.images, lambda image: (view(image), view(image))), cross_entropy, workers)


def cross_entropy(z0_BD: Tensor, z1_BD: Tensor) -> Tensor:
    z_AD = functional.normalize(torch.cat([z0_BD, z1_BD]))
    itself_AA = torch.eye(len(z_AD), dtype=torch.bool, device=z_AD.device)
    logits_AA = (z_AD @ z_AD.T / TEMPERATURE).masked_fill(itself_AA, -torch.inf)
    return functional.cross_entropy(logits_AA, torch.arange(len(z_AD), device=z_AD.device).roll(len(z0_BD)))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--encoder", default="resnet8")
    for name, value in {"width": 16, "batch": 256, "size": 32, "threads": 2, "workers": 2, "rounds": 3}.items():
        parser.add_argument(f"--{name}", type=int, default=value)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    keep_freed_memory()
    shape = (batches_of_an_epoch(given.workers) * given.batch, given.size, given.size, 3)
    pixels_NHWC = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    images = [Image.fromarray(pixels_HWC) for pixels_HWC in pixels_NHWC]
    x_NCHW = torch.from_numpy(pixels_NHWC).permute(0, 3, 1, 2).contiguous()
    network = (given.device, given.encoder, given.width)
    setting = Setting(*network, given.batch, given.size, given.threads, given.workers, images, x_NCHW)
    with tempfile.TemporaryDirectory() as folder:
        turn, parts = ours(setting, Path(folder))
        turns = {
            "runner": turn,
            f"lightly, {given.workers} workers": lightly(setting, given.workers),
            "lightly, no workers": lightly(setting, 0),
            f"torchvision, {given.workers} workers": plain(setting, given.workers),
        }
        seconds: dict[str, list[float]] = {name: [] for name in turns}
        shares: list[dict[str, float]] = []
        shuffled = random.Random(0)
        for _ in range(given.rounds):
            for name in shuffled.sample(list(turns), len(turns)):
                seconds[name] += turns[name]()
            shares += [parts() for _ in range(3)]
    print(conditions(Device(given.device)))
    print(f"{given.encoder} width {given.width}, {given.size} px, batch {given.batch}")
    mine = statistics.median(seconds["runner"])
    for name, known in seconds.items():
        median = statistics.median(known)
        print(f"{name:24} {median * 1e3:8.0f} ms a step {given.batch / median:8.0f} images/s {median / mine:6.2f}")
    middle = {name: statistics.median(part[name] for part in shares) for name in shares[0]}
    print("; ".join(f"{name} {value / sum(middle.values()):.1%}" for name, value in middle.items()))


if __name__ == "__main__":
    main()
