"""Parameters in a user's hands: what may be a number, what a parameter may be called, and what a cast leaves alone."""

import copy
import pickle
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import Module

import alphadsl
from alphadsl.backend import module
from alphadsl.backend.module import ContrastiveLoss
from alphadsl.ir.nodes import Loss
from alphadsl.ir.parameter import Parameter

CALLED_LIKE_OURS = (
    "backend",
    "compile",
    "ranks",
    "products",
    "values",
    "spec",
    "text",
    "self",
    "labels",
    "learned",
    "name",
)
CALLED_LIKE_TORCHS = ("half", "to", "training", "type", "items", "keys", "forward", "parameters", "_parameters", "T")


def views() -> Tensor:
    return torch.randn(2, 8, 4, generator=torch.Generator().manual_seed(0))


def called(name: str, role: str = "learn") -> str:
    return f"loss l {{\n{role} {name} = 0.3 in (0, inf)\nloss[i] = mean_j(exp({name} * (s[i,j] - s[i])))\n}}\n"


def ways_to_set(value: object) -> list[Callable[[], ContrastiveLoss]]:
    def later() -> ContrastiveLoss:
        loss = alphadsl.loads(called("tau"))
        loss.set(tau=value)  # type: ignore[arg-type]
        return loss

    def learned_later() -> ContrastiveLoss:
        loss = alphadsl.loads(called("tau"))
        loss.set({"tau": value})  # type: ignore[dict-item]
        return loss

    return [
        lambda: alphadsl.load("infonce", tau=value),  # type: ignore[arg-type]
        lambda: alphadsl.loads(called("tau", "param"), tau=value),  # type: ignore[arg-type]
        lambda: alphadsl.loads(called("tau"), values={"tau": value}),  # type: ignore[dict-item]
        later,
        learned_later,
    ]


NUMBERS = [2, 0.25, np.float32(0.2), np.float16(0.2), np.int64(2), np.array(0.2), torch.tensor(0.2), Fraction(1, 5)]
NO_NUMBERS = [
    *(True, np.bool_(True), torch.tensor(True), "0.2", None, 1j, [0.2], np.array([0.2]), torch.tensor([0.2])),
    *(float("nan"), np.float32("inf"), torch.tensor(float("nan")), 10**400, torch.tensor(0.2, requires_grad=True)),
]


@pytest.mark.parametrize("value", NUMBERS, ids=repr)
def test_a_number_of_any_kind_is_taken_everywhere(value: float) -> None:
    assert [way().values["tau"] for way in ways_to_set(value)] == [float(value)] * 5


@pytest.mark.parametrize("value", NO_NUMBERS, ids=lambda value: repr(value)[:30])
def test_what_is_no_number_is_refused_everywhere(value: object) -> None:
    for way in ways_to_set(value):
        with pytest.raises(alphadsl.InputError, match="tau must be a finite number"):
            way()


@pytest.mark.parametrize("name", CALLED_LIKE_OURS + CALLED_LIKE_TORCHS)
def test_a_parameter_of_any_name_is_set_learned_and_restored(name: str) -> None:
    loss = alphadsl.loads(called(name), compile=False, values={name: 0.4})
    assert loss.values == {name: 0.4}
    assert alphadsl.loads(called(name, "param"), values={name: 0.4}).values == {name: 0.4}
    assert [each for each, _ in loss.named_parameters()] == [f"learned.{name}"]
    loss(*views()).backward()
    torch.optim.SGD(loss.parameters(), lr=0.1).step()
    moved = loss.values
    assert moved != {name: 0.4}
    again = alphadsl.loads(called(name), compile=False)
    again.load_state_dict(loss.state_dict())
    assert again.values == moved
    loss.eval().half().train()
    again.set({name: 0.5})
    assert (loss.values, again.values) == (moved, {name: 0.5})
    expected = loss(*views())
    for twin in (copy.deepcopy(loss), pickle.loads(pickle.dumps(loss))):
        assert torch.equal(twin(*views()), expected)
    assert torch.equal(torch.func.functional_call(loss, dict(loss.named_parameters()), tuple(views())), expected)


@pytest.mark.parametrize("name", ["backend", "compile", "ranks", "values"])
def test_a_keyword_that_is_taken_says_how_to_set_the_parameter(name: str) -> None:
    with pytest.raises(alphadsl.InputError, match=rf"values=\{{'{name}': 0.4\}}"):
        alphadsl.loads(called(name), **{name: 0.4})  # type: ignore[arg-type]
    with pytest.raises(alphadsl.InputError, match="tau is given twice"):
        alphadsl.loads(called("tau"), values={"tau": 0.2}, tau=0.2)


def narrowed(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.bfloat16() for name, tensor in state.items()}


def loaded(model: Module, assign: bool) -> Module:
    model.load_state_dict(narrowed(model.state_dict()), assign=assign)
    return model


CASTS: dict[str, Callable[[Module], Module]] = {
    "half": Module.half,
    "bfloat16": Module.bfloat16,
    "double": Module.double,
    "float": Module.float,
    "to": lambda model: model.to(torch.bfloat16),
    "to device": lambda model: model.to("cpu", torch.float16),
    "type": lambda model: model.type(torch.bfloat16),
    "apply": lambda model: model._apply(lambda tensor: tensor.bfloat16()),
    "back and forth": lambda model: model.half().double(),
    "copied": lambda model: copy.deepcopy(model).bfloat16(),
    "checkpoint": lambda model: loaded(model, False),
    "checkpoint assigned": lambda model: loaded(model, True),
}


@pytest.mark.parametrize("cast", CASTS)
def test_what_is_learned_stays_wide(cast: str) -> None:
    """After any cast, `values` are what the loss is computed with, and an optimizer's small steps arrive."""
    loss = alphadsl.loads(called("tau"), compile=False)
    model = CASTS[cast](torch.nn.ModuleDict({"loss": loss, "encoder": torch.nn.Linear(4, 4)}))
    kept = model["loss"]
    assert all(each.dtype == torch.float64 for each in kept.parameters())
    before = kept.values
    assert cast.startswith("checkpoint") or before == {"tau": 0.3}
    assert before["tau"] == pytest.approx(0.3, rel=1e-2)
    expected = alphadsl.loads(called("tau", "param"), compile=False, values=before)
    assert torch.equal(kept(*views()), expected(*views()))
    optimizer = torch.optim.AdamW(kept.parameters(), lr=1e-6)
    kept(*views()).backward()
    optimizer.step()
    assert 0 < abs(kept.values["tau"] - before["tau"]) < 1e-5


def test_a_cast_behind_the_modules_back_is_told() -> None:
    loss = alphadsl.loads(called("tau"), compile=False)
    for each in loss.parameters():
        each.data = each.data.bfloat16()
    with pytest.warns(UserWarning, match=r"learns tau in torch.bfloat16"):
        found = loss(*views())
    assert loss.values["tau"] != 0.3
    expected = alphadsl.loads(called("tau", "param"), compile=False, values=loss.values)
    assert torch.equal(found, expected(*views()))


def test_closeness_is_judged_again_only_where_it_may_change(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no weight depends on a parameter, its values are not tried out."""
    judged = list[str]()

    def judge(spec: Loss, parameters: tuple[Parameter, ...]) -> bool:
        judged.append(spec.name)
        return False

    monkeypatch.setattr(module, "looks_closely_somewhere", judge)
    decisive_of: dict[str, set[str]] = {
        "infonce": {"tau", "eps"},
        "cauchy": set(),
        "square": set(),
        "siglip": {"t", "b"},
    }
    for name, decisive in decisive_of.items():
        loss = alphadsl.load(name, compile=False)
        for parameter, value in loss.values.items():
            judged.clear()
            loss.set({parameter: value * 1.25})
            assert judged == ([name] if parameter in decisive else []), parameter
