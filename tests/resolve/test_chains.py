"""Losses that are made of losses, again and again: refused past a limit, whatever way one uses the other."""

import pytest

from alphadsl.pipeline import check_spec
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
