"""The pieces of the slots for a training loop of one's own, which needs nothing else of this project.

Each function has the name of its slot, and takes a piece of it with its arguments, as params.yaml does:
kl_weight("pi", kl_target=18.0). All raise ValueError with one line for a name or an argument that does not
exist.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from types import SimpleNamespace
from typing import Any, cast

import torch
from torch import Tensor, nn

from uncollapse.check_entries import resolve_entry
from uncollapse.errors import UserError
from uncollapse.methods.divergence import Divergence
from uncollapse.methods.inference import Inference, StepResult
from uncollapse.methods.perturbation import Context, Inputs, Perturbation
from uncollapse.registry import SLOTS, make_piece
from uncollapse.vae import VAE, Gaussian
from uncollapse.your_vae.weighted_kl import WeightedKL, to_single

Step = Callable[..., Tensor]


def build_piece(slot: str, use: str, arguments: dict[str, Any]) -> Any:
    """Build the piece `use` of a slot from its arguments."""
    try:
        return make_piece(
            SLOTS[slot].folder, resolve_entry(slot, SLOTS[slot].folder, {"use": use, **arguments})
        )
    except UserError as error:
        raise ValueError(str(error)) from None


class NoNet:
    """A stand-in for the net of a grid: whatever reads it raises ValueError."""

    def __init__(self, use: str) -> None:
        self.use = use

    def __str__(self) -> str:
        return f"{self.use}: reads encoder and decoder, so it only works in a grid of params.yaml"

    def __getattr__(self, name: str) -> Any:
        raise ValueError(str(self))


def kl_weight(use: str, **arguments: Any) -> WeightedKL:
    """Return a weight of the KL: loss = reconstruction + weight(kl), in nats, summed over values."""
    return WeightedKL(build_piece("kl_weight", use, arguments))


def divergence(use: str, **arguments: Any) -> Callable[..., Tensor]:
    """Return a divergence that takes the place of the KL: loss = reconstruction + divergence(mu, logvar, z).

    It is in nats, the mean over a batch; mu, logvar and z are (B, D) each. `kl=weight(kl)` hands over the KL
    of a KL weight.
    """
    rule: Divergence = build_piece("divergence", use, arguments)

    def value(mu: Tensor, logvar: Tensor, z: Tensor, *, kl: Tensor | None = None) -> Tensor:
        if not mu.shape == logvar.shape == z.shape:
            shapes = ", ".join(str(tuple(each.shape)) for each in (mu, logvar, z))
            raise ValueError(f"mu, logvar and z should have the same shape, not {shapes}")
        if kl is not None and kl.ndim:
            raise ValueError(f"kl: should be the mean over the batch, not of shape {tuple(kl.shape)}")
        q = Gaussian(*(to_single(each).flatten(1) for each in (mu, logvar)))
        result = rule.share * (q.kl().sum(1).mean() if kl is None else kl)
        if rule.penalty is None:
            return result
        if len(mu) < 2:
            raise ValueError(f"mu: {use} compares examples, and needs a batch of two or more")
        own, noise = to_single(z).flatten(1), torch.randn_like(q.mu)
        return result + rule.penalty(cast(VAE, NoNet(use)), mu, q, own, noise).mean()

    return value


def posterior(use: str, *, features: int, latents: int, **arguments: Any) -> nn.Module:
    """Return a module from an encoder's features (B, features) to mu and logvar, (B, latents) each."""
    head: nn.Module = build_piece("posterior", use, arguments)(features, latents)
    head.register_forward_pre_hook(check_features)
    return head


def check_features(head: nn.Module, inputs: tuple[Tensor]) -> None:
    """Raise ValueError unless a head is given features (B, features)."""
    if inputs[0].ndim != 2:
        raise ValueError(f"features: should be (B, features), not of shape {tuple(inputs[0].shape)}")


def decoder(use: str, *, latents: int, features: int, **arguments: Any) -> nn.Module:
    """Return a module for a layer of a decoder: join(h, z) puts z (B, latents) into h (B, ..., features)."""
    return build_piece("decoder", use, arguments)(latents, features)


def perturbation(use: str, **arguments: Any) -> Callable[..., Tensor]:
    """Return a function that makes what the encoder reads in place of x (B, ...), which are real numbers.

    Call it as perturb(x), and as perturb(x, loss) for an adversary, where `loss(x)` (B,) is that of each
    example. The adversary calls `loss` once more than it takes steps; draw its noise beforehand, so that
    every call sees the same.
    """
    rule: Perturbation = build_piece("perturbation", use, arguments)
    if rule.reads_words:
        raise ValueError(f"perturbation: {use} on words only works with this project's tokens; leave it out")
    net = SimpleNamespace(encoder=SimpleNamespace(embed=lambda x: x))

    def perturb(x: Tensor, loss: Callable[[Tensor], Tensor] | None = None) -> Tensor:
        if not x.is_floating_point():
            raise ValueError("x: should be real numbers; for words, hand over their embeddings")

        def gradient(inputs: Inputs, embedded: Tensor) -> tuple[Tensor, Tensor]:
            if loss is None:
                raise ValueError(f"loss: {use} needs the loss; call perturb(x, loss)")
            with torch.enable_grad():
                embedded = embedded.detach().requires_grad_()
                losses = loss(embedded)
                if losses.shape != (len(x),):
                    raise ValueError(
                        f"loss: should return one for each example, ({len(x)},), not {tuple(losses.shape)}"
                    )
                return losses.detach(), torch.autograd.grad(losses.sum(), embedded)[0]

        context = Context(cast(VAE, net), gradient, cast(torch.Generator, None))  # For torch's own.
        inputs = rule(Inputs(x, x), context)
        return inputs.encoder if inputs.embedded is None else inputs.embedded

    return perturb


class Updates:
    """The order of updates of encoder and decoder; keep its `state` (numbers) with a checkpoint."""

    def __init__(self, rule: Inference) -> None:
        self.rule, self.state = rule, rule.init()

    def epoch(self, loader: Iterable[Any], step: Step, mi: Callable[[], float]) -> float:
        """Train for an epoch, and return the mean of the last loss of each batch.

        `step(batch, encoder=True, decoder=True)` takes a gradient step in what is True, and returns the mean
        loss of the batch before the step. Random batches come from further passes through the loader beside
        this one, so it should shuffle. `mi()` returns the mutual information (nats) on held-out data,
        `diagnose(...).mi`; it is called after an epoch, as long as the rule needs it. Raises ValueError for a
        loader that cannot be passed through twice at a time, and for an mi that is no finite number.
        """
        batches, others = iter(loader), iter(loader)
        if batches is others:
            raise ValueError(
                "loader: should allow two passes at a time, like a DataLoader without persistent_workers"
            )

        def gradient_step(x: Any, *, encoder: bool = True, decoder: bool = True) -> StepResult:
            loss = step(x, encoder=encoder, decoder=decoder).detach()
            return StepResult(loss, 1, loss, {})

        def passes() -> Iterator[Any]:
            yield from others
            while True:
                yield from loader

        def measured() -> float:
            value = float(mi())
            if not math.isfinite(value):
                raise ValueError(f"mi: should return a finite number of nats, not {value}")
            return value

        drawn = passes()
        losses = [
            self.rule.step(self.state, x, gradient_step, lambda: next(drawn)).loss.float() for x in batches
        ]
        if not losses:
            raise ValueError("loader: should have at least one batch")
        self.state = self.rule.epoch(self.state, measured)
        return float(torch.stack(losses).mean())


def inference(use: str, **arguments: Any) -> Updates:
    """Return an order in which encoder and decoder are updated, such as `aggressive`."""
    rule: Inference = build_piece("inference", use, arguments)
    if rule.refinement is not None:
        raise ValueError(str(NoNet(use)))
    return Updates(rule)
