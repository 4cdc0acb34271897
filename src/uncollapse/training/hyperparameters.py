"""How long and how to train: the section `training` of a data set in params.yaml."""

from typing import Annotated

import pydantic
from pydantic import Field, PositiveFloat, PositiveInt

from uncollapse.compute.optimizer import Rule


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
