"""A callback of Lightning that watches the latents of a VAE."""

import warnings
from collections.abc import Callable
from typing import Any

import lightning

from uncollapse.your_vae.latents.latent_verdict import COLLAPSE_EPS
from uncollapse.your_vae.monitor import Monitor

REMEMBERED = ("fewest", "rising", "count", "collapses", "told")


class LightningMonitor(lightning.Callback):
    """A callback that logs the state of the latents after every validation epoch.

    It logs kl and mi (nats), active_units and collapsed (the share of dimensions) of the validation data to
    whatever logger there is, and warns as `uncollapse.Monitor` does. `encode(module, batch)` returns what
    `uncollapse.diagnose` takes: mu and logvar, or a distribution. `prefix` stands before the names that
    are logged.
    """

    def __init__(self, encode: Callable[[Any, Any], Any], *, prefix: str = "") -> None:
        self.encode, self.prefix, self.monitor = encode, prefix, Monitor()

    def on_validation_epoch_start(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> None:
        """Forget the previous epoch."""
        self.monitor.clear()

    def on_validation_batch_end(
        self,
        trainer: lightning.Trainer,
        pl_module: lightning.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Encode the batch."""
        encoded = self.encode(pl_module, batch)
        try:
            self.monitor.add(*(encoded[:2] if isinstance(encoded, tuple) else (encoded,)))
        except ValueError as error:
            self.doubt(error)

    def on_validation_epoch_end(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> None:
        """Log the diagnosis, except for the few batches with which Lightning tries out a loop."""
        if trainer.sanity_checking:
            return
        try:
            found = self.monitor.diagnose()
        except ValueError as error:
            return self.doubt(error)
        if not found.n:
            return
        values = {
            "kl": found.kl,
            "mi": found.mi,
            "active_units": float(found.active_units),
            "collapsed": found.collapsed(COLLAPSE_EPS),
        }
        pl_module.log_dict({f"{self.prefix}{name}": value for name, value in values.items()}, sync_dist=True)

    def doubt(self, error: ValueError) -> None:
        """Warn that latents cannot be diagnosed, which does not stop the training."""
        warnings.warn(f"latents not diagnosed: {error}", stacklevel=2)

    def state_dict(self) -> dict[str, Any]:
        """Return what has to be remembered when training goes on from a checkpoint."""
        return {name: getattr(self.monitor, name) for name in REMEMBERED}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from a state of `state_dict`."""
        for name in REMEMBERED:
            if name in state_dict:  # Checkpoints of before remember less.
                setattr(self.monitor, name, state_dict[name])
