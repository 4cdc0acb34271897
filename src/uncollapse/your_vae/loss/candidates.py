"""The candidates for the likelihood of a loss: a known likelihood, or the function of the one who asks.

A candidate is compared with a loss by its gradient in the output.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from uncollapse.your_vae.loss.audited_batch import AuditBatch, change_tensors, list_tensors
from uncollapse.your_vae.loss.named_likelihoods import (
    KNOWN_LIKELIHOODS,
    MEAN_GAUSSIAN,
    KnownLikelihood,
)
from uncollapse.your_vae.loss.output_layouts import fits_beside, lay_out

LikelihoodFunction = Callable[[Any, Any], Tensor]
OWN = "function"  # The key of a likelihood that is handed over.


@dataclass(frozen=True)
class Candidate:
    """A likelihood that a loss may have: `nats` takes the output and x, and gives -log p(x|z)."""

    known: KnownLikelihood
    nats: LikelihoodFunction
    way: int = 0

    def lay_out(self, parts: list[Tensor], x: Any) -> list[Tensor]:
        """Return tensors like the output as they lie beside x."""
        return lay_out(self.known.layout, parts, x)[self.way][0]

    def compute_shape(self, batch: AuditBatch, gradients: list[Tensor]) -> list[Tensor]:
        """Return the gradient of -log p(x|z), summed over the batch, in each tensor of the output.

        `gradients` are those of the loss, in which a parameter that the output does not have is found.
        """
        leaves: list[Tensor] = []

        def make_leaf(tensor: Tensor) -> Tensor:
            if not tensor.is_floating_point():
                return tensor
            leaves.append(tensor.detach().double().requires_grad_())
            return leaves[-1]

        with torch.inference_mode(False), torch.enable_grad():
            output = change_tensors(batch.output, make_leaf)
            x = change_tensors(batch.x, lambda part: part.double() if part.is_floating_point() else part)
            if self.known.parameter:
                [of_loss], of_x = lay_out(self.known.layout, gradients, x)[self.way]
                [value] = self.lay_out([leaves[0].detach()], x)
                output = [output, self.known.parameter(of_loss, value, of_x)]
            found = torch.autograd.grad(self.nats(output, x).sum(), leaves, allow_unused=True)
        return [
            torch.zeros_like(leaf) if part is None else part for part, leaf in zip(found, leaves, strict=True)
        ]


def choose_candidates(
    batch: AuditBatch,
    likelihood: str | LikelihoodFunction | None,
    output_is: str | None,
    variance: float | Tensor,
) -> tuple[list[Candidate], list[Candidate]]:
    """Return the candidates that a stated likelihood allows, and all the others.

    Raises ValueError with one line if no output of this shape has the stated likelihood.
    """
    if (
        isinstance(variance, Tensor)
        and isinstance(batch.x, Tensor)
        and not fits_beside(variance, batch.x[:1])
    ):
        raise ValueError(
            f"variance: should be one number, or one for each value of x, {tuple(batch.x.shape[1:])}, "
            f"not of shape {tuple(variance.shape)}"
        )
    every = list_known_candidates(batch, variance)
    if callable(likelihood):
        own = wrap_function(likelihood, len(batch.mu))
        own.compute_shape(batch, [])
        return [own], every
    if likelihood is None and output_is is None:
        return every, []
    allowed = [one for one in every if is_stated(one.known, likelihood, output_is)]
    if not allowed:
        raise ValueError(describe_misfit(batch, likelihood, output_is))
    return allowed, [one for one in every if one not in allowed]


def is_stated(known: KnownLikelihood, likelihood: str | None, output_is: str | None) -> bool:
    """Tell whether a likelihood is what is stated. What has only one form asks for no `output_is`."""
    return likelihood in (None, known.key) and (output_is in (None, known.output_is) or not known.output_is)


def describe_misfit(batch: AuditBatch, likelihood: str | None, output_is: str | None) -> str:
    """Say why no output of a batch can have a stated likelihood."""
    outputs = list_tensors(batch.output)
    stated = [known for known in KNOWN_LIKELIHOODS if is_stated(known, likelihood, output_is)]
    shaped = [known for known in stated if lay_out(known.layout, outputs, batch.x)]
    if shaped:
        low, high = shaped[0].outputs
        return f"output: should be between {low:g} and {high:g}; for logits say output_is='logits'"
    shapes = " and ".join(str(tuple(part.shape)) for part in outputs)
    of_x = tuple(batch.x.shape) if isinstance(batch.x, Tensor) else describe_type(batch.x)
    needs = {
        "same": "the same number of values",
        "pair": "a pair of tensors of the shape of x as output",
        "classes": "an axis of classes more in output, and whole numbers as x",
    }
    needed = " or ".join(dict.fromkeys(needs[known.layout] for known in stated))
    return f"output and x should have {needed}, not {shapes} and {of_x}; or pass a function as likelihood="


def list_known_candidates(batch: AuditBatch, variance: float | Tensor) -> list[Candidate]:
    """Return every known likelihood that the shapes and values of a batch allow."""
    outputs = list_tensors(batch.output)
    found = []
    for known in KNOWN_LIKELIHOODS:
        low, high = known.outputs
        if all(bool(((part >= low) & (part <= high)).all()) for part in outputs):
            ways = range(len(lay_out(known.layout, outputs, batch.x)))
            found += [Candidate(known, choose_way(known, way, variance), way) for way in ways]
    return found


def choose_way(known: KnownLikelihood, way: int, variance: float | Tensor) -> LikelihoodFunction:
    """Return a known likelihood as a function of output and x, which lie beside each other in one way."""

    def compute(output: Any, x: Any) -> Tensor:
        outputs, parameter = (output[:1], output[1:]) if known.parameter else (list_tensors(output), [])
        parts, of_x = lay_out(known.layout, outputs, x)[way]
        nats = known.nats([*parts, *parameter], of_x.double())
        return nats.reshape(x.shape) / variance if known.name == MEAN_GAUSSIAN else nats

    return compute


def wrap_function(likelihood: LikelihoodFunction, count: int) -> Candidate:
    """Return the likelihood function of the one who asks as a candidate.

    Raises ValueError with one line unless it gives the nats of each of the `count` examples.
    """

    def compute(output: Any, x: Any) -> Tensor:
        nats = call_in_either_precision(likelihood, output, x)
        if not isinstance(nats, Tensor) or not nats.is_floating_point() or (nats.dim() == 0 and count > 1):
            raise ValueError(
                "likelihood: should return a tensor (N,) with -log p(x|z) of each example in nats, summed "
                f"over its values, not {describe_type(nats)}"
            )
        if not nats.requires_grad:
            raise ValueError("likelihood: should depend on the output, so that it has a gradient in it")
        return nats

    known = KnownLikelihood(OWN, "", "the function `likelihood`", lambda o, x: o[0] - x, "function")
    return Candidate(known, compute)


def call_in_either_precision(likelihood: LikelihoodFunction, output: Any, x: Any) -> Tensor:
    """Return what a likelihood gives for doubles, or for singles, as a net in it may take no doubles."""
    try:
        return likelihood(output, x)
    except Exception:  # It is called again, and tells then what is wrong.
        single = [
            change_tensors(part, lambda tensor: tensor.float() if tensor.is_floating_point() else tensor)
            for part in (output, x)
        ]
        return likelihood(*single)


def describe_type(value: Any) -> str:
    """Return what a value is: its shape if it is a tensor, otherwise its type."""
    return f"one of shape {tuple(value.shape)}" if isinstance(value, Tensor) else type(value).__name__
