"""Nearest neighbours: features with labels and features without labels come in; predicted classes come out.

Neighbours vote with exp(cosine / temperature) (Wu et al. 2018, arXiv 1805.01978).
"""

import torch
from torch import Tensor
from torch.nn import functional

# N known images, Q queries, B batch, F features, C classes, K neighbours

QUERIES = 512
"""Number of queries at once: their cosines to all known images are in memory."""


def predict_by_neighbours(
    known_NF: Tensor, y_N: Tensor, query_QF: Tensor, classes: int, neighbours: int, temperature: float
) -> Tensor:
    """The class (Q,) for which the known images nearest by cosine vote; if there are fewer than `neighbours`, all
    vote."""
    known_NF, query_QF = functional.normalize(known_NF), functional.normalize(query_QF)
    predictions = []
    for query_BF in torch.split(query_QF, QUERIES):
        cosine_BK, nearest_BK = (query_BF @ known_NF.T).topk(min(neighbours, len(y_N)), dim=1)
        votes_BC = torch.zeros(len(query_BF), classes, device=query_BF.device)
        # exp(cosine / temperature) divided by exp(1 / temperature): the same vote, and it never overflows.
        votes_BC.scatter_add_(1, y_N[nearest_BK], ((cosine_BK - 1) / temperature).exp())
        predictions.append(votes_BC.argmax(dim=1))
    return torch.cat(predictions)
