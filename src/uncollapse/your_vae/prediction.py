"""The number of latent dimensions that can survive, predicted before anything is trained.

A linear VAE with a Gaussian likelihood of variance s keeps a dimension along each eigenvector of the data's
covariance whose eigenvalue exceeds beta s, and all others collapse, at every optimum of the ELBO (Lucas et
al. 2019, arXiv 1911.02469, section 4, for beta 1; a weight of beta is the variance beta s). The k dimensions
that are alive leave an error of beta s each, and the D - k others leave their eigenvalues, so a variance that
is learned is

    s = (sum of the D - k smallest eigenvalues) / (D - k beta),

which for beta 1 is the variance of probabilistic PCA (Tipping & Bishop 1999, eq. 8). For deep nets this is a
guide to where training ends: a young net shows more dimensions alive, which then die.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from uncollapse.data.sources.gaussian import compute_optimal_kl
from uncollapse.your_vae.handed_over.data_inputs import check_finite, check_number_of_latents, read_data
from uncollapse.your_vae.listed_fields import list_fields


@dataclass(frozen=True)
class Prediction:
    """A prediction of how many dimensions stay alive.

    `alive` is their number, `eigenvalues` (min(N, D),) are those of the covariance, the largest first,
    `variance` is that of the likelihood, and `kl` (alive,) is the KL (nats) of each dimension that is alive.
    """

    alive: int
    eigenvalues: NDArray[np.float64]
    variance: float
    kl: NDArray[np.float64]

    def as_dict(self) -> dict[str, Any]:
        """Return the fields, with arrays as lists."""
        return list_fields(self)


def predict(
    x: Any, *, beta: float = 1.0, variance: float | None = None, latents: int | None = None
) -> Prediction:
    """Predict which dimensions a linear VAE keeps alive on the data x (N, ...), real numbers.

    x is what the loss compares: pictures divided by 255 if the loss gets them so. `latents` is the number of
    its dimensions, None for as many as it can use. `variance` is that of a Gaussian likelihood, for each
    value of x; None if it is learned, which needs `latents`. Raises ValueError with one line that names the
    argument, also for whole numbers, whose unit is not that of a loss.
    """
    values = read_data(x)
    check_finite(values)
    check_positive("beta", beta)
    if variance is not None:
        check_positive("variance", variance)
    if latents is not None:
        check_number_of_latents(latents)
    if variance is None and latents is None:
        raise ValueError("latents: give their number, since a variance that is learned depends on it")
    rows = torch.from_numpy(values).flatten(1)
    eigenvalues = (torch.linalg.svdvals(rows - rows.mean(0)) ** 2 / len(rows)).numpy()
    most = min(latents or len(eigenvalues), len(eigenvalues))
    if variance is None:
        variance = find_learned_variance(eigenvalues, rows.shape[1], beta, most)
    alive = min(int((eigenvalues > beta * variance).sum()), most)
    return Prediction(alive, eigenvalues, variance, compute_optimal_kl(eigenvalues[:alive], beta * variance))


def check_positive(name: str, value: Any) -> None:
    """Raise ValueError, which names the argument, unless it is a positive and finite number."""
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float | np.floating)
        or not 0 < value < float("inf")
    ):
        raise ValueError(f"{name}: should be a positive and finite number, not {value!r}")


def find_learned_variance(eigenvalues: NDArray[np.float64], values: int, beta: float, most: int) -> float:
    """Return the variance at the best of the optima with 0, 1, ..., `most` dimensions alive.

    Raises ValueError if the latents can hold all of x, because then a smaller variance is never worse.
    """
    rank = int((eigenvalues > 1e-12 * eigenvalues.sum()).sum())
    if rank <= most and rank * beta <= values:
        raise ValueError(f"latents: {most} can hold all of x, so no variance is the best one; pass variance=")
    found: dict[float, float] = {}  # The variance, by the objective.
    for alive in range(most + 1):
        if alive * beta >= values:
            break
        variance = float(eigenvalues[alive:].sum() / (values - alive * beta))
        if not alive or eigenvalues[alive - 1] > beta * variance:
            kl = compute_optimal_kl(eigenvalues[:alive], beta * variance).sum()
            found[-values / 2 * np.log(variance) - beta * kl] = variance
    return found[max(found)]
