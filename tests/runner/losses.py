"""Losses for tests of the runner: InfoNCE in plain torch, with a learnt temperature, and ways for it to fail."""

import torch
from torch import Tensor, nn
from torch.nn import functional

# N samples, D embedding width, A anchors = 2N


class PlainInfoNCE(nn.Module):
    """What `alphadsl.load("infonce")` gives, without the compiler."""

    def __init__(self, tau: float = 0.2, name: str = "infonce") -> None:
        super().__init__()
        self.log_scale = nn.Parameter(torch.tensor(0.0))
        self.name = name
        self.values = {"tau": tau}
        self.takes: frozenset[str] = frozenset()
        self.time_varying: tuple[str, ...] = ()
        self.text = f"loss {name} {{}}  # tau = {tau}\n"
        self.source = "# torch\n"

    def ir_json(self) -> str:
        return "{}"

    def at(self, progress: float) -> None:
        assert 0 <= progress <= 1

    def forward(self, z0_ND: Tensor, z1_ND: Tensor) -> Tensor:
        z_AD = functional.normalize(torch.cat([z0_ND, z1_ND]))
        logits_AA = z_AD @ z_AD.T * self.log_scale.exp() / self.values["tau"]
        logits_AA = logits_AA.masked_fill(torch.eye(len(z_AD), dtype=torch.bool), -torch.inf)
        positives_A = torch.arange(len(z_AD)).roll(len(z0_ND))
        return functional.cross_entropy(logits_AA, positives_A)


class StopsAt(PlainInfoNCE):
    """InfoNCE until a given call, which raises or returns something else."""

    def __init__(self, call: int, outcome: float | BaseException) -> None:
        super().__init__()
        self.calls_left = call
        self.outcome = outcome

    def forward(self, z0_ND: Tensor, z1_ND: Tensor) -> Tensor:
        self.calls_left -= 1
        if self.calls_left > 0:
            return super().forward(z0_ND, z1_ND)
        match self.outcome:
            case float(value):
                return super().forward(z0_ND, z1_ND) * value
            case fault:
                raise fault
