"""The site builds without a warning, where the extra `docs` is installed, and its reference has everything there is."""

import subprocess
import sys
from pathlib import Path

import pytest

import alphadsl
from alphadsl.report.errors import CATALOGUE

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]


def test_the_site_builds(tmp_path: Path) -> None:
    pytest.importorskip("material", reason="the extra docs is not installed")
    pytest.importorskip("mathjax", reason="the extra docs is not installed")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    library, messages, mathematics = (
        (tmp_path / name).read_text(encoding="utf-8")
        for name in ("reference/library.html", "reference/messages.html", "language/mathematics.html")
    )
    assert all(f'id="{name}"' in library for name in alphadsl.library())
    assert all(f'id="{code}"' in messages for code in CATALOGUE)
    assert all((tmp_path / "reference" / f"{name}.svg").stat().st_size > 5000 for name in ("weights", "near"))
    assert mathematics.count('class="arithmatex"') >= 10
    assert all(f'src="../assets/{name}.js"' in mathematics for name in ("formulas", "mathjax"))
    assert (tmp_path / "assets" / "mathjax.js").stat().st_size > 1_000_000
