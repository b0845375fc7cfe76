"""What to do after training: the outcome of `train` comes in; one command comes out, which works as it is."""

import shlex
import sys
from typing import TYPE_CHECKING

from alphadsl.cli.stopping import command_again

if TYPE_CHECKING:
    from runner.experiment import Outcome
    from runner.records.folder import RunFolder

MANY = 12
"""So many runs are named one by one."""


def next_step(outcome: "Outcome") -> str:
    """The command, and what it is for. There is at least one run, and none failed."""
    from runner.records.metrics import read_epochs
    from runner.records.record import read_record
    from runner.statistics.paired import seeds_needed

    runs = outcome.folders
    records = [read_record(run) for run in runs]
    reached = [max((row.get("epoch", 0) for row in read_epochs(run.metrics)), default=0) for run in runs]
    if any(epoch < record.config.epochs for epoch, record in zip(reached, records, strict=True)):
        return f"{command_again('--resume', without=('--stop-after',))}   to train the other epochs"
    if not outcome.probed and records[0].data is not None and records[0].data.classes:
        return f"{_of_runs('probe', runs)}   to measure what was learnt"
    kinds = {(record.loss, str(record.parameters()), str(record.settings())) for record in records}
    if outcome.probed and len(kinds) > 1:
        enough = seeds_needed(1)
        if len({record.config.seed for record in records}) < enough and not _is_named():
            return f"{command_again('--seeds', str(enough), '--resume', without=('--seeds',))}   to test the difference"
        return f"{_of_runs('compare', runs)} --csv --latex   to put the results into a paper"
    return f"{_of_runs('export', runs[:1])} -o encoder.pt   to use the encoder"


def _of_runs(command: str, runs: "tuple[RunFolder, ...]") -> str:
    """A command for these runs. Many are named by their folder, if it has no others."""
    from runner.records.finding import find_runs

    root = runs[0].path.parent
    if len(runs) > MANY and {run.path for run in find_runs([], root)} == {run.path for run in runs}:
        return shlex.join(["alphadsl", command, "--runs-dir", str(root)])
    return shlex.join(["alphadsl", command, *(str(run.path) for run in runs)])


def _is_named() -> bool:
    """Whether --name was given: the runs of more seeds have other names."""
    return any(word.partition("=")[0] == "--name" for word in sys.argv)
