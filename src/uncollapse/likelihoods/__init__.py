"""The slot `likelihood` of a data set.

What is p(x|z)?
"""

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn


class Likelihood(NamedTuple):
    """A distribution p(x|z) of images or tokens.

    `draw(x, generator)`: an example as p(x|z) can give it, from raw values of the same type and shape
    (drawing twice changes nothing more). `log_prob(x, output)`: log p(x|z) in nats, (B,), for x (B, ...) and
    the decoder's output. `units(x)`: how many images or words there are in a batch, for a loss that is
    compared between batches. `mean(output)` and `sample(output, generator)`: the most likely x, or the mean
    of x where it is a picture, and an x at random, of the type that a decoder reads. `scale()`: a module that
    adds parameters of the likelihood to the decoder's output, if it has any. `real`: whether x may have any
    real values.
    """

    kind: Literal["images", "tokens"]
    draw: Callable[[NDArray[Any], np.random.Generator], NDArray[Any]]
    log_prob: Callable[[Tensor, Tensor], Tensor]
    units: Callable[[Tensor], Tensor | int]
    mean: Callable[[Tensor], Tensor]
    sample: Callable[[Tensor, torch.Generator], Tensor]
    scale: Callable[[], nn.Module] = nn.Identity
    real: bool = False
