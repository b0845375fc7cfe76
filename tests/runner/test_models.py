"""Encoders: torchvision's networks where they coincide, and the narrow ones."""

import pytest
import torch
from torchvision.models import resnet18, resnet50

from runner.config import make_config
from runner.models import Encoder, make_network


@pytest.mark.parametrize(("name", "reference"), [("resnet18", resnet18), ("resnet50", resnet50)])
def test_with_its_weights_an_encoder_is_torchvisions(name: str, reference: type[torch.nn.Module]) -> None:
    theirs = reference()
    theirs.fc = torch.nn.Identity()
    ours = Encoder(name, 64, 96)
    ours.load_state_dict(dict(zip(ours.state_dict(), theirs.state_dict().values(), strict=True)))
    x_BCHW = torch.rand(2, 3, 96, 96)
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
