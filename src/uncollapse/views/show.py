"""The files of a cell that one looks at: a t-SNE map, and reconstructions and samples as pictures or as sentences."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from uncollapse.data.prepared import Part
from uncollapse.pipeline.tables import write_table
from uncollapse.vae import VAE, encode
from uncollapse.views.samples import ACROSS, between, grid, look, sentences
from uncollapse.views.tsne import tsne

SHOWN = 16  # examples
LINES = 3  # pairs of sentences


def show(vae: VAE, test: Part, data: Path, settings: Mapping[str, Any], seed: int, folder: Path) -> None:
    """Write them to `folder`, for the examples of `test`, which is in random order; `data` is the folder of the data set."""
    write_map(
        vae, Part(test.x, test.labels), json.loads((data / "card.json").read_text()), settings, seed, folder
    )
    x, vocabulary = test.x[:SHOWN], data / "vocabulary.txt"
    if vocabulary.exists():
        write_sentences(vae, x, vocabulary.read_text().splitlines(), seed, folder)
    elif x.ndim in (3, 4):
        write_pictures(vae, x, seed, folder)


def write_map(
    vae: VAE, test: Part, card: Mapping[str, Any], settings: Mapping[str, Any], seed: int, folder: Path
) -> None:
    """tsne.csv: a row (x, y, label) an example."""
    count = settings["tsne_points"]
    points = tsne(encode(vae, test).mu[:count], seed=seed)
    names = card["label_names"]
    labels = [""] * len(points) if test.labels is None else [names[label] for label in test.labels[:count]]
    rows = [
        {"seed": seed, "x": x, "y": y, "label": label}
        for (x, y), label in zip(points.tolist(), labels, strict=True)
    ]
    write_table(folder / "tsne.csv", rows)


def write_sentences(vae: VAE, x: np.ndarray, vocabulary: list[str], seed: int, folder: Path) -> None:
    """sentences.csv: examples, their reconstructions and samples; lines.csv: sentences between pairs of examples."""
    examples, reconstructions, samples = (sentences(tokens, vocabulary) for tokens in look(vae, x, seed))
    columns = zip(examples, reconstructions, samples, strict=True)
    rows = [{"test": test, "reconstruction": back, "sample": sample} for test, back, sample in columns]
    write_table(folder / "sentences.csv", rows)
    lines = [sentences(line, vocabulary) for line in between(vae, x[: 2 * LINES])]
    pairs = zip(examples[: 2 * LINES : 2], examples[1 : 2 * LINES : 2], lines, strict=True)
    rows = [
        {"start": start, "end": end, "place": i, "sentence": sentence}
        for start, end, line in pairs
        for i, sentence in enumerate(line)
    ]
    write_table(folder / "lines.csv", rows)


def write_pictures(vae: VAE, x: np.ndarray, seed: int, folder: Path) -> None:
    """reconstructions.png: lines of examples, each above its reconstructions; samples.png."""
    from PIL import Image  # here, because a machine that only trains and measures need not have it

    examples, reconstructions, samples = look(vae, x, seed)
    pairs = zip(examples.split(ACROSS), reconstructions.split(ACROSS), strict=True)
    Image.fromarray(grid([line for pair in pairs for line in pair])).save(folder / "reconstructions.png")
    Image.fromarray(grid([samples])).save(folder / "samples.png")
