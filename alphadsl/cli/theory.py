"""The commands of `alphadsl theory`: a spec comes in; a table, STEM.png, STEM.json and an exit code come out.

The exit code is 1 if a statement fails beyond its tolerance. Torch and the runner are imported inside the commands, so
that the rest of the command line starts without them.
"""

from pathlib import Path
from typing import Annotated

import typer

from alphadsl.api import library
from alphadsl.cli import complete
from alphadsl.cli.experiment import DataDir, Runs, RunsDir
from alphadsl.cli.options import Loss
from alphadsl.cli.stopping import stoppable
from alphadsl.cli.theory_options import (
    NOTHING_LOST,
    Data,
    Stem,
    Trial,
    check_positive,
    read_depths,
    require_parts,
    stem_of,
    tell,
)
from alphadsl.cli.unfolding import unfolded
from alphadsl.report.exceptions import InputError

app = typer.Typer(
    help="The paper's statements as experiments: Theorem 1, the game, PCA, ReLU networks, landscapes, spectra.",
    epilog="Example: alphadsl theory gradient infonce",
    no_args_is_help=True,
)


@app.command()
@unfolded
def gradient(
    spec: Annotated[
        list[str] | None,
        typer.Argument(metavar="SPEC...", help="Built-in names or files.", autocompletion=complete.losses),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every loss of the library.")] = False,
    draws: Annotated[int, typer.Option(min=1, max=1000, help="Random batches and weights for each network.")] = 3,
    trial: Trial = Trial(),
) -> None:
    """Theorem 1: the gradient of a loss is minus that of the energy, with alpha and beta held fixed.

    Example: alphadsl theory gradient infonce direct mine.alpha --draws 10
    """
    if everything == bool(spec):
        raise InputError("Name losses, or give --all.", "alphadsl theory gradient infonce")
    subjects = trial.subjects(library() if everything else spec or ())
    from runner.theory.gradient import study

    stem = trial.stem("gradient")
    with stoppable(NOTHING_LOST):
        tell(study(subjects, draws, trial.seed), stem)


@app.command()
@unfolded
def game(
    spec: Loss,
    data: Data = Data(samples=40),
    steps: Annotated[int, typer.Option(min=1, max=100_000, help="Number of moves of both players.")] = 60,
    rate: Annotated[float, typer.Option(help="Step size of the network along its gradient.")] = 0.5,
    trials: Annotated[int, typer.Option(min=1, max=10**6, help="Random feasible alphas at each of five states.")] = 200,
    trial: Trial = Trial(),
) -> None:
    """The min player: its alpha is the best response, and taking turns is gradient descent on a coordinate loss.

    Example: alphadsl theory game entropy --set tau=0.2
    """
    (subject,) = trial.subjects([spec])
    check_positive("--rate", rate)
    from runner.theory.play import study

    stem, views = trial.stem("game"), data.views(trial.seed)
    with stoppable(NOTHING_LOST):
        tell(study(subject, views, steps, rate, trials, trial.seed), stem)


@app.command()
@unfolded
def pca(
    spec: Loss,
    depth: Annotated[
        str, typer.Option(metavar="N|N..M", help="Linear layers: a depth, or the first and the last.")
    ] = "1..4",
    width: Annotated[int, typer.Option(min=1, max=512, help="Units of every layer except the inputs.")] = 10,
    seeds: Annotated[int, typer.Option(min=1, max=10_000, help="Random initialisations at each depth.")] = 64,
    data: Data = Data(),
    trial: Trial = Trial(),
) -> None:
    """The max player of a deep linear network is PCA of the contrastive covariance, and its maxima are global.

    Example: alphadsl theory pca infonce --depth 1..6 --width 8 --seeds 100
    """
    depths = read_depths(depth)
    (subject,) = trial.subjects([spec])
    from runner.theory.pca import study

    stem, views = trial.stem("pca"), data.views(trial.seed)
    with stoppable(NOTHING_LOST):
        tell(study(subject, views, depths, width, seeds, trial.seed), stem)


@app.command()
@unfolded
def relu(
    spec: Loss,
    hidden: Annotated[int, typer.Option(min=1, max=256, help="Number of hidden units and of outputs.")] = 10,
    seeds: Annotated[int, typer.Option(min=1, max=10_000, help="Random initialisations of each network.")] = 32,
    data: Data = Data(dataset="components"),
    trial: Trial = Trial(),
) -> None:
    """Two layers with ReLU keep fixed points of higher rank, where linear networks end at rank 1.

    Example: alphadsl theory relu infonce --dataset mixture --hidden 16
    """
    (subject,) = trial.subjects([spec])
    from runner.theory.relu import study

    stem, views = trial.stem("relu"), data.views(trial.seed)
    with stoppable(NOTHING_LOST):
        tell(study(subject, views, hidden, seeds, trial.seed), stem)


@app.command()
@unfolded
def landscape(
    specs: Annotated[
        list[str],
        typer.Argument(metavar="SPEC SPEC", help="Two built-in names or files.", autocompletion=complete.losses),
    ],
    bridge: Annotated[
        bool, typer.Option("--library/--no-library", help="Compare the score with probes over the whole library.")
    ] = True,
    data: Data = Data(dataset="digits", samples=100),
    trial: Trial = Trial(),
) -> None:
    """How two losses differ for a fixed network, and a score without labels for the library.

    Example: alphadsl theory landscape infonce square --no-library
    """
    if len(specs) != 2:
        raise InputError(
            f"landscape compares two losses, not {len(specs)}.", "alphadsl theory landscape infonce square"
        )
    first, second = trial.subjects(specs)
    from runner.theory.landscape import study
    from runner.theory.subject import read_subject

    stem, views = trial.stem("landscape"), data.views(trial.seed)
    everyone = [read_subject(name, {}) for name in library()] if bridge else []
    trainable = [subject for subject in everyone if not subject.takes_queue()]
    cache = stem.with_name(f"{stem.name}.cache.json")
    with stoppable(f"Measurements of the library are saved in {cache}; repeat the command to continue."):
        tell(study(first, second, views, trainable, trial.seed, cache), stem)


@app.command()
def spectrum(
    run: Runs = None,
    runs_dir: RunsDir = "runs",
    images: Annotated[int, typer.Option(min=10, max=10_000, help="Number of test images to use.")] = 500,
    data_dir: DataDir = None,
    output: Stem = None,
) -> None:
    """Spectrum, effective dimensionality, alignment and uniformity of trained encoders, per loss, over checkpoints.

    Example: alphadsl theory spectrum runs/digits-infonce-seed0 runs/digits-direct-seed0
    """
    require_parts()
    from runner.records.finding import find_runs
    from runner.theory.spectrum import study

    stem, folders = stem_of(output, "spectrum"), find_runs(run or [], Path(runs_dir))
    if not folders:
        raise InputError(f"There is no run in {runs_dir}.", "Train one: alphadsl train infonce --dataset digits")
    with stoppable(NOTHING_LOST):
        tell(study(folders, images, Path(data_dir) if data_dir else None), stem)
