"""From a source to prepared data: split it, make the vocabulary, write arrays and the card."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import Field, NonNegativeInt

from uncollapse.data import Source
from uncollapse.dataset import END, PAD, UNKNOWN, Array, Part
from uncollapse.likelihoods import Likelihood
from uncollapse.pieces import UserError
from uncollapse.seeds import numpy_stream

Some = Annotated[int, Field(ge=2)]  # a spread needs two
SPECIAL = ["<pad>", "<unk>", "<end>"]


def split(*, reserve: Some, valid: Some, test: Some, seed: NonNegativeInt = 0) -> dict[str, int]:
    """How many examples each part gets, by a permutation from `seed`; `train` gets the rest."""
    return {"reserve": reserve, "valid": valid, "test": test}


def prepare(source: Source, likelihood: Likelihood, *, seed: int, **counts: int) -> tuple[dict[str, Part], list[str]]:
    """The parts of a source and its vocabulary ([] for images). Valid and test get their one draw of the likelihood.

    The vocabulary is made from the parts that are learned from. Raises UserError if no example would be left to train on.
    """
    if sum(counts.values()) >= len(source.x):
        raise UserError(f"split: {sum(counts.values())} examples in {counts}, but there are {len(source.x)} in all")
    order = numpy_stream(seed, "split").permutation(len(source.x))
    places = dict(zip([*counts, "train"], np.split(order, np.cumsum(list(counts.values()))), strict=True))
    vocabulary: list[str] = []
    x = source.x
    if not isinstance(x, np.ndarray):
        learned = Counter(word for i in [*places["train"], *places["reserve"]] for word in x[i])
        words = (word for word, count in learned.items() if count >= source.minimum_count)
        vocabulary = [*SPECIAL, *sorted(words, key=lambda word: (-learned[word], word))]
        x = encode(x, vocabulary)
    parts = {}
    for name, place in places.items():
        chosen = x[place]
        if name in ("valid", "test"):
            chosen = likelihood.draw(chosen, numpy_stream(seed, "draw", name))
        parts[name] = Part(chosen, None if source.labels is None else source.labels[place])
    return parts, vocabulary


def encode(sentences: Sequence[Sequence[str]], vocabulary: Sequence[str]) -> Array:
    """Sentences as tokens, (N, length of the longest + 1), of the smallest integer type that holds them: an END behind each, then PAD."""
    index = {word: i for i, word in enumerate(vocabulary)}
    tokens = np.full((len(sentences), max(map(len, sentences)) + 1), PAD, np.min_scalar_type(-len(vocabulary)))
    for row, sentence in zip(tokens, sentences, strict=True):
        row[: len(sentence) + 1] = [*(index.get(word, UNKNOWN) for word in sentence), END]
    return tokens


def write(folder: Path, parts: Mapping[str, Part], vocabulary: Sequence[str], source: Source) -> dict[str, Any]:
    """Write the parts and their card into an empty folder; returns the card."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, part in parts.items():
        np.save(folder / f"{name}.npy", part.x)
        if part.labels is not None:
            np.save(folder / f"{name}.labels.npy", part.labels)
    card: dict[str, Any] = {
        "source": source.source,
        "licence": source.licence,
        "kind": "tokens" if vocabulary else "images",
        "counts": {name: len(part) for name, part in parts.items()},
        "shape": list(parts["train"].x.shape[1:]),
        "values": len(vocabulary) or 256,
        "label_names": source.label_names,
    }
    if vocabulary:
        (folder / "vocabulary.txt").write_text("\n".join(vocabulary) + "\n")
        card["unknown_share"] = {
            name: round(float((part.x == UNKNOWN).sum() / ((part.x != PAD) & (part.x != END)).sum()), 4)
            for name, part in parts.items()
        }
    files = sorted(file for file in folder.iterdir() if file.name != "card.json")
    card["sha256"] = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
    (folder / "card.json").write_text(json.dumps(card, indent=2) + "\n")
    return card
