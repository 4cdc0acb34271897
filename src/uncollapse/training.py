"""How long to train, and all that changes while training."""

import copy
from typing import Any

import pydantic
from pydantic import PositiveFloat, PositiveInt

from uncollapse.methods import Method
from uncollapse.methods.inference import State as InferenceState
from uncollapse.methods.kl_weight import State as KLWeightState
from uncollapse.optimizer import Optimizer, Rule
from uncollapse.vae import VAE
from uncollapse.work import Work


@pydantic.dataclasses.dataclass(frozen=True, config={"extra": "forbid", "allow_inf_nan": False})
class Training:
    """How long and how to train; the same for every model and method of a data set.

    epochs         over the part that is trained on; with `patience` the largest number of them
    clip           the norm to which the gradient of the updated parameter groups is clipped
    patience       stop when the validation ELBO has not risen for so many epochs, and keep the best weights
    min_epochs     the smallest number of epochs with `patience`
    """

    epochs: PositiveInt
    batch_size: PositiveInt
    learning_rate: PositiveFloat
    clip: PositiveFloat = 5.0
    optimizer: Rule = "adam"
    patience: PositiveInt | None = None
    min_epochs: PositiveInt = 1


class TrainState:
    """All that changes in training: weights, optimisers, the states of KL weight and inference, the work
    so far, and the best weights."""

    def __init__(self, vae: VAE, method: Method, training: Training, work: Work) -> None:
        self.vae, self.epoch = vae, 0
        self.groups = {"encoder": vae.encoder_parameters(), "decoder": vae.decoder_parameters()}
        self.optimizers = {
            name: Optimizer(group, training.optimizer, training.learning_rate)
            for name, group in self.groups.items()
        }
        self.kl_weight: KLWeightState = method.kl_weight.init()
        self.inference: InferenceState = method.inference.init()
        self.work = work
        self.best: dict[str, Any] = {}  # epoch, elbo and weights, if training has patience

    def state_dict(self) -> dict[str, Any]:
        """References to everything, as torch.save takes them."""
        return {
            "vae": self.vae.state_dict(),
            "optimizers": {name: optimizer.state_dict() for name, optimizer in self.optimizers.items()},
            "work": self.work.row(),
            **{name: getattr(self, name) for name in ("kl_weight", "inference", "epoch", "best")},
        }

    def load_state_dict(self, saved: dict[str, Any]) -> None:
        """Back to a saved state: training then goes on to the result that it would have had."""
        self.vae.load_state_dict(saved["vae"])
        for name, optimizer in self.optimizers.items():
            optimizer.load_state_dict(saved["optimizers"][name])
        self.work = Work(**saved["work"])
        for name in ("kl_weight", "inference", "epoch", "best"):
            setattr(self, name, saved[name])

    def keep_best(self, valid_elbo: float) -> None:
        """Copy the weights if the validation ELBO is the best so far."""
        if not self.best or valid_elbo > self.best["elbo"]:
            weights = copy.deepcopy(self.vae.state_dict())
            self.best = {"epoch": self.epoch, "elbo": valid_elbo, "weights": weights}

    def finished(self, training: Training) -> bool:
        """Whether all epochs are over, or the validation ELBO has not risen for `patience` epochs."""
        stalled = (
            training.patience is not None
            and self.epoch >= training.min_epochs
            and self.epoch - self.best.get("epoch", self.epoch) >= training.patience
        )
        return stalled or self.epoch >= training.epochs
