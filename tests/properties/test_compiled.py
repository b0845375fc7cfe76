"""Unseen specs of every family as whole graphs: more of them in one process than Dynamo recompiles one function, and
the same numbers as without. The graphs run eagerly; Inductor's output is held to the oracle in test_library.
"""

from collections.abc import Iterator

import pytest
import torch

import alphadsl
from alphadsl.backend import custom_op, program
from tests.oracles.states import views
from tests.properties.test_unseen import COORDINATE, DIRECT, PLAYERS, answer

pytestmark = pytest.mark.slow
SOME = (*COORDINATE[::12], *DIRECT[::18], *PLAYERS[::9])


@pytest.fixture
def traced(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """`torch.compile` without Inductor, as if in a fresh process."""
    compiled = torch.compile
    monkeypatch.setattr(torch, "compile", lambda function, **options: compiled(function, backend="eager", **options))
    program._compiled.cache_clear()
    custom_op._engine.cache_clear()
    torch._dynamo.reset()
    yield
    program._compiled.cache_clear()
    custom_op._engine.cache_clear()
    torch._dynamo.reset()


@pytest.mark.usefixtures("traced")
def test_many_losses_in_one_process_give_the_numbers_of_eager_ones() -> None:
    assert len(SOME) > torch._dynamo.config.recompile_limit
    batch = views("trained", 5, 8)
    for case in SOME:
        params = case.settings[-1]
        expected, found = (
            answer(alphadsl.loads(case.spec, compile=compile, **params), batch, torch.float32)
            for compile in (False, True)
        )
        torch.testing.assert_close(found, expected, msg=lambda text, case=case: f"{case}: {text}")
