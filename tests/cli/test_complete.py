"""What Tab offers, asked as a shell asks it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

RUN = "runs/digits-mine"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mine.alpha").write_text(
        "loss mine {\n  param width = 1 in (0, inf)\n  phi(x) = x\n  psi(x) = exp(x / width)\n}\n", encoding="utf-8"
    )
    (tmp_path / "wrong.alpha").write_text("loss {", encoding="utf-8")
    (tmp_path / RUN).mkdir(parents=True)
    (tmp_path / RUN / "alphadsl-run.json").write_text("{}", encoding="utf-8")
    return tmp_path


def offered(line: str, folder: Path) -> list[str]:
    """After the last word of the line, or after its last blank."""
    words = line.split()
    place = len(words) - (not line.endswith(" "))
    asked = {"COMP_WORDS": line, "COMP_CWORD": str(place), "_ALPHADSL_COMPLETE": "complete_bash"}
    command = [sys.executable, "-c", "import sys; sys.argv[0] = 'alphadsl'; from alphadsl.cli.main import main; main()"]
    done = subprocess.run(command, env={**os.environ, **asked}, cwd=folder, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    return done.stdout.split()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "some"),
    [
        ("alphadsl train infonce_h", {"infonce_hard"}),
        ("alphadsl check m", {"mine.alpha", "moco"}),
        ("alphadsl show infonce --emit sch", {"schedule"}),
        ("alphadsl explain decreasing", {"decreasing-phi", "decreasing-psi"}),
        ("alphadsl explain vic", {"vicreg"}),
        ("alphadsl train infonce --dataset cifar", {"cifar10", "cifar100"}),
        ("alphadsl train infonce --recipe s", {"simclr"}),
        ("alphadsl train infonce mine.alpha wrong.alpha --set ", {"tau=", "eps=", "width="}),
        ("alphadsl bench infonce --against plain,li", {"plain,lightly"}),
        ("alphadsl compare di", {"digits-mine"}),
        ("alphadsl probe runs/", {RUN}),
        ("alphadsl new a --extends tripl", {"triplet"}),
        ("alphadsl plot infonce --set t", {"tau="}),
        ("alphadsl train simcl", {"infonce"}),
        ("alphadsl check nt_xent", {"infonce"}),
        ("alphadsl new a --extends facen", {"triplet"}),
    ],
)
def test_words_that_can_follow(line: str, some: set[str], folder: Path) -> None:
    assert some <= set(offered(line, folder))
