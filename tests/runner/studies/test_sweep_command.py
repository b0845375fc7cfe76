"""`sweep` and `studies` as they are typed, on the digits: a whole study of a few steps."""

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from alphadsl.cli import studies, sweep
from alphadsl.report.exceptions import InputError, SpecError

QUICK = ["--epochs", "3", "--width", "2", "--probe-epochs", "1", "--device", "cpu", "--batch", "512"]

app = typer.Typer()
app.command()(sweep.sweep)
app.add_typer(studies.app, name="studies")


@pytest.fixture(autouse=True)
def own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def typed(*words: str) -> str:
    result = CliRunner().invoke(app, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.slow
def test_a_crippled_learning_rate_does_not_win_and_is_stopped_at_a_rung() -> None:
    words = ["sweep", "infonce", "--over", "lr=0.01,1e-8,1e-9", "--seeds", "1", "--prune", "halving", *QUICK]
    told = typed(*words)
    assert told.splitlines()[-1] == "studies/digits-infonce/study.html"
    assert "0.01" in typed("studies")
    runs = sorted(path.name for path in Path("studies/digits-infonce/runs").iterdir())
    assert runs == [f"{index:05}-infonce-seed0" for index in range(3)]
    probed = [Path(f"studies/digits-infonce/runs/{run}/probe.json").exists() for run in runs]
    assert probed[0]
    page = Path("studies/digits-infonce/study.html").read_text(encoding="utf-8")
    assert 'href="runs/00000-infonce-seed0/"' in page
    Path("studies/digits-infonce/study.html").unlink()
    assert typed(*words) == told
    assert typed("studies", "show", "digits-infonce") == told


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["infonce", "--over", "p=1"], "p is neither a parameter of the losses nor a setting"),
        (["infonce", "--over", "tau"], "is not bounded"),
        (["infonce", "--over", "tau=0.1..1", "--search", "grid"], "no points for a grid"),
        (["infonce", "--over", "tau=1", "--over", "tau=2"], "tau twice"),
        (["infonce", "--over", "tau=1", "--set", "tau=2"], "both in --over and in --set"),
        (["infonce", "--over", "lr=1,2", "--lr", "3"], "both searched and given"),
        (["infonce", "--over", "seed=1,2"], "the same seed"),
        (["infonce", "--over", "dataset=digits,cifar10"], "the same dataset"),
        (["infonce", "--over", "probe_lr=0.1,1"], "the same probe_lr"),
        (["infonce", "--over", "optimizer=adamw,foo"], "optimizer = 'foo' is refused"),
        (["infonce", "--over", "lr=0.1,-1"], "-1 is not in"),
        (["infonce", "--over", "epochs=2,4", "--prune", "halving"], "divides the epochs"),
        (["infonce", "--over", "tau=1,2", "--trials", "9"], "no effect on a grid"),
        (["infonce", "--test-set", "read"], "never reads the test set"),
        (["infonce", "--select", "test"], "sealed"),
        (["infonce", "--factor", "4"], "no effect without --prune"),
        (["infonce", "infonce", "--over", "tau=1"], "Two of the specs"),
        (["infonce", "--over", "tau=0.1..1:5000", "--over", "eps=0..1:5000"], "at most 10,000"),
        (["infonce", "--name", "a/b"], "A study cannot be called"),
        (["infonce", "--storage", "postgresql://127.0.0.1:1/none"], "127.0.0.1:1/none"),
        (["infonce", "--storage", "no-such-thing"], "is not a database"),
        (["infonce", "--set", "tau=-1"], "tau"),
    ],
    ids=lambda given: " ".join(given[1:]) if isinstance(given, list) else "",
)
def test_bad_input_is_told_before_anything_is_begun(words: list[str], told: str) -> None:
    with pytest.raises((InputError, SpecError)) as refusal:
        CliRunner().invoke(app, ["sweep", *words], catch_exceptions=False)
    assert told in str(refusal.value)
    assert not Path("studies").exists()


def test_a_study_that_is_not_there_is_told() -> None:
    assert typed("studies") == ""
    with pytest.raises(InputError, match="no study mine"):
        CliRunner().invoke(app, ["studies", "show", "mine"], catch_exceptions=False)
