"""All that changes while training."""

import copy
from typing import Any

from torch import nn

from uncollapse.compute.optimizer import Optimizer
from uncollapse.compute.work import Work
from uncollapse.methods import Method
from uncollapse.methods.inference import InferenceState as InferenceState
from uncollapse.methods.kl_weight import KLWeightState as KLWeightState
from uncollapse.training.convergence import has_converged, is_settled, should_halve
from uncollapse.training.hyperparameters import Training
from uncollapse.vae import VAE

STATE = ("kl_weight", "inference", "epoch", "batches", "halved", "settled", "best")


class TrainState:
    """All that changes in training.

    Weights, also those of an auxiliary `task`, optimisers, the states of KL weight and inference, epochs,
    batches and work so far, and the best weights.
    """

    def __init__(
        self, vae: VAE, method: Method, training: Training, work: Work, task: nn.Module | None = None
    ) -> None:
        self.vae, self.training, self.task = vae, training, task
        self.schedule, self.target = method.kl_weight.batches, method.kl_weight.target
        self.epoch = self.batches = 0
        self.halved = 0  # This is the epoch of the last halving.
        self.settled = 0  # From this epoch on the KL has been near its target; 0 if it is not, or has none.
        beside = [] if task is None else [*task.parameters()]
        self.groups = {"encoder": vae.encoder_parameters(), "decoder": vae.decoder_parameters() + beside}
        self.optimizers = {
            name: Optimizer(group, training.optimizer, training.learning_rate, training.momentum)
            for name, group in self.groups.items()
        }
        self.kl_weight: KLWeightState = method.kl_weight.init()
        self.inference: InferenceState = method.inference.init()
        self.work = work
        self.best: dict[str, Any] = {}  # It holds epoch, elbo and, with patience, weights.

    def state_dict(self) -> dict[str, Any]:
        """Return references to everything, as torch.save takes them."""
        return {
            "vae": self.vae.state_dict(),
            "task": {} if self.task is None else self.task.state_dict(),
            "optimizers": {name: optimizer.state_dict() for name, optimizer in self.optimizers.items()},
            "work": self.work.row(),
            **{name: getattr(self, name) for name in STATE},
        }

    def load_state_dict(self, saved: dict[str, Any]) -> None:
        """Go back to a saved state: training then goes on to the result that it would have had."""
        self.vae.load_state_dict(saved["vae"])
        if self.task is not None:
            self.task.load_state_dict(saved["task"])
        for name, optimizer in self.optimizers.items():
            optimizer.load_state_dict(saved["optimizers"][name])
        self.work = Work(**saved["work"])
        for name in STATE:
            setattr(self, name, saved[name])

    def trained(self, kl: float) -> None:
        """Take note of the mean KL of an epoch: it may have settled, or no longer be."""
        self.settled = (self.settled or self.epoch) if is_settled(kl, self.target) else 0

    def validated(self, elbo: float) -> None:
        """Take note of the validation ELBO of an epoch: it may be the best, or call for a halving."""
        if not self.best or elbo > self.best["elbo"]:
            self.best = {"epoch": self.epoch, "elbo": elbo}
            if self.training.patience is not None:
                self.best["weights"] = copy.deepcopy(self.vae.state_dict())
        best = self.best["epoch"]
        if should_halve(self.training, epoch=self.epoch, best_epoch=best, last_halving=self.halved):
            self.halved = self.epoch
            for optimizer in self.optimizers.values():
                optimizer.learning_rate /= 2

    @property
    def kept(self) -> int:
        """The epoch whose weights are the result, as far as it is known."""
        return self.best["epoch"] if "weights" in self.best else self.epoch

    @property
    def converged(self) -> bool:
        """Whether training has converged, see `uncollapse.training.convergence`."""
        return has_converged(
            self.training,
            epoch=self.epoch,
            best_epoch=self.best.get("epoch", self.epoch),
            batches=self.batches,
            scheduled_batches=self.schedule,
        )

    @property
    def finished(self) -> bool:
        """Whether training has converged, or all epochs are over."""
        return self.converged or self.epoch >= self.training.epochs
