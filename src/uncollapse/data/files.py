"""The files of a prepared data set, `data/<data set>/` or the folder of one of its splits, and how its parts
are read."""

from pathlib import Path

import numpy as np

from uncollapse.data.part import Concatenation, Part

CARD, VOCABULARY, CLASSIFIER = "card.json", "vocabulary.txt", "classifier.safetensors"


def array_file(folder: Path, part: str) -> Path:
    """The examples of a part in the folder of a prepared data set."""
    return folder / f"{part}.npy"


def label_file(folder: Path, part: str) -> Path:
    """Their labels; there is no such file for data without labels."""
    return folder / f"{part}.labels.npy"


def read_parts(folder: Path, *names: str) -> Part:
    """The named parts of a prepared data set as one, memory-mapped."""
    # as plain arrays: numpy's memmap does work of its own whenever it is indexed
    arrays = [np.asarray(np.load(array_file(folder, name), mmap_mode="r")) for name in names]
    label_files = [label_file(folder, name) for name in names]
    labelled = all(file.exists() for file in label_files)
    numbers = np.concatenate([np.load(file) for file in label_files]) if labelled else None
    return Part(arrays[0] if len(arrays) == 1 else Concatenation(arrays), numbers)
