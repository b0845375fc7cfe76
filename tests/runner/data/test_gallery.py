"""The picture of views: the images as they are, views of them and of no other, in a file."""

from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from alphadsl.cli.main import app
from runner.data.gallery import make_tiles
from runner.settings.resolving import make_config


def test_a_row_is_an_image_and_its_own_views() -> None:
    greys_N = torch.arange(0, 250, 10, dtype=torch.uint8)
    x_NCHW = greys_N[:, None, None, None].expand(-1, 3, 8, 8)
    config = make_config("digits", seed=3)
    tiles_NVCHW = make_tiles(x_NCHW, config, images=4, views=5)
    assert tiles_NVCHW.shape == (4, 6, 3, 8, 8)
    assert len({float(row[0].mean()) for row in tiles_NVCHW}) == 4
    assert torch.equal(tiles_NVCHW, make_tiles(x_NCHW, config, images=4, views=5))
    others = make_tiles(x_NCHW, make_config("digits", seed=4), images=4, views=5)
    assert not torch.equal(tiles_NVCHW, others)
    # Of one shade everywhere, a view is its image times a brightness between 0.6 and 1.4.
    shades_NV = tiles_NVCHW.mean((2, 3, 4))
    assert (shades_NV[:, 1:] <= 1.4 * shades_NV[:, :1] + 1e-5).all()
    assert (shades_NV[:, 1:] >= 0.6 * shades_NV[:, :1] - 1e-5).all()
    assert len(make_tiles(x_NCHW, config, images=64, views=1)) == len(x_NCHW)


def test_the_command_draws_a_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    told = CliRunner().invoke(app, ["views", "--images", "2", "--views", "2"], catch_exceptions=False)
    assert told.output == "views.png\n"
    assert Path("views.png").read_bytes().startswith(b"\x89PNG")


def test_the_command_draws_the_views_that_its_settings_ask_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    pictures = []
    for strength in ("0", "1", "1"):
        words = ["views", "--images", "2", "--views", "2", "--jitter", strength, "-o", "it.png"]
        CliRunner().invoke(app, words, catch_exceptions=False)
        pictures.append(Path("it.png").read_bytes())
    assert pictures[0] != pictures[1] == pictures[2]
