"""Check the training loop, the controller and the measures against a closed form.

For a linear VAE with a Gaussian likelihood of variance s, and data whose covariance has the eigenvalues
lambda_i, the optimum is known (probabilistic PCA, Tipping & Bishop 1999; Lucas et al. 2019, arXiv
1911.02469): KL_i = ln(lambda_i / s) / 2 where lambda_i > s, and 0 elsewhere, where the dimension has
collapsed. The posterior is exact, so elbo = log p(x); q(z) = p(z), so I(x, z) = kl. With a KL weight of
beta the optimum is the one for the variance beta s.
"""

import math
from collections import deque
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from scipy.optimize import root_scalar

from uncollapse.data.part import Part
from uncollapse.data.sources.gaussian import compute_optimal_kl, draw_cloud
from uncollapse.likelihoods.gaussian import gaussian
from uncollapse.measures.active_units import count_active_units
from uncollapse.measures.collapse import find_thresholds, share_of_collapsed
from uncollapse.measures.likelihood import estimate_likelihoods
from uncollapse.measures.mutual_information import estimate_mi
from uncollapse.measures.mutual_information_bound import bound_mi
from uncollapse.methods.kl_weight import KLWeight
from uncollapse.methods.kl_weight.constant import constant
from uncollapse.methods.kl_weight.pi import pi
from uncollapse.methods.plain_vae import plain_vae
from uncollapse.nets.linear import linear
from uncollapse.seeds import numpy_generator, torch_generator
from uncollapse.training.hyperparameters import Training
from uncollapse.training.loop import train
from uncollapse.vae import VAE, Gaussian, encode_part, initialise_weights

SPECTRUM = np.array([20.0, 7.0, 2.5, 0.4, 0.2, 0.1])  # Eigenvalues lambda.
LATENT_COUNT, VARIANCE, EXAMPLE_COUNT = 5, 1.0, 4000
BATCH = 400
SCHEDULE = [(100, 0.05), (150, 0.005), (180, 0.0005)]  # Each rate holds until its epoch.
TARGET = 3.5  # The set point of the controller, in nats.


class Quantity(NamedTuple):
    """A quantity with its exact and its measured value."""

    run: str
    quantity: str
    exact: float
    measured: float
    error: float
    tolerance: float


def make_data() -> Part:
    """Draw examples (EXAMPLE_COUNT, 6) whose covariance has exactly the eigenvalues SPECTRUM."""
    return Part(draw_cloud(SPECTRUM, EXAMPLE_COUNT, numpy_generator(0, "calibration")))


def train_linear_vae(part: Part, kl_weight: KLWeight) -> tuple[VAE, float]:
    """Train a linear VAE by the loop of all cells, and return it with its last beta.

    The learning rate is lowered twice.
    """
    method = plain_vae(kl_weight)
    encoder, decoder = linear(latents=LATENT_COUNT).build(SPECTRUM.shape, 0, method.decoder)
    posterior = method.posterior(len(SPECTRUM), LATENT_COUNT)
    vae = VAE(encoder, posterior, decoder, gaussian(variance=VARIANCE), LATENT_COUNT)
    initialise_weights(vae, 0)
    saved: dict[str, Any] | None = None
    row: dict[str, float] = {}
    for epochs, rate in SCHEDULE:
        for optimizer in saved["optimizers"].values() if saved else ():
            optimizer["learning_rate"] = rate
        training = Training(epochs=epochs, batch_size=BATCH, learning_rate=rate)
        epochs_of = train(vae, part, Part(part.x[:100]), method, training, 0, saved=saved)
        [(row, state)] = deque(epochs_of, maxlen=1)
        saved = state.state_dict()
    return vae, row["beta"]


def find_optimum(beta: float) -> np.ndarray:
    """Return KL_i at the optimum, (LATENT_COUNT,), the largest first."""
    return compute_optimal_kl(SPECTRUM[:LATENT_COUNT], beta * VARIANCE)


def bound_calibrated_information(q: Gaussian) -> float:
    """Return the upper bound of the mutual information in nats on half of the data.

    A quarter fits the densities, and another quarter chooses among them.
    """
    cuts = [EXAMPLE_COUNT // 4, EXAMPLE_COUNT // 2]
    train, valid, test = map(Gaussian, q.mu.tensor_split(cuts), q.logvar.tensor_split(cuts))
    noise = torch.randn(8, *test.mu.shape, generator=torch_generator(0, "calibration bound"))
    return bound_mi(train, valid, test, noise, seed=0).mi_upper


def calibrate(part: Part) -> Iterator[Quantity]:
    """Train with two constant KL weights and with the controller, and measure each VAE."""

    def row(name: str, quantity: str, exact: float, measured: float, tolerance: float) -> Quantity:
        return Quantity(name, quantity, float(exact), measured, abs(measured - exact), tolerance)

    beta_at_target = root_scalar(lambda beta: find_optimum(beta).sum() - TARGET, bracket=(0.01, 1.0)).root
    runs = [
        ("beta 1", 1.0, constant()),
        ("beta 3", 3.0, constant(beta=3.0)),
        (f"pi, {TARGET} nats", beta_at_target, pi(kl_target=TARGET, ki=0.001)),
    ]
    for name, beta, kl_weight in runs:
        vae, last_beta = train_linear_vae(part, kl_weight)
        q = encode_part(vae, part)
        exact, kl = find_optimum(beta), q.kl().mean(0).sort(descending=True).values
        for i in range(LATENT_COUNT):
            yield row(name, f"kl_{i + 1}", exact[i], float(kl[i]), 0.01)
        dead = round(share_of_collapsed(find_thresholds(q.kl(), delta=0.01), 0.01) * LATENT_COUNT)
        yield row(name, "collapsed dimensions", (exact == 0).sum(), dead, 0)
        if name.startswith("pi"):
            yield row(name, "kl", TARGET, float(kl.sum()), 0.02)
            yield row(name, "beta", beta, last_beta, 0.01)
        if beta == 1:
            noise = torch_generator(0, "calibration measures")
            fit = estimate_likelihoods(vae, part, most=64, noise=noise).means()
            information = estimate_mi(q, torch.randn(8, EXAMPLE_COUNT, LATENT_COUNT, generator=noise))
            model = VARIANCE * np.append(np.exp(2 * exact), 1)  # Eigenvalues of the covariance of p(x).
            evidence = -0.5 * (np.log(2 * math.pi * model) + SPECTRUM / model).sum()
            yield row(name, "elbo", evidence, fit.elbo, 0.01)
            yield row(name, "nll", -evidence, fit.nll, 0.01)
            yield row(name, "mi", exact.sum(), information.mi, 0.05)
            yield row(name, "mi_upper", exact.sum(), bound_calibrated_information(q), 0.1)
            yield row(name, "KL(q(z)||p(z))", 0, information.marginal_kl, 0.05)
            yield row(name, "active units", (exact > 0).sum(), count_active_units(q.mu), 0)
