"""The training loop: a generator that yields a row of the history an epoch. It logs nothing and saves nothing."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import torch
from pydantic import PositiveFloat, PositiveInt
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_

from uncollapse.data.prepared import Array, Part, batches, to_tensor
from uncollapse.measures.active_units import active_units
from uncollapse.measures.mutual_information import mutual_information
from uncollapse.methods.divergence import Divergence
from uncollapse.methods.inference import Inference, Moved
from uncollapse.methods.kl_weight import KLWeight
from uncollapse.methods.kl_weight import State as Price
from uncollapse.methods.perturbation import Perturbation, Reads, Step
from uncollapse.seeds import numpy_stream, torch_stream
from uncollapse.vae import VAE, encode

Row = dict[str, float]


def training(
    *, epochs: PositiveInt, batch_size: PositiveInt, learning_rate: PositiveFloat, clip: PositiveFloat = 5.0
) -> dict[str, float]:
    """The training budget of a data set, the same for every model and method: epochs over the part that is learned from,
    batch size, learning rate of Adam, and the norm to which the gradient of those that move is clipped."""
    return {"epochs": epochs, "batch_size": batch_size, "learning_rate": learning_rate, "clip": clip}


def train(
    vae: VAE,
    data: Part,
    valid: Part,
    *,
    kl_weight: KLWeight,
    divergence: Divergence,
    inference: Inference,
    perturbation: Sequence[Perturbation],
    epochs: int,
    batch_size: int,
    learning_rate: float,
    clip: float,
    seed: int,
    spent: tuple[int, int] = (0, 0),
    state: dict[str, Any] | None = None,
) -> Iterator[tuple[Row, dict[str, Any]]]:
    """Train `vae` in place; after every epoch yield a row of the history and the state.

    A row: epoch and step; means over the epoch's training batches of elbo, reconstruction and kl (nats) and of beta, at the last
    move on each; active_units on `valid`; encoder_steps and decoder_steps so far, those `spent` before included. `state` holds
    references to all that changes: handed to a new call, training goes on from there, to the result that it would have had.
    """
    device = next(vae.parameters()).device
    players = {"encoder": vae.encoder_parameters(), "decoder": vae.decoder_parameters()}
    optimizers = {who: torch.optim.Adam(mine, lr=learning_rate, fused=True) for who, mine in players.items()}
    now, plan, steps, first = (
        Now(kl_weight.init()),
        inference.init(),
        dict(zip(players, spent, strict=True)),
        1,
    )
    if state is not None:
        vae.load_state_dict(state["vae"])
        for who, optimizer in optimizers.items():
            optimizer.load_state_dict(state["optimizers"][who])
        now, plan, steps, first = Now(state["price"]), state["plan"], state["steps"], state["epoch"] + 1

    def draw(place: Array, stream: np.random.Generator) -> Tensor:
        return to_tensor(vae.likelihood.draw(data.x[place], stream), device)

    def another() -> Tensor:
        return draw(now.places[now.others.integers(len(now.places))], now.others)

    def move(batch: Tensor, *, encoder: bool, decoder: bool) -> Moved:
        noise = torch.randn(2, len(batch), vae.latents, generator=now.noise, device=device)

        def at(reads: Reads) -> Losses:
            return losses(vae, batch, reads, noise, kl_weight, now.price, divergence)

        def slope(reads: Reads, embedded: Tensor) -> tuple[Tensor, Tensor]:
            embedded = embedded.detach().requires_grad_()
            loss = at(reads._replace(embedded=embedded)).loss
            for who in steps:
                steps[who] += 1
            return loss.detach(), torch.autograd.grad(loss.sum(), embedded)[0]

        reads = Reads(batch, batch)
        for perturb in perturbation:
            reads = perturb(reads, Step(vae, slope, now.unrest))
        moving = [who for who, moves in {"encoder": encoder, "decoder": decoder}.items() if moves]
        with only(players, moving):
            found = at(reads)
            found.loss.mean().backward()
        clip_grad_norm_([parameter for who in moving for parameter in players[who]], clip)
        for who in moving:
            optimizers[who].step()
            optimizers[who].zero_grad()
            steps[who] += 1
        now.after = found.price
        now.means = torch.stack(
            [found.reconstruction.mean(), found.kl.sum(1).mean(), found.beta.mean()]
        ).detach()
        return Moved(found.loss.detach().sum(), vae.likelihood.units(batch))

    def valid_mi() -> float:
        q = encode(vae, valid)
        return mutual_information(q, torch.randn(q.mu.shape, generator=torch_stream(seed, "validation"))).mi

    for epoch in range(first, epochs + 1):
        stream = numpy_stream(seed, "batches", epoch)
        now.places, now.rows = list(batches(len(data), batch_size, stream)), []
        now.others = numpy_stream(seed, "other batches", epoch)
        now.noise = torch_stream(seed, "noise", epoch, device=device)
        now.unrest = torch_stream(seed, "perturbation", epoch, device=device)
        vae.train()
        for place in now.places:
            inference.step(plan, draw(place, stream), move, another)
            now.price = (
                now.after
            )  # a schedule and a controller go on once a batch, however often somebody moved
            now.rows.append(now.means)
        plan = inference.epoch(plan, valid_mi)
        reconstruction, kl, beta = torch.stack(now.rows).mean(0).tolist()
        row = {
            "epoch": epoch,
            "step": epoch * len(now.places),
            "elbo": -reconstruction - kl,
            "reconstruction": reconstruction,
            "kl": kl,
            "beta": beta,
            "active_units": active_units(encode(vae, valid).mu),
            "encoder_steps": steps["encoder"],
            "decoder_steps": steps["decoder"],
        }
        yield (
            row,
            {
                "vae": vae.state_dict(),
                "optimizers": {who: optimizer.state_dict() for who, optimizer in optimizers.items()},
                "price": now.price,
                "plan": plan,
                "steps": steps,
                "epoch": epoch,
            },
        )


class Now:
    """What changes within an epoch: the state of the price, before and after this batch, random numbers, the means of reconstruction,
    kl and beta at the last move, and those of each batch so far."""

    places: list[Array]
    means: Tensor
    rows: list[Tensor]
    noise: torch.Generator
    unrest: torch.Generator
    others: np.random.Generator

    def __init__(self, price: Price) -> None:
        self.price = self.after = price


class Losses(NamedTuple):
    """Training loss and reconstruction of each example, (B,); KL_i (B, D); beta; and the state of the price behind this step. In nats."""

    loss: Tensor
    reconstruction: Tensor
    kl: Tensor
    beta: Tensor
    price: Price


def losses(
    vae: VAE,
    x: Tensor,
    reads: Reads,
    noise: Tensor,
    kl_weight: KLWeight,
    price: Price,
    divergence: Divergence,
) -> Losses:
    """The loss of a batch x where encoder and decoder read `reads`; `noise` (2, B, D) is for z and for a sample of the prior."""
    q = vae.encode(reads.encoder, reads.embedded)
    z = q.sample(noise[0])
    reconstruction, kl = -vae.log_likelihood(x, z, reads.decoder), q.kl()
    beta, after = kl_weight.update(price, kl.detach())
    loss = reconstruction + divergence.share * (beta * kl).sum(1)
    if divergence.penalty is not None:
        loss = loss + divergence.penalty(z, noise[1])
    return Losses(loss, reconstruction, kl, beta, after)


@contextmanager
def only(players: Mapping[str, list[nn.Parameter]], moving: Sequence[str]) -> Iterator[None]:
    """No gradients are computed for the weights of those who do not move."""
    still = [parameter for who, mine in players.items() if who not in moving for parameter in mine]
    for parameter in still:
        parameter.requires_grad_(False)
    yield
    for parameter in still:
        parameter.requires_grad_(True)
