"""t-SNE of the posterior means (van der Maaten & Hinton 2008)."""

import numpy as np
from numpy.typing import NDArray
from sklearn.manifold import TSNE
from torch import Tensor


def tsne(mu: Tensor, *, seed: int, perplexity: float = 30.0) -> NDArray[np.float32]:
    """A map (N, 2) of posterior means (N, D), N > 1, from the principal components."""
    few = min(perplexity, (len(mu) - 1) / 3)
    init = "pca" if float(mu.var(0).max()) > 0 else "random"  # nothing to turn where all means are the same
    return np.asarray(TSNE(perplexity=few, init=init, random_state=seed, n_jobs=1).fit_transform(mu.numpy()))
