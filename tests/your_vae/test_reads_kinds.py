"""Decoders of every kind: of codes, of directions, autoregressive, conditional, and dead ones."""

import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import uncollapse

COUNT = 400


def stream(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_the_quantised_vectors_of_a_vq_vae_are_read_but_not_drawn_from_a_normal() -> None:
    """Maps (N, C, 3, 3) of 16 codes: the loss is that of the codes, and N(0, I) is no prior of theirs."""
    book = torch.randn(16, 8, generator=stream())
    codes = torch.randint(0, 16, (COUNT, 3, 3), generator=stream(1))
    z = book[codes].movedim(-1, 1)
    x = z.sum(1) + 0.5 * torch.randn(COUNT, 3, 3, generator=stream(2))

    def nll(x: Tensor, z: Tensor) -> Tensor:
        return ((x - z.sum(1)).square() / (2 * 0.25)).flatten(1).sum(1)

    for given in (z, z.movedim(1, -1).flatten(1)):
        found = uncollapse.reads(
            lambda x, z: nll(x, z.view(len(z), 3, 3, 8).movedim(-1, 1) if z.ndim < 4 else z), x, given
        )
        assert found.verdict.startswith("reads z: ")
        assert found.prior is None
        assert "as vectors of a codebook do" in found.verdict
    from_codes = uncollapse.reads(lambda x, c: nll(x, book[c].movedim(-1, 1)), x, codes)
    assert from_codes.other == found.other
    sums = book.sum(1)
    expected = 9 * float((sums[:, None] - sums).square().mean()) / (2 * 0.25)
    assert abs(from_codes.other - expected) < 3 * (from_codes.other_high - from_codes.other_low)


def test_categorical_latents_have_no_normal_prior() -> None:
    logits = torch.randn(COUNT, 5, generator=stream())
    for z in (functional.one_hot(logits.argmax(1), 5).float(), logits.softmax(1)):
        found = uncollapse.reads(lambda x, z: (x - z).square().sum(1), z, z)
        assert found.prior is None
        assert "probabilities or one-hot codes" in found.verdict
        uniform = uncollapse.reads(
            lambda x, z: (x - z).square().sum(1),
            z,
            z,
            prior=torch.distributions.OneHotCategorical(torch.ones(5)),
        )
        assert uniform.prior is not None


def test_directions_of_a_von_mises_fisher_posterior_have_no_normal_prior() -> None:
    z = functional.normalize(torch.randn(COUNT, 6, generator=stream()), dim=1)
    found = uncollapse.reads(lambda x, z: 20 * (1 - (x * z).sum(1)), z, z)
    assert found.verdict.startswith("reads z: ")
    assert "every z has length 1" in found.verdict
    expected = 20.0  # Independent directions have a product of 0 on average.
    assert found.other_low - 1 < expected < found.other_high + 1


def test_an_autoregressive_decoder_that_needs_no_z_does_not_read_it() -> None:
    """A token is the one before with probability 0.9; z tells the first of them."""
    flips = torch.rand(COUNT, 12, generator=stream()) < 0.1
    x = (flips.long().cumsum(1) + torch.randint(0, 2, (COUNT, 1), generator=stream(1))) % 2
    z = x[:, :1] * 2.0 - 1 + 0.01 * torch.randn(COUNT, 1, generator=stream(2))

    def rest(x: Tensor) -> Tensor:
        same = x[:, 1:] == x[:, :-1]
        return torch.where(same, -math.log(0.9), -math.log(0.1)).sum(1)

    def ignores(x: Tensor, z: Tensor) -> Tensor:
        return rest(x) + math.log(2)

    def uses(x: Tensor, z: Tensor) -> Tensor:
        return rest(x) + functional.binary_cross_entropy_with_logits(
            3 * z[:, 0], x[:, 0].float(), reduction="none"
        )

    dead = uncollapse.reads(ignores, x, z, prior=False)
    assert (dead.other, dead.other_low, dead.other_high) == (0, 0, 0)
    assert dead.answer == "does not read"
    alive = uncollapse.reads(uses, x, z, prior=False)
    assert alive.answer == "reads"
    assert abs(alive.other - 1.5) < 0.3, "half of the others have the other sign, which costs 3 nats"


def test_a_recurrent_decoder_of_strings_is_read_off_its_token_loss() -> None:
    """Strings of 24 characters, pad ignored; the GRU reads the characters before and z at each step."""
    torch.manual_seed(0)
    x = torch.randint(1, 11, (COUNT, 24), generator=stream())
    x[torch.arange(24) >= torch.randint(8, 24, (COUNT, 1), generator=stream(1))] = 0
    z = torch.randn(COUNT, 16, generator=stream(2))
    embed, gru, out = nn.Embedding(11, 8), nn.GRU(8 + 16, 32, batch_first=True), nn.Linear(32, 11)

    def nll(x: Tensor, z: Tensor) -> Tensor:
        read = torch.cat([embed(x[:, :-1]), z[:, None].expand(-1, 23, -1)], 2)
        scores, told = out(gru(read)[0]).flatten(0, 1), x[:, 1:].flatten()
        return (
            functional.cross_entropy(scores, told, ignore_index=0, reduction="none").view(len(x), -1).sum(1)
        )

    found = uncollapse.reads(nll, x, z, size=150)
    with torch.no_grad():
        own, other = nll(x, z), nll(x, z.roll(1, 0))
    assert found.own == pytest.approx(float(own.mean()), rel=1e-5)
    assert found.other_low - 0.1 <= float((other - own).mean()) <= found.other_high + 0.1
    assert found.answer == "does not read", "the z is of no string"
    gru.weight_ih_l0.data[:, 8:] = 0
    deaf = uncollapse.reads(nll, x, z)
    assert (deaf.other, deaf.prior) == (0, 0)


def test_a_conditional_decoder_keeps_its_condition() -> None:
    condition = torch.randn(COUNT, 2, generator=stream())
    z = torch.randn(COUNT, 2, generator=stream(1))
    x = 10 * condition + 0.05 * z + torch.randn(COUNT, 2, generator=stream(2))

    def nll(given: tuple[Tensor, Tensor], z: Tensor) -> Tensor:
        x, condition = given
        return 0.5 * (x - 10 * condition - 0.05 * z).square().sum(1)

    found = uncollapse.reads(nll, (x, condition), z)
    assert found.answer == "does not read", "the condition says all, and goes with its x"


def test_a_posterior_that_is_the_same_for_all_x_is_told_from_a_decoder_that_is_deaf() -> None:
    z = 3 + 0.1 * torch.randn(COUNT, 2, generator=stream())
    x = torch.randn(COUNT, 2, generator=stream(1)) + 3

    def nll(x: Tensor, z: Tensor) -> Tensor:
        return 0.5 * (x - z).square().sum(1)

    found = uncollapse.reads(nll, x, z)
    assert found.answer == "does not read"
    assert found.prior is not None
    assert found.prior > 5
    assert "what the decoder sees in z is the same for all x" in found.verdict


def test_noise_that_the_kl_does_not_charge_for_hides_nothing() -> None:
    """With noise * 0.01 beside the usual KL q looks collapsed, and the decoder reads z all the same."""
    x = torch.randn(COUNT, 4, generator=stream())
    mu, logvar = 0.05 * x, torch.zeros(COUNT, 4)
    z = mu + 0.01 * (logvar / 2).exp() * torch.randn(COUNT, 4, generator=stream(1))

    def nll(x: Tensor, z: Tensor) -> Tensor:
        return (x - z / 0.05).square().sum(1) / (2 * 0.2**2)

    assert uncollapse.diagnose(mu, logvar).verdict == "collapsed"
    found = uncollapse.reads(nll, x, z)
    assert found.answer == "reads"
    assert abs(found.other - 4 / 0.2**2) < 0.2 * found.other, "E (x - x')^2 / (2 * 0.04) in 4 dimensions"
