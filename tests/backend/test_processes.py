"""A loss that is handed to another process: pickled there and read here, where strings hash to other numbers."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import alphadsl
from tests.oracles.contexts import context_of

KINDS = {
    **{"infonce": "interpreter", "direct": "streaming", "inverse": "dense", "blend": "dense", "clip": "streaming"},
    **{"moco": "auto", "supcon": "auto", "square": "streaming"},
}
WRITTEN = """
import sys, torch, alphadsl
assert hash("a") != int(sys.argv[1])
losses = [alphadsl.load(name, backend=backend, compile=False)
          for name, backend in zip(sys.argv[2::2], sys.argv[3::2])]
torch.save(losses, "losses.pt")
"""


@pytest.mark.slow
def test_a_loss_from_another_process_is_the_same_loss(tmp_path: Path) -> None:
    """Whatever its family and backend: it computes, and is equal to the one of this process."""
    environment = {**os.environ, "PYTHONHASHSEED": "5"}
    script = [sys.executable, "-c", WRITTEN, str(hash("a")), *(word for pair in KINDS.items() for word in pair)]
    ran = subprocess.run(script, cwd=tmp_path, env=environment, check=False, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    z0_ND, z1_ND = torch.randn(2, 6, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    for kept in torch.load(tmp_path / "losses.pt", weights_only=False):
        fresh = alphadsl.load(kept.name, backend=kept.execution.backend, compile=False)
        further = context_of(kept.name, z0_ND)
        assert torch.equal(kept(z0_ND, z1_ND, **further), fresh(z0_ND, z1_ND, **further))
        assert (kept.spec, hash(kept.spec), kept.source) == (fresh.spec, hash(fresh.spec), fresh.source)
