"""The examples of x and z, in any container, from which a loss gets a batch at a time."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from uncollapse.your_vae.handed_over.real_arrays import take_first_line


def pair_examples(x: Any, z: Any) -> tuple[Any, Any, int]:
    """Return x and z with one entry for each example along the first axis, and the number of examples.

    A tuple or a dict holds several inputs or levels of as many examples each; a list holds batches, which are
    joined, or examples. Raises ValueError with one line if x and z do not have as many examples.
    """
    first = None
    for count in list_counts(z):
        try:
            return settle_examples("x", x, count), settle_examples("z", z, count), count
        except ValueError as error:
            first = first or error
    raise first or ValueError(f"z: should be an array (examples, ...), not {describe_kind(z)}")


def list_counts(value: Any) -> list[int]:
    """List the numbers of examples that a value may have, the likeliest first."""
    if isinstance(value, Mapping):
        value = list(value.values())[:1]
    if isinstance(value, tuple) and value and holds_arrays(value):
        return list_counts(value[0])
    if isinstance(value, list | tuple) and value and holds_arrays(value):
        each = [list_counts(item)[:1] for item in value]
        counts = [count for counts in each for count in counts]
        return [sum(counts), counts[0], len(value)] if counts else []
    shape = getattr(value, "shape", None)
    if shape is not None:
        return [int(shape[0])] if len(shape) else []
    return [len(value)] if hasattr(value, "__len__") and not isinstance(value, str) and len(value) else []


def holds_arrays(values: Sequence[Any]) -> bool:
    """Tell whether all items are arrays with an axis, or containers of such."""
    return all(isinstance(item, tuple | list | Mapping) or getattr(item, "shape", ()) for item in values)


def settle_examples(name: str, value: Any, count: int) -> Any:
    """Return a value with `count` examples along the first axis of every array in it.

    Raises ValueError with one line that names the argument.
    """
    if isinstance(value, Mapping):
        return {key: settle_examples(f"{name}[{key!r}]", item, count) for key, item in value.items()}
    if isinstance(value, list | tuple) and value and holds_arrays(value):
        counts = [list_counts(item)[:1] for item in value]
        if isinstance(value, tuple) or counts == [[count]] * len(value):
            items = [settle_examples(f"{name}[{i}]", item, count) for i, item in enumerate(value)]
            return make_tuple(value, items)
        if sum(sum(each) for each in counts) == count:
            return settle_examples(name, concatenate_batches(name, value), count)
    if isinstance(value, list | tuple) and len(value) == count:
        return gather_examples(value)
    if count not in list_counts(value) or not hasattr(value, "__getitem__"):
        found = list_counts(value)
        shown = f"{found[0]} examples" if found else describe_kind(value)
        raise ValueError(f"{name}: should have as many examples as z, {count}, not {shown}")
    if isinstance(value, torch.Tensor):
        return value if value.layout in (torch.strided, torch.sparse_coo) else value.to_dense()
    return value.tocsr() if hasattr(value, "tocsr") else value


def make_tuple(value: Any, items: list[Any]) -> tuple[Any, ...]:
    """Return the items as a tuple, with the names of `value` if it is a named tuple."""
    return type(value)(*items) if hasattr(value, "_fields") else tuple(items)


def gather_examples(values: Sequence[Any]) -> Any:
    """Return an array of the examples, or the list of them where they have no common shape or type."""
    if all(isinstance(item, torch.Tensor) for item in values):
        same = len({item.shape for item in values}) == 1
        return torch.stack(list(values)) if same else list(values)
    try:
        array = np.asarray(values)
    except (RuntimeError, TypeError, ValueError):  # The examples have different lengths or no numbers.
        return list(values)
    return array if array.dtype.kind in "biuf" else list(values)


def concatenate_batches(name: str, batches: Sequence[Any]) -> Any:
    """Return a list of batches as one; each may be a tuple or a dict of arrays."""
    one = batches[0]
    alike = all(type(batch) is type(one) for batch in batches)
    if isinstance(one, Mapping):
        alike = alike and all(batch.keys() == one.keys() for batch in batches)
    elif isinstance(one, tuple | list):
        alike = alike and all(len(batch) == len(one) for batch in batches)
    if not alike:
        raise ValueError(f"{name}: its batches cannot be joined: they have different parts")
    if isinstance(one, Mapping):
        return {key: concatenate_batches(name, [batch[key] for batch in batches]) for key in one}
    if isinstance(one, tuple | list):
        return tuple(concatenate_batches(name, parts) for parts in zip(*batches, strict=True))
    try:
        join = torch.cat if isinstance(one, torch.Tensor) else np.concatenate
        return join(list(batches))
    except (TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"{name}: its batches cannot be joined: {take_first_line(error)}") from None


def take_examples(value: Any, index: slice | torch.Tensor) -> Any:
    """Return the examples of a slice or of indices (B,), in the same container."""
    if isinstance(value, dict):
        return {key: take_examples(item, index) for key, item in value.items()}
    if isinstance(value, tuple):
        return make_tuple(value, [take_examples(item, index) for item in value])
    if isinstance(index, slice) and isinstance(value, torch.Tensor) and value.is_sparse:
        return value.index_select(0, torch.arange(index.start, index.stop, device=value.device))
    if isinstance(index, slice):
        return value.iloc[index] if hasattr(value, "iloc") else value[index]
    return value[index.to(value.device) if isinstance(value, torch.Tensor) else index.numpy()]


def describe_kind(value: Any) -> str:
    """Say what kind of thing a value is."""
    shape = getattr(value, "shape", None)
    return "a single number" if shape is not None and not len(shape) else f"of type {type(value).__name__}"
