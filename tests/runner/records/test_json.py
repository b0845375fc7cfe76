"""JSON for the eye."""

import json
from pathlib import Path

from runner.records.record import write_json


def test_a_row_of_whole_numbers_is_a_line_and_no_text_is_touched(tmp_path: Path) -> None:
    content = {"confusion": [[1, 20], [3, 4]], "[1,  2]": ["[\n1\n]", 0.5], "none": []}
    write_json(tmp_path / "a.json", content)
    text = (tmp_path / "a.json").read_text()
    assert json.loads(text) == content
    assert "[1, 20]" in text
