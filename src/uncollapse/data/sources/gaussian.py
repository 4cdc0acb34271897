"""Examples of a normal distribution whose covariance has given eigenvalues.

A linear VAE with the likelihood `gaussian` is probabilistic PCA (Tipping & Bishop 1999), whose optimum is
known (Lucas et al. 2019, arXiv 1911.02469, section 4): see `compute_optimal_kl`.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import PositiveFloat, PositiveInt

from uncollapse.data.sources import Example, Load, Source
from uncollapse.seeds import numpy_generator

EIGENVALUES = (9.0, 6.0, 4.0, 2.5, 1.6, 1.0, 0.6, 0.4, 0.25, 0.15)


def gaussian(*, eigenvalues: tuple[PositiveFloat, ...] = EIGENVALUES, examples: PositiveInt = 6000) -> Load:
    """Draw real values (examples, D) for D eigenvalues."""
    if not len(eigenvalues) < examples:
        raise ValueError("there should be more examples than eigenvalues")

    def load() -> Source:
        x = draw_cloud(np.array(eigenvalues), examples, numpy_generator(0, "gaussian"))
        return Source(map(Example, x), f"{examples} draws of a normal distribution", "none: made up")

    return load


def compute_optimal_kl(eigenvalues: NDArray[np.float64], variance: Any) -> NDArray[np.float64]:
    """Return the KL (nats) of the dimension along each eigenvector at the optimum of a linear VAE.

    For a likelihood of `variance` it is 1/2 ln(eigenvalue / variance), and 0 where that is negative.
    """
    return 0.5 * np.log(np.maximum(eigenvalues / variance, 1))


def draw_cloud(
    eigenvalues: NDArray[np.float64], count: int, generator: np.random.Generator
) -> NDArray[np.float32]:
    """Draw examples (count, D) whose covariance has exactly these eigenvalues, along random directions."""
    size = len(eigenvalues)
    drawn = generator.normal(size=(count, size))
    white = np.linalg.svd(drawn - drawn.mean(0), full_matrices=False)[0] * math.sqrt(count)
    directions = np.linalg.qr(generator.normal(size=(size, size)))[0]
    return (white * np.sqrt(eigenvalues) @ directions.T).astype(np.float32)
