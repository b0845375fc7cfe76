"""What no batch can have is no index set; and what follows from the ids that a predicate names."""

import pytest

from alphadsl.ir.index_sets import INDEX_SETS, OTHER_VIEW, Id, IndexSet, Predicate, Source

IMPOSSIBLE = {
    "no gradient": {"positive": Predicate(same=(Id.CLASS,), sources=(Source.QUEUE,)), "negative": Predicate()},
    "no class": {"positive": OTHER_VIEW, "negative": Predicate(other=(Id.CLASS,), sources=(Source.QUEUE,))},
    "agree and differ": {"positive": OTHER_VIEW, "negative": Predicate(same=(Id.SAMPLE,), other=(Id.CLASS,))},
    "no source": {"positive": OTHER_VIEW, "negative": Predicate(other=(Id.VIEW,), sources=(Source.KEY,))},
}


@pytest.mark.parametrize("why", IMPOSSIBLE)
def test_what_no_batch_can_have_is_refused(why: str) -> None:
    with pytest.raises(ValueError, match=why):
        IndexSet("none", words="", **IMPOSSIBLE[why])


OVERLAPS = {
    "two_view": "whole",
    "same_view": "none",
    "cross_view": "whole",
    "queue": "none",
    "labels": "whole",
    "labels against other_classes": "none",
}


@pytest.mark.parametrize("name", INDEX_SETS)
def test_positives_are_negatives_of_their_anchor_all_of_them_or_none(name: str) -> None:
    """By the predicate of the negatives, before a positive is excluded from its own row."""
    assert INDEX_SETS[name].overlap == OVERLAPS[name]


@pytest.mark.parametrize(
    ("predicate", "agreed", "differing"),
    [
        (Predicate(), set(), {"embedding"}),
        (Predicate(same=(Id.SAMPLE,)), {"sample", "class"}, {"embedding", "view"}),
        (Predicate(same=(Id.VIEW,)), {"view"}, {"embedding", "sample"}),
        (Predicate(other=(Id.CLASS,)), set(), {"class", "embedding", "sample"}),
        (Predicate(other=(Id.VIEW,)), set(), {"view", "embedding"}),
    ],
    ids=["nothing", "same sample", "same view", "other class", "other view"],
)
def test_some_ids_follow_from_others(predicate: Predicate, agreed: set[str], differing: set[str]) -> None:
    assert predicate.agreed == agreed
    assert predicate.differing == differing


def test_some_of_the_positives_may_be_negatives() -> None:
    in_view = IndexSet("views", positive=Predicate(same=(Id.CLASS,)), negative=Predicate(same=(Id.VIEW,)), words="")
    assert in_view.overlap == "part"
