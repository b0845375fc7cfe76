"""What several processes are refused before the first step, they are refused as one; and what a failed run needs."""

import errno
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from alphadsl.report.exceptions import InputError
from alphadsl.storage import refusal_of
from runner import experiment
from runner.experiment import Failure, Options, train_runs
from runner.plan import PlannedRun, plan_runs
from runner.settings.resolving import make_config
from runner.training.finite import DivergedError
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


FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize(
    ("reason", "remedy"),
    [
        (refusal_of(FULL, "x", "written"), "Free space on its disk, then repeat the command."),
        (InputError("damaged", "Give --resume-last-good."), "Move {run} away and repeat the command"),
        (DivergedError("nan", "try a smaller --lr."), "try a smaller --lr."),
    ],
)
def test_a_command_that_resumes_by_itself_names_no_option_for_it(
    reason: InputError, remedy: str, tmp_path: Path
) -> None:
    planned = PlannedRun(PlainInfoNCE(), make_config("digits"), tmp_path)
    assert Failure(planned, reason).reason_to_repeat.help.startswith(remedy.format(run=tmp_path))
    gone = replace(planned, path=tmp_path / "gone")
    assert "--resume" not in Failure(gone, reason).reason_to_repeat.help
