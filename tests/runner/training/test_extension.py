"""More epochs for a run: as if it had had them from the start, or a refusal with what to do."""

from pathlib import Path

import pytest
import torch

from alphadsl import loads
from alphadsl.report.exceptions import InputError
from runner.records.opening import IfExists, check_run
from runner.records.record import check_whose, read_record
from runner.training.checkpoint import load_checkpoint
from tests.runner.conftest import Laboratory
from tests.runner.losses import PlainInfoNCE
from tests.runner.runs import CONFIG, DATA, make_run
from tests.runner.training.test_pretrain import assert_same_run

CPU = torch.device("cpu")


@pytest.mark.slow
def test_a_run_with_a_constant_schedule_gets_more_epochs(laboratory: Laboratory) -> None:
    """As if it had had them from the start, and with what it was planned for before."""
    laboratory.config = laboratory.config.model_copy(update={"schedule": "constant", "keep_every": 1})
    straight = laboratory.train("straight", PlainInfoNCE())
    whole = laboratory.config
    laboratory.config = whole.model_copy(update={"epochs": 2})
    first = read_record(laboratory.train("longer", PlainInfoNCE()))
    laboratory.config = whole
    longer = laboratory.train("longer", PlainInfoNCE(), IfExists.RESUME)
    assert_same_run(straight, longer)
    record = read_record(longer)
    assert (record.config.epochs, record.planned) == (4, (2,))
    assert record.identities() == {record.identity(), first.identity()}
    for path in longer.checkpoints:
        check_whose(longer, load_checkpoint(path, CPU).record, path)


WARMING = "loss warming extends infonce {\n  set tau = linear(0.2, 0.8)\n}\n"
LEARNED = "loss learned {\n  learn tau = 0.5 in (0.05, 2)\n  phi(x) = log(1 + x)\n  psi(x) = exp(x / tau)\n}\n"


def test_a_run_whose_schedules_follow_its_epochs_is_not_extended(tmp_path: Path) -> None:
    def run_of(name: str, text: str, schedule: str, epochs: int = 2) -> None:
        config = CONFIG.model_copy(update={"schedule": schedule, "epochs": epochs})
        check_run(tmp_path / name, loads(text), config, IfExists.RESUME, DATA)

    for name, text, schedule in (("a", LEARNED, "cosine"), ("b", WARMING, "constant"), ("c", LEARNED, "constant")):
        make_run(tmp_path / name, loads(text), CONFIG.model_copy(update={"schedule": schedule}))  # type: ignore[arg-type]
        run_of(name, text, schedule)
    run_of("c", LEARNED, "constant", epochs=3)
    with pytest.raises(InputError, match="over 3 epochs its cosine schedule would have had other"):
        run_of("a", LEARNED, "cosine", epochs=3)
    with pytest.raises(InputError, match="the schedule of tau of warming runs over all of its 2 epochs"):
        run_of("b", WARMING, "constant", epochs=3)
    with pytest.raises(InputError, match="planned for 2 epochs, not 1") as refusal:
        run_of("c", LEARNED, "constant", epochs=1)
    assert "--epochs 2 --stop-after 1" in refusal.value.help
