"""Every random number of the project comes from a generator made from (seed, purpose).

So generators do not disturb one another: measuring more never changes training, and the same seed gives every
method the same initial weights, batches, binarisation and noise.
"""

import hashlib

import numpy as np
import torch


def make_seed(seed: int, *purpose: str | int) -> int:
    """Return a 63-bit number, the same for the same (seed, purpose) on every machine."""
    text = repr((seed, *purpose)).encode()
    return int.from_bytes(hashlib.sha256(text).digest()[:8], "little") >> 1


def numpy_generator(seed: int, *purpose: str | int) -> np.random.Generator:
    """Return a numpy generator for (seed, purpose); SFC64 is numpy's fastest."""
    return np.random.Generator(np.random.SFC64(make_seed(seed, *purpose)))


def torch_generator(seed: int, *purpose: str | int, device: torch.device | str = "cpu") -> torch.Generator:
    """Return a torch generator for (seed, purpose) on `device`."""
    return torch.Generator(device).manual_seed(make_seed(seed, *purpose))
