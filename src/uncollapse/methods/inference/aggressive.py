"""The encoder takes many steps for each step of the decoder, as long as this raises mutual information.

He et al. 2019, arXiv 1901.05534, algorithm 1, with the rules of their code.

At every training batch the encoder alone is updated, first on this batch and then on random ones. Every
`window` steps the mean loss of the window, per image or word, is compared with the mean of the window before;
the encoder stops when it got worse, or after `most` - 1 steps. Then the decoder alone is updated once, on
the training batch. Two windows always run, because the first one has nothing to be compared with.

Aggressive steps end when the validation MI lags: at the `patience`-th epoch whose MI is below the best so
far. Their code has a window of 15 and patience 1 for text, of 10 and 5 for images. From then on both are
updated together. In their code the mixture of the MI is the batch; here it is all of the validation data.
"""

import math
from collections.abc import Callable

from pydantic import PositiveInt
from torch import Tensor

from uncollapse.methods.inference import DrawBatch, Inference, InferenceState, StepFunction, StepResult


def aggressive(*, window: PositiveInt = 10, most: PositiveInt = 100, patience: PositiveInt = 5) -> Inference:
    """Return an order with fewer than `most` steps of the encoder for each step of the decoder."""

    def step(state: InferenceState, x: Tensor, gradient_step: StepFunction, draw: DrawBatch) -> StepResult:
        if not state["aggressive"]:
            return gradient_step(x)
        results: list[StepResult] = []
        last_mean, batch = math.inf, x
        for count in range(1, most):
            results.append(gradient_step(batch, decoder=False))
            if count % window == 0:
                mean = float(sum(result.loss for result in results)) / float(
                    sum(result.units for result in results)
                )
                if mean > last_mean:
                    break
                last_mean, results = mean, []
            batch = draw()
        return gradient_step(x, encoder=False)

    def epoch(state: InferenceState, mi: Callable[[], float]) -> InferenceState:
        if not state["aggressive"]:
            return state
        value, best, lags = mi(), state["best"], state["lags"]
        if value < best:
            lags += 1
        return {"aggressive": float(lags < patience), "best": max(value, best), "lags": lags}

    return Inference(lambda: {"aggressive": 1.0, "best": -math.inf, "lags": 0.0}, step, epoch)
