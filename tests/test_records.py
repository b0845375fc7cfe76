"""The figures of the search on CIFAR-10, computed from its records by hand: what the manual and the spec claim."""

import csv
import json
import re
from collections import Counter
from itertools import product
from math import sqrt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

ROOT = Path(__file__).parents[1]
RECORDS = ROOT / "benchmarks" / "records" / "discover-cifar10-16px"
TOLD = (ROOT / "docs" / "discovery.md").read_text(encoding="utf-8")
EVIDENCE = " ".join((ROOT / "specs" / "discovered_softplus.alpha").read_text(encoding="utf-8").split("\n# "))
CONFIRMED = ("confirm-cifar10", "second")


def accuracies(name: str) -> dict[tuple[str, str], dict[int, dict[str, float]]]:
    """Per cent by data set and loss, then by seed."""
    table: dict[tuple[str, str], dict[int, dict[str, float]]] = {}
    with (RECORDS / f"{name}.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            scores = {column: 100 * float(row[column]) for column in ("linear_last", "knn_200")}
            table.setdefault((row["dataset"], row["loss"]), {})[int(row["seed"])] = scores
    return table


def differences(name: str) -> dict[tuple[str, str], np.ndarray]:
    table = accuracies(name)
    return {
        (data, loss): np.array(
            [runs[seed]["linear_last"] - table[data, "infonce"][seed]["linear_last"] for seed in sorted(runs)]
        )
        for (data, loss), runs in table.items()
        if loss != "infonce"
    }


def p_of(d_S: np.ndarray) -> float:
    signs = np.array([*product((1, -1), repeat=len(d_S))])
    return float((abs(signs @ d_S) >= abs(d_S.sum()) - 1e-9).mean())


def holm(p_C: list[float]) -> list[float]:
    adjusted, largest = [1.0] * len(p_C), 0.0
    for rank, index in enumerate(np.argsort(p_C)):
        largest = max(largest, min(1.0, (len(p_C) - rank) * p_C[index]))
        adjusted[index] = largest
    return adjusted


def bca(d_S: np.ndarray) -> np.ndarray:
    """Efron 1987: percentiles of resampled means, moved by their bias and by the acceleration of the jackknife."""
    means = np.random.default_rng(5).choice(d_S, (40_000, len(d_S))).mean(1)
    bias = stats.norm.ppf(((means < d_S.mean()).mean() + (means <= d_S.mean()).mean()) / 2)
    left_out = -np.array([np.delete(d_S, index).mean() for index in range(len(d_S))])
    left_out -= left_out.mean()
    acceleration = (left_out**3).sum() / (6 * (left_out**2).sum() ** 1.5)
    z = bias + stats.norm.ppf([0.025, 0.975])
    return np.asarray(np.quantile(means, stats.norm.cdf(bias + z / (1 - acceleration * z))))


def detectable(d_S: np.ndarray, family: int) -> float:
    """For a test that can succeed without all signs agreeing, and for one that cannot."""
    n, s, level = len(d_S), d_S.std(ddof=1), 0.05 / family
    if 4 / 2**n > level:
        return float(s * stats.norm.ppf(0.8 ** (1 / n)))
    return float((stats.t.ppf(1 - level / 2, n - 1) + stats.t.ppf(0.8, n - 1)) * s / sqrt(n))


def comparisons(name: str) -> list[dict[str, Any]]:
    report = json.loads((RECORDS / f"{name}.json").read_text(encoding="utf-8"))
    return [compared for section in report["sections"] for compared in section["comparisons"]]


@pytest.mark.parametrize("name", CONFIRMED)
def test_the_report_says_what_its_runs_say(name: str) -> None:
    by_hand = differences(name)
    adjusted = holm([p_of(d_S) for d_S in by_hand.values()])
    for compared, d_S, corrected in zip(comparisons(name), by_hand.values(), adjusted, strict=True):
        assert compared["differences"] == pytest.approx(d_S)
        assert compared["mean"] == pytest.approx(d_S.mean())
        assert compared["p"] == pytest.approx(p_of(d_S))
        assert compared["adjusted"] == pytest.approx(corrected)
        assert [*compared["interval"].values()] == pytest.approx(bca(d_S), abs=0.03)
        assert compared["detectable"] == pytest.approx(detectable(d_S, len(by_hand)))


@pytest.mark.parametrize("name", CONFIRMED)
def test_the_manual_says_what_the_report_says(name: str) -> None:
    for (data, loss), runs in accuracies(name).items():
        score_S = [run["linear_last"] for run in runs.values()]
        assert f"{np.mean(score_S):.1f} ± {np.std(score_S, ddof=1):.1f}" in TOLD, (data, loss)
    for compared in comparisons(name):
        low, high = compared["interval"].values()
        row = next(line for line in TOLD.splitlines() if f"{compared['mean']:+.2f} ({low:+.2f} to {high:+.2f})" in line)
        told = [float(cell) for cell in row.split("|")[-4:-2]]
        assert told == [float(f"{compared[number]:.2g}") for number in ("p", "adjusted")]


def test_the_spec_cites_the_report() -> None:
    for compared, data in zip(comparisons("second"), ("CIFAR-10", "CIFAR-100"), strict=True):
        low, high = compared["interval"].values()
        cited = re.search(rf"{data}\b[^;]*?(\S+) \[(\S+), (\S+)\], p = ([\d.]*\d)", EVIDENCE)
        assert cited is not None
        mean, *ends = map(float, cited.groups())
        assert [mean, *ends[:2]] == [float(f"{number:.2f}") for number in (compared["mean"], low, high)]
        assert ends[2] == pytest.approx(compared["p"], abs=5e-4)
    assert f"(Holm {compared['adjusted']:.2g})" in EVIDENCE


def test_the_manual_counts_what_the_log_has() -> None:
    events = [json.loads(line) for line in (RECORDS / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    bred = [event for event in events if event["kind"] == "bred" and not event["control"]]
    gates = Counter(event["gate"] for event in bred)
    assert f"{len(bred)} candidates were bred. Before any of them was trained, {len(bred) - gates['']} had" in TOLD
    for gate, count in gates.items():
        told = {"": f"| **passed** | **{count}** |", "checker": f"| the checker | {count} |"}
        assert told.get(gate, f"| {gate} | {count} |") in TOLD
    controls = {event["name"] for event in events if event["kind"] == "bred" and event["control"]}
    last = {event["name"]: event["scores"] for event in events if event.get("rung") == "4 epochs" and "scores" in event}
    for name, scores in last.items():
        shown = "null control" if name == "null_control" else f"`{name}`" if name in controls else name
        assert any(
            line.startswith(f"| {shown} ") and f"| {100 * np.mean(scores):.1f} |" in line for line in TOLD.splitlines()
        )
