"""Collecting examples as they come: each kind goes to a scratch file in its own way, and is read back in chunks."""

from array import array
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from uncollapse.data.prepared import END, PAD, UNKNOWN, Array
from uncollapse.data.sources import Source
from uncollapse.errors import UserError

Take = Callable[[Array], Array]
SPECIAL = ["<pad>", "<unk>", "<end>"]
CHUNK = 4096  # examples


class Labels:
    """Names become numbers."""

    def __init__(self) -> None:
        self.index: dict[str, int] = {}
        self.seen = array("i")
        self.without = 0

    def add(self, label: str | None) -> None:
        """The label of the next example, None if it has none. Raises UserError where others have."""
        if label is None:
            self.without += 1
        else:
            self.seen.append(self.index.setdefault(label, len(self.index)))
        if self.without and self.seen:
            raise UserError("source: some examples have a label and some have none")

    def finish(self, order: Sequence[str]) -> tuple[list[str], Array | None]:
        """The names, in `order` or else the alphabet's, and the number of every example's, or None without labels."""
        names = list(order) or sorted(self.index)
        places = {name: i for i, name in enumerate(names)}
        numbers = np.array([places[name] for name in self.index], np.int64)
        return names, numbers[np.frombuffer(self.seen, np.intc)] if self.seen else None


class Images:
    """Arrays of one shape and type, which the first one has."""

    def __init__(self, first: Array) -> None:
        self.shape, self.dtype = first.shape, np.dtype(np.uint8 if first.dtype == np.uint8 else np.float32)

    def add(self, x: Any, out: BinaryIO) -> None:
        """Write an array. Raises UserError where it is of another shape."""
        if x.shape != self.shape:
            raise UserError(f"source: the examples should have one shape, not {self.shape} and {x.shape}")
        out.write(x.astype(self.dtype, copy=False).tobytes())

    def gather(self, scratch: Path, places: dict[str, Array]) -> Take:
        """A function from places to arrays."""
        every = np.memmap(scratch, self.dtype, "r").reshape(-1, *self.shape)
        return lambda place: every[place]

    def describe(self, folder: Path, places: dict[str, Array]) -> dict[str, Any]:
        """What the card says."""
        return {"kind": "images", "shape": list(self.shape), "values": 256 if self.dtype == np.uint8 else 0}


class Sentences:
    """Words become tokens: the most frequent of those in what is learned from get the smallest numbers."""

    def __init__(self, source: Source) -> None:
        self.source, self.index = source, {word: i for i, word in enumerate(SPECIAL)}
        self.lengths = array("i")
        self.vocabulary: list[str] = []
        self.longest = 0

    def add(self, x: Any, out: BinaryIO) -> None:
        """Write a sentence with words by the order in which they were first seen."""
        array("i", [self.index.setdefault(word, len(self.index)) for word in x]).tofile(out)
        self.lengths.append(len(x))

    def gather(self, scratch: Path, places: dict[str, Array]) -> Take:
        """Make the vocabulary; a function from places to tokens: an END behind each sentence, then PAD, (N, length of the longest + 1)."""
        words, lengths = np.memmap(scratch, np.intc, "r"), np.frombuffer(self.lengths, np.intc)
        starts = np.cumsum(lengths, dtype=np.int64) - lengths
        names, counts = list(self.index), np.zeros(len(self.index), np.int64)
        self.longest = int(max(lengths[place].max() for place in places.values()))

        def spread(place: Array) -> tuple[Array, Array, Array]:
            """Row, column and word of all words of some sentences."""
            length = lengths[place]
            row = np.repeat(np.arange(len(place)), length)
            column = np.arange(len(row)) - np.repeat(np.cumsum(length) - length, length)
            return row, column, words[starts[place][row] + column]

        for place in (places["train"], places["reserve"]):
            for start in range(0, len(place), CHUNK):
                counts += np.bincount(spread(place[start : start + CHUNK])[2], minlength=len(names))
        known = [i for i in range(len(SPECIAL), len(names)) if counts[i] >= self.source.minimum_count]
        known.sort(key=lambda i: (-counts[i], names[i]))
        known = known[: self.source.vocabulary]
        self.vocabulary = [*SPECIAL, *(names[i] for i in known)]
        token = np.full(len(names), UNKNOWN, np.min_scalar_type(-len(self.vocabulary)))
        token[known] = np.arange(len(SPECIAL), len(self.vocabulary))

        def take(place: Array) -> Array:
            row, column, word = spread(place)
            tokens = np.full((len(place), self.longest + 1), PAD, token.dtype)
            tokens[row, column] = token[word]
            tokens[np.arange(len(place)), lengths[place]] = END
            return tokens

        return take

    def describe(self, folder: Path, places: dict[str, Array]) -> dict[str, Any]:
        """What the card says; the vocabulary gets a file."""
        (folder / "vocabulary.txt").write_text("\n".join(self.vocabulary) + "\n")
        shares = {}
        for name in places:
            part = np.load(folder / f"{name}.npy", mmap_mode="r")
            shares[name] = round(float((part == UNKNOWN).sum() / ((part != PAD) & (part != END)).sum()), 4)
        card = {"kind": "tokens", "shape": [self.longest + 1], "values": len(self.vocabulary)}
        return {**card, "unknown_share": shares}
