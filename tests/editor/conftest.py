"""One session of the language server for each module of tests."""

from collections.abc import Iterator

import pytest

from tests.editor.session import Session, session


@pytest.fixture(scope="module")
def editor() -> Iterator[Session]:
    with session() as talk:
        yield talk
