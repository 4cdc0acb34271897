"""The forms in which a posterior comes: dicts, tuples, distributions, other objects, and lists of them."""

from collections.abc import Iterator, Mapping
from typing import Any

from uncollapse.your_vae.handed_over.batches import (
    PLAIN,
    is_array,
    is_list_of_arrays,
    is_plain,
    join_batches,
    unpack_objects,
)
from uncollapse.your_vae.handed_over.gaussian_objects import is_distribution, read_distribution, read_object
from uncollapse.your_vae.handed_over.named_spreads import ALONE, Given, read_mapping, sort_by_kind


def read_forms(given: Any, depth: int = 0) -> list[Given]:
    """Return the means and spreads in something that has both, one for each batch.

    Raises ValueError with one line.
    """
    given = unpack_objects(given)
    if is_array(given) or isinstance(given, PLAIN):
        raise ValueError(f"{ALONE} none")
    if is_distribution(given):
        return [read_distribution(given)]
    if isinstance(given, Mapping):
        return [read_mapping(given)]
    if isinstance(given, tuple) and hasattr(given, "_asdict"):
        fields = given._asdict()
        if "mean" in sort_by_kind(fields):
            return [read_mapping(fields)]
    if isinstance(given, list | tuple):
        return read_items(given, depth)
    if isinstance(given, Iterator):
        raise ValueError("mu: is an iterator, which can be read only once; pass list(...) of its batches")
    return [read_object(given)]


def read_items(given: list[Any] | tuple[Any, ...], depth: int) -> list[Given]:
    """Return what a list or tuple holds: mu and logvar, or batches that have both.

    Raises ValueError with one line.
    """
    if not given or depth > 1:
        raise ValueError(f"mu: is {'a list of lists of lists' if given else 'an empty list'}")
    if is_pair(given):
        return [read_means_and_logvar(given)]
    if any(is_array(item) or is_plain(item) for item in given):
        raise ValueError(f"{ALONE} none; this mu is a list of {len(given)} items")
    if len(given) == 2 and all(type(pair) is list and len(pair) == 2 for pair in (given, *given)):
        raise ValueError("mu: is a list of two lists of two; pass mu and logvar as two arguments")
    refuse_two_posteriors(given)
    found = []
    for position, item in enumerate(given):
        try:
            found.extend(read_forms(item, depth + 1))
        except ValueError as error:
            raise type(error)(f"mu: item {position} of the list cannot be read: {error}") from None
    return found


def refuse_two_posteriors(given: list[Any] | tuple[Any, ...]) -> None:
    """Raise ValueError for two posteriors of equally many examples: a posterior and its prior, or two levels.

    Two batches look just the same, and can be joined by the one who asks.
    """
    if len(given) != 2:
        return
    counts = [count_examples(item) for item in given]
    if counts[0] == counts[1] and (counts[0] or isinstance(given, tuple)):
        raise ValueError(
            "mu: holds two posteriors of equally many examples; if the second is the prior, pass prior=, for "
            "two levels pass levels=, and put two batches together"
        )


def count_examples(given: Any) -> int:
    """Return the number of examples of a posterior in one piece, 0 where that is not plain to see."""
    if isinstance(given, list | tuple) and given and is_array(given[0]):
        given = given[0]
    elif isinstance(given, Mapping):
        given = next((value for value in given.values() if is_array(value)), None)
    elif is_distribution(given):
        given = read_distribution(given).means
    return len(given) if is_array(given) and len(given.shape) > 1 else 0


def is_pair(given: list[Any] | tuple[Any, ...]) -> bool:
    """Return whether a list or tuple holds mu and logvar themselves, and perhaps z, and no batches."""
    if len(given) not in (2, 3) or (isinstance(given, list) and is_plain(given)):
        return False
    if all(is_array(item) or is_plain(item) for item in given):
        return True
    if not all(is_list_of_arrays(item) for item in given):
        return False
    lists_in_tuple = isinstance(given, tuple) and all(isinstance(item, list) for item in given)
    return lists_in_tuple or any(len(item) not in (2, 3) for item in given)


def read_means_and_logvar(given: list[Any] | tuple[Any, ...]) -> Given:
    """Return mu and logvar of (mu, logvar), or of (mu, logvar, z) where z is a sample of that q(z|x).

    Raises ValueError with one line if the three may be something else.
    """
    if len(given) == 3:
        mu, logvar, z = [join_batches("mu", item) for item in given]
        same = mu.shape == logvar.shape == z.shape and mu.numel() > 0
        noise = (z - mu) * (-0.5 * logvar.clamp(-88, 88)).exp() if same else mu.new_full((1,), 10.0)
        if max(abs(float(noise.square().mean()) - 1), abs(float(noise.mean()))) > 0.1 + 5 / mu.numel() ** 0.5:
            raise ValueError(
                "mu: is three arrays, and the third is no sample of the q(z|x) that the first two would be; "
                "pass mu and logvar alone: diagnose(mu, logvar)"
            )
    return Given(given[0], "logvar", given[1])
