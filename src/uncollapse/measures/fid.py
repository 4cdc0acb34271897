"""The Frechet distance between generated images and those of the test set.

Heusel et al. 2017, arXiv 1706.08500, eq. 6. The features are from a classifier of the data set's labels
(`data.features`).

    |m - m'|^2 + tr(C + C' - 2 (C C')^(1/2)),     m, C: mean and covariance of the features of a set

The generated images are the means of p(x|z), drawn as the data were: where these were binarised, a mean is
too. z is from the prior, or from q(z|x) for reconstructions: a VAE that has collapsed to the prior has the
same value for both. With few images the distance is too large, and it depends on the classifier: compare it
within a data set only.
"""

import math

import numpy as np
import torch
from torch import Tensor

from uncollapse.data.features import Classifier, read_classifier
from uncollapse.data.part import Array, to_tensor
from uncollapse.measures import ColumnValues, Measure, Trained
from uncollapse.samples.generate import generate_examples
from uncollapse.seeds import numpy_generator, torch_generator
from uncollapse.vae import VAE, Gaussian

COLUMNS = {
    "fid": Measure("fid of samples", better=-1),
    "fid_reconstructions": Measure("fid of reconstructions", better=-1),
}
MOST_IMAGES = 2000  # in each set
IMAGES_AT_ONCE = 250


def measure_frechet(one: Array, other: Array) -> float:
    """Return the squared Frechet distance of two sets of features, (N, F) and (M, F).

    It is the distance of the Gaussians with their means and covariances; N and M are at least 2.
    """
    means = one.mean(0) - other.mean(0)
    here = np.cov(one, rowvar=False, ddof=0).reshape(2 * means.shape)
    there = np.cov(other, rowvar=False, ddof=0).reshape(2 * means.shape)
    values, vectors = np.linalg.eigh(here)
    root = vectors * np.sqrt(values.clip(min=0)) @ vectors.T
    # C C' has the eigenvalues of C^(1/2) C' C^(1/2), which is symmetric.
    shared = np.sqrt(np.linalg.eigvalsh(root @ there @ root).clip(min=0)).sum()
    return float(max(means @ means + np.trace(here) + np.trace(there) - 2 * shared, 0.0))


@torch.no_grad()
def extract_features(net: Classifier, x: Array) -> Array:
    """Return features (N, F) in doubles, of images x (N, ...)."""
    parts = (to_tensor(x[start : start + IMAGES_AT_ONCE]) for start in range(0, len(x), IMAGES_AT_ONCE))
    return torch.cat([net.features(part) for part in parts]).double().numpy()


def generate_images(vae: VAE, z: Tensor, like: Array, rng: np.random.Generator) -> Array:
    """Return an image for each z (N, D), of the type and shape of `like` (1, ...)."""
    device = next(vae.parameters()).device
    example = to_tensor(like, device)
    means = torch.cat(
        [generate_examples(vae, part.to(device), example, None).cpu() for part in z.split(IMAGES_AT_ONCE)]
    )
    grey = (255 * means.clamp(0, 1)).round() if like.dtype == np.uint8 else means
    return vae.likelihood.draw(grey.numpy().astype(like.dtype), rng)


def measure(run: Trained) -> ColumnValues:
    """Return fid and fid_reconstructions of at most MOST_IMAGES images of the test set.

    They are nan for text, for images without labels, and where the decoder is autoregressive: to draw so many
    images a pixel at a time would take longer than training.
    """
    net = read_classifier(run.data)
    if net is None or run.vae.autoregressive:
        return {"fid": math.nan, "fid_reconstructions": math.nan}
    x = run.parts["test"].x[:MOST_IMAGES]
    q = Gaussian(run.q["test"].mu[:MOST_IMAGES], run.q["test"].logvar[:MOST_IMAGES])
    noise = torch.randn(2, *q.mu.shape, generator=torch_generator(run.seed, "measure fid"))
    latents = {
        "fid": noise[0],
        "fid_reconstructions": q.sample(noise[1]),
    }
    real, rng = extract_features(net, x), numpy_generator(run.seed, "measure fid")
    return {
        name: measure_frechet(extract_features(net, generate_images(run.vae, z, x[:1], rng)), real)
        for name, z in latents.items()
    }
