"""A variance of the likelihood, or a weight of the KL, with which neither collapse nor holes are likely.

The variance of probabilistic PCA keeps every latent alive, also along directions that hold next to nothing.
With many latents of smooth pictures most of the KL is spent on these, and q(z) of a deep net leaves the
prior. So the variance s is chosen by what it loses. At the best of a linear VAE (see
`uncollapse.your_vae.prediction`) the latent along an eigenvalue of the data's covariance leaves
min(s, eigenvalue) of it unexplained, which is the reverse water-filling of rate-distortion theory (Cover &
Thomas 2006, theorem 10.3.3), and its KL is the rate. With k latents s solves

    sum_i min(s, eigenvalue_i) = (1 - SHARE_KEPT) sum_i eigenvalue_i,    i = 1 ... k.

For a likelihood other than the Gaussian x is first divided by its noise, see
`uncollapse.your_vae.loss.likelihood_residuals`; then s is a weight of the KL. It is never above 1, because
with 1 the loss is the negative ELBO.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from uncollapse.data.sources.gaussian import compute_optimal_kl
from uncollapse.your_vae.discrete.entropy_estimates import estimate_entropy
from uncollapse.your_vae.handed_over.data_inputs import (
    check_finite,
    check_number_of_latents,
    convert_whole,
    read_data,
)
from uncollapse.your_vae.handed_over.real_arrays import read_numbers
from uncollapse.your_vae.loss.likelihood_residuals import (
    LIKELIHOODS,
    check_values,
    draw_rows,
    find_eigenvalues,
    looks_like_noise,
)

SHARE_KEPT = 0.95  # The share of what the latents can explain that a suggestion keeps.
ROUNDING = 1e-20  # Smaller shares of a square are errors of rounding.
MOST_SINGLE = 0.5  # With a larger share of examples that occur once their entropy is not known.


@dataclass(frozen=True)
class Suggestion:
    """A suggestion of where to begin between collapse and holes.

    `variance` is that of a Gaussian likelihood, for each value of x, and None for the others; `beta` is the
    weight of the KL beside -log p(x|z) in nats, 1 for a Gaussian. `kl` is the KL in nats that a linear VAE
    spends, `alive` the number of its `latents` that do, and `kept` the share of what they can explain.
    `set_point` is the KL at which to hold a deep net, in nats: `kl`, or the `entropy` of the examples where
    these repeat and it is smaller; and `free_bits` is the set point in nats for each dimension. `noise` says
    that no direction of x stands out.
    """

    likelihood: str
    latents: int
    variance: float | None
    beta: float
    kl: float
    alive: int
    kept: float
    entropy: float | None
    set_point: float
    free_bits: float
    noise: bool

    @property
    def verdict(self) -> str:
        """The suggestion in one sentence."""
        if self.noise:
            return (
                "in doubt: no direction of x stands out from those of the same values in random order, so z "
                "has next to nothing to tell, unless the values of x have no order, as the points of a cloud"
            )
        kept = f"keeps {100 * self.kept:.3g} % of what {self.latents} latents can explain"
        alive = f"{self.alive} of them alive and a KL of {self.set_point:.3g} nats"
        if self.variance is not None:
            return f"a Gaussian of variance {self.variance:.4g} {kept}, with {alive}"
        if self.beta == 1:
            return f"beta 1, the ELBO, {kept}, with {alive}"
        return (
            f"beta {self.beta:.3g} {kept}, with {alive}; with beta below 1 the loss bounds no log p(x): it "
            "trades likelihood for use of z"
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the fields and the verdict."""
        return {**asdict(self), "verdict": self.verdict}


def suggest(x: Any, *, latents: int, likelihood: str = "gaussian", mask: Any = None) -> Suggestion:
    """Suggest a variance, or a weight of the KL, a set point and free bits, before anything is trained.

    x (N, ...) are the data as the loss compares them, `latents` is the number of dimensions of z.
    `likelihood` is "gaussian" (real values), "bernoulli" (bits or grey values in [0, 1]), "categorical"
    (tokens), "poisson" or "multinomial" (counts). `mask` has the shape of x and is true where a value counts:
    padding does not. At most 10,000 examples are used, 2,000 of tokens and of large pictures.

    The linear theory is a guide for deep nets. It knows no context: a decoder that reads the tokens before
    needs less of z, and may collapse with any beta; then hold the KL at the `set_point`. Raises ValueError
    with one line that names the argument.
    """
    if likelihood not in LIKELIHOODS:
        named = ", ".join(repr(name) for name in LIKELIHOODS)
        raise ValueError(
            f"likelihood: should be one of {named}, not {likelihood!r}; for another one take the nearest, "
            "such as 'poisson' for a negative binomial"
        )
    check_number_of_latents(latents)
    values, counts = read_counted(x, mask, whole=likelihood != "gaussian")
    check_values(values, counts, likelihood)
    values, counts = draw_rows(values, counts, likelihood)
    eigenvalues = find_eigenvalues(values, counts, likelihood)[:latents]
    total = float(eigenvalues.sum())
    if total <= ROUNDING * float(np.square(values).mean()):
        raise ValueError("x: all examples are alike, so there is nothing for z to tell")
    level = find_water_level(eigenvalues, (1 - SHARE_KEPT) * total)
    level = level if likelihood == "gaussian" else min(level, 1.0)
    kl = float(compute_optimal_kl(eigenvalues, level).sum())
    entropy = None if likelihood == "gaussian" else find_entropy(values, counts)
    set_point = kl if entropy is None else min(kl, entropy)
    return Suggestion(
        likelihood=likelihood,
        latents=int(latents),
        variance=level if likelihood == "gaussian" else None,
        beta=1.0 if likelihood == "gaussian" else level,
        kl=kl,
        alive=int((eigenvalues > level).sum()),
        kept=1 - float(np.minimum(eigenvalues, level).sum()) / total,
        entropy=entropy,
        set_point=set_point,
        free_bits=set_point / int(latents),
        noise=looks_like_noise(values, counts, likelihood),
    )


def read_counted(x: Any, mask: Any, whole: bool) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return x (N, D) and what of it counts. Raises ValueError, which names the argument."""
    values = read_data(x, whole)
    counts = np.ones(values.shape, bool)
    if mask is not None:
        counts = read_numbers("mask", convert_whole(mask, whole=True)) != 0
        if counts.shape != values.shape:
            raise ValueError(f"mask: should have the shape of x, {values.shape}, not {counts.shape}")
        if not counts.any():
            raise ValueError("mask: no value of x counts")
    check_finite(values, counts)
    return np.where(counts, values, 0).reshape(len(values), -1), counts.reshape(len(values), -1)


def find_water_level(eigenvalues: NDArray[np.float64], lost: float) -> float:
    """Return the level s at which the sum of min(s, eigenvalue) is `lost`, for eigenvalues that descend."""
    beyond = eigenvalues.sum() - eigenvalues.cumsum()
    levels = (lost - beyond) / np.arange(1, len(eigenvalues) + 1)
    return float(levels[levels <= eigenvalues][-1])


def find_entropy(values: NDArray[np.float64], counts: NDArray[np.bool_]) -> float | None:
    """Return the entropy of examples (N, D) in nats, None where too many of them occur once.

    No z needs to tell more of x.
    """
    rows = np.where(counts, values, np.inf)
    _, row = np.unique(rows, axis=0, return_inverse=True)
    found = estimate_entropy(np.arange(len(row)), row.ravel(), int(row.max()) + 1)
    return found.entropy if found.missing <= MOST_SINGLE else None
