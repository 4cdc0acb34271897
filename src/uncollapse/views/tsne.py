"""t-SNE of the posterior means (van der Maaten & Hinton 2008)."""

import numpy as np
from numpy.typing import NDArray
from openTSNE import TSNE
from torch import Tensor


def tsne(mu: Tensor, *, seed: int, perplexity: float = 30.0) -> NDArray[np.float32]:
    """A map (N, 2) of posterior means (N, D), N > 3, from the principal components. Barnes & Hut's gradient up to 10,000 points, interpolation beyond."""
    few = min(perplexity, (len(mu) - 1) / 3)
    init = "pca" if float(mu.var(0).max()) > 0 else "random"  # nothing to turn where all means are the same
    fit = TSNE(
        perplexity=few,
        initialization=init,
        neighbors="exact",
        negative_gradient_method="auto",
        n_jobs=1,
        random_state=seed,
    )
    return np.asarray(fit.fit(mu.double().numpy()), dtype=np.float32)
