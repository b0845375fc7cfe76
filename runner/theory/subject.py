"""The loss under study: a spec comes in; its alpha and beta on embeddings come out, once as derived for training and
once from the definition, by independent means.

The derived ones are what `loss.importance` returns from the core that all backends share. By definition they come from
the interpreter or, for a min player, from `solve`, which finds the optimum of the game that the spec states.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor
from torch.nn import functional

import alphadsl
from runner.theory.minplayer import Game, solve
from runner.theory.weights import PairWeights, Sabotage, intact, place

# V views (2), N samples, A anchors, C candidates, E embeddings (both views, then the queue), D coordinates

PAIRS = re.compile(r"^\s*pairs .*$", re.MULTILINE)


@dataclass(frozen=True, eq=False)
class Company:
    """What a batch has besides two views: labels of the samples, and a queue of further embeddings."""

    labels_N: Tensor | None = None
    queue_QD: Tensor | None = None

    def beside(self, x_VNF: Tensor) -> Tensor:
        """All embeddings (E, F) of a batch: view 0, view 1, the queue."""
        return torch.cat([*x_VNF, *([] if self.queue_QD is None else [self.queue_QD])])


ALONE = Company()


@dataclass(frozen=True, eq=False)
class Subject:
    """One loss, loaded twice: `derived` by its core, `defined` by its definition."""

    derived: alphadsl.ContrastiveLoss
    defined: alphadsl.ContrastiveLoss
    sabotage: Sabotage = intact

    @property
    def name(self) -> str:
        return self.derived.name

    @property
    def family(self) -> str:
        return self.derived.spec.family.kind

    @property
    def on_sphere(self) -> bool:
        return str(self.derived.spec.space) == "sphere"

    @property
    def is_gradient_of_value(self) -> bool:
        """Whether the gradient is that of the value; if not, the loss holds something fixed that changes."""
        return not self.derived.core.derived.holds_fixed

    @property
    def moves_lengths(self) -> bool:
        """Whether it has inner products in Euclidean space, which pull along an embedding as no distance does."""
        core = self.derived.core.derived
        return core.radial is not None and core.radial != (core.attract, core.repel)

    def broken(self, sabotage: Sabotage) -> "Subject":
        """The same loss with corrupted alpha and beta, as a negative control."""
        return replace(self, sabotage=sabotage)

    def placed(self, z_ED: Tensor) -> Tensor:
        """The embeddings in the space where the loss measures distances."""
        return functional.normalize(z_ED, dim=1, eps=0) if self.on_sphere else z_ED

    def everything(self, z_VND: Tensor, company: Company = ALONE) -> Tensor:
        """All embeddings (E, D) of a batch, in the space where the loss measures distances."""
        return self.placed(company.beside(z_VND))

    def value(self, z_VND: Tensor, company: Company = ALONE) -> Tensor:
        """The literal loss; torch differentiates its definition if `is_gradient_of_value`."""
        return self._called(self.defined, z_VND, company)

    def weights(self, z_VND: Tensor, company: Company = ALONE) -> PairWeights:
        """Alpha and beta as derived, corrupted if this is a negative control."""
        return self.sabotage(self._importance(self.derived, z_VND, company))

    def defined_weights(self, z_VND: Tensor, company: Company = ALONE) -> PairWeights:
        """Alpha and beta from the definition."""
        if self.family != "min_player":
            return self._importance(self.defined, z_VND, company)
        game = self.game(z_VND, company)
        alpha_AC = torch.from_numpy(solve(game).alpha_AC)
        beta_EE = self.neighbourhood(z_VND, company).beta_EE
        bare = place(alpha_AC, torch.zeros(len(alpha_AC), dtype=torch.float64), len(beta_EE))
        return PairWeights(bare.alpha_EE, beta_EE)

    def neighbourhood(self, z_VND: Tensor, company: Company = ALONE) -> PairWeights:
        """Equal weights for all negatives of an anchor, and for its positives; each sums to one over the anchors."""
        return self._importance(self._uniform, z_VND, company)

    def game(self, z_VND: Tensor, company: Company = ALONE) -> Game:
        """What the min player decides on a batch: half squared distances to the negatives of each anchor, and R."""
        regulariser = alphadsl.regulariser_of(self.derived)
        assert regulariser is not None, f"{self.name} states no R"
        z_ED = self.everything(z_VND, company).detach()
        repel_AC = self.repel(self._uniform, z_VND, company)
        anchor_AD, candidate_CD = z_ED[: len(repel_AC)], z_ED[len(z_ED) - repel_AC.shape[1] :]
        cost_AC = (anchor_AD[:, None] - candidate_CD[None]).square().sum(-1) / 2
        return Game(cost_AC.numpy(), (repel_AC > 0).numpy(), regulariser)

    def company_of(self, classes_N: Tensor, x_VNF: Tensor) -> Company:
        """What the loss takes besides two views: their classes, and view 0 once more as a queue."""
        return Company(self.labels_of(classes_N), x_VNF[0] if self.takes_queue() else None)

    def labels_of(self, classes_N: Tensor) -> Tensor | None:
        """Labels, if the loss takes them."""
        return classes_N if "labels" in self.derived.takes else None

    def takes_queue(self) -> bool:
        return "queue" in self.derived.takes

    @cached_property
    def _uniform(self) -> alphadsl.ContrastiveLoss:
        """A loss with equal weights for all negatives of the same index set, which shows which pairs they are."""
        pairs = "\n".join(PAIRS.findall(self.derived.text))
        return alphadsl.loads(f"loss uniform {{\n{pairs}\n  alpha[i,j] ~ 1\n}}", backend="dense", compile=False)

    def _importance(self, loss: alphadsl.ContrastiveLoss, z_VND: Tensor, company: Company) -> PairWeights:
        importance = loss.importance(*_double(z_VND), company.labels_N, company.queue_QD)
        queued = 0 if company.queue_QD is None else len(company.queue_QD)
        return place(importance.repel.double(), importance.attract.double(), 2 * z_VND.shape[1] + queued)

    def repel(self, loss: alphadsl.ContrastiveLoss, z_VND: Tensor, company: Company) -> Tensor:
        return loss.importance(*_double(z_VND), company.labels_N, company.queue_QD).repel.double()

    def _called(self, loss: alphadsl.ContrastiveLoss, z_VND: Tensor, company: Company) -> Tensor:
        value: Tensor = loss(z_VND[0], z_VND[1], company.labels_N, company.queue_QD)
        return value


def read_subject(spec: str, values: Mapping[str, float]) -> Subject:
    """The loss of a name or a file. Raises `SpecError` or `InputError` like `alphadsl.load`."""
    return Subject(
        alphadsl.load(spec, values=values, backend="dense", compile=False),
        alphadsl.load(spec, values=values, backend="interpreter"),
    )


def effective_number(alpha_AC: Tensor) -> float:
    """exp of the entropy of a row of alpha, divided by its sum, averaged over rows: 1 if one negative has all the
    weight, the number of negatives if all have the same weight."""
    rows_AC = alpha_AC.clamp_min(0)
    share_AC = (rows_AC / rows_AC.sum(1, keepdim=True)).nan_to_num()
    return float(torch.special.entr(share_AC).sum(1).exp().mean())


def _double(z_VND: Tensor) -> tuple[Tensor, Tensor]:
    first, second = z_VND.detach().double()
    return first, second
