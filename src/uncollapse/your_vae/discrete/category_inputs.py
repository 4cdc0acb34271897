"""The probabilities of a categorical q(z|x), checked: arrays and the distributions that have them."""

from typing import Any

import torch
from torch import Tensor
from torch.distributions import Bernoulli, Independent, RelaxedBernoulli, RelaxedOneHotCategorical

from uncollapse.your_vae.handed_over.batches import is_array, join_batches
from uncollapse.your_vae.handed_over.real_arrays import to_doubles

SUM_ERROR = 0.01  # Probabilities in bfloat16 miss their sum of 1 by less.


def has_categories(given: Any) -> bool:
    """Tell whether something holds the probabilities of categories: a distribution, or an array of them."""
    if isinstance(given, list | tuple) and given:
        return all(has_categories(item) for item in given)
    base = given.base_dist if isinstance(given, Independent) else given
    if not is_array(base):
        return isinstance(base, Bernoulli | RelaxedBernoulli) or "Categorical" in type(base).__name__
    if len(base.shape) < 2 or base.shape[-1] < 2 or base.shape[0] < 1:
        return False
    try:
        values = to_doubles("mu", base)
    except ValueError:
        return False
    return values.numel() > 0 and sum_to_one(values)


def sum_to_one(values: Tensor) -> bool:
    """Tell whether numbers (..., K) are probabilities: none below 0, and a sum of 1 along the last axis."""
    return float(values.min()) >= -SUM_ERROR / 10 and float((values.sum(-1) - 1).abs().max()) <= SUM_ERROR


def read_probabilities(name: str, given: Any) -> Tensor:
    """Return probabilities (N, ..., K) as doubles, from an array, a distribution or a list of batches.

    Raises ValueError with one line that names the argument.
    """
    if isinstance(given, list | tuple) and given and not any(is_array(item) for item in given):
        given = [read_distribution_of_categories(name, item) for item in given]
    elif not isinstance(given, list | tuple):
        given = read_distribution_of_categories(name, given)
    values = join_batches(name, given)
    if values.ndim < 1 or values.shape[-1] < 2:
        shape = tuple(values.shape)
        raise ValueError(
            f"{name}: should have two categories or more on its last axis, not the shape {shape}"
        )
    if values.numel() == 0 or not sum_to_one(values):
        raise ValueError(f"{name}: should sum to 1 along the last axis; for logits pass logits.softmax(-1)")
    values = values.clamp(min=0)
    return values / values.sum(-1, keepdim=True)


def read_distribution_of_categories(name: str, given: Any) -> Any:
    """Return the probabilities of a categorical or Bernoulli distribution, and anything else as it is."""
    base = given.base_dist if isinstance(given, Independent) else given
    if isinstance(base, Bernoulli | RelaxedBernoulli):
        return torch.stack([1 - base.probs, base.probs], -1)
    if is_array(base) or "Categorical" not in type(base).__name__:
        return base
    for attribute in ("probs", "probs_parameter"):  # The second is that of TensorFlow Probability.
        found = getattr(base, attribute, None)
        found = found() if callable(found) else found
        if found is not None:
            return found
    raise ValueError(f"{name}: {type(base).__name__} has no probs; pass its probabilities as an array")


def is_relaxed(given: Any) -> bool:
    """Tell whether z is drawn from a relaxed distribution, whose probabilities are those of its base."""
    given = given[0] if isinstance(given, list | tuple) and given else given
    base = given.base_dist if isinstance(given, Independent) else given
    return isinstance(base, RelaxedBernoulli | RelaxedOneHotCategorical) or "Relaxed" in type(base).__name__


def read_category_prior(prior: Any, count: int, variables: int, categories: int) -> Tensor:
    """Return the prior of each variable (M, K), or of each example's variables (N, M, K).

    It is uniform if it is None. Raises ValueError with one line.
    """
    if prior is None:
        return torch.full((variables, categories), 1 / categories, dtype=torch.float64)
    values = read_probabilities("prior", prior)
    shape = tuple(values.shape)
    if len(values) == count and values.numel() == count * variables * categories:
        return values.reshape(count, variables, categories)
    if shape not in ((categories,), (variables, categories)):
        shapes = f"({categories},) or ({variables}, {categories}), or those of every example"
        raise ValueError(f"prior: should have the shape {shapes}, not {shape}")
    return values.expand(variables, categories)
