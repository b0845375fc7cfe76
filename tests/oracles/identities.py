"""The identities between losses, whoever computes them: a way to evaluate a named loss in (the oracles
themselves, or the compiled library), an AssertionError out where two losses that are one differ.

Everything is asked in float64, in each smooth state of the embeddings.

Shape suffixes: N samples, D embedding width.
"""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from tests.oracles.batch import Answer, Context, Evaluate, Params
from tests.oracles.closeness import assert_same_answer, assert_same_gradient
from tests.oracles.contexts import LABELLED, context_of, own_labels
from tests.oracles.states import Views, each_smooth_state

TOLERANCE = 1e-9


@dataclass(frozen=True)
class Identity:
    """`scale` times the left loss is the right one: (name, parameters) each, and what labels they are given."""

    left: tuple[str, Params]
    right: tuple[str, Params]
    scale: float = 1.0
    context: Callable[[str, Tensor], Context] = context_of

    def __str__(self) -> str:
        return " = ".join(
            f"{name}({', '.join(f'{k}={v}' for k, v in params.items())})" for name, params in (self.left, self.right)
        )


def gradient_identities(tau: float) -> tuple[Identity, ...]:
    """Losses with one gradient, whose reported values differ: InfoNCE without its coupling, under five names."""
    infonce, dcl = ("infonce", {"tau": tau, "eps": 0.0}), ("dcl", {"tau": tau})
    return (
        Identity(("entropy", {"tau": tau}), infonce),
        Identity(("direct", {"p": 2.0, "tau": tau}), infonce),
        Identity(("flatnce", {"tau": tau}), dcl),
        Identity(("macl", {"tau": tau, "a": 0.0}), dcl),
    )


def loss_identities(tau: float) -> tuple[Identity, ...]:
    """Losses equal in value and gradient."""
    at: Params = {"tau": tau}
    infonce = ("infonce", at)
    return (
        Identity(("dcl", at), ("infonce", {"tau": tau, "eps": 0.0}), scale=tau),
        Identity(("soft_triplet", {"tau": tau, "eps": 0.0}), ("infonce", {"tau": tau, "eps": 1.0})),
        *(
            Identity(("infonce_hard", {"tau": tau, "eps": eps, "beta": 0.0}), ("infonce", {"tau": tau, "eps": eps}))
            for eps in (0.0, 0.3, 1.0)
        ),
        Identity(("dcl_across", at), ("infoloob", at), scale=tau),
        Identity(("dcl_within", at), ("dhel", at)),
        Identity(("debiased", {"tau": tau, "tau_plus": 0.0}), infonce, scale=tau),
        Identity(
            ("hard_negative", {"tau": tau, "tau_plus": 0.1, "beta": 0.0}), ("debiased", {"tau": tau, "tau_plus": 0.1})
        ),
        Identity(("entmax", {"tau": tau, "q": 2.0}), ("square", at)),
        Identity(("supcon", at), infonce, context=every_sample_a_class),
        Identity(("eps_supinfonce", {"tau": tau, "eps": 0.0}), infonce, context=every_sample_a_class),
        Identity(("ring", {"tau": tau, "low": -1.0, "high": 1.0}), infonce),
        Identity(("truncated", {"tau": tau, "k": 100.0}), infonce),
        Identity(("infonce_direct_path", {"t": 0.0, "infonce_tau": tau}), ("entropy", at)),
        Identity(("infonce_direct_path", {"t": 1.0, "direct_tau": tau}), ("direct", at)),
    )


def every_sample_a_class(name: str, z_ND: Tensor) -> Context:
    """Two views are then the only ones of their class."""
    return own_labels(z_ND) if name in LABELLED else context_of(name, z_ND)


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
    Identity(("infonce_learned", {"tau": 0.2}), ("infonce", {"tau": 0.2}), scale=0.2),
    # A batch of five samples has eight negatives for each anchor.
    Identity(("triplet", {"eps": 0.8}), ("triplet_margin", {"m": 0.8}), scale=1 / 8),
)


def scaled(answer: Answer, factor: float) -> Answer:
    return Answer(*(factor * part for part in answer))


def both_sides(identity: Identity, evaluate: Evaluate, views: Views) -> tuple[Answer, Answer]:
    """The scaled left and the right; what either learns is its own."""
    left, right = (
        evaluate(name, params, *views, identity.context(name, views[0]))
        for name, params in (identity.left, identity.right)
    )
    return scaled(Answer(*left[:3]), identity.scale), Answer(*right[:3])


def assert_gradient_identity(identity: Identity, evaluate: Evaluate) -> None:
    """Both sides pull and push the embeddings alike."""
    for views in each_smooth_state():
        assert_same_gradient(*both_sides(identity, evaluate, views), TOLERANCE)


def assert_loss_identity(identity: Identity, evaluate: Evaluate) -> None:
    """Both sides are one function of the embeddings."""
    for views in each_smooth_state():
        assert_same_answer(*both_sides(identity, evaluate, views), *views, TOLERANCE)
