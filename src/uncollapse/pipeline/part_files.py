"""The files of a part of a prepared data set: train, reserve, valid or test."""

from pathlib import Path


def array(folder: Path, part: str) -> Path:
    """The examples of a part in the folder of a prepared data set."""
    return folder / f"{part}.npy"


def labels(folder: Path, part: str) -> Path:
    """Their labels; there is no such file for data without labels."""
    return folder / f"{part}.labels.npy"
