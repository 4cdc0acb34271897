"""The training loop: a generator that yields a row of the history for each epoch.

It logs nothing and saves nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, final

import numpy as np
import torch
from torch import Tensor, nn

from uncollapse.compute.work import Work
from uncollapse.data.part import Array, Part, draw_batches, to_tensor
from uncollapse.measures.active_units import count_active_units
from uncollapse.measures.mutual_information import estimate_mi
from uncollapse.methods import Method
from uncollapse.methods.pretraining import HistoryRow
from uncollapse.seeds import numpy_generator, torch_generator
from uncollapse.training.hyperparameters import Training
from uncollapse.training.objective import measure_elbo
from uncollapse.training.state import TrainState
from uncollapse.training.step import GradientStep
from uncollapse.vae import VAE, Gaussian, encode_part, initialise_weights


@final
class Batches:
    """The training batches of an epoch, and random ones of them.

    Each batch is a new draw of the likelihood (a new binarisation).
    """

    def __init__(self, vae: VAE, data: Part, size: int, seed: int, epoch: int) -> None:
        self.likelihood, self.device = vae.likelihood, next(vae.parameters()).device
        self.data = data
        self.in_order = numpy_generator(seed, "batches", epoch)
        self.at_random = numpy_generator(seed, "other batches", epoch)
        self.indices = draw_batches(data, size, self.in_order)

    def __iter__(self) -> Iterator[Tensor]:
        """Yield every batch (B, ...) once."""
        for index in self.indices:
            yield self.batch(index, self.in_order)

    def draw(self) -> Tensor:
        """Return a batch at random."""
        return self.batch(self.indices[self.at_random.integers(len(self.indices))], self.at_random)

    def batch(self, index: Array, generator: np.random.Generator) -> Tensor:
        """Return the examples at `index`."""
        return to_tensor(self.likelihood.draw(self.data.x[index], generator), self.device)


def train(
    vae: VAE,
    data: Part,
    valid: Part,
    method: Method,
    training: Training,
    seed: int,
    *,
    work: Work | None = None,
    saved: dict[str, Any] | None = None,
) -> Iterator[tuple[HistoryRow, TrainState]]:
    """Train `vae` in place; after every epoch yield a row of the history and the state.

    A row holds epoch and step (batches so far); means over the epoch's batches, at the last update on each,
    of elbo, reconstruction and kl (nats) and of beta; active_units on `valid`; encoder_steps, decoder_steps
    and gflops so far, with the `work` of pretraining; valid_elbo and valid_kl (nats, with a KL weight of 1),
    the learning rate, the epoch whose weights are kept, and whether it has converged; kl_target of a
    controller, and from which epoch on the KL has been within 5 % of it (0 for neither). `saved` is a state's
    `state_dict()`: training goes on from there.
    """
    state = TrainState(vae, method, training, work or Work(), build_task(vae, method, data, seed))
    if saved is not None:
        state.load_state_dict(saved)

    while not state.finished:
        state.epoch += 1
        epoch_batches = Batches(vae, data, training.batch_size, seed, state.epoch)
        step = GradientStep(state, method, training.clip, seed)
        means = []
        vae.train()
        for x in epoch_batches:
            result = method.inference.step(state.inference, x, step, epoch_batches.draw)
            # The KL weight advances once for each batch, however many steps were taken on it.
            state.kl_weight = result.kl_weight
            means.append(result.means)
        state.batches += len(means)
        q = encode_part(vae, valid)
        state.inference = method.inference.epoch(state.inference, partial(measure_information, q, seed))
        rate = state.optimizers["encoder"].learning_rate  # in this epoch
        valid_elbo = measure_elbo(vae, valid, q, torch_generator(seed, "validation elbo"))
        state.validated(valid_elbo)
        yield {**make_epoch_row(state, means, q), "valid_elbo": valid_elbo, "learning_rate": rate}, state
    if "weights" in state.best:
        vae.load_state_dict(state.best["weights"])


def learn(
    vae: VAE,
    part: Part,
    method: Method,
    budget: Mapping[str, Any],
    seed: int,
    saved: dict[str, Any] | None,
) -> Iterator[tuple[HistoryRow, dict[str, Any]]]:
    """Train `vae` on one part; after every epoch yield a row of the history and the `state_dict()`.

    `budget` holds the arguments of `Training`; `saved` may be such a `state_dict()`.
    """
    for row, state in train(vae, part, part, method, Training(**budget), seed, saved=saved):
        yield row, state.state_dict()


def build_task(vae: VAE, method: Method, data: Part, seed: int) -> nn.Module | None:
    """Return the module that is trained beside the VAE, if any, with the initial weights of `seed`."""
    if method.auxiliary.task is None:
        return None
    device = next(vae.parameters()).device
    module = method.auxiliary.task(vae, to_tensor(data.x[:1], device))
    initialise_weights(module, seed)
    return module.to(device)


def measure_information(q: Gaussian, seed: int) -> float:
    """Return the mutual information (nats) of encoded validation data."""
    noise = torch.randn(q.mu.shape, generator=torch_generator(seed, "validation"))
    return estimate_mi(q, noise).mi


def make_epoch_row(state: TrainState, means: Sequence[Tensor], q: Gaussian) -> HistoryRow:
    """Return the history's row of an epoch.

    It is made from the means (3,) of the epoch's batches and from q(z|x) of the valid data.
    """
    reconstruction, kl, beta = torch.stack(list(means)).mean(0).tolist()
    state.trained(kl)
    return {
        "epoch": state.epoch,
        "step": state.batches,
        "elbo": -reconstruction - kl,
        "reconstruction": reconstruction,
        "kl": kl,
        "beta": beta,
        "active_units": count_active_units(q.mu),
        "valid_kl": float(q.kl().sum(1).mean()),
        **state.work.row(),
        "kl_target": state.target,
        "settled_epoch": state.settled,
        "best_epoch": state.kept,
        "converged": int(state.converged),
    }
