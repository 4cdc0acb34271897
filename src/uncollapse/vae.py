"""The variational autoencoder, and the notation of the whole project.

    z ~ p(z) = N(0, I), z in R^D                         latents
    x | z ~ p(x|z)                                       decoder and likelihood
    q(z|x) = N(mu(x), diag exp logvar(x))                encoder and posterior

    reconstruction = -E_q[log p(x|z)]
    kl             = KL(q(z|x) || p(z)) = sum_i KL_i,    KL_i = (mu_i^2 + exp(logvar_i) - 1 - logvar_i) / 2
    elbo           = -reconstruction - kl  <=  log p(x)

(Kingma & Welling 2014, arXiv 1312.6114, eq. 3 and 10). All of these are in nats, summed over pixels,
tokens and latent dimensions, and averaged over examples. A training loss weighs the KL: reconstruction +
beta * kl, with beta from `methods/kl_weight`. Dimension i has *collapsed* where q(z_i|x) is close to
p(z_i) for (nearly) every x, so that the decoder cannot learn from z_i.
"""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from uncollapse.data.part import Part, to_tensor
from uncollapse.likelihoods import Likelihood
from uncollapse.seeds import make_seed


class Gaussian(NamedTuple):
    """A batch of q(z|x): means and log-variances, both of shape (B, D)."""

    mu: Tensor
    logvar: Tensor

    def kl(self) -> Tensor:
        """Return KL_i of every example and dimension, in nats, shape (B, D)."""
        return 0.5 * (self.mu.square() + self.logvar.expm1() - self.logvar)

    def sample(self, noise: Tensor) -> Tensor:
        """Return z = mu + exp(logvar / 2) * noise, differentiably; `noise` (..., B, D) is standard normal."""
        return torch.addcmul(self.mu, (0.5 * self.logvar).exp(), noise)

    def log_prob(self, z: Tensor) -> Tensor:
        """Return log q(z|x) in nats, shape (..., B), for z of shape (..., B, D)."""
        square = (z - self.mu).square() * (-self.logvar).exp()
        return -0.5 * (square + self.logvar + math.log(2 * math.pi)).sum(-1)


class Refinement(NamedTuple):
    """A rule that refines the encoder's q(z|x) for each example.

    `run(vae, q, x, read, noise)` gives another q. An autoregressive decoder reads `read`; `noise` (steps, B,
    D) is standard normal in training, and None where the result has to be a function of x.
    """

    steps: int
    run: Callable[["VAE", Gaussian, Tensor, Tensor | None, Tensor | None], Gaussian]


def log_prior(z: Tensor) -> Tensor:
    """Return log p(z) in nats, shape (...), for z of shape (..., D)."""
    return -0.5 * (z.square() + math.log(2 * math.pi)).sum(-1)


class VAE(nn.Module):
    """An encoder, the head that makes q(z|x) of its features, a decoder and a likelihood.

    `encoder(x)` gives features (B, F) of `encoder.embed(x)`, which is real; `posterior(features)` gives
    mu and logvar, (B, D) each; `decoder(z, x)` gives the parameters of p(x|z) for z (B, D), and may read
    the parts of x that lie before the part it predicts (autoregressive decoders).
    """

    def __init__(
        self,
        encoder: Any,
        posterior: nn.Module,
        decoder: nn.Module,
        likelihood: Likelihood,
        latents: int,
        autoregressive: bool = False,
        refinement: Refinement | None = None,
    ) -> None:
        super().__init__()
        self.encoder: Any = encoder  # A Module that can also `embed`.
        self.posterior, self.decoder = posterior, decoder
        self.likelihood, self.latents, self.autoregressive = likelihood, latents, autoregressive
        self.scale, self.refinement = likelihood.scale(), refinement

    def encode(self, x: Tensor, embedded: Tensor | None = None) -> Gaussian:
        """Return the encoder's q(z|x) for a batch x (B, ...); `embedded` replaces `encoder.embed(x)`."""
        return Gaussian(*self.posterior(self.encoder(x, embedded)))

    def refine(
        self, q: Gaussian, x: Tensor, read: Tensor | None = None, noise: Tensor | None = None
    ) -> Gaussian:
        """Return the encoder's q(z|x) as it is used, for a batch x (B, ...)."""
        return q if self.refinement is None else self.refinement.run(self, q, x, read, noise)

    def log_likelihood(self, x: Tensor, z: Tensor, read: Tensor | None = None) -> Tensor:
        """Return log p(x|z) in nats, shape (B,), for x (B, ...) and z (B, D).

        An autoregressive decoder reads `read`, which is x by default.
        """
        return self.likelihood.log_prob(x, self.output(z, x if read is None else read))

    def output(self, z: Tensor, read: Tensor) -> Any:
        """Return the parameters of p(x|z) for z (B, D), as the likelihood takes them."""
        return self.scale(self.decoder(z, read))

    def encoder_parameters(self) -> list[nn.Parameter]:
        """Return the parameters of q(z|x): the encoder's and the posterior's."""
        return [*self.encoder.parameters(), *self.posterior.parameters()]

    def encoder_state(self) -> dict[str, Tensor]:
        """Return the weights of q(z|x) by name."""
        prefixes = ("encoder.", "posterior.")
        return {name: value for name, value in self.state_dict().items() if name.startswith(prefixes)}

    def load_encoder(self, state: dict[str, Tensor]) -> None:
        """Take over weights of q(z|x). Raises KeyError or RuntimeError if they are another net's."""
        self.load_state_dict({**self.state_dict(), **{name: state[name] for name in self.encoder_state()}})

    def decoder_parameters(self) -> list[nn.Parameter]:
        """Return the parameters of p(x|z)."""
        return [*self.decoder.parameters(), *self.scale.parameters()]


@contextmanager
def evaluating(vae: VAE) -> Iterator[None]:
    """Compute in evaluation mode and without gradients; the mode is put back afterwards."""
    training = vae.training
    vae.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        vae.train(training)


def encode_part(vae: VAE, part: Part, size: int = 500) -> Gaussian:
    """Return q(z|x) of every example of a part, (N, D), in evaluation mode, on the CPU.

    `size` examples are encoded at a time.
    """
    device = next(vae.parameters()).device
    with evaluating(vae):
        batches = (to_tensor(part.x[start : start + size], device) for start in range(0, len(part), size))
        chunks = [vae.refine(vae.encode(x), x) for x in batches]
    return Gaussian(torch.cat([q.mu for q in chunks]).cpu(), torch.cat([q.logvar for q in chunks]).cpu())


def initialise_weights(module: nn.Module, seed: int) -> None:
    """Draw every layer's default initial weights from a generator made from (seed, the layer's name).

    So two nets that share a layer start with the same weights there, whatever else they have: runs of
    different methods with the same seed are paired.
    """
    for name, layer in module.named_modules():
        reset: Callable[[], None] | None = getattr(layer, "reset_parameters", None)
        if reset is not None:
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(make_seed(seed, "initial weights", name))
                reset()
