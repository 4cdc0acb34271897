"""Small data of many kinds for `benchmarks/suggest.py`: pictures, series, bits, counts and strings."""

from typing import NamedTuple

import numpy as np
import torch
from sklearn.datasets import load_breast_cancer, load_digits
from torch import Tensor

PAD = 0
ALPHABET = " ^$CNO()=1c"  # The first is padding, the next begins a string, and the third ends it.
LENGTH = 24


class Data(NamedTuple):
    """Examples to train on, held-out ones, their likelihood, and the epochs that a training takes."""

    train: Tensor
    held_out: Tensor
    likelihood: str
    epochs: int


def split(x: Tensor, likelihood: str, epochs: int) -> Data:
    """Return two thirds of x to train on and the rest, in random order."""
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(0))
    cut = 2 * len(x) // 3
    return Data(x[order[:cut]], x[order[cut:]], likelihood, epochs)


def load_pictures() -> Tensor:
    """Return 1,797 digits of 8 x 8 grey values from 0 to 1."""
    return torch.tensor(load_digits().data, dtype=torch.float32) / 16


def load_table() -> Tensor:
    """Return 569 patients with 30 measurements, each with variance 1."""
    x = torch.tensor(load_breast_cancer().data, dtype=torch.float32)
    return (x - x.mean(0)) / x.std(0)


def draw_frames(count: int, side: int = 16) -> Tensor:
    """Draw colour frames: a road that bends and a car, three factors in all."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[0:side, 0:side] / side
    frames = np.zeros((count, 3, side, side), np.float32)
    for frame in frames:
        bend, middle, car = rng.uniform(-0.6, 0.6), rng.uniform(0.3, 0.7), rng.uniform(0.35, 0.65)
        frame[1] = 0.8 - 0.1 * y
        frame[:, np.abs(x - (middle + bend * (1 - y) ** 2)) < 0.12] = 0.42
        frame[0][(np.abs(x - car) < 0.05) & (np.abs(y - 0.8) < 0.07)] = 0.9
    return torch.tensor(frames).flatten(1)


def draw_windows(count: int, length: int = 48) -> Tensor:
    """Draw noisy waves of one, two or three periods, with mean 0 and variance 1."""
    rng = np.random.default_rng(0)
    height, periods = rng.uniform(0.5, 1.5, (count, 1)), rng.integers(1, 4, (count, 1))
    phase, level = rng.uniform(0, 2 * np.pi, (count, 1)), rng.normal(0, 0.3, (count, 1))
    waves = height * np.sin(2 * np.pi * periods * np.arange(length) / length + phase) + level
    x = torch.tensor(waves + 0.1 * rng.normal(size=waves.shape), dtype=torch.float32)
    return (x - x.mean()) / x.std()


def draw_counts(count: int, genes: int = 100, factors: int = 6) -> Tensor:
    """Draw counts as of single cells: two types, some factors, and sizes that differ."""
    rng = np.random.default_rng(0)
    z = rng.normal(size=(count, factors))
    z[:, 0] += 2 * rng.integers(0, 2, count)
    log_rate = 0.35 * z @ rng.normal(size=(factors, genes)) + 0.8 * rng.normal(size=genes)
    return torch.tensor(
        rng.poisson(np.exp(log_rate + 0.3 * rng.normal(size=(count, 1)))), dtype=torch.float32
    )


def draw_strings(count: int) -> Tensor:
    """Draw strings as of small molecules: a head, a chain or a ring, an end, and branches."""
    rng = np.random.default_rng(0)
    rows = []
    for _ in range(count):
        core = "c1ccccc1" if rng.random() < 0.5 else "C" * int(rng.integers(2, 6))
        end = ["", "O", "N", "=O", "C(=O)O", "C(=O)N"][rng.integers(6)]
        text = ["", "C", "CC", "N", "NC", "OC"][rng.integers(6)] + core + end
        text = text.replace("CC", "C(C)C", 1) if rng.random() < 0.5 else text
        rows.append([ALPHABET.index(letter) for letter in f"^{text[: LENGTH - 2]}$".ljust(LENGTH)])
    return torch.tensor(rows)


def make_data() -> dict[str, Data]:
    """Return all data by name."""
    pictures = load_pictures()
    return {
        "digits": split(pictures, "gaussian", 80),
        "frames": split(draw_frames(3000), "gaussian", 60),
        "windows": split(draw_windows(3000), "gaussian", 60),
        "table": split(load_table(), "gaussian", 150),
        "grey digits": split(pictures, "bernoulli", 80),
        "bits": split((pictures > 0.5).float(), "bernoulli", 80),
        "counts": split(draw_counts(3000), "poisson", 50),
        "strings": split(draw_strings(4000), "categorical", 15),
    }
