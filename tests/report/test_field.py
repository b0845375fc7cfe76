"""The names of the field: each leads to a loss that exists, or to the page that says why there is none."""

import pytest
from typer.testing import CliRunner

import alphadsl
from alphadsl.cli.main import app
from alphadsl.report.field import ALSO_CALLED, MEANT, meant_by
from alphadsl.report.outside import BY_NAME


def told(name: str) -> list[str]:
    """What load, extends and a blend say to a name."""
    with pytest.raises(alphadsl.InputError) as refusal:
        alphadsl.load(name)
    texts = [f"loss x extends {name} {{\n}}\n", f"loss x = 0.5 * {name} + 0.5 * square\n"]
    return [str(refusal.value), *(str(each.help) for text in texts for each in alphadsl.check(text))]


def test_what_is_meant_exists_and_is_called_otherwise() -> None:
    assert set(ALSO_CALLED) <= set(alphadsl.library())
    assert len(MEANT) == sum(map(len, ALSO_CALLED.values()))
    assert not {*alphadsl.library(), *BY_NAME} & set(MEANT)


@pytest.mark.parametrize("name", ["simclr", "SimCLR", "nt_xent", "NTXent", "mocov2", "n_pair", "Facenet"])
def test_a_name_of_the_field_leads_to_the_loss(name: str) -> None:
    assert all(f"write {meant_by(name)}" in each for each in told(name))


@pytest.mark.parametrize("name", BY_NAME)
def test_a_method_without_pairs_leads_to_its_page(name: str) -> None:
    assert all("alphadsl explain" in each and "try" in each for each in told(name))


@pytest.mark.parametrize("command", [["plot"], ["show", "--emit", "alpha"], ["explain"]])
def test_commands_say_the_same(command: list[str]) -> None:
    result = CliRunner().invoke(app, [command[0], "simclr", *command[1:]])
    assert "infonce" in str(result.exception) or "infonce" in result.output


def test_the_version_needs_no_command() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert (result.exit_code, result.output) == (0, f"alphadsl {alphadsl.__version__}\n")
