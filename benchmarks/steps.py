"""The rate of a gradient step beside that of others: medians of images (sentences) a second, on one core.

ours        batches, binarisation, loss, clipping and Adam as in every cell
lean        a plain loop, written here: one Adam, no clipping
lightning   the same net in a LightningModule, on grey values, without clipping; null where not installed
pythae      the same net in pythae's trainer, on grey values, without clipping; null where not installed
floor       the matrix products of the step alone, with weights that lie in the cache

`lstm` is in sentences; `encoder_only` is the time of a step of the encoder alone, as a share of a joint one;
`two_cores` is the rate of two seeds, in a process each, as a multiple of that of one.
"""

import multiprocessing
import statistics
import warnings
from typing import Any

import numpy as np
import torch
from nets_of_steps import NETS, Run, data_of, timed, vae_of
from peers import lightning, pythae
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy
from tqdm import tqdm

from uncollapse.compute.device import set_up_process
from uncollapse.compute.work import Work
from uncollapse.data.part import to_tensor
from uncollapse.methods import Method
from uncollapse.pipeline.watching.memory import keep_memory
from uncollapse.training.hyperparameters import Training
from uncollapse.training.loop import Batches
from uncollapse.training.state import TrainState
from uncollapse.training.step import GradientStep

ROUNDS = 7


def ours(net: str, size: int, **moves: bool) -> Run:
    """Make the loop of every cell, without what it does at the end of an epoch."""
    part, card = data_of("tokens" if net == "lstm" else "images")
    vae, method = vae_of(net, card), Method.build({})
    state = TrainState(vae, method, Training(epochs=1, batch_size=size, learning_rate=0.001), Work())
    step, drawn = GradientStep(state, method, 5.0, 0), Batches(vae, part, size, 0, 1)
    return timed(lambda: step(drawn.draw(), **moves), size)


def lean(net: str, size: int) -> Run:
    """Make a plain loop."""
    part, card = data_of("tokens" if net == "lstm" else "images")
    vae, rng = vae_of(net, card), np.random.default_rng(0)
    grey = to_tensor(np.asarray(part.x))
    adam = torch.optim.Adam(vae.parameters(), lr=0.001, fused=True)

    def step() -> None:
        x = grey[torch.from_numpy(rng.integers(0, len(grey), size))]
        if net != "lstm":
            x = (torch.rand_like(x) < x).float()
        mu, logvar = vae.posterior(vae.encoder(x))
        output = vae.decoder(mu + (0.5 * logvar).exp() * torch.randn_like(mu), x)
        if net == "lstm":
            loss = cross_entropy(output.flatten(0, 1), x.flatten(), ignore_index=0, reduction="sum")
        else:
            loss = binary_cross_entropy_with_logits(output, x, reduction="sum")
        loss = (loss + 0.5 * (mu.square() + logvar.exp() - 1 - logvar).sum()) / size
        adam.zero_grad()
        loss.backward()
        adam.step()

    return timed(step, size)


def floor(net: str, size: int) -> Run:
    """Three products a layer, but for the gradient in the first layer's input."""
    _, card = data_of("images")
    shapes = [layer.weight.shape for layer in vae_of(net, card).modules() if isinstance(layer, nn.Linear)]
    products = [(torch.randn(o, i), torch.randn(size, i), torch.randn(size, o)) for o, i in shapes]

    def step() -> None:
        for i, (weight, x, gradient) in enumerate(products):
            x @ weight.T
            gradient.T @ x
            if i:
                gradient @ weight

    return timed(step, size)


def beside_itself(bar: tqdm) -> float:
    """Compare the images a second of two seeds in two processes with those of one: medians in turn."""
    rates: dict[int, list[float]] = {1: [], 2: []}
    context = multiprocessing.get_context("fork")
    for _ in range(ROUNDS):
        for count, found in rates.items():
            with context.Pool(count) as pool:
                found.append(sum(pool.map(long_run, range(count), chunksize=1)))
        bar.update()
    return statistics.median(rates[2]) / statistics.median(rates[1])


def long_run(seed: int) -> float:
    """Images a second of the default net, over some seconds, so that two such runs overlap."""
    run = ours("default", NETS["default"][1])
    run()
    return statistics.mean(run() for _ in range(10))


def in_turn(runs: dict[str, Run | None], bar: tqdm) -> dict[str, float | None]:
    """Return the medians, rounded."""
    rates: dict[str, list[float]] = {name: [] for name, run in runs.items() if run}
    for name in rates:
        runs[name]()
    for _ in range(ROUNDS):
        for name in rates:
            rates[name].append(runs[name]())
        bar.update()
    return {name: statistics.median(rates[name]) if name in rates else None for name in runs}


def measure() -> dict[str, Any]:
    """Measure the rates of every net."""
    set_up_process()
    keep_memory()
    warnings.simplefilter("ignore")
    found: dict[str, Any] = {}
    with tqdm(total=5 * ROUNDS, disable=None) as bar:
        for net in ("default", "reference"):
            size = NETS[net][1]
            makers = {"ours": ours, "lean": lean, "lightning": lightning, "pythae": pythae, "floor": floor}
            found[net] = in_turn({name: make(net, size) for name, make in makers.items()}, bar)
        size = NETS["lstm"][1]
        found["lstm"] = in_turn({"ours": ours("lstm", size), "lean": lean("lstm", size)}, bar)
        both = {net: ours(net, NETS[net][1]) for net in NETS}
        alone = {f"{net} encoder": ours(net, NETS[net][1], decoder=False) for net in NETS}
        rates = in_turn({**both, **alone}, bar)
        found["encoder_only"] = {net: rates[net] / rates[f"{net} encoder"] for net in NETS}
        found["two_cores"] = beside_itself(bar)
    return found
