"""The pages that alphadsl draws, in a real browser: they show their pictures in light and in dark, and no error."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from runner.comparison.contrasts import contrast_sections
from runner.comparison.report import Wanted, write_comparison
from runner.comparison.sections import make_sections
from runner.records.summary import read_groups
from runner.studies.page import write_page
from runner.studies.work import work
from tests.runner.comparison.made import BETTER, INFONCE, make_seeds
from tests.runner.studies.fakes import TAU, Scorer, opened, plan_of

SCHEMES = {"light": ("1", (255, 255, 255), (0, 114, 178)), "dark": ("0", (13, 17, 23), (88, 176, 240))}
"""For each colour scheme its number in Chromium, the colour of the paper, and the first of the colours of losses."""


@pytest.fixture(scope="module", params=["comparison", "study"])
def page(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("pages")
    if request.param == "study":
        study = opened(root, plan_of(TAU))
        work(study, Scorer(root))
        return write_page(study)
    runs = [*make_seeds(root, "infonce", INFONCE), *make_seeds(root, "better", BETTER)]
    sections = make_sections(read_groups(runs).groups)
    contrasts = contrast_sections(sections, None)
    return write_comparison(sections, contrasts, root / "comparison", Wanted(embeddings=False))[1]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_page_shows_its_pictures(page: Path, scheme: str, tmp_path: Path) -> None:
    number, paper, colour = SCHEMES[scheme]
    shot = tmp_path / "shot.png"
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    assert browser is not None, "apt install chromium"
    words = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--hide-scrollbars"]
    scheme_of_the_page = f"--blink-settings=preferredColorScheme={number}"
    words += [scheme_of_the_page, "--window-size=1200,3000", f"--screenshot={shot}", page.as_uri()]
    ended = subprocess.run(words, check=True, capture_output=True, text=True, timeout=120)
    assert "CONSOLE" not in ended.stderr
    pixels = np.asarray(Image.open(shot).convert("RGB")).reshape(-1, 3).astype(int)
    assert share_of(pixels, paper) > 0.5
    assert share_of(pixels, colour) > 1e-4


def share_of(pixels: np.ndarray, colour: tuple[int, int, int]) -> float:
    return float(np.mean(np.abs(pixels - np.array(colour)).max(axis=1) <= 2))
