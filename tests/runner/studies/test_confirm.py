"""Confirming: fresh seeds, one budget, what failed, the winner's curse; and a tiny confirmation from end to end."""

import csv
import json
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from threading import Timer

import pytest
import typer
from typer.testing import CliRunner

from alphadsl.cli.confirm import confirm as command
from alphadsl.cli.confirm import make_contenders, split_datasets
from alphadsl.report.exceptions import InputError, SpecError
from runner.experiment import Options, Outcome
from runner.plan import PlannedRun
from runner.records.folder import RunFolder, locked
from runner.settings.resolving import make_config
from runner.studies import confirm as confirming
from runner.studies.candidates import Candidate, candidates_of_study, read_candidates, write_candidates
from runner.studies.confirm import FIRST_SEED, Contender, plan_confirmation
from runner.studies.space import Listed
from runner.studies.work import work
from runner.supplies import Stock
from tests.runner.losses import PlainInfoNCE
from tests.runner.studies.fakes import CONFIG, TAU, Scorer, opened, plan_of

RATES = Listed(name="lr", losses=(), values=(0.001, 0.01))
BUDGET = make_config("digits", epochs=2, device="cpu", seed=FIRST_SEED)
SPEC = "loss mine {\n  param tau = 0.5 in (0, inf)\n  alpha[i,j] ~ exp(-d[i,j] / tau)\n}\n"
QUICK = ["--epochs", "1", "--width", "2", "--probe-epochs", "2", "--device", "cpu", "--batch", "256"]

app = typer.Typer()
app.command()(command)
app.command("other")(lambda: None)


def contender(name: str, **known: object) -> Contender:
    candidate = Candidate.model_validate({"name": name, "spec": SPEC, **known}) if known else None
    return Contender(PlainInfoNCE(name=name), candidate=candidate)


# --- what is run ----------------------------------------------------------------------------------------------------


def test_runs_go_by_seed_under_one_budget(tmp_path: Path) -> None:
    contenders = [contender("infonce"), contender("mine", settings={"lr": 0.003})]
    plan = plan_confirmation(contenders, BUDGET, range(FIRST_SEED, FIRST_SEED + 2), tmp_path)
    assert [run.path.name for run in plan] == [
        f"digits-{loss}-seed{seed}" for seed in (FIRST_SEED, FIRST_SEED + 1) for loss in ("infonce", "mine")
    ]
    assert [run.config.lr for run in plan[:2]] == [BUDGET.lr, 0.003]
    assert {(run.config.epochs, run.config.batch) for run in plan} == {(BUDGET.epochs, BUDGET.batch)}


def test_with_one_seed_every_loss_has_a_run_of_its_own(tmp_path: Path) -> None:
    plan = plan_confirmation([contender("infonce"), contender("mine")], BUDGET, [FIRST_SEED], tmp_path)
    assert [run.path.name for run in plan] == [f"digits-{loss}-seed{FIRST_SEED}" for loss in ("infonce", "mine")]


@pytest.mark.parametrize("seeds", [range(8), range(2, 10)])
def test_seeds_that_a_search_has_used_are_refused(seeds: range, tmp_path: Path) -> None:
    contenders = [contender("infonce"), contender("mine", seeds=[0, 1, 2])]
    with pytest.raises(InputError, match=f"found mine with seed {seeds[0]}, so this seed confirms nothing") as refusal:
        plan_confirmation(contenders, BUDGET, seeds, tmp_path)
    assert str(FIRST_SEED) in refusal.value.help


def test_what_cannot_be_confirmed_is_refused(tmp_path: Path) -> None:
    seeds = range(FIRST_SEED, FIRST_SEED + 2)
    with pytest.raises(InputError, match="reads the test set"):
        plan_confirmation([contender("a")], BUDGET.model_copy(update={"test_set": "sealed"}), seeds, tmp_path)
    with pytest.raises(InputError, match="Two of the losses are called a"):
        plan_confirmation([contender("a"), contender("a")], BUDGET, seeds, tmp_path)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"lr": -1}, "lr = -1"),
        ({"lr": "fast"}, "lr = 'fast'"),
        ({"optimizer": "adam"}, "optimizer = 'adam'"),
        ({"weight_decay": "none"}, "weight_decay = 'none'"),
        ({"warmup_epochs": 50}, "warm-up of 50 epochs"),
        ({"optimizer": "schedule-free-sgd"}, "averages its steps"),
    ],
    ids=str,
)
def test_settings_of_a_candidate_that_no_run_takes_are_refused(
    settings: dict[str, object], told: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=f"candidate mine cannot be trained: .*{told}"):
        plan_confirmation([contender("infonce"), contender("mine", settings=settings)], BUDGET, [FIRST_SEED], tmp_path)


def test_seeds_beyond_those_that_a_run_may_have_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=f"seed = {2**31} is refused"):
        plan_confirmation([contender("a")], BUDGET, range(2**31 - 1, 2**31 + 1), tmp_path)


def test_values_of_a_candidate_that_its_loss_has_not_are_blamed_on_it(tmp_path: Path) -> None:
    write_candidates(tmp_path / "found.jsonl", [Candidate(name="mine", spec=SPEC, values={"tauu": 0.2})])
    with pytest.raises(SpecError) as refusal:
        make_contenders([str(tmp_path / "found.jsonl")], "infonce", [], tmp_path, BUDGET)
    assert "candidate mine" in str(refusal.value)


@pytest.mark.parametrize(
    ("words", "given", "expected"),
    [
        (["mine"], ["cifar10"], (["mine"], ["cifar10"])),
        (["mine", "cifar100"], ["cifar10"], (["mine"], ["cifar10", "cifar100"])),
        (["mine"], ["cifar10,cifar100", "cifar10"], (["mine"], ["cifar10", "cifar100"])),
        (["mine"], [], (["mine"], [None])),
    ],
    ids=str,
)
def test_several_data_sets_may_follow_the_option(
    words: list[str], given: list[str], expected: tuple[list[str], list[str | None]]
) -> None:
    assert split_datasets(words, given) == expected


# --- candidates -----------------------------------------------------------------------------------------------------


def test_candidates_are_lines_of_json(tmp_path: Path) -> None:
    candidates = (
        Candidate(name="mine", spec=SPEC, values={"tau": 0.2}, settings={"lr": 0.003}, search_score=0.7, seeds=(0, 1)),
        Candidate(name="infonce", spec="loss infonce {}"),
    )
    write_candidates(tmp_path / "found.jsonl", candidates)
    assert read_candidates(tmp_path / "found.jsonl") == candidates


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "has no candidate"),
        ('{"name": "a"}\n', "line 1: spec"),
        ('\n{"name": "a", "spec": "x", "score": 1}', "line 2: score"),
        ('{"name": "a", "spec": "x", "search_score": 61.0}', "line 1: search_score"),
        ("not json", "line 1"),
        ('{"name": "a", "spec": "x"}\n' * 2, "two candidates called a"),
        ('{"name": "a", "spec": "x", "settings": {"epochs": 9}}', "must be equal for all"),
    ],
    ids=str,
)
def test_what_is_no_list_of_candidates_is_refused(text: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "found.jsonl"
    path.write_text(text)
    with pytest.raises(InputError, match=told):
        read_candidates(path)


@pytest.mark.slow
def test_a_study_hands_on_the_best_trial_of_each_loss_with_its_seeds(tmp_path: Path) -> None:
    study = opened(tmp_path, plan_of(TAU, RATES, losses=("infonce", "direct")))
    with pytest.raises(InputError, match="has no finished trial"):
        candidates_of_study(study.room.folder)
    work(study, Scorer(tmp_path))
    found = {candidate.name: candidate for candidate in candidates_of_study(study.room.folder)}
    assert set(found) == {"infonce", "direct"}
    assert (found["direct"].values, found["direct"].settings) == ({"tau": 0.2}, {"lr": 0.01})
    assert found["direct"].seeds == (CONFIG.seed, CONFIG.seed + 1)
    assert found["direct"].search_score == max(entry.score or 0 for entry in study.entries())


@pytest.mark.slow
def test_what_a_study_searched_and_cannot_hand_on_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    batches = Listed(name="batch", values=(128, 256))
    study = opened(tmp_path, plan_of(TAU, RATES, batches))
    work(study, Scorer(tmp_path))
    (candidate,) = candidates_of_study(study.room.folder)
    assert candidate.settings == {"lr": 0.01}
    (told,) = capsys.readouterr().err.splitlines()
    assert "have batch 128 (infonce), which is not handed on" in told


# --- the command -----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_confirmation_goes_on_with_the_same_command_and_can_be_computed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    spec = (Path(__file__).parents[3] / "specs" / "infonce.alpha").read_text()
    candidates = [
        Candidate(name="infonce", spec=spec, settings={"lr": 1e-7}, search_score=0.3, seeds=(0,)),
        Candidate(name="good", spec=spec.replace("loss infonce", "loss good"), search_score=0.9, seeds=(0,)),
    ]
    write_candidates(tmp_path / "found.jsonl", candidates)
    words = ["confirm", "found.jsonl", "--seeds", "2", "--dataset", "digits", *QUICK]
    done = CliRunner().invoke(app, words, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert "good (lr 0.01) minus infonce (lr 1e-07): " in done.stdout
    assert "with 2 of 6 seeds the smallest two-sided p is 0.5" in done.stdout
    assert "Run 4 of 4: good on digits with seed 1000001" in done.stderr
    content = json.loads(Path("runs/confirm/confirmation.json").read_text())
    (comparison,) = content["sections"][0]["comparisons"]
    assert comparison["seeds"] == [FIRST_SEED, FIRST_SEED + 1]
    lines = [*csv.DictReader(Path("runs/confirm/confirmation.csv").read_text().splitlines())]
    good, infonce = (
        [100 * float(line["linear_last"]) for line in lines if line["loss"] == loss] for loss in ("good", "infonce")
    )
    assert comparison["differences"] == pytest.approx([a - b for a, b in zip(good, infonce, strict=True)])
    repeated = CliRunner().invoke(app, words, catch_exceptions=False)
    assert "4 runs are already done" in repeated.stderr
    assert "Run 1 of" not in repeated.stderr
    assert json.loads(Path("runs/confirm/confirmation.json").read_text()) == content


def test_a_run_that_another_process_has_is_left_to_it_and_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = plan_confirmation([contender("a"), contender("b")], BUDGET, [FIRST_SEED, FIRST_SEED + 1], tmp_path)
    taken: list[str] = []

    def train(plan: Sequence[PlannedRun], options: Options) -> Outcome:
        (run,) = plan
        with locked(RunFolder(run.path)):
            taken.append(run.path.name)
        return Outcome((RunFolder(run.path),), True, ())

    monkeypatch.setattr(confirming, "train_runs", train)
    monkeypatch.setattr(confirming, "POLL_SECONDS", 0.01)
    other = ExitStack()
    other.enter_context(locked(RunFolder(runs[0].path)))
    Timer(0.3, other.close).start()
    confirmed = confirming.confirm([runs], Stock())
    first, *rest = (run.path.name for run in runs)
    assert taken == [*rest, first]
    assert [folder.path for folder in confirmed.folders] == [run.path for run in runs]


def test_nothing_but_the_baseline_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="There is nothing but infonce to confirm"):
        CliRunner().invoke(app, ["confirm", "infonce", *QUICK], catch_exceptions=False)
    with pytest.raises(InputError, match="The setting dataset = 'cifar11' is refused"):
        CliRunner().invoke(app, ["confirm", "direct", "--dataset", "cifar11", *QUICK], catch_exceptions=False)
    assert list(tmp_path.iterdir()) == []
