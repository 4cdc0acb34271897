"""Examples of one kind, collected one at a time in a scratch file and read back from it by their indices.

The memory never holds them all. An index is the number of an example in the order of the source.
"""

from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import numpy as np

from uncollapse.data.files import VOCABULARY, locate_array
from uncollapse.data.part import END, PAD, UNKNOWN, Array
from uncollapse.data.sources import Source
from uncollapse.errors import UserError

Read = Callable[[Array], Array]  # A function from indices (B,) to examples (B, ...).
SPECIAL = ["<pad>", "<unk>", "<end>"]  # The words of PAD, UNKNOWN and END.
EXAMPLES_AT_ONCE = 4096


def split_indices(index: Array) -> Iterable[Array]:
    """Split indices (N,) into pieces of at most EXAMPLES_AT_ONCE."""
    return (index[start : start + EXAMPLES_AT_ONCE] for start in range(0, len(index), EXAMPLES_AT_ONCE))


class Collection(Protocol):
    """A collection of examples of one kind, made in three steps.

    `add` writes an example to the scratch file. When all are there, `reader` returns a function that reads
    them, for the `indices` of each part. When the parts are in `folder`, `describe` returns what the card
    says of them.
    """

    def add(self, x: Any, file: BinaryIO) -> None: ...
    def reader(self, scratch: Path, indices: Mapping[str, Array]) -> Read: ...
    def describe(self, folder: Path, parts: Iterable[str]) -> dict[str, Any]: ...


class Labels:
    """The labels of all examples, as numbers."""

    def __init__(self) -> None:
        self.index: dict[str, int] = {}  # The number of every name, in the order in which they came.
        self.labels = array("i")  # The labels of the examples, by these numbers.
        self.unlabelled = 0

    def add(self, label: str | None) -> None:
        """Add the label of the next example, None if it has none; UserError if only some have one."""
        if label is None:
            self.unlabelled += 1
        else:
            self.labels.append(self.index.setdefault(label, len(self.index)))
        if self.unlabelled and self.labels:
            raise UserError("source: some examples have a label and some have none")

    def numbers(self, order: Sequence[str]) -> tuple[list[str], Array | None]:
        """Return the names of the labels, and the labels as positions among these names, (N,).

        The names are in `order`, or else in alphabetical order. The second is None if there are no labels.
        """
        names = list(order) or sorted(self.index)
        positions = {name: i for i, name in enumerate(names)}
        numbers = np.array([positions[name] for name in self.index], np.int64)
        return names, numbers[np.frombuffer(self.labels, np.intc)] if self.labels else None


class Images:
    """A collection of arrays, all of the shape and type of the first one."""

    def __init__(self, first: Array) -> None:
        self.shape, self.dtype = first.shape, np.dtype(np.uint8 if first.dtype == np.uint8 else np.float32)

    def add(self, x: Any, file: BinaryIO) -> None:
        """Write an array. Raises UserError if it has another shape than the first."""
        if x.shape != self.shape:
            raise UserError(f"source: the examples should have one shape, not {self.shape} and {x.shape}")
        file.write(x.astype(self.dtype, copy=False).tobytes())

    def reader(self, scratch: Path, indices: Mapping[str, Array]) -> Read:
        """Return a function from indices (B,) to arrays (B, ...)."""
        arrays = np.memmap(scratch, self.dtype, "r").reshape(-1, *self.shape)
        return lambda index: arrays[index]

    def describe(self, folder: Path, parts: Iterable[str]) -> dict[str, Any]:
        """Return the kind, the shape of an example, and the number of grey values (0 if they are real)."""
        return {"kind": "images", "shape": list(self.shape), "values": 256 if self.dtype == np.uint8 else 0}


class Sentences:
    """A collection of sentences, as tokens: the more often a word occurs, the smaller its token."""

    def __init__(self, source: Source) -> None:
        self.source = source
        # The number of every word, in the order in which they came.
        self.index: dict[str, int] = {word: i for i, word in enumerate(SPECIAL)}
        self.lengths = array("i")
        self.vocabulary: list[str] = []
        self.longest = 0

    def add(self, x: Any, file: BinaryIO) -> None:
        """Write a sentence, a list of words, as their indices."""
        array("i", [self.index.setdefault(word, len(self.index)) for word in x]).tofile(file)
        self.lengths.append(len(x))

    def reader(self, scratch: Path, indices: Mapping[str, Array]) -> Read:
        """Make the vocabulary, and return a function from indices (B,) to tokens (B, longest + 1).

        The tokens are those of each sentence, then END, then PAD.
        """
        words, lengths = np.memmap(scratch, np.intc, "r"), np.frombuffer(self.lengths, np.intc)
        starts = np.cumsum(lengths, dtype=np.int64) - lengths
        longest = self.longest = int(max(lengths[index].max() for index in indices.values()))

        def spread(index: Array) -> tuple[Array, Array, Array]:
            """Return the row, the column and the number of every word of some sentences."""
            length = lengths[index]
            row = np.repeat(np.arange(len(index)), length)
            column = np.arange(len(row)) - np.repeat(np.cumsum(length) - length, length)
            return row, column, words[starts[index][row] + column]

        counts = np.zeros(len(self.index), np.int64)
        for part in ("train", "reserve"):
            for index in split_indices(indices[part]):
                counts += np.bincount(spread(index)[2], minlength=len(counts))
        token = self.tokens(counts)

        def read(index: Array) -> Array:
            row, column, word = spread(index)
            tokens = np.full((len(index), longest + 1), PAD, token.dtype)
            tokens[row, column] = token[word]
            tokens[np.arange(len(index)), lengths[index]] = END
            return tokens

        return read

    def tokens(self, counts: Array) -> Array:
        """Make the vocabulary by how often words occur, and return the token of each word.

        Rare words are UNKNOWN.
        """
        names = list(self.index)
        frequent = [i for i in range(len(SPECIAL), len(names)) if counts[i] >= self.source.minimum_count]
        frequent.sort(key=lambda i: (-counts[i], names[i]))
        frequent = frequent[: self.source.vocabulary]
        self.vocabulary = [*SPECIAL, *(names[i] for i in frequent)]
        token = np.full(len(names), UNKNOWN, np.min_scalar_type(-len(self.vocabulary)))
        token[frequent] = np.arange(len(SPECIAL), len(self.vocabulary))
        return token

    def describe(self, folder: Path, parts: Iterable[str]) -> dict[str, Any]:
        """Write the vocabulary; return the kind, the shape of an example, and the share of unknown words."""
        (folder / VOCABULARY).write_text("\n".join(self.vocabulary) + "\n")
        shares = {}
        for part in parts:
            x = np.load(locate_array(folder, part), mmap_mode="r")
            shares[part] = round(float((x == UNKNOWN).sum() / ((x != PAD) & (x != END)).sum()), 4)
        card = {"kind": "tokens", "shape": [self.longest + 1], "values": len(self.vocabulary)}
        return {**card, "unknown_share": shares}
