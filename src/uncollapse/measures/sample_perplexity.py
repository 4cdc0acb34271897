"""The perplexity of sentences that are sampled from the prior, under the trigrams of the training data.

    exp(- sum log p(w | the two words before) / number of words),    end marks are words

with the count model of `data.baselines` (Jelinek & Mercer 1980); sampled sentences instead of test sentences
show whether what the decoder writes is like the language that it learned (Zhao et al. 2018, arXiv
1706.04223, with a recurrent language model). It says nothing of variety: sentences that are blander than
those of the data may have a lower value than these.
"""

import json
import math

import numpy as np
import torch
from torch import Tensor

from uncollapse.data.baselines import NGRAMS, measure_ngrams
from uncollapse.data.files import CARD, read_parts
from uncollapse.data.part import END, PAD, Array
from uncollapse.measures import ColumnValues, Measure, Trained
from uncollapse.seeds import torch_generator
from uncollapse.vae import VAE, evaluating

COLUMNS = {"sample_perplexity": Measure("perplexity of samples", better=-1)}
SENTENCES_TO_SAMPLE = 500
SENTENCES_AT_ONCE = 100


def sample_sentences(vae: VAE, z: Tensor, longest: int, rng: torch.Generator) -> Tensor:
    """Return a sentence for each z (B, D), drawn a word at a time from p(x|z).

    The tokens are (B, longest), with PAD behind each END. A sentence that does not end is cut.
    """
    x = torch.full((len(z), longest), PAD, device=z.device)
    open_ = torch.ones(len(z), dtype=torch.bool, device=z.device)
    with evaluating(vae):
        for i in range(longest):
            logits = vae.output(z, x[:, : i + 1])[:, i : i + 1]
            logits[..., PAD] = -math.inf
            x[:, i] = vae.likelihood.sample(logits, rng)[:, 0].where(open_, PAD)
            open_ &= x[:, i] != END
    return x


def compute_perplexity(train: Array, valid: Array, measured: Array, values: int) -> float:
    """Return the perplexity of tokens (N, T) under the trigrams of train, whose weights valid has chosen.

    `values` is the number of different tokens.
    """
    nll = measure_ngrams(train, valid, measured, values)[NGRAMS[-1]]
    return math.exp(nll * len(measured) / int((measured != PAD).sum()))


def measure(run: Trained) -> ColumnValues:
    """Return sample_perplexity of SENTENCES_TO_SAMPLE sentences; nan for images."""
    test, device = run.parts["test"], next(run.vae.parameters()).device
    if test.lengths is None:
        return {"sample_perplexity": math.nan}
    rng = torch_generator(run.seed, "measure sample perplexity", device=device)
    z = torch.randn(SENTENCES_TO_SAMPLE, run.vae.latents, generator=rng, device=device)
    longest = test.x[:1].shape[1]
    drawn = (
        torch.cat([sample_sentences(run.vae, part, longest, rng) for part in z.split(SENTENCES_AT_ONCE)])
        .cpu()
        .numpy()
    )
    train = read_parts(run.data, "train", "reserve").x[:].astype(np.int64)
    valid = read_parts(run.data, "valid").x[:].astype(np.int64)
    values = json.loads((run.data / CARD).read_text())["values"]
    return {"sample_perplexity": compute_perplexity(train, valid, drawn, values)}
