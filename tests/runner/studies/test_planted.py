"""`confirm` through real training: a winner that is planted is found, and a loss in other clothes is not."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from alphadsl.cli.confirm import confirm
from runner.studies.candidates import Candidate, write_candidates

QUICK = ["--epochs", "1", "--width", "2", "--probe-epochs", "2", "--device", "cpu", "--batch", "256"]
PLAIN = "param tau = 0.5 in (0, inf)\n  phi(x) = tau * log(1 + x)\n  psi(x) = exp(x / tau)"
CLOTHED = "param heat = 0.5 in (0, inf)  # the temperature\n\n  phi(y) = log(y + 1)*heat\n  psi(z)=exp( z/heat )"
CRIPPLED, GOOD = 1e-7, 0.01

app = typer.Typer()
app.command()(confirm)
app.command("other")(lambda: None)


def comparison(baseline: Candidate, candidate: Candidate) -> dict[str, object]:
    write_candidates(Path("found.jsonl"), [baseline, candidate])
    words = ["confirm", "found.jsonl", "--against", baseline.name, "--seeds", "6", "--dataset", "digits", *QUICK]
    done = CliRunner().invoke(app, words, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    (compared,) = json.loads(Path("runs/confirm/confirmation.json").read_text())["sections"][0]["comparisons"]
    return dict(compared)


def candidate(name: str, body: str, rate: float) -> Candidate:
    return Candidate(name=name, spec=f"loss {name} {{\n  {body}\n}}\n", settings={"lr": rate}, seeds=(0, 1))


@pytest.mark.slow
def test_a_planted_winner_is_found_and_a_planted_null_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    crippled, good = candidate("crippled", PLAIN, CRIPPLED), candidate("good", PLAIN, GOOD)
    found = comparison(crippled, good)
    assert found["p"] == pytest.approx(2 / 2**6)
    assert min(found["differences"]) > 0  # type: ignore[call-overload]
    clone = comparison(good, candidate("clothed", CLOTHED, GOOD))
    assert clone["p"] == 1
    assert max(map(abs, clone["differences"])) < 1  # type: ignore[call-overload]
