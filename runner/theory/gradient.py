"""Theorem 1 (Tian 2022): the parameter gradient of a loss is minus that of the energy with alpha and beta held fixed.

A loss comes in. The largest difference between the two gradients over random networks and batches comes out, relative
to the size of the two terms of the gradient, pull and push. The gradient of the literal loss is computed without the
derived alpha, in one of three ways that the table names.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad

from runner.theory.gradient_figure import draw_errors
from runner.theory.minplayer import solve
from runner.theory.networks import INPUTS, KINDS, WIDTH, Wrapped, draw_network
from runner.theory.report import Report, Rows, Statement, watched
from runner.theory.subject import Company, Subject

# N samples, V views, E embeddings, F inputs, D embedding width, P parameters

TOLERANCE, DIFFERENCE_TOLERANCE = 1e-9, 1e-5
"""For exact derivatives in float64, and for differences of a game's value, which are accurate to about 1e-8 unless an
alpha becomes 0 within the step."""
SAMPLES, QUEUE = 5, 6
STEP = 1e-6
AUTOGRAD = "autograd"
DEFINITION = "definition"
GAME = "differences"

WORDS = (
    "autograd: torch differentiates the value of the loss. definition: the interpreter differentiates the spec as "
    "written, and holds fixed what the spec holds fixed. differences: of max over alpha of R - E, solved at both ends "
    "of a step. Where lengths are held fixed, an inner product also pulls along z, which no distance does; the "
    "statement is about the rest. The gradient of a loss's own learned parameters is not of this form."
)

Parameters = Mapping[str, Tensor]


@dataclass(frozen=True, eq=False)
class Draw:
    """A random network and a random batch."""

    kind: str
    network: nn.Module
    x_EF: Tensor
    company: Company

    def embedded(self, parameters: Parameters) -> Tensor:
        z_ED: Tensor = functional_call(self.network, dict(parameters), (self.x_EF,))
        return z_ED.reshape(2, SAMPLES, WIDTH)

    @property
    def parameters(self) -> dict[str, Tensor]:
        return {name: weight.detach() for name, weight in self.network.named_parameters()}


@dataclass(frozen=True)
class Result:
    """Results for one loss."""

    name: str
    family: str
    how: str
    errors: Mapping[str, float]
    """The largest relative difference, by kind of network."""
    off_row_sum: float
    negative_alpha: bool
    remark: str

    @property
    def error(self) -> float:
        return max(self.errors.values())

    @property
    def tolerance(self) -> float:
        return DIFFERENCE_TOLERANCE if self.how == GAME else TOLERANCE


def draw(subject: Subject, kind: str, seed: int) -> Draw:
    random = torch.Generator().manual_seed(seed)
    x_NF = torch.randn(SAMPLES, INPUTS, generator=random, dtype=torch.float64)
    noise_VNF = torch.randn(2, SAMPLES, INPUTS, generator=random, dtype=torch.float64)
    x_EF = (x_NF + 0.5 * noise_VNF).flatten(0, 1)
    network = draw_network(kind, seed)
    queue_QD = torch.randn(QUEUE, WIDTH, generator=random, dtype=torch.float64) if subject.takes_queue() else None
    company = Company(subject.labels_of(torch.arange(SAMPLES) // 2), queue_QD)
    if subject.moves_lengths:
        with torch.no_grad():
            network = Wrapped(network, network(x_EF).norm(dim=1, keepdim=True))
    return Draw(kind, network, x_EF, company)


def how_of(subject: Subject) -> str:
    if subject.family == "min_player":
        return GAME
    return AUTOGRAD if subject.is_gradient_of_value else DEFINITION


def relative_error(subject: Subject, case: Draw) -> float:
    """Norm of the sum of the two gradients, relative to the norms of pull and push; not scaled if both are 0."""
    weights = subject.weights(case.embedded(case.parameters), case.company)

    def pairwise(net_EE: Tensor) -> Tensor:
        def energy(parameters: Parameters) -> Tensor:
            z_ED = subject.everything(case.embedded(parameters), case.company)
            gaps_EE = (z_ED[:, None] - z_ED[None]).square().sum(-1) / 2
            return (net_EE * gaps_EE).sum()

        return _flat(grad(energy)(case.parameters))

    push_P, pull_P = pairwise(weights.alpha_EE), pairwise(weights.beta_EE)
    scale = push_P.norm() + pull_P.norm()
    rest = METHODS[how_of(subject)](subject, case, push_P - pull_P)
    return float(rest.detach() / scale) if scale > 0 else float(rest.detach())


def _by_autograd(subject: Subject, case: Draw, energy_P: Tensor) -> Tensor:
    literal = grad(lambda parameters: subject.value(case.embedded(parameters), case.company))(case.parameters)
    return _length(_flat(literal) + energy_P)


def _by_definition(subject: Subject, case: Draw, energy_P: Tensor) -> Tensor:
    parameters = {name: weight.clone().requires_grad_() for name, weight in case.parameters.items()}
    value = subject.value(case.embedded(parameters), case.company)
    literal = torch.autograd.grad(value, list(parameters.values()))
    return _length(torch.cat([part.flatten() for part in literal]) + energy_P)


def _by_differences(subject: Subject, case: Draw, energy_P: Tensor) -> Tensor:
    """Solve the value of the game, max over alpha of R - E, at both ends of a step along a random direction. By
    Danskin's theorem its slope is that of the energy at the best alpha."""
    random = torch.Generator().manual_seed(0)
    direction_P = torch.randn(len(energy_P), generator=random, dtype=torch.float64)
    direction_P *= len(direction_P) ** 0.5 / direction_P.norm()
    parts = torch.split(direction_P, [weight.numel() for weight in case.parameters.values()])

    def value(reach: float) -> float:
        moved = zip(case.parameters.items(), parts, strict=True)
        there = {name: weight + reach * part.view_as(weight) for (name, weight), part in moved}
        return game_value(subject, case.embedded(there), case.company)

    slope = (value(STEP) - value(-STEP)) / (2 * STEP)
    return (slope + energy_P @ direction_P).abs()


def game_value(subject: Subject, z_VND: Tensor, company: Company) -> float:
    """The literal loss of a min player: the mean over anchors of the largest R - E over all alpha."""
    game = subject.game(z_VND, company)
    uniform = subject.neighbourhood(z_VND, company)
    z_ED = subject.everything(z_VND, company)
    positive_A = (uniform.beta_EE * (z_ED[:, None] - z_ED[None]).square().sum(-1) / 2).sum()
    return float(positive_A) - float(game.value_A(solve(game).alpha_AC).mean())


METHODS: Mapping[str, Callable[[Subject, Draw, Tensor], Tensor]] = {
    AUTOGRAD: _by_autograd,
    DEFINITION: _by_definition,
    GAME: _by_differences,
}


def measure(subject: Subject, draws: int, seed: int) -> Result:
    """The largest error over draws of each kind of network."""
    errors: dict[str, float] = {}
    off, negative = 0.0, False
    for kind, at in product(KINDS, range(draws)):
        case = draw(subject, kind, seed + at)
        weights = subject.weights(case.embedded(case.parameters), case.company)
        off, negative = max(off, weights.off_row_sum()), negative or bool((weights.alpha_EE < 0).any())
        error = relative_error(subject, case)
        errors[kind] = max(errors.get(kind, 0.0), error) if error == error else error
    return Result(subject.name, subject.family, how_of(subject), errors, off, negative, remark(subject))


def remark(subject: Subject) -> str:
    """What the statement leaves out for this loss."""
    parts = []
    if subject.moves_lengths:
        parts.append("lengths held fixed")
    if subject.derived.learned is not None:
        parts.append("learned parameters apart")
    return "; ".join(parts)


def _length(vector_P: Tensor) -> Tensor:
    length: Tensor = torch.linalg.vector_norm(vector_P)
    return length


def _flat(gradients: Parameters) -> Tensor:
    return torch.cat([part.flatten() for part in gradients.values()])


def study(subjects: Sequence[Subject], draws: int, seed: int) -> Report:
    """The report on all losses, in one table."""
    measured = [measure(subject, draws, seed) for subject in watched(subjects, "Gradients")]
    statements = [
        Statement(f"{result.name}: gradient of the loss = - gradient of the energy", result.error, result.tolerance)
        for result in measured
    ]
    cells = [
        [
            result.name,
            result.family.replace("_", " "),
            result.how,
            *(f"{error:.0e}" for error in result.errors.values()),
            f"{result.tolerance:.0e}",
            statement.verdict,
            "yes" if result.off_row_sum < 1e-12 else "no",
            "no" if result.negative_alpha else "yes",
            result.remark,
        ]
        for result, statement in zip(measured, statements, strict=True)
    ]
    columns = ("loss", "family", "gradient by", *KINDS, "tolerance", "verdict", "β = Σα", "α ≥ 0", "remark")
    numbers = {
        "draws": draws,
        "seed": seed,
        "losses": [
            {"loss": result.name, "family": result.family, "by": result.how, "errors": dict(result.errors)}
            | {"off_row_sum": result.off_row_sum, "negative_alpha": result.negative_alpha, "remark": result.remark}
            for result in measured
        ],
    }
    title = f"Theorem 1, largest relative error over {draws} draws of each network"
    table = Rows(title, columns, cells)
    return Report(
        "Theorem 1", [table], statements, draw_errors(measured, METHODS), numbers, (WORDS,), told_in_tables=True
    )
