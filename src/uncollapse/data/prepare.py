"""The way from a source to prepared data: collect the examples, split them, write parts and card."""

import hashlib
import json
from array import array
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from uncollapse.data.baselines import measure_baselines
from uncollapse.data.collect import Collection, Images, Labels, Read, Sentences, split_indices
from uncollapse.data.features import add_classifier
from uncollapse.data.files import CARD, locate_array, locate_labels, locate_new_split, read_parts
from uncollapse.data.part import Array
from uncollapse.data.sources import OFFICIAL, Example, Source
from uncollapse.data.splits import HELD_OUT, choose_parts, digest_example
from uncollapse.errors import UserError
from uncollapse.files import allocate
from uncollapse.likelihoods import Likelihood
from uncollapse.progress import count_items
from uncollapse.seeds import numpy_generator

Card = dict[str, Any]


def prepare(
    folder: Path,
    source: Source,
    likelihood: Likelihood,
    *,
    seed: int | None,
    seeds: Sequence[int] = (),
    **counts: int | None,
) -> Card:
    """Write the parts of a source and their card to an empty folder, and return the (first) card.

    With a `seed`, or with an official part valid or test, there is one split, in `folder` itself. Otherwise
    each of `seeds` draws its own split, in the folder of its number, so that the spread of the seeds is also
    that of the data. `counts` are the numbers of examples of the parts; `train: None` is all the rest. No
    example of `valid` or `test` stands in another part; the card says how many examples were left out for
    that. In these two the likelihood draws each example once, while training draws those of the other parts
    anew at each step. Raises UserError if there are too few examples, or if they are not all of one kind.
    """
    folder.mkdir(parents=True, exist_ok=True)
    scratch = folder / "scratch"
    collected = collect_examples(source, likelihood, scratch)
    if seed is None and collected.official.any():
        seed = 0
    splits = {folder: seed} if seed is not None else {locate_new_split(folder, each): each for each in seeds}
    cards = [
        write_split(target, source, likelihood, scratch, collected, own, counts)
        for target, own in splits.items()
    ]
    scratch.unlink()
    for target, card in zip(splits, cards, strict=True):
        card["sha256"] = {file.name: digest_file(file) for file in sorted(target.iterdir())}
        (target / CARD).write_text(json.dumps(card, indent=2) + "\n")
    return cards[0]


class Collected(NamedTuple):
    """All examples of a source, which stand in a scratch file: their collection and their labels.

    `official` holds the position in OFFICIAL of each example's part, and `digests` a number that equal
    examples share, (N,) each.
    """

    collection: Collection
    labels: Labels
    official: Array
    digests: Array


def write_split(
    folder: Path,
    source: Source,
    likelihood: Likelihood,
    scratch: Path,
    collected: Collected,
    seed: int,
    counts: Mapping[str, int | None],
) -> Card:
    """Write the parts of one split, and return its card, which lacks only the checksums."""
    folder.mkdir(exist_ok=True)
    collection, labels, official, digests = collected
    indices, repeated = choose_parts(official, digests, seed=seed, **counts)
    read = collection.reader(scratch, indices)
    label_names, label_numbers = labels.numbers(source.label_names)
    for part, index in indices.items():
        write_part(locate_array(folder, part), index, read, likelihood if part in HELD_OUT else None, seed)
        if label_numbers is not None:
            np.save(locate_labels(folder, part), label_numbers[index])
    card: Card = {
        "source": source.source,
        "licence": source.licence,
        "counts": {part: len(index) for part, index in indices.items()},
        "left_out": len(official) - sum(map(len, indices.values())) - repeated,
        "repeated": repeated,
        **collection.describe(folder, indices),
        "label_names": label_names,
        **source.facts,
    }
    learned = read_parts(folder, "train", "reserve")
    valid = read_parts(folder, "valid")
    test = read_parts(folder, "test")
    found = measure_baselines(learned, valid, test, card["values"])
    card["baselines"] = {name: round(nll, 4) for name, nll in found.items()}
    accuracy = add_classifier(folder, learned, valid, likelihood)
    if accuracy is not None:
        card["classifier_accuracy"] = round(accuracy, 4)
    return card


def collect_examples(source: Source, likelihood: Likelihood, scratch: Path) -> Collected:
    """Write all examples to the file `scratch`. Raises UserError if there is none."""
    examples = iter(count_items(source.examples, "prepare", "examples"))
    first = next(examples, None)
    if first is None:
        raise UserError(f"source: there is no example in {source.source}")
    collection, labels = make_collection(first, source, likelihood), Labels()
    official, digests = array("b"), array("q")
    with scratch.open("wb") as file:
        for example in chain([first], examples):
            collection.add(example.x, file)
            labels.add(example.label)
            official.append(OFFICIAL.index(example.part))
            digests.append(digest_example(example.x))
    return Collected(collection, labels, np.frombuffer(official, np.int8), np.frombuffer(digests, np.int64))


def make_collection(first: Example, source: Source, likelihood: Likelihood) -> Collection:
    """Return a collection for examples like the first.

    Raises UserError if they do not suit the likelihood.
    """
    if not isinstance(first.x, np.ndarray):
        return Sentences(source)
    if first.x.dtype != np.uint8 and not likelihood.real:
        fix = "bernoulli is for grey values of 0 to 255 in uint8, gaussian for real ones"
        raise UserError(f"source: x holds real values; {fix}")
    return Images(first.x)


def write_part(file: Path, index: Array, read: Read, likelihood: Likelihood | None, seed: int) -> None:
    """Write the examples of some indices to an .npy file; with a likelihood, a draw of each in its place."""
    rng = numpy_generator(seed, "draw", file.stem)
    first = read(index[:1])
    part = np.lib.format.open_memmap(file, "w+", first.dtype, (len(index), *first.shape[1:]))
    allocate(file, file.stat().st_size)
    start = 0
    for chunk in split_indices(index):
        x = read(chunk)
        part[start : start + len(chunk)] = x if likelihood is None else likelihood.draw(x, rng)
        start += len(chunk)
    part.flush()


def digest_file(file: Path) -> str:
    """Return the SHA-256 of a file."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
