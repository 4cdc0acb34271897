"""Laws of likelihoods: p(x|z) sums to one, and a draw is a draw."""

import itertools

import numpy as np
import pytest
import torch
from scipy import stats

from uncollapse.likelihoods.bernoulli import bernoulli
from uncollapse.likelihoods.categorical import categorical
from uncollapse.likelihoods.gaussian import gaussian
from uncollapse.likelihoods.optimal_gaussian import optimal_gaussian
from uncollapse.registry import list_names, make_piece


@pytest.mark.parametrize("name", list_names("likelihoods"))
def test_drawing_twice_changes_nothing_more(name: str) -> None:
    likelihood = make_piece("likelihoods", {"use": name})
    x = np.arange(256, dtype=np.uint8).reshape(4, 64)
    once = likelihood.draw(x, np.random.default_rng(0))
    assert once.shape == x.shape
    assert once.dtype == x.dtype
    assert np.array_equal(likelihood.draw(once, np.random.default_rng(1)), once)


@pytest.mark.parametrize("name", list_names("likelihoods"))
def test_samples_have_the_mean_and_the_probabilities_of_the_likelihood(name: str) -> None:
    likelihood = make_piece("likelihoods", {"use": name})
    stream, count = torch.Generator().manual_seed(0), 40_000
    if likelihood.kind == "images":
        output = torch.randn(3, 2, generator=stream)
        drawn = likelihood.sample(likelihood.scale()(output.expand(count, 3, 2)), stream)
        assert drawn.shape == (count, 3, 2)
        assert (
            float((drawn.mean(0) - likelihood.mean(likelihood.scale()(output))).abs().max())
            < 4.5 / count**0.5
        )
        return
    output = torch.randn(1, 3, 5, generator=stream)
    drawn = likelihood.sample(output.expand(count, 3, 5), stream)
    assert drawn.shape == (count, 3)
    shares = torch.nn.functional.one_hot(drawn, 5).float().mean(0)
    assert float((shares - output[0].softmax(-1)).abs().max()) < 4.5 * 0.5 / count**0.5
    assert torch.equal(likelihood.mean(output)[0], shares.argmax(-1))


def test_a_grey_value_is_the_probability_of_a_one() -> None:
    grey = np.tile(np.array([0, 1, 64, 128, 254, 255], np.uint8), (400_000, 1))
    ones = (bernoulli().draw(grey, np.random.default_rng(0)) == 255).mean(0)
    p = grey[0] / 255
    assert np.all(np.abs(ones - p) <= 4.5 * np.sqrt(p * (1 - p) / 400_000))


def test_bernoulli_sums_to_one_over_all_images() -> None:
    x = torch.tensor(list(itertools.product([0.0, 1.0], repeat=4))).view(16, 2, 2)
    logits = torch.randn(2, 2).expand(16, 2, 2)
    assert float(bernoulli().log_prob(x, logits).exp().sum()) == pytest.approx(1, abs=1e-5)


def test_categorical_sums_to_one_over_all_sentences_and_skips_padding() -> None:
    words = 4  # padding, and three that can be said
    x = torch.tensor(list(itertools.product(range(1, words), repeat=3)))
    logits = torch.randn(3, words)
    logits[:, 0] = -torch.inf
    output = logits.expand(len(x), 3, words)
    assert float(categorical().log_prob(x, output).exp().sum()) == pytest.approx(1, abs=1e-5)
    shorter = x[:, :2]
    padded = torch.nn.functional.pad(shorter, (0, 1))
    torch.testing.assert_close(
        categorical().log_prob(padded, output), categorical().log_prob(shorter, output[:, :2])
    )


def test_the_optimal_variance_minimises_the_loss_of_the_batch_and_is_kept() -> None:
    likelihood = optimal_gaussian()
    scale = likelihood.scale()
    x = torch.randn(20, 3, 2).double()  # in single precision the loss is the same a thousandth away
    output = torch.randn(20, 3, 2).double().requires_grad_()
    trained = -likelihood.log_prob(x, scale(output)).sum()
    mean = output.detach()
    losses = {
        factor: -gaussian(variance=factor * float((x - mean).square().mean())).log_prob(x, output).sum()
        for factor in (0.9, 0.999, 1.0, 1.001, 1.1)
    }
    assert trained.item() == pytest.approx(losses[1.0].item())
    assert min(losses, key=lambda factor: losses[factor].item()) == 1.0
    own, fixed = (torch.autograd.grad(loss, output)[0] for loss in (trained, losses[1.0]))
    torch.testing.assert_close(own, fixed)
    for _ in range(500):
        likelihood.log_prob(2 * x, scale(output))
    scale.eval()
    last = gaussian(variance=float((2 * x - mean).square().mean())).log_prob(x[:1], mean[:1])
    torch.testing.assert_close(likelihood.log_prob(x[:1], scale(mean[:1])), last, rtol=0.01, atol=0)


@pytest.mark.parametrize("variance", [0.25, 1.0, 3.0])
def test_gaussian_is_the_normal_density_of_all_pixels(variance: float) -> None:
    x, mean = torch.randn(5, 3, 2), torch.randn(5, 3, 2)
    expected = stats.norm.logpdf(x.numpy(), mean.numpy(), variance**0.5).sum((1, 2))
    assert gaussian(variance=variance).log_prob(x, mean).numpy() == pytest.approx(expected, rel=1e-5)
