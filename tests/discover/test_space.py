"""The file that narrows a search: what it may say, and one line where it says something else."""

from pathlib import Path

import pytest

from alphadsl.discover.space import SearchSpace, read_space
from alphadsl.report.exceptions import InputError


def test_a_file_narrows_the_space(tmp_path: Path) -> None:
    path = tmp_path / "narrow.toml"
    path.write_text('families = ["proportional", "coordinate"]\nmax_size = 14\npairs = ["two_view"]\nangle = 5\n')
    space = read_space(path)
    assert space == SearchSpace(families=("proportional", "coordinate"), max_size=14, pairs=("two_view",), angle=5)


WRONG = {
    "an unknown name": ("maxsize = 3", "maxsize", "Did you mean max_size?"),
    "a family there is not": ('families = ["cordinate"]', "families", ""),
    "a size out of range": ("max_size = 0", "max_size", ""),
    "no TOML": ("max_size: 3", "TOML", "max_size = 20"),
    "nothing to choose from": ("functions = []", "functions", ""),
    "a constant without a value": ("constants = [nan]", "constants", ""),
    "nested too deeply": ("max_size = " + "[" * 50_000, "nested too deeply", "max_size = 20"),
    "too large a file": ("# " + "x" * (1 << 16) + "\nmax_size = 5", "too large for a space", ""),
    "labels": ('pairs = ["labels"]', "pairs", ""),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_file_is_one_line_that_names_it(tmp_path: Path, name: str) -> None:
    content, named, remedy = WRONG[name]
    path = tmp_path / "wrong.toml"
    path.write_text(content)
    with pytest.raises(InputError) as refused:
        read_space(path)
    assert str(path) in refused.value.message
    assert named in refused.value.message
    assert remedy in refused.value.help
    assert "\n" not in refused.value.message


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_space(tmp_path / "none.toml")
