"""The data of anybody's VAE, checked, before anything is predicted of them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import DataLoader, Dataset

from uncollapse.your_vae.handed_over.real_arrays import read_numbers, take_first_line, to_numpy


def read_data(x: Any, whole: bool = False) -> NDArray[np.float64]:
    """Return the data x (N, ...) as doubles, two examples or more.

    `whole` says whether x may be of whole numbers, or truth values. Raises ValueError, which names x.
    """
    values = read_numbers("x", convert_whole(stack_examples(x), whole))
    if values.ndim < 2 or len(values) < 2 or not values[0].size:
        raise ValueError(
            f"x: should have the shape (examples, ...), with two examples or more, not {values.shape}"
        )
    return values


def check_number_of_latents(latents: Any) -> None:
    """Raise ValueError unless the number of latent dimensions is a whole number, 1 or more."""
    if isinstance(latents, bool) or not isinstance(latents, int | np.integer) or latents < 1:
        raise ValueError(f"latents: should be a whole number, 1 or more, not {latents!r}")


def check_finite(values: NDArray[np.float64], counts: NDArray[np.bool_] | None = None) -> None:
    """Raise ValueError if values of x are NaN or infinite, of those that count."""
    bad = ~np.isfinite(values) if counts is None else ~np.isfinite(values) & counts
    if bad.any():
        raise ValueError(f"x: {int(bad.sum())} of {bad.size} values are NaN or infinite")


def stack_examples(x: Any) -> Any:
    """Return x as it is, or the examples of a list as one array.

    Raises ValueError for what has to be gathered first, and for a list that could be read in two ways.
    """
    name = type(x).__name__
    if isinstance(x, DataLoader):
        raise ValueError(
            f"x: is a {name}; pass its examples, torch.cat([batch[0] for batch in loader]) where a batch "
            "is a tuple, torch.cat(list(loader)) where it is a tensor"
        )
    if isinstance(x, Dataset):
        raise ValueError(
            f"x: is a {name}; pass its examples, torch.stack([example[0] for example in dataset]) where an "
            "example is a tuple"
        )
    if isinstance(x, dict):
        raise ValueError(f"x: is a dictionary; pass the array of one of its keys: {', '.join(map(str, x))}")
    if not isinstance(x, list | tuple):
        return x.toarray() if hasattr(x, "toarray") else x  # A sparse matrix of SciPy has that method.
    try:
        parts = [to_numpy(part) for part in x]
    except Exception as error:  # NumPy and the other libraries have errors of their own.
        raise ValueError(f"x: an example cannot be read as an array: {take_first_line(error)}") from None
    shapes = list(dict.fromkeys(part.shape for part in parts))
    if len({shape[1:] for shape in shapes}) == 1 and len(shapes[0]) > 1:
        raise ValueError(
            f"x: a list of arrays {shapes[0]} may hold examples or batches; pass np.stack(x) or "
            "np.concatenate(x)"
        )
    if len(shapes) > 1:
        raise ValueError(
            f"x: its examples should have one shape, not {shapes[0]} and {shapes[1]}; pad them or cut them"
        )
    return np.stack(parts) if parts else x


def convert_whole(x: Any, whole: bool) -> Any:
    """Return x, with truth values as numbers. Raises ValueError if its whole numbers are not `whole`."""
    array = x if hasattr(x, "dtype") else to_numpy(x)
    kind = str(array.dtype).removeprefix("torch.")
    if not kind.startswith(("int", "uint", "bool")):
        return x
    if whole:
        return to_numpy(array).astype(np.int64)
    if kind == "uint8":
        raise ValueError(
            "x: is of uint8, and a variance is in squares of the unit that your loss compares; pass x as "
            "your loss gets it, such as x / 255"
        )
    raise ValueError(
        f"x: is of {kind}; for tokens, counts or bits ask uncollapse.suggest with likelihood='categorical', "
        "'poisson' or 'bernoulli'; for a Gaussian pass real numbers as your loss gets them, such as x.float()"
    )
