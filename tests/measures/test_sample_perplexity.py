"""The perplexity of sampled sentences."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from toys import toy_part, toy_vae

from uncollapse.data.part import END, PAD
from uncollapse.measures import Trained
from uncollapse.measures.sample_perplexity import compute_perplexity, measure, sample_sentences


def text(count: int, words: int, seed: int) -> np.ndarray:
    """Sentences of four words, each as likely as any, and an end mark."""
    x = np.random.default_rng(seed).integers(3, 3 + words, (count, 5))
    x[:, 4] = END
    return np.pad(x, ((0, 0), (0, 2)))


def test_the_perplexity_of_a_source_is_that_of_its_entropy() -> None:
    """Two words of 6; two more, of 9, for a trigram takes each of the last three tokens for an end with a
    chance of a third; and one of 3."""
    exact = (6 * 6 * 9 * 9 * 3) ** (1 / 5)
    parts = [text(20_000, 6, seed) for seed in (0, 1, 2)]
    assert compute_perplexity(*parts, 9) == pytest.approx(exact, rel=0.02)
    other = np.where(parts[2] > END, 3, parts[2])
    other[:, 1:3] = END  # what never comes before
    assert compute_perplexity(*parts[:2], other, 9) > 2 * exact


def test_sentences_are_drawn_as_the_decoder_says() -> None:
    """The first word, and the second one given the first, of the same z: their shares are the decoder's."""
    vae = toy_vae("tokens", seed=4)
    z = torch.tensor([0.5, -1.0, 2.0]).expand(20_000, 3)
    x = sample_sentences(vae, z, 6, torch.Generator().manual_seed(0))
    with torch.no_grad():
        logits = vae.output(z[:1], torch.zeros(1, 1, dtype=torch.long))[0, 0]
        logits[PAD] = -math.inf
        first = logits.softmax(0)
        word = int(first[3:].argmax()) + 3
        logits = vae.output(z[:1], torch.tensor([[word, 0]]))[0, 1]
        logits[PAD] = -math.inf
        second = logits.softmax(0)
    assert np.bincount(x[:, 0], minlength=11) / 20_000 == pytest.approx(first.numpy(), abs=0.015)
    after = x[x[:, 0] == word, 1]
    expected = pytest.approx(second.numpy(), abs=4 * 0.5 / math.sqrt(len(after)))
    assert np.bincount(after, minlength=11) / len(after) == expected


def test_a_sentence_ends_with_its_end_mark() -> None:
    x = sample_sentences(toy_vae("tokens"), torch.randn(500, 3), 6, torch.Generator().manual_seed(0)).numpy()
    ends = (x == END).argmax(1)
    for sentence, end in zip(x, ends, strict=True):
        length = end + 1 if END in sentence else 6
        assert (sentence[:length] != PAD).all()
        assert (sentence[length:] == PAD).all()
    assert 0 < (x == END).any(1).mean() < 1


def test_images_have_none() -> None:
    vae = toy_vae("images")
    run = Trained(vae, {"test": toy_part("images")}, {}, {}, {}, 0, Path())
    assert math.isnan(measure(run)["sample_perplexity"])
