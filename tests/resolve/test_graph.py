"""Losses that use others: each is resolved after those it uses, once, however they are arranged in a text."""

from itertools import permutations

import pytest

from alphadsl.ir.nodes import Loss
from alphadsl.pipeline import check_spec, lower_spec
from alphadsl.report.errors.references import CyclicLoss
from alphadsl.report.source import Source, Span
from alphadsl.resolve.files import SpecText, WrittenLoss, parsed
from alphadsl.resolve.graph import in_order

DIAMOND = {"top": "left + right", "left": "2 * base", "right": "3 * base", "base": "infonce"}


def text_of(blends: dict[str, str]) -> SpecText:
    return SpecText(Source("x.alpha", "".join(f"loss {name} = {blend}\n" for name, blend in blends.items())), None)


@pytest.mark.parametrize("names", [*permutations(DIAMOND)][::5])
def test_each_loss_comes_once_and_after_those_it_uses(names: tuple[str, ...]) -> None:
    text = text_of({"root": "top", **{name: DIAMOND[name] for name in names}})
    file = parsed(text.source).file
    assert file is not None
    done: dict[Span, str] = {}
    order = []
    for node in in_order(WrittenLoss(file.losses[0], file, text), done):
        done[node.key] = node.loss.definition.name.text
        order.append(done[node.key])
    assert sorted(order) == sorted({*DIAMOND, "root", "infonce"})
    for name, blend in {**DIAMOND, "root": "top"}.items():
        assert all(order.index(used) < order.index(name) for used in blend.split() if used.isalpha())


@pytest.mark.parametrize("names", [*permutations(DIAMOND)][::5])
def test_what_is_derived_does_not_depend_on_the_order(names: tuple[str, ...]) -> None:
    apart, together = (
        lower_spec(text_of({**blends, "last": "top"})) for blends in (DIAMOND, {name: DIAMOND[name] for name in names})
    )
    assert apart.alpha == together.alpha


def test_each_loss_is_lowered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    lowered = []

    def lower(loss: Loss) -> object:
        lowered.append(loss.name)
        return original(loss)

    from alphadsl import journey

    original = journey.lower_loss
    monkeypatch.setattr(journey, "lower_loss", lower)
    assert lower_spec(text_of({**DIAMOND, "last": "top + square"})).core.passes
    assert sorted(lowered) == sorted({*DIAMOND, "last", "infonce", "square"})


@pytest.mark.parametrize("length", [2, 3, 40])
def test_a_cycle_is_told_once(length: int) -> None:
    cycle = {f"x{at}": f"2 * x{(at + 1) % length}" for at in range(length)}
    [told] = check_spec(text_of(cycle)).diagnostics
    assert isinstance(told, CyclicLoss)
    assert told.members == cycle.keys()


@pytest.mark.slow
def test_a_long_chain_is_followed_to_its_end() -> None:
    """Python's stack would hold some sixty losses that are checked inside each other."""
    losses = [f"loss x{at} {{\n  alpha[i,j] ~ x{at + 1}.alpha[i,j]\n}}\n" for at in range(300)]
    checked = check_spec(SpecText(Source("x.alpha", "".join(losses) + "loss x300 = infonce\n"), None))
    assert {diagnostic.code for diagnostic in checked.errors} == {"broken-loss"}
