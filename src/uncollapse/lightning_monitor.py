"""A callback of Lightning that watches the latents of a VAE."""

from collections.abc import Callable
from typing import Any

import lightning

from uncollapse.diagnosis import EPS
from uncollapse.monitor import Monitor


class LightningMonitor(lightning.Callback):
    """Logs kl and mi (nats), active_units and collapsed (the share of dimensions) of the validation data
    after every validation epoch, to whatever logger there is; warns once when dimensions begin to die.

    `encode(module, batch)` gives what `uncollapse.diagnose` takes: mu and logvar, or a distribution.
    `prefix` stands before the names that are logged.
    """

    def __init__(self, encode: Callable[[Any, Any], Any], *, prefix: str = "") -> None:
        self.encode, self.prefix, self.monitor = encode, prefix, Monitor()

    def on_validation_epoch_start(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> None:
        """Forget the epoch before."""
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
        self.monitor.add(*(encoded if isinstance(encoded, tuple) else (encoded,)))

    def on_validation_epoch_end(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule
    ) -> None:
        """Log, but not of the few batches with which Lightning tries a loop out."""
        if trainer.sanity_checking:
            return
        found = self.monitor.diagnose()
        values = {
            "kl": found.kl,
            "mi": found.mi,
            "active_units": float(found.active_units),
            "collapsed": found.collapsed(EPS),
        }
        pl_module.log_dict({f"{self.prefix}{name}": value for name, value in values.items()})
