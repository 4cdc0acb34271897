"""Latents that are no Gaussians but codes or categories, among the arguments of `uncollapse.diagnose`."""

from typing import Any

from uncollapse.your_vae.codes import diagnose_codes


def diagnose_discrete(codes: Any, size: Any, others: dict[str, Any]) -> Any:
    """Return the diagnosis of codes, None if neither `codes` nor `size` is given.

    `others` are the other arguments, by name. Raises ValueError with one line that names the argument.
    """
    if codes is None and size is None:
        return None
    if codes is None:
        raise ValueError("size: is the number of codes in a book, and needs codes= beside it")
    given = [name for name, value in others.items() if value is not None]
    if given:
        raise ValueError(f"codes: should come with size= alone, not with {' and '.join(given)}")
    return diagnose_codes(codes, size)
