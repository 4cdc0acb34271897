"""The hyper-parameters of training, and all that changes while training."""

import copy
from typing import Annotated, Any

import pydantic
from pydantic import Field, PositiveFloat, PositiveInt
from torch import nn

from uncollapse.compute.optimizer import Optimizer, Rule
from uncollapse.compute.work import Work
from uncollapse.methods import Method
from uncollapse.methods.inference import InferenceState as InferenceState
from uncollapse.methods.kl_weight import KLWeightState as KLWeightState
from uncollapse.vae import VAE


@pydantic.dataclasses.dataclass(frozen=True, config={"extra": "forbid", "allow_inf_nan": False})
class Training:
    """How long and how to train; the same for every model and method of a data set.

    epochs         over the part that is trained on; with `patience` the largest number of them
    momentum       of sgd
    clip           the norm to which the gradient of the updated parameter groups is clipped
    halving        halve the learning rate whenever the validation ELBO has not risen for so many epochs
    patience       stop when it has not risen for so many epochs, and keep the best weights
    min_epochs     the smallest number of epochs with `patience`
    """

    epochs: PositiveInt
    batch_size: PositiveInt
    learning_rate: PositiveFloat
    clip: PositiveFloat = 5.0
    optimizer: Rule = "adam"
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.0
    halving: PositiveInt | None = None
    patience: PositiveInt | None = None
    min_epochs: PositiveInt = 1


STATE = ("kl_weight", "inference", "epoch", "batches", "halved", "settled", "best")
SETTLED = 0.05  # A KL has settled where it is this share of its target away from it, or less.


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
        near = self.target > 0 and abs(kl - self.target) <= SETTLED * self.target
        self.settled = (self.settled or self.epoch) if near else 0

    def validated(self, elbo: float) -> None:
        """Take note of the validation ELBO of an epoch: it may be the best, or call for a halving."""
        if not self.best or elbo > self.best["elbo"]:
            self.best = {"epoch": self.epoch, "elbo": elbo}
            if self.training.patience is not None:
                self.best["weights"] = copy.deepcopy(self.vae.state_dict())
        halving = self.training.halving
        if halving is not None and self.epoch - max(self.best["epoch"], self.halved) >= halving:
            self.halved = self.epoch
            for optimizer in self.optimizers.values():
                optimizer.learning_rate /= 2

    @property
    def kept(self) -> int:
        """The epoch whose weights are the result, as far as it is known."""
        return self.best["epoch"] if "weights" in self.best else self.epoch

    @property
    def converged(self) -> bool:
        """Whether the validation ELBO has not risen for `patience` epochs, and the schedule is over."""
        patience, best = self.training.patience, self.best.get("epoch", self.epoch)
        over = self.epoch >= self.training.min_epochs and self.batches >= self.schedule
        return patience is not None and over and self.epoch - best >= patience

    @property
    def finished(self) -> bool:
        """Whether training has converged, or all epochs are over."""
        return self.converged or self.epoch >= self.training.epochs
