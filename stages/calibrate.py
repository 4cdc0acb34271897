"""Hold training loop, controller and measures against what is known: metrics/calibration.csv.

For a linear VAE with a Gaussian likelihood of variance s, and data whose covariance has the eigenvalues lambda_i, the optimum is in closed form
(probabilistic PCA, Tipping & Bishop 1999; Lucas et al. 2019, arXiv 1911.02469): KL_i = ln(lambda_i / s) / 2 where lambda_i > s, and 0 elsewhere, where the dimension
has collapsed; the posterior is exact, so elbo = log p(x), and q(z) = p(z), so I(x, z) = kl. A price beta moves it to that of the variance beta s.
"""

import csv
import math
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from scipy.optimize import root_scalar
from tqdm import tqdm

from uncollapse.data.prepared import Part
from uncollapse.device import set_up
from uncollapse.errors import UserError
from uncollapse.likelihoods.gaussian import gaussian
from uncollapse.measures.active_units import active_units
from uncollapse.measures.collapse import collapse_thresholds, collapsed
from uncollapse.measures.likelihood import likelihoods
from uncollapse.measures.mutual_information import mutual_information
from uncollapse.methods.decoder.plain import plain
from uncollapse.methods.divergence.kl import kl
from uncollapse.methods.inference.joint import joint
from uncollapse.methods.kl_weight import KLWeight
from uncollapse.methods.kl_weight.constant import constant
from uncollapse.methods.kl_weight.pi import pi
from uncollapse.methods.posterior.gaussian import gaussian as diagonal
from uncollapse.nets.linear import linear
from uncollapse.pipeline.stage import run
from uncollapse.seeds import numpy_stream, torch_stream
from uncollapse.train import train
from uncollapse.vae import VAE, encode, initialise

SPECTRUM = np.array([20.0, 7.0, 2.5, 0.4, 0.2, 0.1])  # the eigenvalues lambda
LATENTS, VARIANCE, COUNT = 5, 1.0, 4000
BATCH = 400
SCHEDULE = [(250, 0.03), (350, 0.003), (400, 0.0003)]  # until which epoch, learning rate
TARGET = 3.5  # nats, of the controller
FILE = Path("metrics") / "calibration.csv"


class Row(NamedTuple):
    """A quantity as it is known and as it was measured."""

    run: str
    quantity: str
    exact: float
    measured: float
    error: float
    tolerance: float


def data() -> Part:
    """Examples (COUNT, 6) whose covariance has exactly the eigenvalues SPECTRUM, along random directions."""
    stream = numpy_stream(0, "calibration")
    cloud = stream.normal(size=(COUNT, len(SPECTRUM)))
    white = np.linalg.svd(cloud - cloud.mean(0), full_matrices=False)[0] * math.sqrt(COUNT)
    directions = np.linalg.qr(stream.normal(size=(len(SPECTRUM), len(SPECTRUM))))[0]
    return Part((white * np.sqrt(SPECTRUM) @ directions.T).astype(np.float32))


def trained(part: Part, price: KLWeight) -> tuple[VAE, float]:
    """A linear VAE that was trained by the loop of all cells, its learning rate lowered twice; and its last beta."""
    encoder, decoder = linear(latents=LATENTS).build(SPECTRUM.shape, 0, plain())
    vae = VAE(encoder, diagonal()(len(SPECTRUM), LATENTS), decoder, gaussian(variance=VARIANCE), LATENTS)
    initialise(vae, 0)
    state: dict[str, Any] | None = None
    row: dict[str, float] = {}
    for epochs, rate in SCHEDULE:
        for optimizer in state["optimizers"].values() if state else ():
            optimizer["param_groups"][0]["lr"] = rate
        steps = train(
            vae, part, Part(part.x[:100]), kl_weight=price, divergence=kl(), inference=joint(), perturbation=[],
            epochs=epochs, batch_size=BATCH, learning_rate=rate, clip=5.0, seed=0, state=state,
        )  # fmt: skip
        [(row, state)] = deque(steps, maxlen=1)
    return vae, row["beta"]


def optimum(beta: float) -> np.ndarray:
    """KL_i at the optimum, for each latent dimension, the largest first."""
    return 0.5 * np.log(np.maximum(SPECTRUM[:LATENTS] / (beta * VARIANCE), 1))


def rows(part: Part) -> Iterator[Row]:
    """Train and measure: the VAE, another price of the KL, and the controller."""

    def row(quantity: str, exact: float, measured: float, tolerance: float) -> Row:
        return Row(name, quantity, float(exact), measured, abs(measured - exact), tolerance)

    held = root_scalar(lambda beta: optimum(beta).sum() - TARGET, bracket=(0.01, 1.0)).root
    prices = {
        "beta 1": constant(),
        "beta 3": constant(beta=3.0),
        f"pi, {TARGET} nats": pi(kl_target=TARGET, ki=0.001),
    }
    for (name, price), beta in zip(prices.items(), (1.0, 3.0, held), strict=True):
        vae, last = trained(part, price)
        q = encode(vae, part)
        exact, found = optimum(beta), q.kl().mean(0).sort(descending=True).values
        for i in range(LATENTS):
            yield row(f"kl_{i + 1}", exact[i], float(found[i]), 0.01)
        dead = round(collapsed(collapse_thresholds(q.kl(), delta=0.01), 0.01) * LATENTS)
        yield row("collapsed dimensions", (exact == 0).sum(), dead, 0)
        if name.startswith("pi"):
            yield row("kl", TARGET, float(found.sum()), 0.02)
            yield row("beta", beta, last, 0.01)
        if beta == 1:
            noise = torch_stream(0, "calibration measures")
            fit = likelihoods(vae, part, samples=64, noise=noise)
            shared = mutual_information(q, torch.randn(8, COUNT, LATENTS, generator=noise))
            model = VARIANCE * np.append(np.exp(2 * exact), 1)  # eigenvalues of the covariance of p(x)
            evidence = -0.5 * (np.log(2 * math.pi * model) + SPECTRUM / model).sum()
            yield row("elbo", evidence, fit.elbo, 0.01)
            yield row("nll", -evidence, fit.nll, 0.01)
            yield row("mi", exact.sum(), shared.mi, 0.05)
            yield row("KL(q(z)||p(z))", 0, shared.marginal_kl, 0.05)
            yield row("active units", (exact > 0).sum(), active_units(q.mu), 0)


def main() -> None:
    """Write the table; raises UserError where an error is beyond its tolerance."""
    set_up()
    found = list(tqdm(rows(data()), desc="calibrate", disable=None))
    with FILE.open("w", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(Row._fields)
        writer.writerows(
            [f"{value:.6g}" if isinstance(value, float) else value for value in line] for line in found
        )
    wrong = [line for line in found if not line.error <= line.tolerance]
    if wrong:
        name, quantity, exact, measured, error, tolerance = wrong[0]
        said = f"calibration: {name}: {quantity} is {measured:.6g}, it should be {exact:.6g}"
        raise UserError(f"{said}; the error {error:.2g} is beyond {tolerance}; {len(wrong)} such in {FILE}")
    print(f"calibrate: {len(found)} quantities within their tolerances of the closed form, see {FILE}")


if __name__ == "__main__":
    run(main)
