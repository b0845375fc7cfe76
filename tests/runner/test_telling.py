"""What a run tells while it goes and at its end: on terminals of any width, and where nobody watches."""

import io
import json
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from runner import progress
from runner.comparison.console import make_table
from runner.progress import Progress
from runner.records import metrics
from runner.records.metrics import MetricsLog
from runner.settings.resolving import make_config

ROWS = [
    ("infonce", "3", "95.1 ± 0.8", "96.4 ± 0.7", "97.0 ± 0.2", "93.9 ± 0.9", "86.0 ± 0.7", "42 ± 1"),
    ("near (tau 0.2)", "1", "94.2", "95.9", "96.3", "91.3", "86.0", "57"),
    ("digits-square-seed0", "", "diverged", "", "", "", "", ""),
]


@pytest.mark.parametrize("width", [200, 140, 100, 80, 60, 40])
@pytest.mark.parametrize("rows", [ROWS, ROWS[1:2]])
def test_a_table_of_any_width_says_which_loss_has_which_number(width: int, rows: list[tuple[str, ...]]) -> None:
    console = Console(width=width, file=io.StringIO())
    console.print(make_table("digits", rows, width))
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert all(cell_len(line) <= width for line in lines)
    text = " ".join(word for line in lines for word in line.replace("│", " ").split())
    for name, *cells in rows:
        assert all(word in text for word in name.split())
        assert all(cell in text for cell in cells)


def test_a_single_run_is_a_table_on_80_columns() -> None:
    console = Console(width=80, file=io.StringIO())
    console.print(make_table("digits", ROWS[1:2], 80))
    assert any("near" in line and "95.9" in line for line in console.file.getvalue().splitlines())  # type: ignore[attr-defined]


def test_where_nobody_watches_a_line_tells_where_a_run_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "LINE_SECONDS", 0.0)
    with Progress("a [run]", 2, 10, make_config("digits")) as bar:
        bar.advance(1.25)
        bar.advance(1.0)
        bar.tell_epoch(1, None, 300.0)
    first, step, epoch = capsys.readouterr().err.splitlines()
    assert first == "a [run]: step 3 of 10  loss 1.2500"  # it compiles: its pace is nobody's
    assert step.startswith("a [run]: step 4 of 10  loss 1.0000  ")
    assert step.endswith(" left")
    assert epoch == "a [run]: epoch 1  300 images/s"


@pytest.mark.parametrize("width", [200, 80, 60, 40])
def test_a_bar_shows_the_loss_on_any_terminal(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    shown = io.StringIO()
    console = Console(file=shown, width=width, force_terminal=True, color_system=None)
    monkeypatch.setattr(progress, "Console", lambda **how: console)
    with Progress("digits-infonce-seed0", 0, 240, make_config("digits")) as bar:
        bar.advance(1.25)
    assert "loss 1.2500" in shown.getvalue()
    assert "1/240" in shown.getvalue()


def test_rows_are_on_disk_while_a_run_goes_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(metrics, "FLUSH_SECONDS", 0.0)
    path = tmp_path / "metrics.jsonl"
    with MetricsLog(path, 0, list) as log:
        log.write({"step": 1, "loss": 2.0})
        assert json.loads(path.read_text()) == {"step": 1, "loss": 2.0}
        kept = log.flush()
        log.write({"step": 2, "loss": 1.0})
    with MetricsLog(path, kept, list):
        assert path.read_text().count("\n") == 1
