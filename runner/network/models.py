"""Backbones and projector: a configuration and an image size come in; an encoder and a projector come out.

The residual blocks are torchvision's. Images of at most 64 px get the small stem (one 3x3 convolution, no max-pool)
that SimCLR uses on CIFAR (Chen et al. 2020, B.9); larger ones get the ImageNet stem. `resnet8` has three stages of one
basic block each and is the narrow encoder for a CPU. Encoders from elsewhere are in `borrowed`. Refused: a module from
Python code that is not given again.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models.resnet import BasicBlock, Bottleneck

from alphadsl.report.exceptions import InputError
from runner.network.borrowed import Borrowed, OwnEncoder, check_timm, make_timm
from runner.settings.config import ExperimentConfig
from runner.settings.encoders import OWN, TIMM, architecture_of, class_of

# B batch, C channels, H height, W width, F features, D embedding width

Block = type[BasicBlock] | type[Bottleneck]

STAGES: Mapping[str, tuple[Block, tuple[int, ...]]] = MappingProxyType(
    {
        "resnet8": (BasicBlock, (1, 1, 1)),
        "resnet18": (BasicBlock, (2, 2, 2, 2)),
        "resnet50": (Bottleneck, (3, 4, 6, 3)),
    }
)
LARGEST_SMALL_IMAGE = 64


class StridedPointwise(nn.Conv2d):
    """The 1x1 convolution of a shortcut: (B, C, H, W) in, (B, K, ceil(H / spacing), ceil(W / spacing)) out.

    It is `nn.Conv2d(channels, outputs, 1, stride=spacing, bias=False)`, with the pixels selected before the product.
    oneDNN's strided convolution writes past its workspace on AVX2 where channels come last and are fewer than 16
    (uxlfoundation/oneDNN#6035). Narrow encoders crashed, or learnt from gradients that were wrong by a factor of 1000.
    """

    def __init__(self, channels: int, outputs: int, spacing: int) -> None:
        super().__init__(channels, outputs, kernel_size=1, bias=False)
        self.spacing = spacing

    def forward(self, x_BCHW: Tensor) -> Tensor:
        if self.spacing > 1:
            # The mean of one pixel selects it as a slice would; the gradient of a slice is filled with zeros twice.
            x_BCHW = functional.avg_pool2d(x_BCHW, kernel_size=1, stride=self.spacing)
        return super().forward(x_BCHW)


class Encoder(nn.Module):
    """The backbone f: images (B, 3, H, W) in, features (B, F) out; F is `features`."""

    def __init__(self, name: str, width: int, image_size: int) -> None:
        super().__init__()
        block, depths = STAGES[name]
        widths = [width * 2**stage for stage in range(len(depths))]
        inputs = [width, *(stage_width * block.expansion for stage_width in widths)]
        self.stem = _small_stem(width) if image_size <= LARGEST_SMALL_IMAGE else _large_stem(width)
        self.stages = nn.Sequential(
            *(
                _stage(block, depth, channels, stage_width, stride=1 if index == 0 else 2)
                for index, (depth, channels, stage_width) in enumerate(zip(depths, inputs[:-1], widths, strict=True))
            )
        )
        self.pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.features = inputs[-1]
        self.layout = torch.contiguous_format
        self.apply(_initialise)

    def forward(self, x_BCHW: Tensor) -> Tensor:
        features_BF: Tensor = self.pool(self.stages(self.stem(x_BCHW.contiguous(memory_format=self.layout))))
        return features_BF


class SiameseNetwork(nn.Module):
    """Encoder and projector: images (B, 3, H, W) in, embeddings (B, D) for the loss out, not yet normalised."""

    def __init__(self, encoder: Encoder | Borrowed, projector: nn.Sequential) -> None:
        super().__init__()
        self.encoder = encoder
        self.projector = projector

    def forward(self, x_BCHW: Tensor) -> Tensor:
        z_BD: Tensor = self.projector(self.encoder(x_BCHW))
        return z_BD

    def lay_out(self, layout: torch.memory_format) -> Self:
        """Set the memory layout of the weights and of the computation, and return the network itself."""
        self.encoder.layout = layout
        return self.to(memory_format=layout)


def make_network(config: ExperimentConfig, image_size: int, own: OwnEncoder | None = None) -> SiameseNetwork:
    """The network with the initial weights of the seed, channels last. The global random state does not change.

    Raises `InputError` for an encoder that cannot be made from its name and is not given.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        encoder = make_encoder(config, image_size, own)
        network = SiameseNetwork(encoder, make_projector(encoder.features, config))
    return network.lay_out(torch.channels_last)


def check_makeable(config: ExperimentConfig, own: OwnEncoder | None = None) -> None:
    """Raises `InputError` if the encoder cannot be made here; called before any data are read."""
    if config.encoder.startswith(TIMM):
        check_timm(config.encoder)
    if config.encoder.startswith(OWN) and own is None:
        raise InputError(
            f"The encoder of the run, {class_of(config.encoder)}, is a module from Python code, and not in its folder.",
            "Give it in Python: alphadsl.open_run(RUN, encoder=MODULE)",
        )
    if own is not None and architecture_of(own.word) != architecture_of(config.encoder):
        raise InputError(
            f"The given encoder is not that of the run: it is {architecture_of(own.word)}, and that of the run is "
            f"{architecture_of(config.encoder)}.",
            "Give a module with the layers that the run was trained with.",
        )


def make_encoder(config: ExperimentConfig, image_size: int, own: OwnEncoder | None = None) -> Encoder | Borrowed:
    """The encoder of a configuration, with weights drawn from the global random state. Raises `InputError`."""
    check_makeable(config, own)
    if own is not None:
        return own.fresh()
    if config.encoder.startswith(TIMM):
        return make_timm(config.encoder, image_size)
    return Encoder(config.encoder, config.width, image_size)


def make_projector(features: int, config: ExperimentConfig) -> nn.Sequential:
    """The head g of SimCLR, (B, F) to (B, D), with the hidden layer of the configuration."""
    hidden = config.projector_hidden or max(features, config.projector_dim)
    return make_head(features, hidden, config.projector_dim, norm=config.projector_norm)


def make_head(inputs: int, hidden: int, outputs: int, *, norm: bool = True) -> nn.Sequential:
    """One hidden layer, with batch norm or without: (B, `inputs`) to (B, `outputs`)."""
    first, last = nn.Linear(inputs, hidden), nn.Linear(hidden, outputs)
    between = [nn.BatchNorm1d(hidden)] if norm else []
    return nn.Sequential(first, *between, nn.ReLU(inplace=True), last)


def _small_stem(width: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(3, width, kernel_size=3, padding=1, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(inplace=True),
    )


def _large_stem(width: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(3, width, kernel_size=7, stride=2, padding=3, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(kernel_size=3, stride=2, padding=1),
    )


def _stage(block: Block, depth: int, channels: int, width: int, stride: int) -> nn.Sequential:
    outputs = width * block.expansion
    shortcut = None
    if stride != 1 or channels != outputs:
        shortcut = nn.Sequential(StridedPointwise(channels, outputs, stride), nn.BatchNorm2d(outputs))
    first = block(channels, width, stride, shortcut)
    return nn.Sequential(first, *(block(outputs, width) for _ in range(depth - 1)))


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
