"""A Lightning module whose latents are watched, with a real MLflow store."""

import re
from pathlib import Path
from typing import Any

import lightning
import mlflow
import pytest
import torch
from lightning.pytorch.loggers import MLFlowLogger
from torch import Tensor

import uncollapse
from uncollapse.your_vae.monitor import CollapseWarning

PAGE = (Path(__file__).parent.parent.parent / "docs/own-loop.md").read_text()


class Module(lightning.LightningModule):
    """A linear VAE, whose KL weight is far too large after `until` epochs."""

    def __init__(self, until: int) -> None:
        super().__init__()
        self.encoder, self.decoder = torch.nn.Linear(6, 6), torch.nn.Linear(3, 6)
        self.until = until

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        mu, logvar = self.encoder(x).chunk(2, dim=1)
        return mu, logvar

    def training_step(self, batch: Tensor, index: int) -> Tensor:
        mu, logvar = self.encode(batch)
        output = self.decoder(mu + (logvar / 2).exp() * torch.randn_like(mu))
        kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(1)
        weight = 1000.0 if self.current_epoch >= self.until else 1.0
        return (0.5 * (output - batch).square().sum(1) + weight * kl).mean()

    def validation_step(self, batch: Tensor, index: int) -> None:
        pass

    def configure_optimizers(self) -> Any:
        return torch.optim.Adam(self.parameters(), lr=0.02)


def test_the_latents_are_logged_every_epoch_and_their_death_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    x = 5 * torch.randn(600, 6)
    train, valid = (torch.utils.data.DataLoader(part, batch_size=50) for part in x.split(300))
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    logger = MLFlowLogger("vae", tracking_uri=uri)
    monkeypatch.chdir(tmp_path)
    [code] = re.findall(r"```python\n(.*?)```", PAGE.split("## Watch it")[1], re.DOTALL)
    scope = {"uncollapse": uncollapse, "lightning": lightning, "logger": logger}
    exec(code, scope)
    trainer = scope["trainer"]
    with pytest.warns(CollapseWarning, match="latent dimensions are collapsing") as told:
        trainer.fit(Module(until=15), train, valid)
    assert len([found for found in told if found.category is CollapseWarning]) == 1
    client = mlflow.MlflowClient(uri)
    histories = {
        name: [metric.value for metric in client.get_metric_history(logger.run_id, f"valid_{name}")]
        for name in ("kl", "mi", "active_units", "collapsed")
    }
    assert {len(history) for history in histories.values()} == {30}
    assert histories["active_units"][14] == 3
    assert histories["collapsed"][14] == 0
    assert histories["collapsed"][-1] == 1
    assert histories["kl"][-1] < 0.1 < histories["mi"][14] <= histories["kl"][14] + 0.5
