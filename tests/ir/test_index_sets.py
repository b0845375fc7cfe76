"""What no batch can have is no index set."""

import pytest

from alphadsl.ir.index_sets import OTHER_VIEW, Id, IndexSet, Predicate, Source

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
