"""What several processes are refused before the first step, they are refused as one."""

from collections.abc import Callable
from pathlib import Path

import pytest

from alphadsl.report.exceptions import InputError
from runner import experiment
from runner.experiment import Options, train_runs
from runner.plan import plan_runs
from runner.settings.resolving import make_config
from runner.training.together import SharedRefusal
from tests.runner.losses import PlainInfoNCE


def refused_together(work: Callable[[], None]) -> None:
    try:
        work()
    except InputError as refusal:
        raise SharedRefusal(refusal.message, refusal.help) from None


@pytest.mark.parametrize(
    ("settings", "stop_after"), [({"batch": 255, "cached_chunks": 2}, None), ({"batch": 4096}, None), ({}, 99)]
)
def test_settings_are_refused_by_all_together(
    settings: dict[str, int], stop_after: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(experiment, "together", refused_together)
    config = make_config("digits", device="cpu").model_copy(update=settings)
    with pytest.raises(SharedRefusal):
        train_runs(plan_runs([PlainInfoNCE()], [config], tmp_path, None, {}), Options(stop_after=stop_after))
