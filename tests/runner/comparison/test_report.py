"""The files of a comparison: a page that needs nothing, figures, and tables from which all can be computed again."""

import csv
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from alphadsl.report.exceptions import InputError
from runner.comparison.contrasts import contrast_sections
from runner.comparison.export import make_csv, make_json, make_latex
from runner.comparison.report import Wanted, check_replaceable, write_comparison
from runner.comparison.sections import make_sections
from runner.records.summary import read_groups
from runner.statistics.paired import compare_paired
from tests.runner.comparison.made import BETTER, INFONCE, make_seeds
from tests.runner.runs import OTHER_DATA

MEASURED = {"alpha/entropy": 3.0, "features/effective_rank": 7.0, "alpha/new_one": 1.0}
COUNTED = {"per_class": {"cat": 0.5, "dog": 0.75}, "confusion": [[2, 2], [1, 3]]}
pytestmark = pytest.mark.slow  # a page has many figures
NO_EMBEDDINGS = Wanted(csv=True, latex=True, embeddings=False)
VOID = frozenset({"meta", "br", "img", "link", "use", "path", "rect", "stop", "image"})


class Balanced(HTMLParser):
    """Whether every element ends where it should, and which there are."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.ids += [value for name, value in attrs if name == "id" and value]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.ids += [value for name, value in attrs if name == "id" and value]

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    root = tmp_path_factory.mktemp("runs")
    runs = make_seeds(root, "infonce", INFONCE[:6], probe=COUNTED, rows=MEASURED)
    runs += make_seeds(root, "<b>50%_better & more</b>", BETTER[:6], probe=COUNTED, rows=MEASURED, lr=0.5)
    runs += make_seeds(root / "other", "infonce", INFONCE[:2], data=OTHER_DATA)
    sections = make_sections(read_groups(runs).groups)
    return write_comparison(sections, contrast_sections(sections, None), root / "new" / "page.v1", NO_EMBEDDINGS)


def test_files_are_named_by_the_stem(written: list[Path]) -> None:
    assert [path.name for path in written] == ["page.v1.png", "page.v1.html", "page.v1.csv", "page.v1.tex"]
    with Image.open(written[0]) as image:
        assert image.format == "PNG"
        assert min(image.size) > 500


def test_the_page_is_whole_and_asks_for_nothing(written: list[Path]) -> None:
    text = written[1].read_text()
    page = Balanced()
    page.feed(text)
    assert page.open == []
    assert [name for name in page.ids if page.ids.count(name) > 1] == []
    assert "script" not in page.seen
    referred = re.findall(r'(?:src|href)="([^"]*)"', text) + re.findall(r"url\(([^)]*)\)", text)
    assert all(place.startswith(("#", "data:image/png;base64,")) for place in referred)
    assert {place[1:] for place in referred if place.startswith("#")} <= set(page.ids)
    assert not re.findall(r"@import|<link|<iframe|https?://(?!www\.w3\.org/)", text)


def test_the_page_is_for_light_and_dark(written: list[Path]) -> None:
    text = written[1].read_text()
    assert "@media(prefers-color-scheme:dark)" in text
    light, dark = re.findall(r"--ink:(#\w+)", text)
    assert light != dark
    figures = "".join(re.findall(r"<svg.*?</svg>", text, re.DOTALL))
    assert figures.count("var(--c0)") > 0
    assert not re.findall(rf"{light}|#0072b2|#000000", figures, re.IGNORECASE)


def test_figures_of_a_page_scroll_on_a_narrow_screen_and_fit_on_paper(written: list[Path]) -> None:
    style = re.findall(r"<style>(.*?)</style>", written[1].read_text(), re.DOTALL)[0]
    screen, _, paper = style.partition("@media print")
    assert re.search(r"svg\{max-width:max\(100%,\d+rem\)", screen)
    assert "figure{margin:0;overflow-x:auto}" in screen
    assert "svg{max-width:100%}" in paper


def test_the_page_tells_what_was_measured_and_what_differs(written: list[Path]) -> None:
    text = written[1].read_text()
    assert "&lt;b&gt;50%_better &amp; more&lt;/b&gt;" in text
    assert "<b>" not in text
    assert "2 tables, because accuracies that were measured differently are not compared." in text
    for told in (
        "entropy of alpha",
        "effective rank",
        "new_one",
        "training time, s",
        "Accuracy by class",
        "predicted class",
    ):
        assert told in text
    assert re.search(r"<td>lr</td><td>0\.01</td><td>0\.5</td>", text)
    assert "Difference to infonce" in text
    assert "sign-flip p = 0.031" in text


def test_all_numbers_can_be_computed_again_from_the_csv(written: list[Path]) -> None:
    lines = [line for line in csv.DictReader(io.StringIO(written[2].read_text())) if line["data"].startswith("d")]
    by_loss = {
        name: [float(line["linear_last"]) for line in lines if line["loss"] == name]
        for name in ("infonce", "<b>50%_better & more</b>")
    }
    assert by_loss["infonce"] == list(INFONCE[:6])
    assert by_loss["<b>50%_better & more</b>"] == list(BETTER[:6])
    assert [int(line["seed"]) for line in lines] == [*range(6), *range(6)]


def test_json_has_the_statistics(tmp_path: Path) -> None:
    runs = [*make_seeds(tmp_path, "infonce", INFONCE), *make_seeds(tmp_path, "better", BETTER)]
    sections = make_sections(read_groups(runs).groups)
    content = json.loads(json.dumps(make_json(sections, contrast_sections(sections, None)), allow_nan=False))
    (comparison,) = content["sections"][0]["comparisons"]
    again = compare_paired([100 * a for a in BETTER], [100 * a for a in INFONCE])
    assert again.interval is not None
    assert comparison["p"] == again.p
    assert comparison["interval"] == pytest.approx({"low": again.interval.low, "high": again.interval.high})
    assert comparison["seeds"] == list(range(8))


def test_latex_is_escaped_and_balanced(written: list[Path]) -> None:
    text = written[3].read_text()
    assert r"50\%\_better \& more" in text
    assert text.count(r"\begin{tabular}") == text.count(r"\end{tabular}") == text.count(r"\toprule") == 2
    rows = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert len({line.replace(r"\&", "").count("&") for line in rows[:3]}) == 1


def test_a_single_run_without_measurements_has_a_page_too(tmp_path: Path) -> None:
    (run,) = make_seeds(tmp_path, "infonce", INFONCE[:1])
    run.metrics.write_text("")
    sections = make_sections(read_groups([run]).groups)
    paths = write_comparison(sections, contrast_sections(sections, None), tmp_path / "page", NO_EMBEDDINGS)
    assert "Difference to" not in paths[1].read_text()
    assert make_latex(sections, contrast_sections(sections, None)).count("baseline") == 0
    assert len(make_csv(sections).splitlines()) == 2


def test_files_of_others_are_not_replaced_unasked(written: list[Path], tmp_path: Path) -> None:
    stem = tmp_path / "page"
    for path in written:
        mine = stem.with_name(f"page{path.suffix}")
        mine.write_bytes(path.read_bytes())
        check_replaceable(stem, NO_EMBEDDINGS)
        mine.write_text("mine")
        with pytest.raises(InputError, match=f"page{path.suffix} was not drawn by alphadsl compare"):
            check_replaceable(stem, NO_EMBEDDINGS)
        mine.unlink()
