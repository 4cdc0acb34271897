"""A VAE of pythae, whose KL is weighed by a controller of ours."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pythae.models import VAE, VAEConfig
from pythae.trainers import BaseTrainer, BaseTrainerConfig
from torch import Tensor
from torch.nn import functional

import uncollapse


class ControlVAE(VAE):
    """Theirs, with a weight of the KL."""

    def __init__(self, config: VAEConfig) -> None:
        super().__init__(config)
        self.weight = uncollapse.kl_weight("pi", kl_target=6.0, ki=0.002)

    def loss_function(
        self, recon_x: Tensor, x: Tensor, mu: Tensor, log_var: Tensor, z: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        error = 0.5 * functional.mse_loss(recon_x.flatten(1), x.flatten(1), reduction="none").sum(1)
        kl = 0.5 * (mu**2 + log_var.exp() - 1 - log_var)
        return error.mean() + self.weight(kl), error.mean(), kl.sum(1).mean()


def trained(model: VAE, x: Any, folder: Path, epochs: int) -> VAE:
    """Trained by their trainer."""
    config = BaseTrainerConfig(
        str(folder), num_epochs=epochs, per_device_train_batch_size=50, learning_rate=0.01, no_cuda=True
    )
    BaseTrainer(model, train_dataset=dataset(x), training_config=config).train()
    return model


def dataset(x: Any) -> Any:
    """As their trainer wants it."""
    from pythae.data.datasets import BaseDataset

    return BaseDataset(torch.as_tensor(x, dtype=torch.float32), torch.zeros(len(x)))


def test_a_controller_holds_the_kl_of_pythaes_vae(tmp_path: Path) -> None:
    torch.manual_seed(0)
    x = np.random.default_rng(0).normal(size=(1000, 6)) * 4
    config = VAEConfig(input_dim=(6,), latent_dim=3)
    kls = {}
    for name, kind in (("vae", VAE), ("control", ControlVAE)):
        model = trained(kind(config), x, tmp_path / name, 40).eval()
        with torch.no_grad():
            encoded = model.encoder(torch.as_tensor(x, dtype=torch.float32))
        kls[name] = uncollapse.diagnose(encoded.embedding, encoded.log_covariance).kl
    assert kls["control"] == pytest.approx(6.0, rel=0.1)
    assert kls["vae"] < 5
