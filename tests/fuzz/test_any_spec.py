"""Any text ends in checked losses or in diagnostics that can be shown, the same each time, within bounds; an accepted
loss can be shown at every stage. `make fuzz` tries many, and holds each to two seconds and 500 MB."""

import json
import resource
import time

import pytest
from hypothesis import given

from alphadsl.pipeline import VIEWS, Checked, check_spec
from alphadsl.report.render import render_concise, render_full, render_json
from alphadsl.report.source import Source
from alphadsl.resolve.files import SpecText
from tests.fuzz.effort import WANTED, patient, reached
from tests.fuzz.hard_texts import HARD
from tests.fuzz.texts import TEXTS

pytestmark = pytest.mark.slow
IN_CI = {"sentences": 60, "damaged": 60, "spliced": 10, "characters": 60}
ADMITTED = {"sentences": 1, "damaged": 5, "spliced": 1, "characters": 0}
REFUSED = {"sentences": 30, "damaged": 30, "spliced": 3, "characters": 30}
SHARE = {"sentences": 0.25, "damaged": 0.35, "spliced": 0.1, "characters": 0.25}
SECONDS, MEGABYTES = 2.0, 500


def checked(text: str) -> Checked:
    return check_spec(SpecText(Source("<text>", text), None))


def assert_bounded(text: str) -> Checked:
    start, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = checked(text)
    for diagnostic in found.diagnostics:
        assert 0 <= diagnostic.span.start <= diagnostic.span.end <= len(diagnostic.span.source.text)
        assert render_full(diagnostic)
        assert render_concise(diagnostic)
    assert len(json.loads(render_json(found.diagnostics))) == len(found.diagnostics)
    for journey in found.journeys[-1:]:
        for view in [*VIEWS.values()][:-1]:
            assert view.text(journey)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MEGABYTES * 1024
    assert not WANTED or time.process_time() - start < SECONDS
    return found


@pytest.mark.parametrize("name", HARD)
def test_hard_texts_end_soon(name: str) -> None:
    found = assert_bounded(HARD[name])
    assert found.losses or found.diagnostics


@pytest.mark.parametrize("kind", TEXTS)
def test_any_text_ends_in_losses_or_in_diagnostics(kind: str) -> None:
    with reached(ADMITTED[kind]) as admitted, reached(REFUSED[kind]) as refused:

        @patient(IN_CI[kind], SHARE[kind])
        @given(TEXTS[kind])
        def holds(text: str) -> None:
            found = assert_bounded(text)
            assert found.losses or found.diagnostics
            again = checked(text)
            assert (again.losses, again.diagnostics) == (found.losses, found.diagnostics)
            admitted() if found.losses else refused()

        holds()
