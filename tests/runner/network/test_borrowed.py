"""Encoders from elsewhere: those of timm, and modules of the user's own."""

import sys
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from alphadsl.report.exceptions import InputError
from runner.network.borrowed import take_module
from runner.network.models import make_network
from runner.network.normalisation import share_statistics
from runner.network.soundness import sound_network
from runner.settings.config import ExperimentConfig
from runner.settings.resolving import Given, changed, make_config, resolve_config
from runner.training.fabric import make_fabric

SMALL = "timm:test_resnet"
"""The smallest of timm, which it has for tests."""


class Pooled(nn.Module):
    """Channels and their means, as features."""

    def __init__(self, outputs: int = 5, stride: int = 2) -> None:
        super().__init__()
        self.layer = nn.Conv2d(3, outputs, 3, stride=stride)

    def forward(self, x_BCHW: Tensor) -> Tensor:
        means_BC: Tensor = self.layer(x_BCHW).mean(dim=(2, 3))
        return means_BC


class Answers(nn.Module):
    """Answers with something."""

    def __init__(self, answer: Callable[[Tensor], object]) -> None:
        super().__init__()
        self.answer = answer

    def forward(self, x_BCHW: Tensor) -> object:
        return self.answer(x_BCHW)


def timm_config(encoder: str = SMALL, **settings: object) -> ExperimentConfig:
    return make_config("cifar10", encoder=encoder, device="cpu", precision="32", **settings)


@pytest.mark.parametrize(("encoder", "size"), [(SMALL, 32), ("timm:test_vit", 32), ("timm:test_vit", 48)])
def test_an_architecture_of_timm_takes_the_images_and_is_sound(encoder: str, size: int) -> None:
    config = timm_config(encoder, image_size=size)
    network = sound_network(config, size, make_fabric(config))
    x_BCHW = torch.rand(2, 3, size, size)
    assert network.encoder(x_BCHW).shape == (2, network.encoder.features)
    assert network(x_BCHW).shape == (2, config.projector_dim)


def test_a_seed_decides_the_weights_of_timm() -> None:
    first, again, other = (make_network(timm_config(seed=seed), 32).encoder.state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)


@pytest.mark.parametrize(
    ("name", "size", "told", "remedy"),
    [
        ("resnet19", 32, "no architecture called resnet19", "Did you mean timm:resnet1"),
        ("zqzqzqzq", 32, "no architecture called zqzqzqzq", "list_models"),
        ("test_vit", 8, "images (2, 3, 8, 8)", "--image-size"),
    ],
)
def test_what_timm_does_not_have_or_take_is_refused(name: str, size: int, told: str, remedy: str) -> None:
    with pytest.raises(InputError) as refusal:
        make_network(timm_config(f"timm:{name}"), size)
    assert told in refusal.value.message
    assert remedy in refusal.value.help
    assert "\n" not in str(refusal.value)


def test_without_timm_a_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(InputError, match=r"pip install 'alphadsl\[timm\]'"):
        make_network(timm_config(), 32)


@pytest.mark.parametrize("word", ["timm:", "timm:a b", "timm:hf-hub:x/y", "timm:../x", "own:Net", "own:a@1.2", "vit"])
def test_words_that_name_no_encoder_are_refused(word: str) -> None:
    with pytest.raises(InputError, match=r"resnet8.*timm:NAME"):
        timm_config(word)


def test_a_width_has_no_effect_on_what_has_its_own(tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("settings") / "run.json"
    for width in (16, 32):
        with pytest.raises(InputError, match="no effect on timm:test_resnet"):
            timm_config(width=width)
        with pytest.raises(InputError, match="no effect on timm:test_resnet"):
            changed(timm_config(), width=width)
    with pytest.raises(InputError, match="width = 32 has no effect"):
        resolve_config(Given({"encoder": SMALL, "width": 32}, path))
    third = timm_config(seed=3)
    assert resolve_config(Given(timm_config().model_dump(), path), Given({"seed": 3})) == third
    assert changed(timm_config(), seed=3) == third
    assert make_config("stl10", encoder=SMALL).width == timm_config().width


def test_a_module_is_copied_and_known_by_its_layers_and_weights() -> None:
    module = Pooled()
    own, again = take_module(module, 8, 0), take_module(module, 16, 1)
    assert own.word == again.word
    assert own.features == 5
    other = take_module(Pooled(), 8, 0)
    strided = take_module(Pooled(stride=1), 8, 0)
    architecture = own.word.partition(".")[0]
    assert own.word != other.word
    assert other.word.startswith(architecture)
    assert not strided.word.startswith(architecture)
    encoder = own.fresh()
    with torch.no_grad():
        encoder.body.layer.weight.zero_()
    assert module.layer.weight.abs().sum() > 0 < own.body.layer.weight.abs().sum()


def test_a_class_is_made_under_the_seed_and_nothing_else() -> None:
    before = torch.random.get_rng_state()
    words = [take_module(Pooled, 8, seed).word for seed in (1, 1, 2)]
    assert words[0] == words[1] != words[2]
    assert torch.equal(before, torch.random.get_rng_state())


def test_layers_that_learn_their_size_have_it_afterwards() -> None:
    own = take_module(lambda: nn.Sequential(nn.Flatten(), nn.LazyLinear(7)), 8, 0)
    assert own.features == 7
    assert own.fresh()(torch.rand(2, 3, 8, 8)).shape == (2, 7)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (lambda x: x, "to (2, 3, 8, 8)"),
        (lambda x: x.mean(dim=(1, 2, 3)), "to (2,)"),
        (lambda x: x[:1].flatten(1), "to (1, 192)"),
        (lambda x: x.flatten(1).long(), "torch.int64"),
        (lambda x: (x.flatten(1), x), "to a tuple"),
        (lambda x: x @ x[0, 0, :3], "cannot take images"),
        (lambda x: x.no_such_thing, "AttributeError"),
    ],
)
def test_what_makes_no_features_is_one_clear_line(answer: Callable[[Tensor], object], told: str) -> None:
    with pytest.raises(InputError) as refusal:
        take_module(Answers(answer), 8, 0)
    assert told in refusal.value.message
    assert "\n" not in str(refusal.value)


def test_a_module_that_cannot_be_copied_and_a_function_without_one_are_refused() -> None:
    module = Pooled()
    module.register_buffer("made", module.layer.weight * 2)
    with pytest.raises(InputError, match="Pooled cannot be copied"):
        take_module(module, 8, 0)
    with pytest.raises(InputError, match=r"gave a int, not a torch\.nn\.Module"):
        take_module(lambda: 3, 8, 0)


def test_a_batch_norm_that_does_more_is_not_replaced_in_silence() -> None:
    """Its activation would be lost: timm's are such."""

    class Active(nn.BatchNorm2d):
        def forward(self, x_BCHW: Tensor) -> Tensor:
            return super().forward(x_BCHW).relu()

    with pytest.raises(InputError, match="Active does more than a batch norm"):
        share_statistics(nn.Sequential(nn.BatchNorm2d(3), Active(3)), torch.device("cpu"))
