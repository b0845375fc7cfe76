"""From measurements to the tables of RESULTS.md: what comes in is one `Found` per question, what goes out is text."""

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import astuple, dataclass, replace
from enum import Enum

import torch
from accuracy_cases import DEGENERATE, target_of

from tests.properties.agreement import ROUNDINGS

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


class Verdict(Enum):
    WITHIN = "within"
    CONDITIONED = "conditioned"
    MISS = "MISS"
    NOT_FINITE = "NOT FINITE"
    BEYOND = "beyond range"


@dataclass(frozen=True)
class Found:
    """One spec by one backend on one batch: relative errors of value and gradient, and what they are judged by."""

    spec: str
    backend: str
    dtype: str
    state: str
    params: tuple[tuple[str, float], ...]
    anchors: int
    value: float
    gradient: float
    conditioning: float
    told: bool
    finite: bool
    repeats: bool
    truth_apart: float

    @property
    def verdict(self) -> Verdict:
        target = target_of(dict(self.params), DTYPES[self.dtype])
        if not self.told:
            return Verdict.BEYOND
        if not self.finite or math.isnan(self.gradient):
            return Verdict.NOT_FINITE
        if self.gradient <= target:
            return Verdict.WITHIN
        allowed = target + ROUNDINGS * self.conditioning * (DEGENERATE if self.conditioning >= 1 else 1)
        return Verdict.CONDITIONED if self.gradient <= allowed else Verdict.MISS

    @property
    def size(self) -> float:
        """For ordering: what is not finite is worst."""
        return self.gradient if self.finite and not math.isnan(self.gradient) else math.inf

    @property
    def where(self) -> str:
        settings = " ".join(f"{name}={value:g}" for name, value in self.params) or "as shipped"
        return f"{settings}, A={self.anchors}"

    def row(self) -> tuple[object, ...]:
        return (*astuple(self)[:4], self.where.partition(",")[0], *astuple(self)[5:])


def print_tables(found: list[Found], full: bool) -> None:
    if full:
        print_each(found)
    ours, peers = ([each for each in found if (each.backend == "peer") == peer] for peer in (False, True))
    print_summary(ours, "backend", "backend")
    if peers:
        of_tau = [each for each in ours if each.spec == "infonce" and [name for name, _ in each.params] == ["tau"]]
        print_summary([*(replace(each, spec=f"ours, {each.backend}") for each in of_tau), *peers], "infonce by", "spec")
    print_misses(ours)
    print_checks(ours)


def print_each(found: list[Found]) -> None:
    """The worst gradient of every spec, number type and state, and where it is."""
    table("spec", "backend", "dtype", "state", "value", "gradient", "conditioning", "verdict", "worst at")
    for (spec, backend, dtype, state), group in grouped(found, "spec", "backend", "dtype", "state"):
        asked = [each for each in group if each.told]
        if asked:
            worst, value = max(asked, key=lambda each: each.size), max(each.value for each in asked)
            print(
                f"| {spec} | {backend} | {dtype} | {state} | {value:.0e} | {worst.gradient:.1e} "
                f"| {worst.conditioning:.0e} | {worst.verdict.value} | {worst.where} |"
            )
    print()


def print_summary(found: list[Found], title: str, by: str) -> None:
    """By state the worst error, and how many questions missed their target beyond what conditioning accounts for."""
    states = list(dict.fromkeys(each.state for each in found))
    table(title, "dtype", *states)
    for (who, dtype), group in grouped(found, by, "dtype"):
        cells = [summary_of([each for each in group if each.told and each.state == state]) for state in states]
        print(f"| {who} | {dtype} | " + " | ".join(cells) + " |")
    print()


def summary_of(asked: list[Found]) -> str:
    """The worst of what is well conditioned, and misses of questions."""
    missed = sum(each.verdict in (Verdict.MISS, Verdict.NOT_FINITE) for each in asked)
    worst = max((each.size for each in asked if each.verdict != Verdict.CONDITIONED), default=0.0)
    return f"{worst:.0e}, {missed} of {len(asked)}"


def print_misses(found: list[Found]) -> None:
    """What misses its target beyond what conditioning explains, worst first, a line for each spec, type and state."""
    missed = [each for each in found if each.verdict in (Verdict.MISS, Verdict.NOT_FINITE)]
    print(f"{len(missed)} misses of {len(found)}")
    if not missed:
        return
    table("spec", "backend", "dtype", "state", "misses", "value", "gradient", "conditioning", "worst at")
    for (spec, backend, dtype, state), group in grouped(missed, "spec", "backend", "dtype", "state"):
        worst = max(group, key=lambda each: each.size)
        print(
            f"| {spec} | {backend} | {dtype} | {state} | {len(group)} | {worst.value:.0e} | {worst.size:.1e} "
            f"| {worst.conditioning:.0e} | {worst.where} |"
        )
    print()


def print_checks(found: list[Found]) -> None:
    print(f"not the same twice: {sum(not each.repeats for each in found)} of {len(found)}")
    print(f"beyond the number type's range, not asked: {sum(not each.told for each in found)}")
    kept = [each for each in found if each.told and each.conditioning < 1]
    if kept:
        apart = max(kept, key=lambda each: each.truth_apart)
        where = f"{apart.spec}, {apart.state}, {apart.where}, conditioning {apart.conditioning:.0e}"
        print(f"float64 dense against the interpreter: {apart.truth_apart:.0e} at worst ({where})")


def grouped(found: Iterable[Found], *by: str) -> list[tuple[tuple[str, ...], list[Found]]]:
    """Measurements by the values of some of their fields, in the order they came."""
    groups: dict[tuple[str, ...], list[Found]] = defaultdict(list)
    for each in found:
        groups[tuple(str(getattr(each, name)) for name in by)].append(each)
    return list(groups.items())


def table(*columns: str) -> None:
    print("| " + " | ".join(columns) + " |")
    print("|" + "---|" * len(columns))
