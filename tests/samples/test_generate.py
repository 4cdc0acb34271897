"""What is shown is what the model gives."""

import numpy as np
import pytest
import torch
from toys import toy_part, toy_vae

from uncollapse.data.part import END, PAD, Concatenation, Part, to_tensor
from uncollapse.likelihoods.gaussian import gaussian
from uncollapse.measures.likelihood import estimate_likelihoods
from uncollapse.samples.generate import (
    generate_examples,
    interpolate_pairs,
    lay_out_pictures,
    reconstruct_and_sample,
    write_out_tokens,
)
from uncollapse.vae import encode_part


def rng() -> torch.Generator:
    return torch.Generator().manual_seed(3)


def test_without_autoregression_the_mean_is_shown() -> None:
    vae = toy_vae("images")
    z = torch.randn(5, 3, generator=rng())
    x = to_tensor(toy_part("images", 1).x)
    with torch.no_grad():
        torch.testing.assert_close(generate_examples(vae, z, x, rng()), vae.decoder(z, x).sigmoid())
    assert vae.training


def test_an_autoregressive_decoder_draws_each_word_given_those_before() -> None:
    vae, count = toy_vae("tokens", seed=1), 20_000
    for parameter in vae.decoder.parameters():
        parameter.data *= 4  # so that words depend on one another
    z = torch.randn(1, 3, generator=rng()).expand(count, -1)
    x = generate_examples(vae, z, torch.zeros(1, 6, dtype=torch.int64), rng())
    assert x.shape == (count, 6)
    with torch.no_grad():
        exact = vae.decoder(z[:1], x[:1])[0, 0].softmax(0)
        frequency = torch.bincount(x[:, 0], minlength=11) / count
        assert float((frequency - exact).abs().max()) < 4.5 * 0.5 / count**0.5
        first = int(frequency.argmax())
        given = x[x[:, 0] == first]
        exact = vae.decoder(z[:1], given[:1])[0, 1].softmax(0)
        frequency = torch.bincount(given[:, 1], minlength=11) / len(given)
        assert float((frequency - exact).abs().max()) < 4.5 * 0.5 / len(given) ** 0.5


def test_examples_reconstructions_and_samples_are_of_one_shape(kind: str) -> None:
    vae, part = toy_vae(kind), toy_part(kind, 10)
    shown = reconstruct_and_sample(vae, part.x, seed=0)
    again = reconstruct_and_sample(vae, part.x, seed=0)
    for x, repeated in zip(shown, again, strict=True):
        assert x.shape == shown[0].shape
        assert torch.equal(x, repeated)
    torch.testing.assert_close(shown[0], to_tensor(part.x))


@pytest.mark.parametrize("colour", [(), (3,)])
def test_a_grid_has_every_picture_at_its_position(colour: tuple[int, ...]) -> None:
    batches = [torch.rand(count, 4, 5, *colour, generator=rng()) for count in (8, 3, 7)]
    sheet = lay_out_pictures(batches)
    assert sheet.shape == (3 * 6, 8 * 7, *colour)
    assert (sheet[6:12, 3 * 7 :] == 255).all()
    for row, batch in enumerate(batches):
        for i, picture in enumerate(batch):
            pixels = sheet[row * 6 + 1 : row * 6 + 5, i * 7 + 1 : i * 7 + 6]
            assert np.abs(pixels / 255 - picture.numpy()).max() < 1 / 255


def test_a_sentence_ends_at_its_mark() -> None:
    words = ["<pad>", "<unk>", "<end>", "good", "food"]
    tokens = torch.tensor([[3, 4, END, 3], [1, 4, 4, 3], [END, PAD, PAD, PAD]])
    assert write_out_tokens(tokens, words) == ["good food", "<unk> food food good", ""]


def test_a_learned_variance_ends_at_the_mean_square() -> None:
    """The likelihood is largest there (Rybkin et al. 2021, sigma-VAE, eq. 5); a fixed one stays."""
    learned = gaussian(variance=2.0, learned=True)
    scale = learned.scale()
    assert float(scale.log_variance.detach().exp()) == pytest.approx(2.0)
    x, mean = torch.randn(50, 6, generator=rng()), torch.zeros(50, 6)
    optimizer = torch.optim.Adam(scale.parameters(), lr=0.05)
    for _ in range(400):
        loss = -learned.log_prob(x, scale(mean)).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    variance = float(scale.log_variance.detach().exp())
    assert variance == pytest.approx(float(x.square().mean()), rel=1e-3)
    log_prob = learned.log_prob(x, scale(mean)).detach()
    fixed = gaussian(variance=variance).log_prob(x, mean)
    torch.testing.assert_close(fixed, log_prob, rtol=1e-4, atol=1e-4)
    assert not list(gaussian().scale().parameters())


def test_a_concatenation_reads_like_one_array() -> None:
    arrays = [np.arange(10).reshape(5, 2), np.arange(100, 106).reshape(3, 2)]
    virtual, copied = Concatenation(arrays), np.concatenate(arrays)
    assert len(virtual) == 8
    for index in (np.array([7, 0, 5, 4, 4]), slice(3, 7), slice(None), slice(0, 0)):
        assert np.array_equal(virtual[index], copied[index])
    vae, part = toy_vae("images"), toy_part("images", 20)
    halves = Part(Concatenation([part.x[:7], part.x[7:]]))
    whole, joined = (estimate_likelihoods(vae, data, most=4, noise=rng()).means() for data in (part, halves))
    assert whole == joined


def test_a_line_goes_from_one_posterior_mean_to_the_other(kind: str) -> None:
    vae, part = toy_vae(kind), toy_part(kind, 6)
    for parameter in vae.parameters():
        parameter.data *= 3
    line = interpolate_pairs(vae, part.x, points=4)
    assert line.shape[:2] == (3, 4)
    with torch.no_grad():
        mu = encode_part(vae, part).mu
        for pair, step, z in ((0, 0, mu[0]), (0, 3, mu[1]), (2, 1, mu[4] + (mu[5] - mu[4]) / 3)):
            x = generate_examples(vae, z.unsqueeze(0), to_tensor(part.x[:1]), None)[0]
            torch.testing.assert_close(line[pair, step], x)


def test_the_most_likely_words_are_those_of_greedy_decoding() -> None:
    vae = toy_vae("tokens", seed=1)
    z = torch.randn(7, 3, generator=rng())
    x = generate_examples(vae, z, torch.zeros(1, 6, dtype=torch.int64), None)
    with torch.no_grad():
        assert torch.equal(vae.decoder(z, x).argmax(-1), x), "each is the most likely one given those before"
