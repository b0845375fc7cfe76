"""A trial is the run that `train` makes of the same options, also where a setting that is not given follows another."""

from collections.abc import Sequence

import pytest

from alphadsl.api import find_text
from alphadsl.cli.proposed import Proposed
from alphadsl.cli.searching import Asked, PruneName, make_plan, settings_of_runs
from alphadsl.report.exceptions import InputError
from runner.settings.resolving import Given, resolve_config
from runner.studies.plan import Plan, differences

SEARCHED = {
    "the rate of a recipe goes with the batch": ("batch=128,512", {"recipe": "fast"}, ("lr",)),
    "of another recipe too": ("batch=32..64", {"recipe": "simclr", "epochs": 60}, ("lr",)),
    "unless it is given": ("batch=128,512", {"recipe": "fast", "lr": 0.5}, ()),
    "or no recipe has one": ("batch=128,512", {"recipe": "paper", "select": "validation"}, ()),
    "or there is no recipe": ("batch=128,512", {}, ()),
    "some optimizers take no schedule": ("optimizer", {}, ("schedule",)),
    "unless one is given": ("optimizer=adamw,sgd", {"schedule": "constant"}, ()),
    "nothing follows the rate": ("lr=0.1,0.2", {"recipe": "fast"}, ()),
    "nor the encoder": ("encoder=resnet8,resnet18,timm:resnet18", {}, ()),
}


def plan_for(over: Sequence[str], settings: dict[str, object]) -> Plan:
    config, given = settings_of_runs(None, {"dataset": "digits", "device": "cpu", **settings})
    losses = [Proposed(find_text("infonce"))]
    return make_plan(Asked(losses, over, [], None, 4, 1, PruneName.NONE, 1, 3, given), config)


def random_plan(over: str, settings: dict[str, object]) -> Plan:
    plan = plan_for([over, "tau=0.1..1"], settings)
    return plan.model_copy(update={"search": "random"})


@pytest.mark.parametrize("name", SEARCHED)
def test_a_trial_is_the_run_that_train_makes(name: str) -> None:
    over, settings, follows = SEARCHED[name]
    plan = random_plan(over, settings)
    assert plan.follows == follows
    for fixed in plan.fixed_points:
        point = plan.point(fixed)
        alone = resolve_config(Given({"dataset": "digits", "device": "cpu", **settings, **point.settings}))
        assert plan.config_of(point) == alone.model_copy(update={"test_set": "sealed", "threads": 1})


def test_to_hold_what_follows_is_another_study() -> None:
    follows, held = (plan_for(["batch=128,512", "tau=0.1..1"], {"recipe": "fast", **lr}) for lr in ({}, {"lr": 0.24}))
    assert follows.config == held.config
    assert [*differences(follows, held)] == ["settings that follow others: lr, now none"]


def test_a_schedule_that_is_given_is_not_changed() -> None:
    with pytest.raises(InputError, match="cosine is given"):
        plan_for(["optimizer", "tau=0.1..1"], {"schedule": "cosine"})
