"""Encoders: torchvision's networks where they coincide, and the narrow ones."""

import subprocess
import sys

import pytest
import torch
from torch.nn import functional
from torchvision.models import resnet18, resnet50

from runner.network.models import Encoder, StridedPointwise, make_network
from runner.settings.resolving import make_config

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("name", "reference"), [("resnet18", resnet18), ("resnet50", resnet50)])
def test_with_its_weights_an_encoder_is_torchvisions(name: str, reference: type[torch.nn.Module]) -> None:
    theirs = reference().double()
    theirs.fc = torch.nn.Identity()
    ours = Encoder(name, 64, 96).double()
    ours.load_state_dict(dict(zip(ours.state_dict(), theirs.state_dict().values(), strict=True)))
    x_BCHW = torch.rand(2, 3, 96, 96, dtype=torch.float64)
    torch.testing.assert_close(ours.eval()(x_BCHW), theirs.eval()(x_BCHW))


@pytest.mark.parametrize(("name", "features"), [("resnet8", 64), ("resnet18", 128), ("resnet50", 512)])
def test_features_are_as_wide_as_said(name: str, features: int) -> None:
    encoder = Encoder(name, 16, 32)
    assert encoder.features == features
    assert encoder(torch.rand(2, 3, 32, 32)).shape == (2, features)


def test_small_images_keep_their_pixels_through_the_stem() -> None:
    assert Encoder("resnet8", 4, 64).stem(torch.rand(1, 3, 64, 64)).shape == (1, 4, 64, 64)
    assert Encoder("resnet8", 4, 96).stem(torch.rand(1, 3, 96, 96)).shape == (1, 4, 24, 24)


def test_a_seed_decides_the_weights_and_nothing_else() -> None:
    before = torch.random.get_rng_state()
    first, again, other = (make_network(make_config("digits", seed=seed), 8).state_dict() for seed in (1, 1, 2))
    assert torch.equal(before, torch.random.get_rng_state())
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["encoder.stem.0.weight"], other["encoder.stem.0.weight"])


@pytest.mark.parametrize("norm", [True, False])
def test_the_projector_is_as_wide_as_said_with_batch_norm_or_without(norm: bool) -> None:
    config = make_config("digits", width=2, projector_dim=5, projector_hidden=7, projector_norm=norm)
    kinds = [torch.nn.Linear, *([torch.nn.BatchNorm1d] if norm else []), torch.nn.ReLU, torch.nn.Linear]
    projector = make_network(config, 8).projector
    assert [type(layer) for layer in projector] == kinds
    assert [tuple(layer.weight.shape) for layer in (projector[0], projector[-1])] == [(7, 8), (5, 7)]
    wide, narrow = (make_network(make_config("digits", width=2, projector_dim=dim), 8).projector for dim in (16, 3))
    assert [len(projector[0].weight) for projector in (wide, narrow)] == [16, 8]


@pytest.mark.parametrize("spacing", [1, 2, 3])
def test_a_strided_pointwise_convolution_is_torchs(spacing: int) -> None:
    ours = StridedPointwise(3, 5, spacing).double()
    x_BCHW = torch.randn(2, 3, 7, 8, dtype=torch.float64, requires_grad=True)
    theirs = functional.conv2d(x_BCHW, ours.weight, stride=spacing)
    torch.testing.assert_close(ours(x_BCHW), theirs)
    slopes = [torch.autograd.grad(y.square().sum(), (x_BCHW, ours.weight)) for y in (ours(x_BCHW), theirs)]
    torch.testing.assert_close(*slopes)


WORST_SLOPE = """
import copy, torch
from runner.network.models import Encoder

torch.manual_seed(0)
for name, pixels, threads, width in {cases}:
    print(name, pixels, threads, width, flush=True)
    torch.set_num_threads(threads)
    exact = Encoder(name, width, pixels).double().eval()
    quick = copy.deepcopy(exact).float().to(memory_format=torch.channels_last)
    x_BCHW = torch.rand(4, 3, pixels, pixels).contiguous(memory_format=torch.channels_last)
    for network, images in ((exact, x_BCHW.double()), (quick, x_BCHW)):
        network(images).square().mean().backward()
    pairs = [(p.grad, q.grad.double()) for p, q in zip(exact.parameters(), quick.parameters())]
    off = sum((p - q).square().sum() for p, q in pairs) / sum(p.square().sum() for p, _ in pairs)
    assert off.sqrt() < 1e-3, (width, off.sqrt())
"""


@pytest.mark.parametrize(
    "encoders",
    [
        [("resnet8", 16, 1, (*range(1, 9), 12, 15)), ("resnet8", 16, 2, (1, 3, 6, 15))],
        [("resnet18", 72, 1, (1, 4, 7)), ("resnet50", 8, 1, (1, 2, 5, 15))],
    ],
    ids=["resnet8", "deeper"],
)
def test_no_width_is_in_danger(encoders: list[tuple[str, int, int, tuple[int, ...]]]) -> None:
    """In a process of their own: oneDNN's strided 1x1 convolution, which this guards against, corrupts the heap."""
    cases = [(*encoder, width) for *encoder, widths in encoders for width in widths]
    words = [sys.executable, "-c", WORST_SLOPE.format(cases=cases)]
    ended = subprocess.run(words, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, f"{ended.stdout}{ended.stderr}"
