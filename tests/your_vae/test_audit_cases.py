"""Losses of people who asked why their latents do not do what they should, with their shapes."""

import pytest
import torch
from losses import kl
from torch import Tensor
from torch.nn import functional

import uncollapse

STREAM = torch.Generator().manual_seed(0)


def draw(*shape: int) -> Tensor:
    """Return standard normal numbers."""
    return torch.randn(shape, generator=STREAM)


def test_a_mean_times_ten_is_the_reason_and_the_mean_over_latents_is_not() -> None:
    def loss(output: Tensor, x: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
        return (10 * (x - output).square().mean((1, 2, 3)) + kl(mu, logvar).mean(1)).mean()

    output, x = draw(64, 3, 32, 32), torch.rand(64, 3, 32, 32, generator=STREAM)
    found = uncollapse.audit(loss, output, x, draw(64, 32), draw(64, 32))
    assert found.beta == pytest.approx(4.8, rel=1e-4)
    assert found.verdict.startswith(
        "a beta-VAE with beta 4.8, as if the reconstruction were 10 times a mean over 3,072 values, although "
        "the KL is averaged over 32 latents (with"
    )


@pytest.mark.parametrize("stated", [None, "laplace", "gaussian"])
def test_absolute_errors_with_padded_steps_have_the_beta_of_a_laplace(stated: str | None) -> None:
    x, output = draw(16, 100, 14), draw(16, 100, 14)
    padded = torch.arange(100) >= torch.randint(60, 101, (16, 1), generator=STREAM)

    def loss(output: Tensor, x: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
        errors = ((x - output).abs() * ~padded.unsqueeze(-1)).mean()
        return errors + 10 * kl(mu, logvar).sum(1).mean()

    found = uncollapse.audit(loss, output, x, draw(16, 32), draw(16, 32), likelihood=stated)
    if stated == "gaussian":
        assert "of which beta is 14,000; say likelihood='laplace'" in found.verdict
        assert (found.beta, found.kl_weight) == (None, pytest.approx(10 / 16))
    else:
        assert found.beta == pytest.approx(14000, rel=1e-4)
        count = int(padded.sum()) * 14
        assert f"{count:,} of 22,400 values of the batch do not count" in found.verdict
        assert "no z is worth more than 0.07" in found.verdict
        assert "z is dead by design" in found.verdict


@pytest.mark.parametrize(("scale", "shift"), [(2, -1), (255, 0), (1, 0.1)])
def test_cross_entropy_of_values_outside_of_0_and_1_is_no_likelihood(scale: float, shift: float) -> None:
    x = torch.rand(16, 784, generator=STREAM) * scale + shift

    def loss(output: Tensor, x: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
        entropy = functional.binary_cross_entropy_with_logits(output, x, reduction="sum")
        return entropy + kl(mu, logvar).sum()

    found = uncollapse.audit(loss, draw(16, 784), x, draw(16, 20), draw(16, 20), likelihood="bernoulli")
    assert (found.beta, found.kl_weight) == (None, pytest.approx(1))
    assert found.verdict.startswith(
        "no negative ELBO: it is no likelihood, as x has values outside of [0, 1]"
    )
    assert "has no lower bound; scale x" in found.verdict


def test_graphs_weighted_edges_and_a_head_of_log_deviations() -> None:
    count = 60
    x = (torch.rand(count, count, generator=STREAM) < 0.1).float()
    mu, spread, output = draw(count, 8), 0.3 * draw(count, 8), draw(count, count)
    weight = torch.tensor(9.0)

    def weighted(output: Tensor, x: Tensor) -> Tensor:
        entropy = functional.binary_cross_entropy_with_logits
        return entropy(output, x, pos_weight=weight, reduction="none").sum(1)

    def loss(output: Tensor, x: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
        return weighted(output, x).mean() / count + kl(mu, logvar).sum(1).mean() / count

    found = uncollapse.audit(loss, output, x, mu, spread, likelihood="bernoulli")
    assert "x = 1 weighs 9 times as much as x = 0 (pos_weight), which is no likelihood" in found.verdict
    assert found.kl_weight == pytest.approx(1 / count)
    own = uncollapse.audit(loss, output, x, mu, spread, likelihood=weighted)
    assert own.beta == pytest.approx(1)

    def of_edges(output: Tensor, x: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
        entropy = functional.binary_cross_entropy_with_logits(output, x)
        return entropy + kl(mu, 2 * logvar).sum(1).mean() / count

    edges = uncollapse.audit(of_edges, draw(200), torch.ones(200), mu, spread)
    assert edges.kl_weight == pytest.approx(1 / count**2)
    assert "its KL takes logvar for the logarithm of a standard deviation" in edges.verdict
    right = uncollapse.audit(
        lambda o, x, m, s: of_edges(o, x, m, s / 2), draw(200), torch.ones(200), mu, spread
    )
    assert right.beta == pytest.approx(200 / count**2)
    assert "; x has 200 rows and mu has 60, so the batch is taken as one" in right.verdict


def test_tokens_with_padding_have_the_mean_length_in_their_beta() -> None:
    tokens, lengths = torch.randint(1, 11, (64, 23)), torch.randint(8, 21, (64, 1))
    tokens[torch.arange(23) >= lengths] = 0

    def loss(output: Tensor, x: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
        entropy = functional.cross_entropy(output.flatten(0, 1), x.flatten(), ignore_index=0)
        return entropy + 0.05 * kl(mu, logvar).sum(1).mean()

    found = uncollapse.audit(loss, draw(64, 23, 11), tokens, draw(64, 16), draw(64, 16))
    assert found.beta == pytest.approx(0.05 * float(lengths.float().mean()), rel=1e-4)


def test_a_mean_over_the_steps_of_a_series_is_the_reason() -> None:
    def loss(output: Tensor, x: Tensor, mu: Tensor, logvar: Tensor) -> Tensor:
        return (output - x).square().mean() + kl(mu, logvar).sum(1).mean()

    found = uncollapse.audit(loss, draw(64, 48, 1), draw(64, 48, 1), 1e-3 * draw(64, 6), 1e-3 * draw(64, 6))
    assert found.beta == pytest.approx(24)
    assert "as if the reconstruction were averaged over 48 values" in found.verdict
