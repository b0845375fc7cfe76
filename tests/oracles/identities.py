"""The identities between losses, whoever computes them: a way to evaluate a named loss in (the oracles
themselves, or the compiled library), an AssertionError out where two losses that are one differ.

Everything is asked in float64, in each smooth state of the embeddings.

Shape suffixes: N samples, D embedding width.
"""

from dataclasses import dataclass

from tests.oracles.batch import Answer, Evaluate, Params
from tests.oracles.closeness import assert_same_answer, assert_same_gradient
from tests.oracles.states import each_smooth_state

TOLERANCE = 1e-9


@dataclass(frozen=True)
class Identity:
    """`scale` times the left loss is the right one: (name, parameters) each."""

    left: tuple[str, Params]
    right: tuple[str, Params]
    scale: float = 1.0

    def __str__(self) -> str:
        return " = ".join(
            f"{name}({', '.join(f'{k}={v}' for k, v in params.items())})" for name, params in (self.left, self.right)
        )


def gradient_identities(tau: float) -> tuple[Identity, ...]:
    """Losses with one gradient, whose reported values differ."""
    infonce = ("infonce", {"tau": tau, "eps": 0.0})
    return (
        Identity(("entropy", {"tau": tau}), infonce),
        Identity(("direct", {"p": 2.0, "tau": tau}), infonce),
    )


def loss_identities(tau: float) -> tuple[Identity, ...]:
    """Losses equal in value and gradient."""
    return (
        Identity(("dcl", {"tau": tau}), ("infonce", {"tau": tau, "eps": 0.0}), scale=tau),
        Identity(("soft_triplet", {"tau": tau, "eps": 0.0}), ("infonce", {"tau": tau, "eps": 1.0})),
        *(
            Identity(("infonce_hard", {"tau": tau, "eps": eps, "beta": 0.0}), ("infonce", {"tau": tau, "eps": eps}))
            for eps in (0.0, 0.3, 1.0)
        ),
    )


TAUS = (0.05, 0.5, 2.0)
SAME_GRADIENT = (
    *(identity for tau in TAUS for identity in gradient_identities(tau)),
    # x is never below -2, so this hinge never closes.
    Identity(("triplet", {"eps": 2.5}), ("triplet_contrastive", {})),
)
SAME_LOSS = (
    *(identity for tau in TAUS for identity in loss_identities(tau)),
    Identity(("mine", {}), ("infonce", {"tau": 1.0, "eps": 0.0})),
    Identity(("n_plus_1_tuplet", {}), ("infonce", {"tau": 1.0, "eps": 1.0})),
    Identity(("infonce_sharp", {}), ("infonce", {"tau": 0.1})),
)


def scaled(answer: Answer, factor: float) -> Answer:
    return Answer(*(factor * part for part in answer))


def assert_gradient_identity(identity: Identity, evaluate: Evaluate) -> None:
    """Both sides pull and push the embeddings alike."""
    for z0_ND, z1_ND in each_smooth_state():
        left = scaled(evaluate(*identity.left, z0_ND, z1_ND), identity.scale)
        assert_same_gradient(left, evaluate(*identity.right, z0_ND, z1_ND), TOLERANCE)


def assert_loss_identity(identity: Identity, evaluate: Evaluate) -> None:
    """Both sides are one function of the embeddings."""
    for z0_ND, z1_ND in each_smooth_state():
        left = scaled(evaluate(*identity.left, z0_ND, z1_ND), identity.scale)
        assert_same_answer(left, evaluate(*identity.right, z0_ND, z1_ND), z0_ND, z1_ND, TOLERANCE)
