"""One call of a loss: the batch that it is given, and the gradients that it has there."""

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import torch
from torch import Tensor

from uncollapse.your_vae.handed_over.real_arrays import take_first_line
from uncollapse.your_vae.latents.sampler import seed_globals

# Call it as `loss(output, x, mu, logvar)`.
Loss = Callable[[Any, Any, Tensor, Tensor], Tensor]


class NoElbo(Exception):
    """A loss is no negative ELBO; the text says why."""


@dataclass(frozen=True)
class AuditBatch:
    """What a loss takes: `output` and `x` are tensors, or tuples, lists or dictionaries of them."""

    output: Any
    x: Any
    mu: Tensor
    logvar: Tensor

    def change(self, change: Callable[[Tensor], Tensor]) -> "AuditBatch":
        """Return the batch with every tensor changed."""
        output, x = change_tensors(self.output, change), change_tensors(self.x, change)
        return AuditBatch(output, x, change(self.mu), change(self.logvar))

    def cut(self) -> "AuditBatch | None":
        """Return the first half of the batch, None if it has no halves.

        A tensor may have a multiple of the rows that mu has, such as the flattened steps of a series.
        """
        count = len(self.mu)
        tensors = [self.mu, *list_tensors(self.output), *list_tensors(self.x)]
        if count < 2 or any(not tensor.dim() or len(tensor) % count for tensor in tensors):
            return None
        return self.change(lambda tensor: tensor[: (count + 1) // 2 * (len(tensor) // count)])

    def move_output(self, factor: float, shift: float) -> "AuditBatch":
        """Return the batch with other outputs, and so with other errors."""
        return replace(
            self,
            output=change_tensors(
                self.output, lambda part: factor * part + shift if part.is_floating_point() else part
            ),
        )

    def scale_latents(self, scale: float) -> "AuditBatch":
        """Return the batch with more KL (scale > 1) or less."""
        return replace(self, mu=scale * self.mu, logvar=min(scale, 1) * self.logvar)


class Gradients(NamedTuple):
    """The gradients of a loss in each tensor of the output that has real numbers, in mu and in logvar."""

    output: list[Tensor]
    mu: Tensor
    logvar: Tensor
    uses_latents: bool


class Probe(NamedTuple):
    """A batch, and the gradients that a loss has there."""

    batch: AuditBatch
    gradients: Gradients


def list_tensors(structure: Any) -> list[Tensor]:
    """Return the tensors of a structure, in order."""
    if isinstance(structure, Tensor):
        return [structure]
    if isinstance(structure, dict):
        structure = list(structure.values())
    if isinstance(structure, list | tuple):
        return [tensor for part in structure for tensor in list_tensors(part)]
    return []


def change_tensors(structure: Any, change: Callable[[Tensor], Tensor]) -> Any:
    """Return a structure with every tensor changed, and all else as it was."""
    if isinstance(structure, Tensor):
        return change(structure)
    if isinstance(structure, dict):
        changed = copy.copy(structure)
        for key, part in structure.items():
            changed[key] = change_tensors(part, change)
        return changed
    if isinstance(structure, list | tuple):
        parts = [change_tensors(part, change) for part in structure]
        return type(structure)(*parts) if hasattr(structure, "_fields") else type(structure)(parts)
    return structure


def compute_gradients(loss: Loss, batch: AuditBatch, seed: int = 0) -> Gradients:
    """Return the gradients of a loss. Raises NoElbo where there are none, and ValueError if it fails."""
    with torch.inference_mode(False), torch.enable_grad(), seed_globals(batch.mu.device, seed):
        leaves: list[Tensor] = []

        def make_leaf(tensor: Tensor) -> Tensor:
            if not tensor.is_floating_point():
                return tensor.clone()
            leaves.append(tensor.clone().requires_grad_())
            return leaves[-1].clone()  # A loss may clamp it in place.

        given = [change_tensors(part, make_leaf) for part in (batch.output, batch.mu, batch.logvar)]
        x = change_tensors(batch.x, lambda tensor: tensor.clone())
        value = call_loss(loss, given[0], x, given[1], given[2])
        if not bool(value.isfinite().all()):
            raise NoElbo(f"it is {value.item()} on this batch")
        if not value.requires_grad:
            raise NoElbo("it depends neither on the output nor on mu and logvar")
        try:
            found = torch.autograd.grad(value.sum(), leaves, allow_unused=True)
        except RuntimeError as error:
            raise ValueError(f"loss: has no gradient: {take_first_line(error)}") from error
    pairs = zip(found, leaves, strict=True)
    *of_output, of_mu, of_logvar = [
        torch.zeros_like(leaf) if part is None else part.detach() for part, leaf in pairs
    ]
    return Gradients(of_output, of_mu, of_logvar, found[-1] is not None or found[-2] is not None)


def call_loss(loss: Loss, *given: Any) -> Tensor:
    """Return the value of a loss. Raises ValueError with one line if it is no single number."""
    value = loss(*given)
    if not isinstance(value, Tensor) or value.numel() != 1 or value.is_complex():
        raise ValueError(
            f"loss: should return a tensor with one number, the loss of the batch{describe_results(value)}"
        )
    return value


def describe_results(value: Any) -> str:
    """Say how to pass the one result that is the loss, where there are several or it is no single number."""
    if isinstance(value, Mapping) or hasattr(value, "loss"):
        names = list(value) if isinstance(value, Mapping) else ["loss"]
        if not names:
            return ", not an empty dictionary"
        name = next((name for name in names if "loss" in str(name).lower()), names[0])
        got = f"[{name!r}]" if isinstance(value, Mapping) else ".loss"
        return f"; of its several results pass one: lambda *batch: my_loss(*batch){got}"
    if isinstance(value, list | tuple) and value:
        return (
            f"; it returns {len(value)} results: pass lambda *batch: my_loss(*batch)[0] if the first is the "
            "loss, or lambda *batch: sum(my_loss(*batch)[:2]) if the first two are its terms"
        )
    if isinstance(value, Tensor) and value.numel() > 1:
        return f", not one of shape {tuple(value.shape)}: take its sum or mean, as the training does"
    return f", not {type(value).__name__}"


def choose_precision(loss: Loss, batch: AuditBatch) -> AuditBatch:
    """Return the batch in double precision if the loss takes it, otherwise in single precision.

    Gradients in half precision are too coarse, and those near a KL of 0 need doubles. A net in single
    precision takes none, and some devices have none.
    """
    try:
        double = batch.change(lambda part: part.double() if part.is_floating_point() else part)
        with seed_globals(batch.mu.device):
            call_loss(loss, *vars(double.change(Tensor.clone)).values())
    except (ValueError, TypeError, RuntimeError):
        return batch.change(lambda part: part.float() if part.is_floating_point() else part)
    return double
