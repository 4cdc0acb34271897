"""The pieces of the slots for a training loop of one's own, which needs nothing else of this project.

Each function has the name of its slot, and takes a piece of it with its arguments, as params.yaml does:
kl_weight("pi", kl_target=18.0). All raise ValueError with one line for a name or an argument that does not
exist.
"""

from collections.abc import Callable, Iterable, Iterator
from types import SimpleNamespace
from typing import Any, cast

import torch
from torch import Tensor, nn

from uncollapse.errors import UserError
from uncollapse.experiment.pieces import resolve
from uncollapse.methods.divergence import Divergence
from uncollapse.methods.inference import Inference, StepResult
from uncollapse.methods.kl_weight import KLWeight
from uncollapse.methods.perturbation import Context, Inputs, Perturbation
from uncollapse.registry import build, folder
from uncollapse.vae import VAE, Gaussian

Step = Callable[..., Tensor]


def piece(slot: str, use: str, arguments: dict[str, Any]) -> Any:
    """What the piece `use` of a slot makes of its arguments."""
    try:
        return build(folder(slot), resolve(slot, folder(slot), {"use": use, **arguments}))
    except UserError as error:
        raise ValueError(str(error)) from None


class WeightedKL(nn.Module):
    """Weighs the KL of each batch by a schedule or controller, see `uncollapse.methods.kl_weight`.

    Its state is in buffers, so `state_dict` and `to` work; `beta` is the last weight. In `eval()` mode a call
    leaves the state as it is.
    """

    def __init__(self, rule: KLWeight, *, per_dimension: bool = False) -> None:
        super().__init__()
        self.rule, self.per_dimension = rule, per_dimension
        self.beta: Tensor | None = None
        for name, value in rule.init().items():
            self.register_buffer(name, value.clone())  # two may begin as one tensor

    def forward(self, kl: Tensor, reconstruction: Tensor | None = None) -> Tensor:
        """beta times the KL, in nats: the mean over a batch, of which `kl` is KL_i (B, D) or the sum over i
        (B,) or their mean (). Free bits need all KL_i. Raises ValueError, which names the argument.

        `reconstruction` is -log p(x|z) (B,) in nats, for rules that read it.
        """
        if not isinstance(kl, Tensor) or not kl.is_floating_point() or not kl.numel():
            raise ValueError("kl: should be a tensor of real numbers, (B, D), (B,) or ()")
        if self.per_dimension and kl.ndim < 2:
            raise ValueError(f"kl: should be KL_i of each dimension, (B, D), not {tuple(kl.shape)}")
        rows = kl.reshape(len(kl), -1) if kl.ndim else kl.reshape(1, 1)
        other = rows.new_zeros(len(rows)) if reconstruction is None else reconstruction.detach()
        before = dict(self.named_buffers())
        beta, state = self.rule.update(before, rows.detach(), other)
        if self.training:
            usable = rows.detach().isfinite().all()  # else the step is one to be skipped, and no news
            for name, value in state.items():
                setattr(self, name, torch.where(usable, value, before[name].to(value.device)))
        self.beta = beta
        return (beta * rows).sum(1).mean()


def kl_weight(use: str, **arguments: Any) -> WeightedKL:
    """A weight of the KL: loss = reconstruction + weight(kl), in nats, summed over values and latents."""
    return WeightedKL(piece("kl_weight", use, arguments), per_dimension=use == "free_bits")


def divergence(use: str, **arguments: Any) -> Callable[..., Tensor]:
    """What stands in place of the KL, in nats, the mean over a batch: loss = reconstruction +
    divergence(mu, logvar, z), (B, D) each, or with `kl=weight(kl)` of a KL weight."""
    rule: Divergence = piece("divergence", use, arguments)

    def value(mu: Tensor, logvar: Tensor, z: Tensor, *, kl: Tensor | None = None) -> Tensor:
        q = Gaussian(mu.flatten(1), logvar.flatten(1))
        result = rule.share * (q.kl().sum(1).mean() if kl is None else kl)
        if rule.penalty is None:
            return result
        own, noise = z.flatten(1), torch.randn_like(q.mu)
        return result + rule.penalty(cast(VAE, None), mu, q, own, noise).mean()  # none of them reads the net

    return value


def posterior(use: str, *, features: int, latents: int, **arguments: Any) -> nn.Module:
    """A module from an encoder's features (B, features) to mu and logvar, (B, latents) each."""
    return piece("posterior", use, arguments)(features, latents)


def decoder(use: str, *, latents: int, features: int, **arguments: Any) -> nn.Module:
    """A module for one layer of a decoder: join(h, z) is h (B, ..., features) with z (B, latents) in it."""
    return piece("decoder", use, arguments)(latents, features)


def perturbation(use: str, **arguments: Any) -> Callable[..., Tensor]:
    """What the encoder reads in place of x (B, ...), of real numbers: perturb(x), and perturb(x, loss) for an
    adversary, with `loss(x)` (B,) of each example. What that draws should be drawn before."""
    rule: Perturbation = piece("perturbation", use, arguments)
    net = SimpleNamespace(encoder=SimpleNamespace(embed=lambda x: x))

    def perturb(x: Tensor, loss: Callable[[Tensor], Tensor] | None = None) -> Tensor:
        if not x.is_floating_point():
            raise ValueError("x: should be of real numbers; of words, hand over their embeddings")

        def gradient(inputs: Inputs, embedded: Tensor) -> tuple[Tensor, Tensor]:
            if loss is None:
                raise ValueError(f"loss: {use} needs it, perturb(x, loss)")
            with torch.enable_grad():
                embedded = embedded.detach().requires_grad_()
                losses = loss(embedded)
                if losses.shape != (len(x),):
                    raise ValueError(
                        f"loss: should give one of each example, ({len(x)},), not {tuple(losses.shape)}"
                    )
                return losses.detach(), torch.autograd.grad(losses.sum(), embedded)[0]

        context = Context(cast(VAE, net), gradient, cast(torch.Generator, None))  # None is torch's own
        inputs = rule(Inputs(x, x), context)
        return inputs.encoder if inputs.embedded is None else inputs.embedded

    return perturb


class Updates:
    """The order of updates of encoder and decoder; `state` (numbers) is to be kept with a checkpoint."""

    def __init__(self, rule: Inference) -> None:
        self.rule, self.state = rule, rule.init()

    def epoch(self, loader: Iterable[Any], step: Step, mi: Callable[[], float]) -> float:
        """An epoch; the mean of the last loss of each batch.

        `step(batch, encoder=True, decoder=True)` takes a gradient step of what is True, and gives the mean
        loss of the batch before it. Random batches come from further passes through the loader, which
        should shuffle. `mi()` is the mutual information (nats) on held-out data, `diagnose(...).mi`; it is
        measured after an epoch, while it is needed.
        """

        if iter(loader) is loader:
            raise ValueError("loader: should be one to pass through again and again, such as a DataLoader")

        def gradient_step(x: Any, *, encoder: bool = True, decoder: bool = True) -> StepResult:
            loss = step(x, encoder=encoder, decoder=decoder).detach()
            return StepResult(loss, 1, loss, {})

        def passes() -> Iterator[Any]:
            while True:
                yield from loader

        others = passes()
        losses = [
            self.rule.step(self.state, x, gradient_step, lambda: next(others)).loss.float() for x in loader
        ]
        if not losses:
            raise ValueError("loader: has no batch")
        self.state = self.rule.epoch(self.state, mi)
        return float(torch.stack(losses).mean())


def inference(use: str, **arguments: Any) -> Updates:
    """The order in which encoder and decoder are updated, such as `aggressive`."""
    return Updates(piece("inference", use, arguments))
