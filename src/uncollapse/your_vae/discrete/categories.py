"""The diagnosis of a VAE with categorical latents (Jang et al. 2017, arXiv 1611.01144), from q(z|x)."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from uncollapse.your_vae.discrete.category_information import (
    UNBIASED,
    JackknifeEstimate,
    count_dead,
    entropy_of,
    estimate_information,
    estimate_joint_information,
    estimate_marginal_entropies,
)
from uncollapse.your_vae.discrete.category_inputs import is_relaxed, read_category_prior, read_probabilities
from uncollapse.your_vae.latents.latent_verdict import COLLAPSE_EPS
from uncollapse.your_vae.listed_fields import list_fields

UNIFORM, STATED, OF_EACH = "the uniform prior", "the prior", "the prior of each example"
ONLY_SAMPLES = (
    "in doubt: all probabilities are 0 or 1, as those of samples are; pass the probabilities of q(z|x), or "
    "for codes without noise codes=p.argmax(-1) and size="
)
RELAXED = "; this is of the category that is drawn, and a relaxed z may tell more"


@dataclass(frozen=True)
class CategoryDiagnosis:
    """The diagnosis of `d` categorical variables with `size` categories each, from `n` examples.

    All are in nats. `kl` is the mean KL of q(z|x) to the prior, the sum of `kl_per_variable` (d,).
    `mi_per_variable` (d,) is the mutual information of x and each variable, with its ends of 95 %
    `mi_per_variable_interval` (d, 2). `mi` is that of x and all variables together, with `mi_interval`: for
    several variables a lower bound, which cannot exceed ln n; it is never above `mi_at_most`.
    `marginal_kl_at_least` is a lower bound of KL(q(z) || p(z)). `entropy_per_variable` and its exponential
    `perplexity_per_variable` (d,) are those of q(z) = E q(z|x), without the bias of few examples. `dead`
    counts the categories that q(z) gives less than a tenth of what the prior does, over all variables; None
    where the examples are too few to tell. `doubt` says what looks wrong about the arguments, and `prior`
    which prior was compared. If that is a prior of each example, a variable is alive that has a KL of 0.1
    nats to its own, and nothing is known of holes.
    """

    n: int
    d: int
    size: int
    kl: float
    kl_per_variable: NDArray[np.float64]
    mi: float
    mi_interval: tuple[float, float]
    mi_at_most: float
    mi_per_variable: NDArray[np.float64]
    mi_per_variable_interval: NDArray[np.float64]
    marginal_kl_at_least: float
    entropy_per_variable: NDArray[np.float64]
    perplexity_per_variable: NDArray[np.float64]
    dead: int | None
    prior: str = UNIFORM
    relaxed: bool = False
    doubt: str | None = None

    @property
    def active_units(self) -> int:
        """The number of variables that tell 0.1 nats or more about x."""
        return int((self.mi_per_variable >= COLLAPSE_EPS).sum())

    @cached_property
    def verdict(self) -> str:
        """One of "collapsed", "partly collapsed", "healthy", "holes" and "unknown", with a reason."""
        if self.doubt:
            return self.doubt
        return self.describe_variables() + (RELAXED if self.relaxed else "")

    def describe_variables(self) -> str:
        """Say in words how many variables tell something about x, and what else is wrong with them."""
        if self.prior == OF_EACH:
            return self.describe_alive(self.kl_per_variable >= COLLAPSE_EPS) or "collapsed onto its own prior"
        low, high = self.mi_per_variable_interval.T
        alive = self.mi_per_variable >= COLLAPSE_EPS
        together = self.mi_interval[0] >= COLLAPSE_EPS
        if (
            not (low >= COLLAPSE_EPS).any()
            and not together
            and (high - low > COLLAPSE_EPS)[high > COLLAPSE_EPS].any()
        ):
            return (
                f"unknown: take more examples than {self.n}: a variable tells between {low.max():.2f} and "
                f"{high.max():.2f} nats about x"
            )
        if not alive.any() and not together:
            if self.kl < COLLAPSE_EPS * self.d:
                return "collapsed"
            return (
                f"collapsed: a KL of {self.kl:.2f} nats, but z tells nothing about x (mutual information "
                f"{self.mi:.2f} nats)"
            )
        if self.marginal_kl_at_least > COLLAPSE_EPS * self.d:
            all_of_them = self.d * self.size
            unused = f", {self.dead} of {all_of_them} categories are not in use" if self.dead else ""
            return (
                f"holes: q(z) is {self.marginal_kl_at_least:.4g} nats or more from {self.prior}{unused}, so "
                f"what is decoded from it will be poor{self.advise_prior()}"
            )
        return self.describe_alive(alive) or (
            f"partly collapsed: no variable tells {COLLAPSE_EPS} nats about x, all together tell "
            f"{self.mi:.2f} or more"
        )

    def describe_alive(self, alive: NDArray[np.bool_]) -> str:
        """Say how many of the variables (d,) are alive, or "" if none is."""
        if alive.all():
            return "healthy"
        share = self.kl_per_variable[alive].sum() / max(self.kl, 1e-300)
        words = f"partly collapsed: {alive.sum()} of {self.d} variables carry {100 * share:.0f} % of the KL"
        return words if alive.any() else ""

    def advise_prior(self) -> str:
        """Say how another prior is handed over, if none was."""
        return "; a learned prior goes into prior=" if self.prior == UNIFORM else ""

    def as_dict(self) -> dict[str, Any]:
        """Return the fields and the verdict, with arrays as lists."""
        return {**list_fields(self), "verdict": self.verdict}


def diagnose_categories(name: str, given: Any, prior: Any) -> CategoryDiagnosis:
    """Diagnose categorical variables from their probabilities (N, ..., K), or from a distribution of them.

    `prior` has the probabilities (K,) or (..., K) of p(z), or (N, ..., K) of a prior of each example, and is
    uniform if it is None. A relaxed distribution is taken for its base, whose category is the largest of a
    relaxed z (Maddison et al. 2017, arXiv 1611.00712). `name` is that of the argument, for the ValueError
    with one line.
    """
    values = read_probabilities(name, given)
    if values.ndim < 2 or len(values) < 2:
        raise ValueError(
            f"{name}: should have the shape (examples, ..., categories), with two examples or more, not "
            f"{tuple(values.shape)}"
        )
    p = values.reshape(len(values), -1, values.shape[-1])
    count, variables, categories = p.shape
    kind = UNIFORM if prior is None else STATED
    prior = read_category_prior(prior, count, variables, categories)
    kind = OF_EACH if prior.ndim == 3 else kind
    if bool(((prior == 0) & ((p if prior.ndim == 3 else p.mean(0)) > 0)).any()):
        raise ValueError("prior: gives 0 to categories that q(z|x) uses, so the KL is infinite")
    surprise = -prior.clamp(min=1e-300).log()
    own = entropy_of(p)
    expected = (p * surprise).sum(-1)
    kl = expected - own
    entropies = estimate_marginal_entropies(p)
    information, low, high = estimate_information(entropies, kl, own)
    distances = (expected - entropies.pseudo_values).sum(1)
    at_least = float(distances.mean() - entropies.half_interval(distances))
    interval = torch.stack([low, high], 1)
    mi, mi_low, mi_high = float(information[0]), float(low[0]), float(high[0])
    if variables > 1:
        mi, error = estimate_joint_information(p)
        mi_low, mi_high = mi - 2 * error, mi + 2 * error
    entropy = entropies.value.clamp(0, float(np.log(categories)))
    return CategoryDiagnosis(
        n=count,
        d=variables,
        size=categories,
        kl=float(kl.sum(1).mean()),
        kl_per_variable=kl.mean(0).numpy(),
        mi=max(mi, 0.0),
        mi_interval=(max(mi_low, 0.0), max(mi_high, 0.0)),
        mi_at_most=float(torch.minimum(high, kl.mean(0) + entropies.half_interval(kl)).sum()),
        mi_per_variable=information.numpy(),
        mi_per_variable_interval=interval.numpy(),
        marginal_kl_at_least=0.0 if kind == OF_EACH else max(at_least, 0.0),
        entropy_per_variable=entropy.numpy(),
        perplexity_per_variable=entropy.exp().numpy(),
        dead=None if kind == OF_EACH else count_dead(p, prior),
        prior=kind,
        relaxed=is_relaxed(given),
        doubt=doubt_categories(p, entropies),
    )


def doubt_categories(p: Tensor, entropies: JackknifeEstimate) -> str | None:
    """Return what looks wrong about probabilities (N, M, K), or None."""
    if bool(((p == 0) | (p == 1)).all()):
        return ONLY_SAMPLES
    if bool((entropies.correction > UNBIASED).any()):
        return (
            f"in doubt: {len(p)} examples are too few for {p.shape[-1]} categories; take ten times as many "
            "examples as there are categories"
        )
    return None
