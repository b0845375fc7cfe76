"""Checkpoints that are kept on the way: each is what a run that ended there would have."""

import pytest
import torch

from runner.records.opening import IfExists
from runner.theory.spectrum import stages_of
from runner.training.checkpoint import load_checkpoint
from tests.runner.conftest import Laboratory
from tests.runner.losses import PlainInfoNCE, StopsAt

CPU = torch.device("cpu")


def test_a_resumed_run_keeps_the_same(laboratory: Laboratory) -> None:
    laboratory.config = laboratory.config.model_copy(update={"keep_every": 2})
    with pytest.raises(KeyboardInterrupt):
        laboratory.train("kept", StopsAt(11, KeyboardInterrupt()))
    run = laboratory.train("kept", PlainInfoNCE(), IfExists.RESUME)
    assert [path.name for path in run.checkpoints] == ["epoch-00002.pt", "epoch-00004.pt"]
    halfway, end = (load_checkpoint(path, CPU).network for path in run.checkpoints)
    last = load_checkpoint(run.checkpoint, CPU).network
    assert all(torch.equal(end[name], last[name]) for name in last)
    assert any(not torch.equal(halfway[name], last[name]) for name in last)


def test_a_run_is_measured_untrained_on_the_way_and_at_its_end(laboratory: Laboratory) -> None:
    laboratory.config = laboratory.config.model_copy(update={"keep_every": 3})
    run = laboratory.train("kept", PlainInfoNCE())
    assert [stage.epoch for stage in stages_of(run, 20, None)] == [0, 3, 4]
