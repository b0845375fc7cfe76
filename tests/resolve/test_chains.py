"""Losses that are made of losses, again and again: refused past a limit, whatever way one uses the other. So are many
losses in one text that each keep to it."""

import pytest

from alphadsl import pipeline
from alphadsl.pipeline import check_once, check_spec
from alphadsl.report.source import Source
from alphadsl.resolve.files import SpecText
from alphadsl.resolve.references import MOST_USES

BASE = "loss l0 {\n  param tau = 0.5 in (0, inf)\n  alpha[i,j] ~ exp(-d[i,j]^2 / tau)\n}\n"
LINKS = {
    "a blend of one": "loss l{n} = 0.5 * l{m}\n",
    "a blend of two": "loss l{n} = 0.5 * l{m} + 0.5 * l0\n",
    "a blend with a setting": "loss l{n} = 0.5 * l{m} + 0.5 * l0(tau = 0.{n})\n",
    "an importance": "loss l{n} {{\n  alpha[i,j] = 0.5 * l{m}.alpha[i,j]\n}}\n",
    "a value": "loss l{n} {{\n  loss[i] = 0.5 * l{m}.loss[i] + d[i]\n}}\n",
    "a parameter each": "loss l{n} {{\n  param t = 1 in (0, inf)\n  alpha[i,j] = t * l{m}.alpha[i,j]\n}}\n",
    "by way of a definition": "loss l{n} {{\n  h[i,j] = l{m}.alpha[i,j]\n  alpha[i,j] = h[i,j] + 1\n}}\n",
}


def codes(text: str) -> list[str]:
    return [diagnostic.code for diagnostic in check_spec(SpecText(Source("x.alpha", text), None)).diagnostics]


def chain(link: str, length: int) -> str:
    return BASE + "".join(link.format(n=n, m=n - 1) for n in range(1, length + 1))


@pytest.mark.slow
@pytest.mark.parametrize("kind", LINKS)
def test_a_long_chain_is_refused_once(kind: str) -> None:
    told = codes(chain(LINKS[kind], 300))
    assert told[0] == "too-many-operations"
    assert set(told[1:]) == {"broken-loss"}


@pytest.mark.parametrize("kind", LINKS)
def test_a_short_one_is_not(kind: str) -> None:
    assert codes(chain(LINKS[kind], 4)) == []


def test_a_wide_sum_counts_as_a_long_chain() -> None:
    assert codes(f"{BASE}loss w = {' + '.join(['l0'] * MOST_USES)}\n") == []
    assert codes(f"{BASE}loss w = {' + '.join(['l0'] * (MOST_USES + 1))}\n") == ["too-many-operations"]


LARGE = "loss l {\n  alpha[i,j] ~ " + "exp(s[i,j]) + d[i,j]^2 + " * 9 + "1\n}\n"
UNUSED = "".join(f"  h{n}[i,j] = exp({n} * s[i,j])\n" for n in range(100))
IDLE = f"loss l {{\n  phi(x) = x\n  psi(x) = x\n{UNUSED}}}\n"
MANY = {
    "blends": (BASE, "loss {name} = 0.{n} * l0 + 0.5 * l0(tau = 0.{n})\n"),
    "blends of the one before": (BASE, "loss {name} = 0.5 * {before} + 0.{n} * l0\n"),
    "importances": (BASE, "loss {name} {{\n  alpha[i,j] = 0.{n} * l0.alpha[i,j]\n}}\n"),
    "children of a large one": (LARGE, "loss {name} extends l {{\n}}\n"),
    "children of one with much that it does not use": (IDLE, "loss {name} extends l {{\n}}\n"),
    "refused": ("", "loss {name} {{\n  alpha[i,j] ~ exp({n} * s[i,j]) - 1\n}}\n"),
}


def many(kind: str, count: int) -> str:
    base, link = MANY[kind]
    names = ["l0", *(f"m{n}" for n in range(1, count + 1))]
    return base + "".join(link.format(name=names[n], n=n, before=names[n - 1]) for n in range(1, count + 1))


@pytest.mark.parametrize("kind", MANY)
def test_many_losses_are_refused_by_the_work_they_take(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "MOST_WORK", 150)
    text = many(kind, 19)
    checked = check_once(SpecText(Source("x.alpha", text), None), {})
    last = checked.diagnostics[-1]
    assert last.code == "too-many-losses"
    assert last.span.text.startswith("m")
    assert 150 < checked.work < 250
    before = SpecText(Source("x.alpha", text[: text.index(f"loss {last.span.text} ")]), None)
    assert "too-many-losses" not in [told.code for told in check_once(before, {}).diagnostics]


def test_what_a_loss_uses_counts_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "MOST_WORK", 150)
    first = "loss first = " + " + ".join(f"m{n}" for n in range(1, 13)) + "\n"
    [told] = check_once(SpecText(Source("x.alpha", first + many("blends", 12)), None), {}).diagnostics
    assert (told.code, told.span.text) == ("too-many-losses", "first")


def test_remedies_are_tried_within_the_work_of_one_text(monkeypatch: pytest.MonkeyPatch) -> None:
    texts: list[SpecText] = []
    monkeypatch.setattr(pipeline, "check_once", lambda text, given: texts.append(text) or check_once(text, given))
    for limit, tries in ((1000, 1), (3, 0)):
        texts.clear()
        monkeypatch.setattr(pipeline, "MOST_WORK", limit)
        assert codes(many("refused", 1)) == ["negative-importance"]
        assert len(texts) == 1 + tries
