"""The diagnosis of any VAE with a Gaussian posterior, from the encodings of some data."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from uncollapse.errors import need_extra
from uncollapse.measures.active_units import count_active_units
from uncollapse.measures.collapse import find_thresholds, share_of_collapsed
from uncollapse.measures.mutual_information import estimate_mi
from uncollapse.measures.probe import measure_probe_accuracy
from uncollapse.vae import Gaussian
from uncollapse.your_vae.information_bounds import bound_information, bound_marginal_kl
from uncollapse.your_vae.posterior_inputs import read_posterior, to_numpy

if TYPE_CHECKING:
    import altair


COLLAPSE_EPS = 0.1  # The threshold of collapse in the verdict, in nats.
NO_LOGVAR = "in doubt: no logvar is negative; for variances or standard deviations pass var= or std="
MOST_EXAMPLES = 10_000  # The time that the mutual information takes grows with the square of their number.


@dataclass(frozen=True)
class Diagnosis:
    """The diagnosis of a VAE: what `n` examples tell about `d` latent dimensions.

    `kl`, `kl_per_dimension` and `collapse_thresholds` (d,), and `mi` with its standard error and its cap are
    in nats. The mutual information lies, in expectation, between `mi` and `mi_upper`. `kl_per_dimension` and
    `kl` are means over the examples; for the other measures see `uncollapse.measures`. `marginal_kl` is
    KL(q(z) || p(z)), which is too large where `mi` is near its cap, and never below `marginal_kl_at_least`.
    `doubt` says what looks wrong about the arguments. `probe_accuracy` is that of a linear classifier on a
    fifth of the examples, which it has not seen; it is None without labels.
    """

    n: int
    d: int
    delta: float
    kl: float
    kl_per_dimension: NDArray[np.float64]
    active_units: int
    mi: float
    mi_standard_error: float
    mi_cap: float
    mi_upper: float
    mi_upper_standard_error: float
    collapse_thresholds: NDArray[np.float64]
    marginal_kl: float
    marginal_kl_at_least: float
    doubt: str | None = None
    probe_accuracy: float | None = None

    def collapsed(self, eps: float) -> float:
        """Return the share of dimensions that are (eps, delta)-collapsed.

        That is, KL_i < eps for at least 1 - delta of the examples.
        """
        return share_of_collapsed(torch.from_numpy(self.collapse_thresholds), eps)

    @cached_property
    def verdict(self) -> str:
        """One of "collapsed", "partly collapsed", "healthy" and "holes", with a reason where it needs one."""
        if self.doubt:
            return self.doubt
        alive = self.collapse_thresholds >= COLLAPSE_EPS
        if not alive.any():
            return "collapsed"
        if self.mi < COLLAPSE_EPS:
            return (
                f"collapsed: a KL of {self.kl:.2f} nats, but z tells nothing about x "
                f"(mutual information {self.mi:.2f} nats)"
            )
        if self.marginal_kl_at_least > COLLAPSE_EPS * self.d:
            return (
                f"holes: q(z) is {self.marginal_kl_at_least:.4g} nats or more from the prior, so what is "
                "decoded from the prior will be poor"
            )
        if alive.all():
            return "healthy"
        share = self.kl_per_dimension[alive].sum() / self.kl
        return f"partly collapsed: {alive.sum()} of {self.d} dimensions carry {100 * share:.0f} % of the KL"

    def figure(self) -> "altair.HConcatChart":
        """Return an Altair chart of the collapse curve and the KL of each dimension.

        A notebook shows it, and `.save("diagnosis.png")` writes it to a file.
        """
        with need_extra("figures"):
            from uncollapse.report.diagnosis_figure import draw_diagnosis

        return draw_diagnosis(
            thresholds=self.collapse_thresholds,
            kl=self.kl_per_dimension,
            delta=self.delta,
            title=self.verdict,
        )

    def as_dict(self) -> dict[str, Any]:
        """Return the fields and the verdict, with arrays as lists."""
        listed = {
            name: value.tolist() if isinstance(value, np.ndarray) else value
            for name, value in vars(self).items()
        }
        return {**listed, "verdict": self.verdict}


def diagnose(
    mu: Any, logvar: Any = None, *, var: Any = None, std: Any = None, labels: Any = None, delta: float = 0.01
) -> Diagnosis:
    """Diagnose a VAE from its q(z|x): means and one of `logvar`, `var` and `std`, (N, ...) each.

    The arrays are of NumPy or torch; in place of them `mu` may be a distribution, see
    `your_vae.posterior_inputs`. `labels` (N,) add a linear probe. Take data that the VAE was trained on for
    the collapse curve, and data held out for all else; take 2,000 examples or more, because the estimate of
    the mutual information cannot exceed ln N. Raises ValueError with one line that names the argument for
    other shapes, NaN, infinity, values that are no numbers, or a single row.
    """
    q = read_posterior(mu, logvar, var=var, std=std)
    doubt = NO_LOGVAR if logvar is not None and float(q.logvar.min()) > 0 else None
    return diagnose_posterior(q, labels, delta, doubt)


def diagnose_posterior(q: Gaussian, labels: Any, delta: float, doubt: str | None) -> Diagnosis:
    """Diagnose q(z|x), doubles (N, D). Raises ValueError as `diagnose` does."""
    if len(q.mu) < 2:
        raise ValueError("mu: should have two examples or more, not 1")
    if not 0 <= delta < 1:
        raise ValueError(f"delta: should be at least 0 and less than 1, not {delta}")
    kl = q.kl()
    if not bool(kl.sum().isfinite()):
        raise ValueError(f"mu: the square of {float(q.mu.abs().max()):.4g} is out of range")
    generator = torch.Generator().manual_seed(0)
    order = torch.randperm(len(kl), generator=generator)
    sample = order[:MOST_EXAMPLES]
    noise = torch.randn(len(sample), q.mu.shape[1], generator=generator)
    chosen = Gaussian(q.mu[sample], q.logvar[sample])
    information, upper = estimate_mi(chosen, noise), bound_information(chosen, noise)
    return Diagnosis(
        n=len(kl),
        d=kl.shape[1],
        delta=delta,
        kl=float(kl.sum(1).mean()),
        kl_per_dimension=kl.mean(0).numpy(),
        active_units=count_active_units(q.mu),
        mi=information.mi,
        mi_standard_error=information.standard_error,
        mi_cap=information.cap,
        mi_upper=upper.mi_upper,
        mi_upper_standard_error=upper.standard_error,
        collapse_thresholds=find_thresholds(kl, delta=delta).numpy(),
        marginal_kl=information.marginal_kl,
        marginal_kl_at_least=bound_marginal_kl(q),
        doubt=doubt,
        probe_accuracy=None if labels is None else probe_labels(q.mu, labels, order),
    )


def probe_labels(mu: torch.Tensor, labels: Any, order: torch.Tensor) -> float:
    """Return the accuracy of a linear probe on the last fifth of `order`.

    The probe learns on the first three fifths and is chosen on the fourth. Raises ValueError for labels that
    cannot be learned.
    """
    classes = to_numpy(labels)
    if classes.dtype.kind not in "biuUS":
        raise ValueError(f"labels: should be whole numbers or names, not of {classes.dtype}")
    classes = np.unique(classes, return_inverse=True)[1].reshape(classes.shape)
    if classes.shape != (len(mu),):
        raise ValueError(
            f"labels: should have the shape ({len(mu)},), one for each example, not {classes.shape}"
        )
    if len(mu) < 5 or not 2 <= len(np.unique(classes)) <= len(mu) / 2:
        raise ValueError(
            "labels: a probe needs at least five examples of at least two classes, "
            "and two examples of each class on average"
        )
    cuts = [3 * len(mu) // 5, 4 * len(mu) // 5]
    parts = [(mu[part], classes[part.numpy()]) for part in order.tensor_split(cuts)]
    with need_extra("probe"):
        return measure_probe_accuracy(*parts)
