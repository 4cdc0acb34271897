"""Write the files of a cell to look at: a t-SNE map, and reconstructions and samples as pictures or text."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from uncollapse.data.files import CARD, VOCABULARY
from uncollapse.data.part import Part
from uncollapse.pipeline.paths import LINES, RECONSTRUCTIONS, SAMPLES, SENTENCES, TSNE
from uncollapse.samples.generate import (
    PER_ROW,
    interpolate_pairs,
    lay_out_pictures,
    reconstruct_and_sample,
    write_out_tokens,
)
from uncollapse.samples.tsne import map_by_tsne
from uncollapse.tables import write_table
from uncollapse.vae import VAE, encode_part

COUNT = 16  # examples
PAIRS = 3  # Sentences are interpolated between the two examples of a pair.


def write_examples(
    vae: VAE, test: Part, data: Path, settings: Mapping[str, Any], seed: int, folder: Path
) -> None:
    """Write the files to `folder`, for the first of the examples of `test`, which are in random order.

    `data` is the folder of the prepared data set, `settings` the `evaluation` of params.yaml.
    """
    label_names = json.loads((data / CARD).read_text())["label_names"]
    write_map(vae, test, label_names, settings["tsne_points"], seed, folder)
    x, vocabulary = test.x[:COUNT], data / VOCABULARY
    if vocabulary.exists():
        write_sentences(vae, x, vocabulary.read_text().splitlines(), seed, folder)
    elif x.ndim in (3, 4):
        write_pictures(vae, x, seed, folder)


def write_map(vae: VAE, test: Part, label_names: list[str], count: int, seed: int, folder: Path) -> None:
    """Write the t-SNE map: a row (seed, x, y, label) for each of the first `count` examples."""
    points = map_by_tsne(encode_part(vae, test).mu[:count], seed=seed).tolist()
    labels = [""] * len(points)
    if test.labels is not None:
        labels = [label_names[label] for label in test.labels[:count]]
    table = [
        {"seed": seed, "x": x, "y": y, "label": label} for (x, y), label in zip(points, labels, strict=True)
    ]
    write_table(folder / TSNE, table)


def write_sentences(vae: VAE, x: np.ndarray, vocabulary: list[str], seed: int, folder: Path) -> None:
    """Write examples, their reconstructions and samples, and the sentences between pairs of examples."""
    columns = [write_out_tokens(tokens, vocabulary) for tokens in reconstruct_and_sample(vae, x, seed)]
    names = ("test", "reconstruction", "sample")
    table = [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]
    write_table(folder / SENTENCES, table)
    examples = columns[0]
    table = []
    for i, tokens in enumerate(interpolate_pairs(vae, x[: 2 * PAIRS])):
        ends = {"start": examples[2 * i], "end": examples[2 * i + 1]}
        for position, sentence in enumerate(write_out_tokens(tokens, vocabulary)):
            table.append({**ends, "place": position, "sentence": sentence})
    write_table(folder / LINES, table)


def write_pictures(vae: VAE, x: np.ndarray, seed: int, folder: Path) -> None:
    """Write rows of examples, each above its reconstructions, and samples."""
    from PIL import Image  # A machine that only trains and measures need not have it.

    examples, reconstructions, samples = reconstruct_and_sample(vae, x, seed)
    pairs = zip(examples.split(PER_ROW), reconstructions.split(PER_ROW), strict=True)
    Image.fromarray(lay_out_pictures([row for pair in pairs for row in pair])).save(folder / RECONSTRUCTIONS)
    Image.fromarray(lay_out_pictures([samples])).save(folder / SAMPLES)
