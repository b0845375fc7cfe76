"""Candidates are well-formed: whatever chance does, the checker has the last word and nothing else breaks."""

import random

import pytest

from alphadsl.api import find_text
from alphadsl.builtin import library_entries
from alphadsl.discover.breed import Parent, breed, check_space
from alphadsl.discover.mutate import MUTATIONS, Setting, mutate
from alphadsl.discover.paths import path_text
from alphadsl.discover.positions import positions_of, size_of_loss, with_node
from alphadsl.discover.space import SearchSpace
from alphadsl.ir.nodes import Loss
from alphadsl.ir.pretty_loss import pretty_loss
from alphadsl.pipeline import check_spec, lower_spec
from alphadsl.report.exceptions import InputError
from alphadsl.report.source import Source
from alphadsl.resolve.files import SpecText

SPACE = SearchSpace()
PARENTS = ("infonce", "direct", "square", "dcl", "dhel", "ring")


def loss_called(name: str) -> Loss:
    return lower_spec(find_text(name)).loss


def given(losses: list[Loss]) -> list[Parent]:
    return [Parent(loss.name, pretty_loss(loss)) for loss in losses]


@pytest.fixture(scope="module")
def parents() -> list[Loss]:
    return [loss_called(name) for name in PARENTS]


def test_every_place_of_every_loss_can_be_put_back() -> None:
    for entry in library_entries():
        for position in positions_of(entry.loss.family):
            assert with_node(entry.loss.family, position, position.node) == entry.loss.family, entry.loss.name


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_mutation_changes_one_loss_into_another_text(name: str, parents: list[Loss]) -> None:
    mutation, _ = MUTATIONS[name]
    changed = 0
    for seed in range(12):
        chance = random.Random(seed)
        loss = parents[seed % len(parents)]
        made = mutation(loss, Setting(SPACE, parents[(seed + 1) % len(parents)], chance))
        if made is None or made == loss:
            continue
        changed += 1
        checked = check_spec(SpecText(Source("made", pretty_loss(made)), None))
        if not checked.errors:
            assert checked.losses[-1].pairs == made.pairs
    assert changed >= (2 if name == "family" else 3)


@pytest.mark.slow
def test_what_is_bred_is_a_text_that_the_checker_takes_or_refuses(parents: list[Loss]) -> None:
    chance, admitted = random.Random(1), 0
    for number in range(80):
        bred = breed(f"c{number}", given(parents), SPACE, chance)
        assert bred is not None
        assert set(bred.parents) <= set(PARENTS)
        checked = check_spec(SpecText(Source(bred.name, bred.text), None))
        assert not {"internal-error"} & {diagnostic.code for diagnostic in checked.diagnostics}
        if not checked.errors:
            admitted += 1
            assert checked.losses[-1].name == bred.name
    assert admitted >= 20


def test_the_same_chance_breeds_the_same(parents: list[Loss]) -> None:
    first, second = (
        [breed("c", given(parents), SPACE, chance) for _ in range(10)]
        for chance in (random.Random(3), random.Random(3))
    )
    assert first == second
    assert len({bred.text for bred in first if bred}) > 5


def test_a_narrow_space_is_kept_to(parents: list[Loss]) -> None:
    narrow = SearchSpace(families=("proportional",), pairs=("two_view",), functions=("exp",), max_size=12, paths=False)
    direct = [loss for loss in parents if loss.name == "direct"]
    chance = random.Random(0)
    made = direct[0]
    for _ in range(200):
        step = mutate(made, Setting(narrow, direct[0], chance))
        if step and size_of_loss(step[1]) <= narrow.max_size:
            assert step[1].pairs.name == "two_view"
            assert "softplus" not in pretty_loss(step[1])


@pytest.mark.parametrize("pairs", ["same_view", "cross_view"])
def test_a_loss_outside_the_space_leads_into_it(pairs: str, parents: list[Loss]) -> None:
    space = SearchSpace(pairs=(pairs,), families=("coordinate", "proportional"))
    chance = random.Random(0)
    made = [bred for number in range(40) if (bred := breed(f"c{number}", given(parents), space, chance))]
    assert len(made) > 20
    assert {bred.text.partition("pairs ")[2].split()[0] for bred in made} == {pairs}


EMPTY = {
    "a family that none has": ({"families": ("min_player",)}, "in its families,"),
    "too small": ({"max_size": 3}, "in its max_size,"),
    "both": ({"families": ("general",), "max_size": 4}, "families or pairs or max_size"),
}


@pytest.mark.parametrize("name", EMPTY)
def test_a_space_that_nothing_leads_into_is_refused(name: str) -> None:
    narrow, told = EMPTY[name]
    (infonce,) = given([loss_called("infonce")])
    with pytest.raises(InputError, match="No mutation of infonce") as refused:
        check_space({infonce.name: infonce.text}, SearchSpace.model_validate(narrow))
    assert told in refused.value.help
    check_space({infonce.name: infonce.text}, SearchSpace())


@pytest.mark.parametrize(("first", "second"), [("infonce", "direct"), ("square", "dcl"), ("direct", "ring")])
def test_a_path_is_admitted_between_and_beyond(first: str, second: str) -> None:
    for seed in range(3):
        text = path_text(loss_called(first), loss_called(second), random.Random(seed), "between")
        assert lower_spec(SpecText(Source("path", text), None)).loss.name == "between"


def test_a_path_counts_the_losses_it_uses() -> None:
    text = path_text(loss_called("infonce"), loss_called("direct"), random.Random(0), "between")
    path = lower_spec(SpecText(Source("path", text), None)).loss
    assert size_of_loss(path) > size_of_loss(loss_called("infonce")) + size_of_loss(loss_called("direct")) - 4
