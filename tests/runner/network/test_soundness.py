"""The check before training: a network that is computed wrongly here is found, and the setting at fault is named."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from alphadsl.report.exceptions import InputError
from runner.network import soundness
from runner.network.models import StridedPointwise
from runner.network.soundness import NARROW, decide_layout, sound_network
from runner.settings.decisions import Decided
from runner.settings.encoders import ENCODERS
from runner.settings.resolving import make_config
from runner.training.fabric import make_fabric

pytestmark = pytest.mark.slow
Fault = Callable[[Tensor], bool]

FAULTS: dict[str, Fault] = {
    "layout": lambda x_BCHW: x_BCHW.is_contiguous(memory_format=torch.channels_last),
    "precision": lambda x_BCHW: torch.is_autocast_enabled("cpu"),
    "threads": lambda x_BCHW: torch.get_num_threads() > 1,
    "all": lambda x_BCHW: True,
}


def sound(faulty: str, monkeypatch: pytest.MonkeyPatch, **settings: object) -> torch.memory_format:
    """The layout of a network whose strided convolutions are ten times too large in some circumstance."""
    forward = StridedPointwise.forward

    def wrong(module: StridedPointwise, x_BCHW: Tensor) -> Tensor:
        y_BKHW = forward(module, x_BCHW)
        at_fault = x_BCHW.dtype != torch.float64 and faulty in FAULTS and FAULTS[faulty](x_BCHW)
        return y_BKHW * 10 if at_fault else y_BKHW

    monkeypatch.setattr(StridedPointwise, "forward", wrong)
    soundness._sound_layout.cache_clear()
    config = make_config("cifar10", **{"device": "cpu", "width": NARROW, **settings})
    try:
        return sound_network(config, 16, make_fabric(config)).encoder.layout
    finally:
        soundness._sound_layout.cache_clear()


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("precision", ["32", "bf16"])
def test_what_is_right_is_left_alone(monkeypatch: pytest.MonkeyPatch, encoder: str, precision: str) -> None:
    assert sound("", monkeypatch, encoder=encoder, precision=precision, threads=1) is torch.channels_last


def test_a_layout_at_fault_is_given_up(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert sound("layout", monkeypatch, precision="32") is torch.contiguous_format
    assert "with channels last, so it is trained with channels first" in capsys.readouterr().err


@pytest.mark.parametrize(("faulty", "help"), [("precision", "--precision 32"), ("threads", "--threads 1"), ("all", "")])
def test_a_setting_at_fault_is_named(monkeypatch: pytest.MonkeyPatch, faulty: str, help: str) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with pytest.raises(InputError, match="gradients of the network are off by") as refusal:
            sound(faulty, monkeypatch, precision="bf16" if faulty == "precision" else "32")
    finally:
        torch.set_num_threads(before)
    assert help in refusal.value.help


@pytest.mark.parametrize(
    ("width", "asked", "layout"),
    [
        (NARROW - 1, "auto", torch.contiguous_format),
        (NARROW, "auto", torch.channels_last),
        (1, True, torch.channels_last),
        (NARROW, False, torch.contiguous_format),
    ],
)
def test_narrow_encoders_are_contiguous_unless_told(
    monkeypatch: pytest.MonkeyPatch, width: int, asked: object, layout: torch.memory_format
) -> None:
    assert sound("", monkeypatch, width=width, channels_last=asked, threads=1) is layout


def test_a_layout_at_fault_that_was_asked_for_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="with channels last") as refusal:
        sound("layout", monkeypatch, channels_last=True, precision="32")
    assert refusal.value.help == "Give --no-channels-last."


def test_the_layout_is_decided_with_a_reason() -> None:
    open_ = Decided(make_config("cifar10", device="cpu", width=1, precision="32"), {"threads": "why"})
    decided = decide_layout(open_, 16, make_fabric(open_.config))
    assert decided.config.channels_last is False
    assert decided.reasons == {"threads": "why", "channels_last": f"the encoder is narrower than {NARROW}"}
    assert decide_layout(decided, 16, make_fabric(open_.config)) == decided
