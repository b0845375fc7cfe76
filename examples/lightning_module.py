"""A loss of alphadsl in a LightningModule, on scikit-learn's digits: `python examples/lightning_module.py`.

Needs the extra `train`, which has Lightning. Takes a few seconds on one core.
"""

import torch
from lightning.pytorch import LightningModule, Trainer
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

import alphadsl

EPOCHS, BATCH = 8, 256


class Contrastive(LightningModule):
    """An encoder and a projector, trained by any loss of alphadsl.

    The loss is a module: what it learns is in `parameters()` and in checkpoints, and moves to the device with the rest.
    With several devices it takes the negatives of all of them, and DDP may average the gradients.
    """

    def __init__(self, spec: str, **values: float) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.encoder = nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 64), nn.ReLU())
        self.projector = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 32))
        self.loss = alphadsl.load(spec, compile=False, **values)  # compiling pays in a longer run

    def training_step(self, batch: list[Tensor], index: int) -> Tensor:
        (x_BS,) = batch
        z0, z1 = (self.projector(self.encoder(make_view(x_BS))) for _ in range(2))
        loss = self.loss(z0, z1)
        self.log("loss", loss)
        return loss

    def on_train_epoch_start(self) -> None:
        self.loss.at(self.current_epoch / EPOCHS)  # moves what the spec schedules; here there is nothing

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.AdamW(self.parameters(), lr=3e-3)


def make_view(x_BS: Tensor) -> Tensor:
    """Digits (B, 64) in [0, 1], some pixels dark and all a little noisy."""
    kept = torch.rand_like(x_BS) > 0.3
    return x_BS * kept + 0.1 * torch.randn_like(x_BS)


def main() -> float:
    torch.manual_seed(0)
    digits = load_digits()
    x_NS = torch.tensor(digits.data, dtype=torch.float32) / 16
    module = Contrastive("infonce", tau=0.2)
    batches = DataLoader(TensorDataset(x_NS), batch_size=BATCH, shuffle=True, drop_last=True)
    trainer = Trainer(max_epochs=EPOCHS, accelerator="cpu", devices=1, logger=False, enable_checkpointing=False)
    trainer.fit(module, batches)
    with torch.no_grad():
        features = module.encoder.eval()(x_NS).numpy()
    probe = LogisticRegression(max_iter=1000).fit(features[:1297], digits.target[:1297])
    accuracy = float(probe.score(features[1297:], digits.target[1297:]))
    print(f"linear probe on {len(features) - 1297} digits of other hands: {accuracy:.1%}")
    return accuracy


if __name__ == "__main__":
    main()
