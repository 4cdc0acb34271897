"""The slot `inference` of methods.

What is updated at this step, the encoder, the decoder or both?

A piece is three functions. `init()` gives the state before the first step. `step(state, x, gradient_step,
draw)` is called once for every training batch x (B, ...); it takes gradient steps, on x or on random
training batches from `draw()`, and gives the result of the last one. `epoch(state, mi)` gives the state
for the next epoch; `mi()` measures the mutual information (nats) on the validation data. A piece may also
refine the encoder's q(z|x), see `uncollapse.vae.Refinement`, wherever it is used.
"""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from torch import Tensor

from uncollapse.methods.kl_weight import KLWeightState as KLWeightState
from uncollapse.vae import Refinement

InferenceState = dict[str, float]


class StepResult(NamedTuple):
    """The values that a gradient step saw before it changed the weights.

    loss: of the batch, summed over examples (nats); units: the number of images or words that it is for;
    means: (3,), of reconstruction, KL (nats) and beta; kl_weight: the next state of the KL weight.
    """

    loss: Tensor
    units: Tensor | int
    means: Tensor
    kl_weight: KLWeightState


class StepFunction(Protocol):
    """A function that takes one gradient step on the loss of a batch, of encoder, decoder or both."""

    def __call__(self, x: Tensor, *, encoder: bool = True, decoder: bool = True) -> StepResult: ...


DrawBatch = Callable[[], Tensor]


class Inference(NamedTuple):
    """An order of updates of encoder and decoder."""

    init: Callable[[], InferenceState]
    step: Callable[[InferenceState, Tensor, StepFunction, DrawBatch], StepResult]
    epoch: Callable[[InferenceState, Callable[[], float]], InferenceState]
    refinement: Refinement | None = None
