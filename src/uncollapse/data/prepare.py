"""From a source to prepared data: split it, make the vocabulary, write arrays and the card.

Examples come one at a time and go to a scratch file, from which the parts are gathered in chunks: the memory does not hold them all.
"""

import hashlib
import json
from array import array
from itertools import chain
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import Field, NonNegativeInt
from tqdm import tqdm

from uncollapse.data.collect import CHUNK, Images, Labels, Sentences
from uncollapse.data.prepared import Array
from uncollapse.data.sources import OFFICIAL, Source
from uncollapse.errors import UserError
from uncollapse.likelihoods import Likelihood
from uncollapse.seeds import numpy_stream

Some = Annotated[int, Field(ge=2)]  # a spread needs two


def split(
    *, reserve: Some, valid: Some, test: Some, train: Some | None = None, seed: NonNegativeInt = 0
) -> dict[str, int | None]:
    """How many examples each part gets, at random by `seed`; `train` gets the rest unless stated. Where a data set has an official
    split, valid and test come from its parts of these names, all else from its training part."""
    return {"reserve": reserve, "valid": valid, "test": test, "train": train}


def prepare(
    folder: Path, source: Source, likelihood: Likelihood, *, seed: int, **counts: int | None
) -> dict[str, Any]:
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
        part = np.lib.format.open_memmap(
            folder / f"{name}.npy", "w+", one.dtype, (len(place), *one.shape[1:])
        )
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
    queues: dict[str, Array] = {part: order[official[order] == i] for i, part in enumerate(OFFICIAL)}
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


def sha256(file: Path) -> str:
    """The digest of a file."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
