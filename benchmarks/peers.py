"""The training loops of others around our nets: on grey values, without clipping."""

import logging
import tempfile
import time
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch
from nets_of_steps import BATCHES, Run, data_of, timed, vae_of
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.utils.data import DataLoader, TensorDataset

from uncollapse.data.part import to_tensor


def lightning(net: str, size: int) -> Run | None:
    """Make a LightningModule with torch's default Adam."""
    if not find_spec("lightning"):
        return None
    from lightning import Callback, LightningModule, Trainer

    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    part, card = data_of("images")
    grey = to_tensor(np.asarray(part.x[: size * (BATCHES + 10)]))

    class Module(LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.vae = vae_of(net, card)

        def training_step(self, batch: list[Tensor]) -> Tensor:
            (x,) = batch
            mu, logvar = self.vae.posterior(self.vae.encoder(x))
            output = self.vae.decoder(mu + (0.5 * logvar).exp() * torch.randn_like(mu), x)
            loss = binary_cross_entropy_with_logits(output, x, reduction="sum")
            return (loss + 0.5 * (mu.square() + logvar.exp() - 1 - logvar).sum()) / len(x)

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.Adam(self.parameters(), lr=0.001)

    class Clock(Callback):
        def on_train_batch_end(self, *event: Any) -> None:
            if event[-1] == 9:  # The first batches also set things up.
                self.start = time.perf_counter()
            self.end = time.perf_counter()

    module = Module()

    def run() -> float:
        clock = Clock()
        quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
        trainer = Trainer(
            max_epochs=1, accelerator="cpu", enable_model_summary=False, callbacks=[clock], **quiet
        )
        trainer.fit(module, DataLoader(TensorDataset(grey), size, shuffle=True, drop_last=True))
        return size * BATCHES / (clock.end - clock.start)

    return run


def pythae(net: str, size: int) -> Run | None:
    """pythae's VAE with our nets, in its own trainer."""
    if not find_spec("pythae"):
        return None
    from pythae.data.datasets import BaseDataset
    from pythae.models import VAE as TheirVAE
    from pythae.models import VAEConfig
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseEncoder
    from pythae.trainers import BaseTrainer, BaseTrainerConfig

    logging.disable(logging.INFO)
    part, card = data_of("images")
    vae = vae_of(net, card)

    class Encoder(BaseEncoder):
        def __init__(self) -> None:
            super().__init__()
            self.encoder, self.posterior = vae.encoder, vae.posterior

        def forward(self, x: Tensor) -> ModelOutput:
            mu, logvar = self.posterior(self.encoder(x))
            return ModelOutput(embedding=mu, log_covariance=logvar)

    class Decoder(BaseDecoder):
        def __init__(self) -> None:
            super().__init__()
            self.decoder = vae.decoder

        def forward(self, z: Tensor) -> ModelOutput:
            return ModelOutput(reconstruction=self.decoder(z, z).sigmoid())

    config = VAEConfig(input_dim=(28, 28), latent_dim=vae.latents, reconstruction_loss="bce")
    grey = to_tensor(np.asarray(part.x[: size * BATCHES]))
    trainer = BaseTrainer(
        TheirVAE(config, Encoder(), Decoder()),
        BaseDataset(grey, torch.zeros(len(grey))),
        training_config=BaseTrainerConfig(
            output_dir=tempfile.mkdtemp(),
            per_device_train_batch_size=size,
            learning_rate=0.001,
            no_cuda=True,
        ),
        callbacks=[],
    )
    trainer.prepare_training()
    trainer.callback_handler.callbacks = []  # no progress bar
    return timed(lambda: trainer.train_step(1), size * BATCHES, count=1)
