"""The names under which people hand over the means and the spread of q(z|x)."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from torch import Tensor

from uncollapse.your_vae.handed_over.batches import join_batches
from uncollapse.your_vae.handed_over.real_arrays import OutOfRange

NAMES_OF_KIND = {
    "mean": ("mu", "mus", "mean", "means", "loc"),
    "logvar": ("logvar", "logvars", "logvariance", "lnvar", "logsigma2", "logsigmasq", "logsigmasquared"),
    "var": ("var", "vars", "variance", "variances", "sigma2", "sigmasq", "sigmasquared"),
    "std": ("std", "stds", "stddev", "stddevs", "scale", "sigma", "sd"),
    "covariance": ("covariance", "covariances", "covariancematrix", "cov"),
    "logstd": ("logstd", "logstddev", "logscale", "logsigma", "lnsigma", "logsd"),
}  # Each but the mean is a spread. Case and what is neither letter nor digit do not count.
ABBREVIATIONS = {"qzm": "mean", "qzv": "var"}  # These are scvi-tools'.
AFFIXES = ("", "z", "q", "qz", "latent", "latents", "posterior", "enc", "encoder", "encoded")
ALONE = "mu should come with one of logvar, var and std, not with"


class Given(NamedTuple):
    """Means of q(z|x) and a spread, as they were handed over: arrays, or lists of arrays by batch."""

    means: Any
    kind: str  # One of NAMES_OF_KIND.
    spread: Any


def find_kind(name: Any) -> str | None:
    """Return which of NAMES_OF_KIND a name stands for, with or without an affix: z_log_var is "logvar"."""
    if not isinstance(name, str):
        return None
    plain = "".join(letter for letter in name.lower() if letter.isalnum())
    if plain in ABBREVIATIONS:
        return ABBREVIATIONS[plain]
    for kind, words in NAMES_OF_KIND.items():
        if any(plain in (affix + word, word + affix) for affix in AFFIXES for word in words):
            return kind
    return None


def sort_by_kind(names: Iterable[Any]) -> dict[str, list[Any]]:
    """Return the names that stand for a mean or a spread, by what they stand for."""
    found: dict[str, list[Any]] = {kind: [] for kind in NAMES_OF_KIND}
    for name in names:
        kind = find_kind(name)
        if kind:
            found[kind].append(name)
    return {kind: known for kind, known in found.items() if known}


def read_mapping(given: Mapping[Any, Any]) -> Given:
    """Return the means and the spread of a dict. Raises ValueError with one line that names its keys."""
    known = sort_by_kind(key for key in given if given[key] is not None)
    keys = ", ".join(repr(key) for key in list(given)[:12])[:300] or "none"
    for kind, names in known.items():
        if len(names) > 1:
            both = " and ".join(names)
            raise ValueError(f"mu: {both} may both be the {kind} of q(z|x); pass mu= and logvar= alone")
    if "mean" not in known:
        raise ValueError(f"mu: has no key such as mu, mean, loc or z_mean; its keys: {keys}")
    means = given[known.pop("mean")[0]]
    if not known:
        raise ValueError(f"{ALONE} none; the keys of this mu: {keys}")
    [first, *others] = [(kind, given[names[0]]) for kind, names in known.items()]
    for kind, spread in others:
        if not agree(first, (kind, spread)):
            raise ValueError(f"mu: its {first[0]} and {kind} are not those of one q(z|x); pass one of them")
    return Given(means, *first)


def agree(one: tuple[str, Any], other: tuple[str, Any]) -> bool:
    """Return whether two spreads are those of the same q(z|x), up to the rounding of half precision."""
    logs = [to_log_variance(kind, join_batches(kind, spread)) for kind, spread in (one, other)]
    same = logs[0].shape == logs[1].shape and logs[0].numel() > 0
    return same and float((logs[0] - logs[1]).abs().median()) < 0.05


def to_log_variance(kind: str, spread: Tensor) -> Tensor:
    """Return the log-variance of a variance or standard deviation, or of the logarithm of one.

    Raises ValueError, which names the argument, if a value is not positive where it has to be.
    """
    if kind in ("var", "std"):
        if not bool((spread > 0).all()):
            raise OutOfRange(f"{kind}: should be positive; {int((spread <= 0).sum())} of its values are not")
        spread = spread.log()
    return spread if kind in ("logvar", "var") else 2 * spread
