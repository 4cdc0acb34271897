"""Every divergence but the MMD against a closed form and a sum over pairs."""

import math
from typing import Any

import pytest
import torch
from scipy.stats import norm
from torch import Tensor
from torch.distributions import Normal, kl_divergence
from toys import CARDS, EXAMPLES, KIND, example, piece, toy_part, toy_vae

from uncollapse.data.part import END, to_tensor
from uncollapse.experiment.recipe import Recipe
from uncollapse.methods.divergence import Divergence
from uncollapse.pipeline.assemble import assemble
from uncollapse.registry import list_names, make_piece
from uncollapse.vae import Gaussian

UNUSED: Any = (None, None)  # net and x


def penalty(rule: Divergence, q: Gaussian, z: Tensor) -> float:
    assert rule.penalty is not None
    return float(rule.penalty(*UNUSED, q, z, torch.zeros_like(z)))


def posteriors(count: int = 7, latents: int = 3) -> tuple[Gaussian, Tensor]:
    """q(z|x) of a batch in double precision, and a z of each."""
    torch.manual_seed(0)
    q = Gaussian(torch.randn(count, latents).double(), torch.randn(count, latents).double())
    return q, q.sample(torch.randn(count, latents).double())


def test_the_density_gap_is_the_sum_over_pairs() -> None:
    q, z = posteriors()
    mean, deviation = q.mu.numpy(), (0.5 * q.logvar).exp().numpy()
    total = 0.0
    for own in z.numpy():
        densities = norm.pdf(own, mean, deviation).mean(0)
        total += sum(math.log(d) - norm.logpdf(value) for d, value in zip(densities, own, strict=True))
    assert penalty(piece("divergence", "aggregate", weight=1.5), q, z) == pytest.approx(1.5 * total / len(z))


def test_where_the_aggregate_posterior_is_gaussian_its_kl_is_the_closed_form() -> None:
    """All q(z|x) are the same N(m, v), and so is q(z)."""
    mu, logvar = torch.tensor([0.5, -1.0, 0.0]), torch.tensor([0.3, -2.0, 0.0])
    q = Gaussian(mu.expand(100, 3).double(), logvar.expand(100, 3).double())
    torch.manual_seed(0)
    found = [
        penalty(piece("divergence", "aggregate"), q, q.sample(torch.randn(100, 3).double()))
        for _ in range(200)
    ]
    error = float(torch.tensor(found).std()) / math.sqrt(len(found))
    assert sum(found) / len(found) == pytest.approx(float(q.kl()[0].sum()), abs=4 * error)
    assert error < 0.02


def test_mae_is_the_double_sum() -> None:
    q, z = posteriors()
    pairs = torch.stack(
        [
            kl_divergence(*(Normal(q.mu[k], (0.5 * q.logvar[k]).exp()) for k in (i, j)))
            for i in range(7)
            for j in range(7)
            if i != j
        ]
    )
    reward = sum(math.log(1 + math.exp(-float(mean))) for mean in pairs.mean(0))
    expected = 2.0 * reward + 0.3 * float(pairs.sum(1).std())
    rule = piece("divergence", "mutual", eta=2.0, gamma=0.3)
    assert (rule.share, penalty(rule, q, z)) == (1.0, pytest.approx(expected))
    same = Gaussian(q.mu[:1].expand(7, 3), q.logvar[:1].expand(7, 3))
    assert penalty(rule, same, z) == pytest.approx(2.0 * 3 * math.log(2)), "no information at all"


def test_an_encoder_that_undoes_an_injective_decoder_loses_no_z() -> None:
    """W has full rank, so (W^T W)^-1 W^T undoes W z + b; where a z is lost the loss is its square."""
    torch.manual_seed(0)
    recipe = {"net": {"use": "linear", "latents": 3}, "likelihood": {"use": "gaussian"}}
    pieces = {slot: {"use": name} for slot, name in {"decoder": "plain", "posterior": "gaussian"}.items()}
    vae = assemble(Recipe({**recipe, **pieces, "dataset": "toy"}), CARDS["images"], 0).double()
    layer, head = vae.decoder.output, vae.posterior.linear
    inverse = torch.linalg.pinv(layer.weight.data)
    head.weight.data[:3], head.bias.data[:3] = inverse, -inverse @ layer.bias.data
    q, z = posteriors()
    rule, x = piece("divergence", "latent_reconstruction", weight=2.0), torch.zeros(7, 4, 4).double()
    assert rule.share == 1.0
    torch.testing.assert_close(rule.penalty(vae, x, q, z, z), torch.zeros(7).double(), rtol=0, atol=1e-20)
    narrow = Gaussian(q.mu, q.logvar - 5)
    found = rule.penalty(vae, x, narrow, narrow.sample(z), z)
    torch.testing.assert_close(found, torch.zeros(7).double(), rtol=0, atol=1e-20)  # whatever q is
    layer.weight.data[:, 1] = 0
    head.weight.data[1] = head.bias.data[1] = 0
    torch.testing.assert_close(rule.penalty(vae, x, q, z, z), 2.0 * z[:, 1].square())


@pytest.mark.parametrize(
    "net", [name for name in EXAMPLES if make_piece("nets", EXAMPLES[name]).autoregressive]
)
def test_a_z_is_not_found_in_what_the_decoder_reads_of_x(net: str) -> None:
    vae, x = example(net)
    for weight in vae.decoder.parameters():
        weight.data *= 3
    rule, z = piece("divergence", "latent_reconstruction"), torch.randn(len(x), 3)
    other = x[torch.randperm(len(x))] if KIND[net] == "images" else torch.where(x > END, END + 1 + x % 8, x)
    q = vae.encode(x)
    torch.testing.assert_close(rule.penalty(vae, x, q, z, z), rule.penalty(vae, other, q, z, z))


@pytest.mark.parametrize("posterior", list_names("methods/posterior"))
def test_what_is_made_of_z_leaves_no_trace_in_the_posterior(kind: str, posterior: str) -> None:
    vae, x = toy_vae(kind, posterior=posterior), to_tensor(toy_part(kind, 16).x)
    q = vae.encode(x)
    before = {name: value.clone() for name, value in vae.named_buffers()}
    piece("divergence", "latent_reconstruction").penalty(vae, x, q, q.mu, q.mu)
    assert all(torch.equal(value, before[name]) for name, value in vae.named_buffers())
    assert vae.posterior.training


def test_the_density_gap_is_the_kl_less_the_information_of_one_dimension() -> None:
    """KL(q(z) || p) = KL(q(z|x) || p) - I(x; z): the three are estimated with the same z."""
    torch.manual_seed(1)
    q = Gaussian(2 * torch.randn(8, 1).double(), torch.full((8, 1), -2.0).double())
    gaps, information = [], []
    for _ in range(2000):
        z = q.sample(torch.randn(8, 1).double())
        gaps.append(penalty(piece("divergence", "aggregate"), q, z))
        each = torch.stack(
            [Gaussian(m[None], s[None]).log_prob(z) for m, s in zip(q.mu, q.logvar, strict=True)]
        )
        information.append(float((q.log_prob(z) - each.logsumexp(0) + math.log(8)).mean()))
    gap, mi = (sum(values) / len(values) for values in (gaps, information))
    assert gap == pytest.approx(float(q.kl().mean()) - mi, abs=0.05)
    assert 1 < mi <= math.log(8)
