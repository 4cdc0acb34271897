"""The files of a prepared data set, and how its parts are read.

They lie in `data/<data set>/` for data with one split, such as an official one; else the split of each seed
lies in a folder of its number, `data/<data set>/<seed>/`.
"""

from pathlib import Path

import numpy as np

from uncollapse.data.part import Concatenation, Part

CARD, VOCABULARY, CLASSIFIER = "card.json", "vocabulary.txt", "classifier.safetensors"


def locate_new_split(folder: Path, seed: int) -> Path:
    """Return the folder to which the split that a seed draws is written."""
    return folder / str(seed)


def locate_split(folder: Path, seed: int) -> Path:
    """Return the folder of a seed's split of the data set in `folder`; one split may be that of all seeds."""
    split = locate_new_split(folder, seed)
    return split if split.exists() else folder


def locate_array(folder: Path, part: str) -> Path:
    """Return the file of the examples of a part, in the folder of a split."""
    return folder / f"{part}.npy"


def locate_labels(folder: Path, part: str) -> Path:
    """Return the file of the labels of a part, which data without labels does not have."""
    return folder / f"{part}.labels.npy"


def read_parts(folder: Path, *names: str) -> Part:
    """Return the named parts of a split as one, memory-mapped."""
    # The arrays are plain views, since NumPy's memmap does work of its own whenever it is indexed.
    arrays = [np.asarray(np.load(locate_array(folder, name), mmap_mode="r")) for name in names]
    label_files = [locate_labels(folder, name) for name in names]
    labelled = all(file.exists() for file in label_files)
    numbers = np.concatenate([np.load(file) for file in label_files]) if labelled else None
    return Part(arrays[0] if len(arrays) == 1 else Concatenation(arrays), numbers)
