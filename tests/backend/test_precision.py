"""Every float32 product of a loss is as exact as was asked for, whatever the process is set to, on the CPU and on CUDA
(in fake tensors, which need no device), and what was set is put back.

A mode notes the setting under which each product is dispatched; where a graph or a thread hides it, the product itself
does.
"""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor
from torch._subclasses import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode

import alphadsl
from alphadsl.backend import precision
from alphadsl.backend.runtime import simplex, step
from tests.backend.test_second_derivatives import WAYS
from tests.oracles.contexts import context_of

SETTINGS: dict[str, Any] = {"cpu": torch.backends.mkldnn.matmul, "cuda": torch.backends.cuda.matmul}  # type: ignore[attr-defined]
PRODUCTS = {"aten.mm.default", "aten.mm.out", "aten.bmm.default", "aten.addmm_.default"}
EXPECTED = {"exact": {"cpu": "ieee", "cuda": "ieee"}, "fast": {"cpu": "bf16", "cuda": "tf32"}}
CPU, MPS = torch.device("cpu"), torch.device("mps")

pytestmark = [
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Using backward.. with create_graph=True"),
]


@pytest.fixture(params=["medium"], autouse=True)
def process(request: pytest.FixtureRequest) -> Iterator[str]:
    """What the process is set to; it stays so."""
    torch.set_float32_matmul_precision(request.param)
    before = {name: setting.fp32_precision for name, setting in SETTINGS.items()}
    try:
        yield request.param
        assert {name: setting.fp32_precision for name, setting in SETTINGS.items()} == before
        assert torch.get_float32_matmul_precision() == request.param
    finally:
        torch.set_float32_matmul_precision("highest")
        for setting in SETTINGS.values():
            setting.fp32_precision = "none"


class Noted(TorchDispatchMode):
    """The settings under which products were dispatched."""

    def __init__(self, device: str) -> None:
        super().__init__()
        self._device, self.settings = device, set[str]()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if str(func) in PRODUCTS:
            self.settings.add(SETTINGS[self._device].fp32_precision)
        return func(*args, **kwargs or {})


def batch(device: str = "cpu") -> Tensor:
    return torch.randn(2, 8, 4, device=device)


@pytest.mark.slow
@pytest.mark.usefixtures("small_tiles")
@pytest.mark.parametrize("process", ["highest", "high", "medium"], indirect=True)
@pytest.mark.parametrize("wanted", EXPECTED)
@pytest.mark.parametrize("device", ["cpu", "cuda"])
@pytest.mark.parametrize("backend", ["dense", "streaming"])
def test_of_a_step_and_of_a_value_alone(
    backend: str, device: str, wanted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gradient is found with the value."""
    monkeypatch.setattr(simplex, "DEVICE_STEPS", 2)  # fake numbers never settle
    for name in ("infonce", "cauchy", "square", "supcon", "moco"):
        loss = alphadsl.load(name, backend=backend, compile=False, products=wanted)  # type: ignore[arg-type]
        with FakeTensorMode() if device == "cuda" else Noted(device), Noted(device) as noted:
            z0_ND, z1_ND = batch(device).requires_grad_().unbind()
            context = {key: part.to(device) for key, part in context_of(name, z0_ND).items()}
            loss(z0_ND, z1_ND, **context)
            with torch.no_grad():
                loss(z0_ND, z1_ND, **context)
        assert noted.settings == {EXPECTED[wanted][device]}, name


@pytest.mark.parametrize("way", WAYS)
def test_of_every_way_to_derivatives(way: str) -> None:
    loss = alphadsl.load("siglip", compile=False)
    z_T, v_T = torch.randn(2, 64)
    with Noted("cpu") as noted:
        WAYS[way](lambda z_T: loss(*z_T.view(2, 8, 4)), z_T, v_T)
    assert noted.settings <= {"ieee", "none"}
    assert noted.settings


def test_of_importances() -> None:
    with Noted("cpu") as noted:
        alphadsl.load("infonce").importance(*batch())
    assert noted.settings <= {"ieee", "none"}
    assert noted.settings


def test_inside_an_outer_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    seen, product = set(), step.product

    def noted(a_GXY: Tensor, b_GYZ: Tensor) -> Tensor:
        seen.add(SETTINGS["cpu"].fp32_precision)
        return product(a_GXY, b_GYZ)

    monkeypatch.setattr(step, "product", noted)
    loss = alphadsl.load("infonce", compile=False)
    graph = torch.compile(lambda z_VND: loss(*z_VND), fullgraph=True, backend="aot_eager")
    graph(batch().requires_grad_()).backward()
    assert seen == {"ieee"}


def beside(inside: Callable[[], None], wanted: precision.Products) -> threading.Thread:
    """A thread that does something while it holds the setting."""

    def work() -> None:
        with precision.products(CPU, wanted):
            inside()

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_the_last_thread_puts_it_back() -> None:
    before, entered, leave = SETTINGS["cpu"].fp32_precision, threading.Event(), threading.Event()
    with precision.products(CPU, "fast"):
        other = beside(lambda: (entered.set(), leave.wait()), "fast")  # type: ignore[arg-type, return-value]
        entered.wait()
    assert SETTINGS["cpu"].fp32_precision == "bf16"
    leave.set()
    other.join()
    assert SETTINGS["cpu"].fp32_precision == before


def test_a_thread_that_wants_another_waits() -> None:
    seen = list[str]()
    with precision.products(CPU, "fast"):
        other = beside(lambda: seen.append(SETTINGS["cpu"].fp32_precision), "exact")
        other.join(0.05)
        assert other.is_alive()
    other.join()
    assert seen == ["ieee"]


def test_what_is_set_meanwhile_stays() -> None:
    """By another thread, or by whoever is called back."""
    with precision.products(CPU, "exact"):
        torch.set_float32_matmul_precision("high")
    assert SETTINGS["cpu"].fp32_precision == "tf32"
    torch.set_float32_matmul_precision("medium")


def test_what_is_inherited_stays_inherited() -> None:
    torch.set_float32_matmul_precision("highest")
    for setting in SETTINGS.values():
        setting.fp32_precision = "none"
    torch.backends.fp32_precision = "tf32"  # type: ignore[assignment]
    for device in ("cpu", "cuda"):
        with precision.products(torch.device(device), "exact"):
            assert SETTINGS[device].fp32_precision == "ieee"
        assert SETTINGS[device].fp32_precision == "tf32"
    torch.backends.fp32_precision = "none"  # type: ignore[assignment]
    assert {setting.fp32_precision for setting in SETTINGS.values()} == {"none"}
    torch.set_float32_matmul_precision("medium")


def test_fast_is_refused_where_there_is_nothing_faster() -> None:
    with pytest.raises(alphadsl.InputError, match="no faster product on mps"), precision.products(MPS, "fast"):
        pass
