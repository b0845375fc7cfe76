"""The command line in several processes, as torchrun starts them: one of them speaks."""

import pytest
from typer.testing import CliRunner, Result

from alphadsl.cli.main import app
from alphadsl.report.exceptions import InputError


def typed_in(rank: int, *words: str) -> Result:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("RANK", rank), ("LOCAL_RANK", rank), ("WORLD_SIZE", 2), ("LOCAL_WORLD_SIZE", 2)):
            patch.setenv(name, str(value))
        return CliRunner().invoke(app, words)


@pytest.mark.parametrize("words", [("train", "infonce", "--bach", "3"), ("trian", "infonce"), ("train",)])
def test_one_process_reports_a_wrong_command_line(words: tuple[str, ...]) -> None:
    first, second = typed_in(0, *words), typed_in(1, *words)
    assert (first.exit_code, second.exit_code) == (2, 0)
    assert "Error" in first.stderr
    assert second.output == ""


@pytest.mark.parametrize("command", ["confirm", "sweep", "compare", "discover"])
def test_a_command_of_one_process_is_refused_once(command: str) -> None:
    first, second = typed_in(0, command, "infonce"), typed_in(1, command, "infonce")
    assert isinstance(first.exception, InputError)
    assert first.exception.message.startswith("2 processes were started, but only alphadsl train")
    assert first.exception.help == f"Run alphadsl {command} without torchrun."
    assert (second.exit_code, second.output) == (0, "")


def test_what_reads_no_runs_is_for_any_number_of_processes() -> None:
    assert typed_in(0, "check", "infonce").exit_code == typed_in(1, "check", "infonce").exit_code == 0
