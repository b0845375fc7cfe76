"""Figures with many losses stay legible: one legend names them all, below the panels and not on them."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from runner.comparison.classes import draw_classes
from runner.comparison.drawing import styled
from runner.comparison.figures import draw_overview, draw_statistics
from runner.comparison.sections import Section, make_sections
from runner.records.summary import read_groups
from tests.runner.comparison.made import make_seeds

LOSSES = [f"loss_{number}_of_nine" for number in range(9)]


@pytest.fixture
def section(tmp_path: Path) -> Section:
    """Nine losses, of which every other one has beta besides the entropy."""
    runs = []
    for number, loss in enumerate(LOSSES):
        measured = {"alpha/entropy": 4.0 - number / 10, **({"alpha/beta": 0.5} if number % 2 else {})}
        runs += make_seeds(tmp_path, loss, (0.5,), rows=measured, probe={"per_class": {"cat": 0.5, "dog": 0.4}})
    (made,) = make_sections(read_groups(runs).groups)
    return made


@pytest.mark.parametrize("draw", [draw_overview, lambda section: draw_statistics(section, "alpha/")])
def test_one_legend_names_every_loss_and_covers_nothing(
    draw: Callable[[Section], Figure | None], section: Section
) -> None:
    with styled():
        figure = draw(section)
        assert figure is not None
        figure.draw_without_rendering()
        (legend,) = figure.legends
        assert {text.get_text() for text in legend.get_texts()} >= set(LOSSES)
        assert not any(axes.get_legend() for axes in figure.axes)
        place = legend.get_window_extent()
        assert not any(place.overlaps(axes.get_window_extent()) for axes in figure.axes)
        assert place.x0 >= 0
        assert place.x1 <= figure.bbox.x1


@pytest.mark.parametrize("draw", [draw_overview, lambda section: draw_statistics(section, "alpha/"), draw_classes])
def test_the_names_of_fifty_losses_leave_room_for_what_they_name(
    draw: Callable[[Section], Figure | None], section: Section
) -> None:
    groups = [section.groups[number % len(LOSSES)] for number in range(50)]
    many = tuple(replace(group, label=f"the_loss_{number}") for number, group in enumerate(groups))
    with styled():
        figure = draw(replace(section, groups=many))
        assert figure is not None
        figure.draw_without_rendering()
        (legend,) = figure.legends or [axes.get_legend() for axes in figure.axes]
        assert legend is not None
        place = legend.get_window_extent()
        assert place.y0 >= 0
        assert place.y1 <= figure.bbox.y1
        assert min(axes.get_window_extent().height for axes in figure.axes) > 1.5 * figure.dpi
