"""From a source to prepared data: collect the examples, split them, write the parts and their card."""

import hashlib
import json
from array import array
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from uncollapse.data.baselines import baselines
from uncollapse.data.collect import Collection, Images, Labels, Read, Sentences, chunks
from uncollapse.data.features import add_classifier
from uncollapse.data.files import CARD, array_file, label_file, read_parts
from uncollapse.data.part import Array
from uncollapse.data.sources import OFFICIAL, Example, Source
from uncollapse.errors import UserError
from uncollapse.files import allocate
from uncollapse.likelihoods import Likelihood
from uncollapse.progress import count_items
from uncollapse.seeds import numpy_generator

PARTS = ("valid", "test", "reserve", "train")  # in the order in which they are chosen; train may be the rest
DRAWN_ONCE = ("valid", "test")  # here, by the likelihood; of the others training makes new draws at each step
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
    """Write the parts of a source and their card to an empty folder; returns the card, or that of the first.

    With a `seed`, or with an official part valid or test, there is one split, in `folder` itself. Otherwise
    each of `seeds` draws its own, in a folder of its number, so that the spread of the seeds is also that of
    the data. `counts` are the numbers of examples of PARTS, `train: None` is all the rest. What stands in
    `valid` or `test` is in no other part; how many examples were left out for that is on the card. In these
    two the likelihood draws each example once. Raises UserError if there are too few examples, or not all of
    one kind.
    """
    folder.mkdir(parents=True, exist_ok=True)
    scratch = folder / "scratch"
    collected = collect(source, likelihood, scratch)
    if seed is None and collected.official.any():
        seed = 0
    splits = {folder: seed} if seed is not None else {folder / str(each): each for each in seeds}
    cards = [
        write_split(target, source, likelihood, scratch, collected, own, counts)
        for target, own in splits.items()
    ]
    scratch.unlink()
    for target, card in zip(splits, cards, strict=True):
        card["sha256"] = {file.name: sha256(file) for file in sorted(target.iterdir())}
        (target / CARD).write_text(json.dumps(card, indent=2) + "\n")
    return cards[0]


class Collected(NamedTuple):
    """All examples of a source, which stand in a scratch file: their collection, their labels, and of each
    the position in OFFICIAL of its part and a digest that equal examples share, (N,) each."""

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
    """Write the parts of one split; returns what its card says but for the checksums."""
    folder.mkdir(exist_ok=True)
    collection, labels, official, digests = collected
    indices, repeated = choose(official, digests, seed=seed, **counts)
    read = collection.reader(scratch, indices)
    label_names, label_numbers = labels.numbers(source.label_names)
    for part, index in indices.items():
        write(array_file(folder, part), index, read, likelihood if part in DRAWN_ONCE else None, seed)
        if label_numbers is not None:
            np.save(label_file(folder, part), label_numbers[index])
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
    valid, test = (read_parts(folder, name) for name in DRAWN_ONCE)
    found = baselines(learned, valid, test, card["values"])
    card["baselines"] = {name: round(nll, 4) for name, nll in found.items()}
    accuracy = add_classifier(folder, learned, valid, likelihood)
    if accuracy is not None:
        card["classifier_accuracy"] = round(accuracy, 4)
    return card


def collect(source: Source, likelihood: Likelihood, scratch: Path) -> Collected:
    """Write all examples to `scratch`."""
    examples = iter(count_items(source.examples, "prepare", "examples"))
    first = next(examples, None)
    if first is None:
        raise UserError(f"source: no example in {source.source}")
    collection, labels = collection_for(first, source, likelihood), Labels()
    official, digests = array("b"), array("q")
    with scratch.open("wb") as file:
        for example in chain([first], examples):
            collection.add(example.x, file)
            labels.add(example.label)
            official.append(OFFICIAL.index(example.part))
            digests.append(digest(example.x))
    return Collected(collection, labels, np.frombuffer(official, np.int8), np.frombuffer(digests, np.int64))


def digest(x: Array | Sequence[str]) -> int:
    """A number of 64 bits that equal examples share, and others hardly ever."""
    content = x.tobytes() if isinstance(x, np.ndarray) else "\n".join(x).encode()
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "little", signed=True)


def collection_for(first: Example, source: Source, likelihood: Likelihood) -> Collection:
    """A collection for examples like the first. Raises UserError if they do not suit the likelihood."""
    if not isinstance(first.x, np.ndarray):
        return Sentences(source)
    if first.x.dtype != np.uint8 and not likelihood.real:
        mend = "bernoulli is for grey values of 0 to 255 in uint8, gaussian for real ones"
        raise UserError(f"source: x holds real values; {mend}")
    return Images(first.x)


def choose(
    official: Array, digests: Array, *, seed: int, **counts: int | None
) -> tuple[dict[str, Array], int]:
    """The indices of the examples of each part, chosen at random by `seed`; and how many examples were left
    out because they are equal to one of valid or test.

    If some examples belong to an official part valid or test, the part of that name is chosen from these, and
    everything else from the official training part. Raises UserError if there are too few examples.
    """
    order = numpy_generator(seed, "split").permutation(len(official))
    left: dict[str, Array] = {part: order[official[order] == i] for i, part in enumerate(OFFICIAL)}
    origin = {part: part if len(left.get(part, ())) else "train" for part in PARTS}
    indices, repeated = {}, 0
    for part in PARTS:
        rest, count = left[origin[part]], counts[part]
        if (count is None and not len(rest)) or (count is not None and count > len(rest)):
            number = "all the rest" if count is None else count
            among = " of the official part" if len({"train", *origin.values()}) > 1 else ""
            equal = f", as {repeated} are equal to one of valid or test" if repeated else ""
            where = f"{len(rest)} examples{among} are left of {len(official)}{equal}"
            raise UserError(f"split.{part}: should be {number}, but {where}")
        indices[part] = rest[:count]
        left[origin[part]] = rest[len(indices[part]) :]
        if part in DRAWN_ONCE:
            for name, others in left.items():
                equal = np.isin(digests[others], digests[indices[part]])
                left[name], repeated = others[~equal], repeated + int(equal.sum())
    return indices, repeated


def write(file: Path, index: Array, read: Read, likelihood: Likelihood | None, seed: int) -> None:
    """Write the examples of some indices to an .npy file; with a likelihood, a draw of each in its place."""
    rng = numpy_generator(seed, "draw", file.stem)
    first = read(index[:1])
    part = np.lib.format.open_memmap(file, "w+", first.dtype, (len(index), *first.shape[1:]))
    allocate(file, file.stat().st_size)
    start = 0
    for chunk in chunks(index):
        x = read(chunk)
        part[start : start + len(chunk)] = x if likelihood is None else likelihood.draw(x, rng)
        start += len(chunk)
    part.flush()


def sha256(file: Path) -> str:
    """The digest of a file."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
