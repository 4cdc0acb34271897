"""From a source to prepared data: split it, make the vocabulary, write arrays and the card.

Examples come one at a time and go to a scratch file, from which the parts are gathered in chunks: the memory does not hold them all.
"""

import hashlib
import json
from array import array
from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import numpy as np
from pydantic import Field, NonNegativeInt
from tqdm import tqdm

from uncollapse.data import Source
from uncollapse.dataset import END, PAD, UNKNOWN, Array
from uncollapse.likelihoods import Likelihood
from uncollapse.pieces import UserError
from uncollapse.seeds import numpy_stream

Some = Annotated[int, Field(ge=2)]  # a spread needs two
Take = Callable[[Array], Array]
SPECIAL = ["<pad>", "<unk>", "<end>"]
OFFICIAL = ("train", "valid", "test")
CHUNK = 4096  # examples


def split(
    *, reserve: Some, valid: Some, test: Some, train: Some | None = None, seed: NonNegativeInt = 0
) -> dict[str, int | None]:
    """How many examples each part gets, at random by `seed`; `train` gets the rest unless stated. Where a data set has an official
    split, valid and test come from its parts of these names, all else from its training part."""
    return {"reserve": reserve, "valid": valid, "test": test, "train": train}


def prepare(folder: Path, source: Source, likelihood: Likelihood, *, seed: int, **counts: int | None) -> dict[str, Any]:
    """Write the parts of a source and their card into an empty folder; returns the card. Valid and test get their one draw of the likelihood.

    The vocabulary is made from the parts that are learned from. Raises UserError if there are too few examples, or not all of one kind.
    """
    folder.mkdir(parents=True, exist_ok=True)
    scratch, official, labels = folder / "scratch", array("b"), Labels()
    stream = iter(tqdm(source.examples, desc="prepare", unit=" examples", disable=None, dynamic_ncols=True))
    first = next(stream, None)
    if first is None:
        raise UserError(f"source: no example in {source.source}")
    if isinstance(first.x, np.ndarray) and first.x.dtype != np.uint8 and not likelihood.real:
        raise UserError(
            "source: x holds real values; bernoulli is for grey values of 0 to 255 in uint8, gaussian for real ones"
        )
    collect = Images(first.x) if isinstance(first.x, np.ndarray) else Sentences(source)
    with scratch.open("wb") as out:
        for example in chain([first], stream):
            collect.add(example.x, out)
            labels.add(example.label)
            official.append(OFFICIAL.index(example.part))
    places = choose(np.frombuffer(official, np.int8), seed=seed, **counts)
    take = collect.gather(scratch, places)
    names, numbers = labels.finish(source.label_names)
    for name, place in places.items():
        drawn = numpy_stream(seed, "draw", name) if name in ("valid", "test") else None
        one = take(place[:1])
        part = np.lib.format.open_memmap(folder / f"{name}.npy", "w+", one.dtype, (len(place), *one.shape[1:]))
        for start in range(0, len(place), CHUNK):
            chosen = take(place[start : start + CHUNK])
            part[start : start + CHUNK] = chosen if drawn is None else likelihood.draw(chosen, drawn)
        part.flush()
        if numbers is not None:
            np.save(folder / f"{name}.labels.npy", numbers[place])
    card: dict[str, Any] = {
        "source": source.source,
        "licence": source.licence,
        "counts": {name: len(place) for name, place in places.items()},
        "left_out": len(official) - sum(map(len, places.values())),
        **collect.describe(folder, places),
        "label_names": names,
        **source.facts,
    }
    del take
    scratch.unlink()
    card["sha256"] = {file.name: sha256(file) for file in sorted(folder.iterdir())}
    (folder / "card.json").write_text(json.dumps(card, indent=2) + "\n")
    return card


def choose(official: Array, *, seed: int, **counts: int | None) -> dict[str, Array]:
    """The places of the examples of each part. Raises UserError where there are too few."""
    order = numpy_stream(seed, "split").permutation(len(official))
    queues = {part: order[official[order] == i] for i, part in enumerate(OFFICIAL)}
    homes = {part: part if part in queues and len(queues[part]) else "train" for part in counts}
    places = {}
    for part, count in counts.items():
        queue = queues[homes[part]]
        if (count is None and not len(queue)) or (count is not None and count > len(queue)):
            all_of = " of the official part" if homes[part] != "train" or len(set(homes.values())) > 1 else ""
            wanted = "all the rest" if count is None else count
            raise UserError(
                f"split.{part}: should be {wanted}, but {len(queue)} examples{all_of} are left of {len(official)}"
            )
        places[part], queues[homes[part]] = queue[:count], queue[len(queue) if count is None else count :]
    return places


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
        numbers = np.array([names.index(name) for name in self.index], np.int64)
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


def sha256(file: Path) -> str:
    """The digest of a file."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
