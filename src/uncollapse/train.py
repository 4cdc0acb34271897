"""The training loop: a generator that yields a row of the history an epoch. It logs nothing and saves nothing."""

from collections.abc import Iterator
from typing import Any

import torch
from pydantic import PositiveFloat, PositiveInt
from torch import Tensor
from torch.nn.utils import clip_grad_norm_

from uncollapse.dataset import Part, batches, to_tensor
from uncollapse.measures import encode
from uncollapse.measures.active_units import active_units
from uncollapse.methods.inference import Inference
from uncollapse.methods.kl_weight import KLWeight
from uncollapse.methods.perturbation import Perturbation
from uncollapse.seeds import number, numpy_stream, torch_stream
from uncollapse.vae import VAE

Row = dict[str, float]


def training(
    *, epochs: PositiveInt, batch_size: PositiveInt, learning_rate: PositiveFloat, clip: PositiveFloat = 5.0
) -> dict[str, float]:
    """The training budget of a data set, the same for every model and method: epochs over the part that is learned from,
    batch size, learning rate of Adam, and the norm to which gradients are clipped."""
    return {"epochs": epochs, "batch_size": batch_size, "learning_rate": learning_rate, "clip": clip}


def train(
    vae: VAE,
    data: Part,
    valid: Part,
    *,
    kl_weight: KLWeight,
    inference: Inference,
    perturbation: Perturbation,
    epochs: int,
    batch_size: int,
    learning_rate: float,
    clip: float,
    seed: int,
    encoder_steps: int = 0,
    state: dict[str, Any] | None = None,
) -> Iterator[tuple[Row, dict[str, Any]]]:
    """Train `vae` in place; after every epoch yield a row of the history and the state.

    A row: epoch and step; means over the epoch's training batches of elbo, reconstruction and kl (nats) and of beta;
    active_units on `valid`; encoder_steps and decoder_steps spent so far, those of pretraining (`encoder_steps`) included.
    `state` holds references to all that changes: handed to a new call, training goes on from there, to the
    result that it would have had.
    """
    device = next(vae.parameters()).device
    players = {"encoder": vae.encoder_parameters(), "decoder": vae.decoder_parameters()}
    optimizers = {who: torch.optim.Adam(mine, lr=learning_rate, fused=True) for who, mine in players.items()}
    price, steps, first = kl_weight.init(), {"encoder": encoder_steps, "decoder": 0}, 1
    if state is not None:
        vae.load_state_dict(state["vae"])
        for who, optimizer in optimizers.items():
            optimizer.load_state_dict(state["optimizers"][who])
        price, steps, first = state["price"], state["steps"], state["epoch"] + 1
    step_count = (first - 1) * (len(data) // min(batch_size, len(data)))

    for epoch in range(first, epochs + 1):
        torch.manual_seed(number(seed, "dropout", epoch))
        stream, noise = numpy_stream(seed, "batches", epoch), torch_stream(seed, "noise", epoch, device=device)
        sums, seen = torch.zeros(3, device=device), 0

        def move(batch: Tensor, *, encoder: bool, decoder: bool, noise: torch.Generator = noise) -> Tensor:
            nonlocal price, sums, seen
            encoder_reads, decoder_reads = perturbation(batch)
            q = vae.encode(encoder_reads)
            z = q.sample(torch.randn(q.mu.shape, generator=noise, device=device))
            reconstruction, kl = -vae.log_likelihood(batch, z, decoder_reads), q.kl()
            beta, price = kl_weight.update(price, kl.detach())
            loss = (reconstruction + (beta * kl).sum(1)).mean()
            loss.backward()
            clip_grad_norm_([parameter for mine in players.values() for parameter in mine], clip)
            for who, moves in {"encoder": encoder, "decoder": decoder}.items():
                if moves:
                    optimizers[who].step()
                    steps[who] += 1
                optimizers[who].zero_grad()
            sums = sums + torch.stack([reconstruction.detach().mean(), kl.detach().sum(1).mean(), beta.mean()])
            seen += 1
            return loss.detach()

        vae.train()
        for index in batches(len(data), batch_size, stream):
            inference.step(to_tensor(vae.likelihood.draw(data.x[index], stream), device), move)
            step_count += 1
        reconstruction, kl, beta = (sums / seen).tolist()
        row = {
            "epoch": epoch,
            "step": step_count,
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
                "price": price,
                "steps": steps,
                "epoch": epoch,
            },
        )
