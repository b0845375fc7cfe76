"""Groups over seeds: who is together, under which name, with which mean; and where their images lie."""

import json
import shutil
import statistics
from pathlib import Path

import pytest

from alphadsl.report.exceptions import InputError
from runner.comparison.drawing import styled
from runner.comparison.embedding import draw_embeddings
from runner.comparison.figures import draw_overview
from runner.comparison.sections import VALIDATION, make_sections
from runner.experiment import Options, train_runs
from runner.plan import PlannedRun, plan_runs
from runner.probing import probe_run
from runner.records.finding import find_runs
from runner.records.folder import RunFolder
from runner.records.opening import IfExists
from runner.records.record import is_probed, read_probe
from runner.records.summary import COLUMNS, Spread, linear_last, make_rows, read_groups
from runner.settings.resolving import make_config
from tests.runner.comparison.made import make_seeds
from tests.runner.conftest import SMALL
from tests.runner.losses import PlainInfoNCE
from tests.runner.runs import ACCURACIES, EARLIER_ACCURACIES, make_run

QUICK = SMALL | {"epochs": 1, "batch": 256}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[RunFolder]:
    """Two seeds of one loss, and one seed of the same loss at another temperature."""
    root = tmp_path_factory.mktemp("runs")
    configs = [make_config("digits", seed=seed, **QUICK) for seed in (0, 1)]
    warm, cold = PlainInfoNCE(tau=0.5), PlainInfoNCE(tau=0.1)
    plan = [PlannedRun(warm, config, root / f"warm{config.seed}") for config in configs]
    return list(train_runs([*plan, PlannedRun(cold, configs[0], root / "cold")], Options()).folders)


def test_runs_that_differ_by_seed_are_one_group(runs: list[RunFolder]) -> None:
    groups = read_groups(runs).groups
    assert [group.label for group in groups] == ["infonce (tau 0.5)", "infonce (tau 0.1)"]
    assert [len(group.runs) for group in groups] == [2, 1]


def test_a_group_has_mean_and_sample_deviation(runs: list[RunFolder]) -> None:
    both, single = (linear_last(group) for group in read_groups(runs).groups)
    accuracies = [100 * read_probe(run)["test"]["linear_last"] for run in runs[:2]]
    assert both is not None
    assert single is not None
    assert both == Spread(statistics.mean(accuracies), statistics.stdev(accuracies))
    assert single.deviation is None
    assert f"{Spread(50.04, 1.26):.1f}" == "50.0 ± 1.3"
    assert f"{Spread(50.04, None):.1f}" == "50.0"


def test_the_untrained_encoder_depends_on_the_seed_only(runs: list[RunFolder]) -> None:
    first, second, cold = (read_probe(run)["untrained"] for run in runs)
    assert first == cold
    assert first != second


def test_test_images_are_shown_where_they_lie_in_each_encoder(runs: list[RunFolder]) -> None:
    (section,) = make_sections(read_groups(runs).groups)
    with styled():
        figure, told = draw_embeddings(section)
    assert figure is not None
    assert told == []
    panels = [axes for axes in figure.axes if axes.has_data()]
    assert [axes.get_title(loc="left") for axes in panels] == [f"{group.label}, seed 0" for group in section.groups]
    assert sum(len(line.get_xdata()) for line in panels[0].lines) == 500
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == [*"0123456789"]


def test_embeddings_of_a_run_without_its_checkpoint_are_told_not_shown(runs: list[RunFolder], tmp_path: Path) -> None:
    shutil.copytree(runs[0].path, tmp_path / "copy")
    (tmp_path / "copy" / "checkpoint.pt").unlink()
    (section,) = make_sections(read_groups([RunFolder(tmp_path / "copy")]).groups)
    figure, (told,) = draw_embeddings(section)
    assert figure is None
    assert told.startswith("infonce is not shown: There is no checkpoint")


@pytest.mark.slow
def test_probing_again_gives_the_same(runs: list[RunFolder]) -> None:
    before = read_probe(runs[0])
    runs[0].probe.unlink()
    (skipped,) = read_groups(runs).skipped
    assert skipped.folder == runs[0]
    assert "was not probed" in skipped.reason.message
    probe_run(runs[0], None)
    assert read_probe(runs[0]) == before


def test_a_run_folder_tells_its_story(runs: list[RunFolder]) -> None:
    names = {path.name for path in runs[0].path.iterdir()}
    told = {"spec.alpha", "ir.json", "loss.py", "config.json", "machine.json", "metrics.jsonl", "checkpoint.pt"}
    parts = {"probe.json", "confusion.png", "tensorboard", "checkpoints", "alphadsl-run.json", ".lock"}
    assert told | parts == names


def test_runs_are_found_by_path_by_name_or_all(runs: list[RunFolder]) -> None:
    root = runs[0].path.parent
    assert {run.path.name for run in find_runs([], root)} == {"warm0", "warm1", "cold"}
    assert find_runs(["warm1", str(root / "cold")], root) == [runs[1], runs[2]]
    with pytest.raises(InputError, match="There is no run"):
        find_runs(["wam1"], root)


def test_nothing_to_compare_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no run to compare"):
        read_groups(find_runs([], tmp_path))


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not a run"):
        read_groups([RunFolder(tmp_path)])


def test_an_existing_run_is_not_touched_unless_told(runs: list[RunFolder]) -> None:
    config = make_config("digits", seed=0, **QUICK)
    again = [PlannedRun(PlainInfoNCE(tau=0.5), config, runs[0].path)]
    with pytest.raises(InputError, match="already exists") as refusal:
        train_runs(again, Options())
    assert all(flag in refusal.value.help for flag in ("--resume", "--overwrite", "--name"))
    before = runs[0].metrics.stat().st_mtime_ns
    assert train_runs(again, Options(IfExists.RESUME)).folders == (runs[0],)
    assert runs[0].metrics.stat().st_mtime_ns == before


def test_a_run_of_something_else_is_not_resumed(runs: list[RunFolder]) -> None:
    config = make_config("digits", seed=0, **QUICK)
    other_config = [PlannedRun(PlainInfoNCE(tau=0.5), config.model_copy(update={"lr": 0.5}), runs[0].path)]
    with pytest.raises(InputError, match=r"started with lr = 0\.01, not 0\.5"):
        train_runs(other_config, Options(IfExists.RESUME))
    other_loss = [PlannedRun(PlainInfoNCE(tau=0.3), config, runs[0].path)]
    with pytest.raises(InputError, match="started with another loss"):
        train_runs(other_loss, Options(IfExists.RESUME))


def test_names_of_runs_say_data_loss_and_seed() -> None:
    configs = [make_config("digits", seed=seed) for seed in (0, 1)]
    losses = [PlainInfoNCE(), PlainInfoNCE(name="mine")]
    tags = dict.fromkeys(("infonce", "mine"), "-tau0.2")
    names = [planned.path.name for planned in plan_runs(losses, configs, Path("runs"), None, tags)]
    assert names == [f"digits-{loss}-tau0.2-seed{seed}" for loss in ("infonce", "mine") for seed in (0, 1)]
    assert plan_runs(losses[:1], configs[:1], Path("runs"), "first", {})[0].path == Path("runs/first")


def test_two_losses_of_one_name_are_refused() -> None:
    with pytest.raises(InputError, match="a loss called infonce"):
        plan_runs([PlainInfoNCE(), PlainInfoNCE()], [make_config("digits")], Path("runs"), None, {})


def test_a_run_whose_test_set_is_sealed_is_shown_by_its_validation(tmp_path: Path) -> None:
    run = make_run(tmp_path / "sealed")
    probe = json.loads(run.probe.read_text())
    probe["test"] = probe["untrained"]["test"] = None
    run.probe.write_text(json.dumps(probe))
    assert is_probed(run, 2)
    assert not is_probed(run, 2, test=True)
    groups = read_groups([run]).groups
    assert dict(zip((name for name, _ in COLUMNS), make_rows(groups, {})[0], strict=True)) == {
        **{"loss": "infonce", "seeds": "1", "validation %": "62.5", "linear probe %": "–", "best epoch %": "–"},
        **{"kNN-200 %": "–", "untrained %": "62.5", "training s": "1"},
    }
    (section,) = make_sections(groups)
    assert section.measured.part == VALIDATION
    axes = draw_overview(section).axes[0]
    assert axes.get_xlabel() == "top-1 accuracy on validation images, %"
    assert [text.get_text() for text in axes.texts] == ["62.5", "62.5"]


def test_a_probe_of_before_there_was_a_validation_split_is_of_the_test_set(tmp_path: Path) -> None:
    run = make_run(tmp_path / "earlier")
    probe = json.loads(run.probe.read_text())
    earlier = {name: value for name, value in probe.items() if name not in ACCURACIES} | EARLIER_ACCURACIES
    run.probe.write_text(json.dumps(earlier | {"untrained": EARLIER_ACCURACIES}))
    assert read_probe(run)["test"] == ACCURACIES["test"]
    assert read_probe(run)["validation"] is None
    assert make_rows(read_groups([run]).groups, {})[0][2:7] == ("–", "50.0", "75.0", "25.0", "50.0")


@pytest.mark.parametrize(
    ("rates", "told"),
    [
        ((0.010589374675750336, 0.0045089655552350725), ["lr 0.01059", "lr 0.004509"]),
        ((0.0123456, 0.0123459), ["lr 0.0123456", "lr 0.0123459"]),
        ((0.01, 0.003), ["lr 0.01", "lr 0.003"]),
    ],
)
def test_numbers_in_names_have_the_digits_that_tell_them_apart(
    rates: tuple[float, float], told: list[str], tmp_path: Path
) -> None:
    runs = [run for lr in rates for run in make_seeds(tmp_path / str(lr), "infonce", (0.5,), lr=lr)]
    assert [group.label for group in read_groups(runs).groups] == [f"infonce ({name})" for name in told]


def test_whole_numbers_in_names_stay_whole(tmp_path: Path) -> None:
    runs = [run for batch in (128, 12345) for run in make_seeds(tmp_path / str(batch), "infonce", (0.5,), batch=batch)]
    assert [group.label for group in read_groups(runs).groups] == ["infonce (batch 128)", "infonce (batch 12345)"]
