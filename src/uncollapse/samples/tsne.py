"""t-SNE of the posterior means (van der Maaten & Hinton 2008)."""

import numpy as np
from numpy.typing import NDArray
from openTSNE import TSNE
from torch import Tensor


def map_by_tsne(mu: Tensor, *, seed: int, perplexity: float = 30.0) -> NDArray[np.float32]:
    """Return a map (N, 2) of posterior means (N, D), N > 3, that starts from their principal components.

    The gradient is Barnes & Hut's up to 10,000 points, by interpolation beyond. A perplexity of more than (N
    - 1) / 3, the largest for N points, is reduced to it.
    """
    differ = float(mu.var(0).max()) > 0  # Otherwise there are no principal components.
    fit = TSNE(
        perplexity=min(perplexity, (len(mu) - 1) / 3),
        initialization="pca" if differ else "random",
        neighbors="exact",
        negative_gradient_method="auto",
        n_jobs=1,
        random_state=seed,
    )
    return np.asarray(fit.fit(mu.double().numpy()), dtype=np.float32)
