"""Studies are tested without pictures, each of which would take a second."""

import pytest


@pytest.fixture(autouse=True)
def without_pictures(undrawn: None) -> None:
    """Every test of a study has it."""
