"""The slot `bound`: the ELBO, and importance-weighted bounds above it."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor
from toys import copied, method, piece, rows_of, same, toy_part, toy_vae

from uncollapse.data.part import to_tensor
from uncollapse.methods.kl_weight import KLWeight
from uncollapse.methods.perturbation import Inputs
from uncollapse.training.objective import Terms, compute_objective
from uncollapse.vae import VAE, log_prior


def loss(vae: VAE, x: Tensor, noise: Tensor, samples: int, beta: float = 1.0) -> Tensor:
    """The loss of each example (B,)."""
    pieces = {
        "kl_weight": KLWeight(dict, lambda state, kl, reconstruction: (torch.tensor(beta), state)),
        "bound": piece("bound", "iwae", samples=samples),
    }
    return compute_objective(vae, method(**pieces), x, Inputs(x, x), noise, {}).loss


def test_one_sample_is_the_elbo_to_the_last_digit(kind: str) -> None:
    plain, one = toy_vae(kind), toy_vae(kind)
    assert rows_of(plain, kind) == rows_of(one, kind, {"bound": piece("bound", "iwae", samples=1)})
    assert same(copied(plain), copied(one))


@pytest.mark.parametrize("beta", [1.0, 0.3])
def test_several_samples_are_the_logarithm_of_their_mean_weight(kind: str, beta: float) -> None:
    """With log q and log p of whole vectors, and the KL's samples put back in place of the exact KL."""
    torch.manual_seed(0)
    vae, x = toy_vae(kind), to_tensor(toy_part(kind, 7).x)
    noise = torch.randn(5, 7, vae.latents)
    q = vae.encode(x)
    weights, kls = [], []
    for each in noise[[0, 2, 3, 4]]:  # noise[1] is of the prior
        z = q.sample(each)
        ratio = q.log_prob(z) - log_prior(z)
        kls.append(ratio)
        weights.append((vae.log_likelihood(x, z) - beta * ratio).detach())
    expected = torch.stack([weight.exp() for weight in weights]).double().mean(0).log()
    exact = torch.stack(weights).logsumexp(0) - math.log(4)
    torch.testing.assert_close(exact.double(), expected, rtol=1e-3, atol=1e-3)
    ours = -loss(vae, x, noise, 4, beta) + beta * (q.kl().sum(1) - torch.stack(kls).mean(0))
    torch.testing.assert_close(ours.detach(), exact, rtol=1e-5, atol=1e-5)


def test_the_bound_rises_with_the_samples_up_to_the_likelihood(kind: str) -> None:
    torch.manual_seed(0)
    vae, x = toy_vae(kind), to_tensor(toy_part(kind, 5).x)
    with torch.no_grad():
        bounds = [
            float(-loss(vae, x.repeat(4000, *[1] * (x.ndim - 1)), torch.randn(k + 1, 20000, 3), k).mean())
            for k in (1, 2, 8, 32)
        ]
    assert bounds == sorted(bounds)
    assert bounds[1] - bounds[0] > 1e-3


def test_all_samples_are_work() -> None:
    one, five = (
        rows_of(toy_vae("images"), "images", {"bound": piece("bound", "iwae", samples=k)}, epochs=1)[-1]
        for k in (1, 5)
    )
    assert 2 < five["gflops"] / one["gflops"] < 5, "the encoder runs once"


@pytest.mark.parametrize(
    ("net", "pieces"),
    [({}, {"bound": "iwae"}), ({"inference": "semi_amortized"}, {})],
    ids=["iwae", "refined"],
)
def test_more_noise_leaves_that_of_all_methods(
    net: dict[str, str], pieces: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """So seeds stay paired."""

    def noises(net: dict[str, str], pieces: dict[str, str]) -> list[Tensor]:
        seen = []

        def recording(vae: VAE, method: Any, x: Tensor, inputs: Inputs, noise: Tensor, *rest: Any) -> Terms:
            seen.append(noise)
            return compute_objective(vae, method, x, inputs, noise, *rest)

        monkeypatch.setattr("uncollapse.training.step.compute_objective", recording)
        rows_of(toy_vae("images", **net), "images", pieces, epochs=2)
        return seen

    plain, other = noises({}, {}), noises(net, pieces)
    assert all(len(noise) == 2 < len(more) for noise, more in zip(plain, other, strict=True))
    assert all(torch.equal(noise, more[:2]) for noise, more in zip(plain, other, strict=True))
    assert len({float(more[-1, 0, 0]) for more in other}) == len(other), "drawn anew"
