"""Coordinate-wise optimisation (Tian 2022, section 3): a spec with a min player comes in; whether its alpha is the best
response to the network, and what happens when the two alternate, come out.

The network climbs E with alpha held fixed; alpha then responds with argmin E - R. If R is an entropy, the same path is
gradient descent on a coordinate loss, InfoNCE with eps = 0. Both paths are followed and compared step by step.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor, nn
from torch.func import functional_call, grad

import alphadsl
from alphadsl.report.exceptions import InputError
from runner.theory.data import Views
from runner.theory.minplayer import Conditions, best_perturbation, conditions
from runner.theory.report import Report, Rows, Statement, watched
from runner.theory.style import BAD, COLOURS, finish
from runner.theory.subject import PAIRS, Company, Subject, effective_number

# V views, N samples, E embeddings, F inputs, D embedding width, A anchors, C candidates

CONDITION, PERTURBED, PATH = 1e-9, -1e-12, 1e-9
LOOKS = 5
"""Number of states at which alpha is compared with random feasible ones."""
WIDTH = 8
Parameters = dict[str, Tensor]


@dataclass
class Course:
    """Measurements before each step."""

    energy: list[float] = field(default_factory=list)
    value: list[float] = field(default_factory=list)
    entropy: list[float] = field(default_factory=list)
    effective: list[float] = field(default_factory=list)
    off_row_sum: list[float] = field(default_factory=list)
    conditions: list[Conditions] = field(default_factory=list)
    rises: list[float] = field(default_factory=list)
    apart: list[float] = field(default_factory=list)
    tried: int = 0

    def worst(self, pick: Callable[[Conditions], float]) -> float:
        return max(pick(condition) for condition in self.conditions)


def study(subject: Subject, views: Views, steps: int, rate: float, trials: int, seed: int) -> Report:
    """The report on a game. Raises `InputError` for a spec without a min player."""
    if subject.family != "min_player":
        raise InputError(
            f"{subject.name} has no min player: its alpha is not the argmin of an E - R that it states.",
            "Name a loss with R(a) = ..., such as entropy, square, inverse or entmax.",
        )
    company = Company(subject.labels_of(views.classes_N), _queue(subject, seed))
    network, twin = _network(views.width, seed), counterpart(subject)
    course = take_turns(subject, twin, network, views, company, steps, rate, trials, seed)
    statements = _statements(course, twin is not None, steps)
    rows = [
        [f"{at}", *(f"{values[at]:.6g}" for values in (course.energy, course.value, course.entropy, course.effective))]
        for at in sorted({0, steps // 4, steps // 2, 3 * steps // 4, steps})
    ]
    table = Rows(
        f"{subject.name} on {views.name}: alpha and network take turns",
        ("step", "energy E", "E - R", "entropy of alpha", "effective negatives"),
        rows,
    )
    words = f"{course.tried:,} random feasible rows of alpha were tried."
    if twin is not None:
        words += f" The coordinate loss of this R is InfoNCE with tau = {twin.values['tau']:g} and eps = 0."
    else:
        words += " No coordinate loss in closed form is known for this R, so there is no path to compare with."
    numbers = {
        "loss": subject.name,
        "values": dict(subject.derived.values),
        "data": views.name,
        "steps": steps,
        "rate": rate,
        "seed": seed,
        "energy": course.energy,
        "value": course.value,
        "entropy": course.entropy,
        "effective_negatives": course.effective,
        "apart": course.apart,
        "stationarity": [condition.stationarity for condition in course.conditions],
    }
    return Report(f"The game of {subject.name}", [table], statements, _drawn(subject, course), numbers, (words,))


def take_turns(
    subject: Subject,
    twin: "alphadsl.ContrastiveLoss | None",
    network: nn.Module,
    views: Views,
    company: Company,
    steps: int,
    rate: float,
    trials: int,
    seed: int,
) -> Course:
    """Both players and, beside them, the gradient path of the coordinate loss from the same start."""
    course = Course()
    ours = {name: weight.detach() for name, weight in network.named_parameters()}
    theirs = dict(ours)

    def embedded(parameters: Parameters) -> Tensor:
        z_ED: Tensor = functional_call(network, parameters, (views.x_EF,))
        return z_ED.reshape(2, -1, WIDTH)

    for at in watched(range(steps + 1), f"Playing {subject.name}"):
        weights = subject.weights(embedded(ours), company)
        _measure(course, subject, embedded(ours), company, trials if at % max(1, steps // LOOKS) == 0 else 0, seed + at)
        course.off_row_sum.append(weights.off_row_sum())
        if twin is not None:
            course.apart.append(_apart(ours, theirs))
        uphill = grad(lambda parameters, w=weights: w.energy(subject.everything(embedded(parameters), company)))(ours)
        ours = {name: weight + rate * uphill[name] for name, weight in ours.items()}
        if twin is not None:
            downhill = grad(lambda p: twin(*embedded(p), company.labels_N, company.queue_QD))(theirs)
            theirs = {name: weight - rate * downhill[name] for name, weight in theirs.items()}
    return course


def _measure(course: Course, subject: Subject, z_VND: Tensor, company: Company, trials: int, seed: int) -> None:
    weights, game = subject.weights(z_VND, company), subject.game(z_VND, company)
    anchors, candidates = game.cost_AC.shape
    alpha_AC = anchors * weights.alpha_EE[:anchors, len(weights.alpha_EE) - candidates :]
    course.energy.append(float(weights.energy(subject.everything(z_VND, company))))
    course.entropy.append(float(torch.special.entr(alpha_AC.clamp_min(0)).sum(1).mean()))
    course.effective.append(effective_number(alpha_AC))
    measured = conditions(game, alpha_AC.numpy())
    course.conditions.append(measured)
    with np.errstate(all="ignore"):
        reward = np.where(game.negative_AC, game.regulariser(alpha_AC.numpy()), 0).sum(1).mean()
    course.value.append(course.energy[-1] - float(reward))
    if trials:
        rise, tried = best_perturbation(game, alpha_AC.numpy(), trials, seed)
        course.rises.append(rise)
        course.tried += tried


def counterpart(subject: Subject) -> "alphadsl.ContrastiveLoss | None":
    """The coordinate loss whose gradient path the two players follow, if R is an entropy: -tau a log(a) plus a linear
    term. Then R' falls by tau per unit of log(a) everywhere."""
    regulariser = alphadsl.regulariser_of(subject.derived)
    assert regulariser is not None
    at = np.geomspace(1e-4, 1, 9)
    falls = -np.diff(regulariser.slope(at)) / np.diff(np.log(at))
    if not np.allclose(falls, falls[0], rtol=1e-9) or falls[0] <= 0:
        return None
    head = "\n".join([*PAIRS.findall(subject.derived.text), *([] if subject.on_sphere else ["  space euclidean"])])
    text = (
        f"loss infonce_without_positive {{\n{head}\n  param tau = {float(falls[0])!r} in (0, inf)\n"
        "  phi(x) = tau * log(x)\n  psi(x) = exp(x / tau)\n}"
    )
    return alphadsl.loads(text, backend="interpreter")


def _statements(course: Course, twin: bool, steps: int) -> list[Statement]:
    worst = course.worst
    no_twin = "" if twin else "no coordinate loss is known for this R"
    return [
        Statement("alpha is feasible: rows sum to 1, none below 0", worst(lambda c: c.infeasible), CONDITION),
        Statement(
            "KKT: R'(alpha) - d^2 is the same number wherever alpha > 0", worst(lambda c: c.stationarity), CONDITION
        ),
        Statement("KKT: it is no larger where alpha = 0", worst(lambda c: c.complementarity), CONDITION),
        Statement("no random feasible alpha lowers E - R", min(course.rises), PERTURBED, at_least=True),
        Statement("beta is the row sum of alpha", max(course.off_row_sum), CONDITION),
        Statement(
            f"taking turns follows InfoNCE with eps = 0 for {steps} steps",
            max(course.apart, default=0.0),
            PATH,
            not_claimed=no_twin,
        ),
    ]


def _apart(ours: Mapping[str, Tensor], theirs: Mapping[str, Tensor]) -> float:
    gap = sum(float((ours[name] - theirs[name]).square().sum()) for name in ours)
    size = sum(float(weight.square().sum()) for weight in ours.values())
    return float((gap / size) ** 0.5)


def _network(width: int, seed: int) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.Sequential(nn.Linear(width, 16), nn.ReLU(), nn.Linear(16, WIDTH)).double()


def _queue(subject: Subject, seed: int) -> Tensor | None:
    random = torch.Generator().manual_seed(seed)
    return torch.randn(32, WIDTH, generator=random, dtype=torch.float64) if subject.takes_queue() else None


def _drawn(subject: Subject, course: Course) -> Figure:
    figure = Figure(figsize=(11, 6), layout="constrained")
    panels = figure.subplots(2, 2)
    steps = range(len(course.energy))
    first, second, third, fourth = panels.flat
    first.plot(steps, course.energy, color=COLOURS[0], label="E, which the network climbs")
    first.plot(steps, course.value, color=COLOURS[1], label="E - R, which alpha makes least")
    first.legend(frameon=False, fontsize=8.5)
    finish(first, f"The game of {subject.name}", "step", "mean over anchors")
    second.plot(steps, course.entropy, color=COLOURS[2])
    finish(second, "Entropy of alpha", "step", "nats")
    third.plot(steps, course.effective, color=COLOURS[3])
    finish(third, "Effective number of negatives, exp(entropy)", "step")
    fourth.semilogy(
        steps, [max(value.stationarity, 1e-18) for value in course.conditions], color=COLOURS[4], label="KKT"
    )
    if course.apart:
        paths = [max(value, 1e-18) for value in course.apart]
        fourth.semilogy(steps, paths, color=COLOURS[5], label="distance of the two paths")
    fourth.axhline(CONDITION, color=BAD, linewidth=1.2, label="tolerance")
    fourth.legend(frameon=False, fontsize=8.5)
    finish(fourth, "What is off, relative", "step")
    return figure
