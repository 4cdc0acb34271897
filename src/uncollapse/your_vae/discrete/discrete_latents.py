"""Latents that are no Gaussians but codes or categories, among the arguments of `uncollapse.diagnose`."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from uncollapse.your_vae.discrete.categories import diagnose_categories
from uncollapse.your_vae.discrete.category_inputs import has_categories
from uncollapse.your_vae.discrete.codes import diagnose_codes
from uncollapse.your_vae.handed_over.batches import is_array

MOST_ALIKE = 10  # Means of which so many are equal, on average, are chosen from a book.


def diagnose_discrete(codes: Any, size: Any, probabilities: Any, others: dict[str, Any]) -> Any:
    """Return the diagnosis of codes or of categories, None if neither is given.

    Probabilities may also stand where `mu` does, without a spread. `others` are the other arguments, by name.
    Raises ValueError with one line that names the argument.
    """
    given = {name: value for name, value in others.items() if value is not None}
    if codes is not None:
        extra = [*given, *(["probabilities"] if probabilities is not None else [])]
        refuse_others("codes", "with size= alone", extra)
        return diagnose_codes(codes, size)
    if size is not None:
        raise ValueError("size: is the number of codes in a book, and needs codes= beside it")
    if probabilities is not None:
        refuse_others("probabilities", "alone or with prior=", [name for name in given if name != "prior"])
        return diagnose_categories("probabilities", probabilities, others.get("prior"))
    beside = given.keys() - {"prior", "mu"}
    if "mu" not in given or beside - {"labels"}:
        return None
    if has_categories(given["mu"]):
        refuse_others("mu", "alone or with prior=, as probabilities of categories,", sorted(beside))
        return diagnose_categories("mu", given["mu"], others.get("prior"))
    if is_array(given["mu"]) and holds_integers(given["mu"]):
        raise ValueError(
            "mu: has whole numbers and no logvar beside it; the codes of a VQ-VAE are given as "
            "diagnose(codes=indices, size=K)"
        )
    return None


def holds_integers(array: Any) -> bool:
    """Tell whether an array is of whole numbers."""
    if isinstance(array, Tensor):
        return not (array.is_floating_point() or array.is_complex() or array.dtype == torch.bool)
    return np.asarray(array).dtype.kind in "iu"


def doubt_quantised(mu: Tensor, logvar: Tensor) -> str | None:
    """Return the doubt that means (N, D) are the vectors of a VQ-VAE's codes, None if they are not.

    They are if few of them differ and all examples have one variance.
    """
    if not torch.equal(logvar.amin(0), logvar.amax(0)):
        return None
    different, count = len(torch.unique(mu, dim=0)), len(mu)
    if not 2 <= different <= count / MOST_ALIKE:
        return None
    return (
        f"mu has only {different} different rows in {count} examples, and one logvar; for the "
        "codes of a VQ-VAE pass codes=indices, size=K, and for a conditional prior pass prior="
    )


def refuse_others(name: str, alone: str, others: list[str]) -> None:
    """Raise ValueError if there are other arguments beside `name`, which comes `alone`."""
    if others:
        raise ValueError(f"{name}: should come {alone}, not with {' and '.join(others)}")
