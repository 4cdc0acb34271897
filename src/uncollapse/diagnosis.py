"""The diagnosis of any VAE with a Gaussian posterior, from the encodings of some data."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from uncollapse.encodings import numbers
from uncollapse.measures.active_units import active_units
from uncollapse.measures.collapse import collapse_thresholds, collapsed
from uncollapse.measures.mutual_information import mutual_information
from uncollapse.measures.probe import probe_accuracy
from uncollapse.vae import Gaussian

if TYPE_CHECKING:
    import altair


EPS = (
    0.1  # nats: a dimension with less, for all but delta of the examples, counts as collapsed in the verdict
)


POINTS = 10_000  # the mutual information takes no more, for its time grows with their square


LARGEST = 88.0  # of |logvar|: beyond, exp leaves the range of floats


@dataclass(frozen=True)
class Diagnosis:
    """What n examples tell about d latent dimensions. In nats: kl, kl_per_dimension and collapse_thresholds
    (d,), mi with its standard error and cap.

    kl_per_dimension and kl are means over the examples; for the others see `uncollapse.measures`.
    probe_accuracy, that of a linear classifier on a fifth of the examples that it has not seen, is None
    without labels.
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
    collapse_thresholds: NDArray[np.float64]
    probe_accuracy: float | None = None

    def collapsed(self, eps: float) -> float:
        """The share of dimensions that are (eps, delta)-collapsed: KL_i < eps for at least 1 - delta of
        the examples."""
        return collapsed(torch.from_numpy(self.collapse_thresholds), eps)

    @cached_property
    def verdict(self) -> str:
        """One of "collapsed", "partly collapsed", "healthy", with the reason where there is more to say."""
        alive = self.collapse_thresholds >= EPS
        if not alive.any():
            return "collapsed"
        if self.mi < EPS:
            return (
                f"collapsed: a KL of {self.kl:.2f} nats, but z tells nothing of x "
                f"(mutual information {self.mi:.2f} nats)"
            )
        if alive.all():
            return "healthy"
        share = self.kl_per_dimension[alive].sum() / self.kl
        return f"partly collapsed: {alive.sum()} of {self.d} dimensions carry {100 * share:.0f} % of the KL"

    def figure(self) -> "altair.HConcatChart":
        """The collapse curve and the KL of each dimension, an Altair chart: `.save("diagnosis.png")`, or
        look at it in a notebook."""
        import altair as alt

        thresholds = np.sort(self.collapse_thresholds).clip(1e-6)
        curve = alt.Data(
            values=[{"eps": eps, "share": (i + 1) / self.d} for i, eps in enumerate(thresholds.tolist())]
            + [{"eps": 1e-6, "share": 0}, {"eps": max(100.0, 2 * float(thresholds[-1])), "share": 1}]
        )
        bars = alt.Data(
            values=[{"dimension": i, "kl": kl} for i, kl in enumerate(self.kl_per_dimension.tolist())]
        )
        left = alt.Chart(curve, title="Collapse curve").mark_line(interpolate="step-after")
        right = alt.Chart(bars, title="KL of each dimension").mark_bar()
        share = f"share of dimensions collapsed (delta {self.delta:g})"
        return alt.hconcat(
            left.encode(
                alt.X(
                    "eps:Q",
                    scale=alt.Scale(type="log"),
                    title="eps (nats)",
                    axis=alt.Axis(format="~e", tickCount=6),
                ),
                alt.Y("share:Q", title=share, axis=alt.Axis(format="%")),
                order="share:Q",
            ),
            right.encode(
                alt.X(
                    "dimension:N",
                    sort="-y",
                    axis=alt.Axis(labels=False, ticks=False),
                    title="dimension, by its KL",
                ),
                alt.Y("kl:Q", title="KL (nats)"),
                tooltip=["dimension:N", "kl:Q"],
            ),
            title=self.verdict,
        )

    def as_dict(self) -> dict[str, Any]:
        """The fields and the verdict, arrays as lists."""
        listed = {
            name: value.tolist() if isinstance(value, np.ndarray) else value
            for name, value in vars(self).items()
        }
        return {**listed, "verdict": self.verdict}


def diagnose(mu: Any, logvar: Any, *, labels: Any = None, delta: float = 0.01) -> Diagnosis:
    """Diagnose a VAE from the means and log-variances of q(z|x), (N, D) each, numpy or torch; `labels`
    (N,) add a linear probe.

    Take data that it was trained on for the collapse curve, or data held out for all else; 2,000 examples
    or more, for the mutual information cannot exceed ln N. Raises ValueError with one line that names the
    argument: other shapes, NaN, infinity, no numbers, or one row.
    """
    arrays = {"mu": numbers("mu", mu), "logvar": numbers("logvar", logvar)}
    shapes = {name: tuple(array.shape) for name, array in arrays.items()}
    if shapes["mu"] != shapes["logvar"]:
        raise ValueError(
            f"mu and logvar should have the same shape, not {shapes['mu']} and {shapes['logvar']}"
        )
    if len(shapes["mu"]) != 2 or shapes["mu"][0] < 2 or shapes["mu"][1] < 1:
        raise ValueError(
            "mu and logvar should have the shape (examples, dimensions), two examples or more, "
            f"not {shapes['mu']}"
        )
    largest = float(arrays["logvar"].abs().max())
    if largest > LARGEST:
        raise ValueError(
            f"logvar: exp of +-{largest:.4g} is out of range; it should be the logarithm of the variance"
        )
    if not 0 <= delta < 1:
        raise ValueError(f"delta: should be at least 0 and less than 1, not {delta}")
    q = Gaussian(**arrays)
    kl = q.kl()
    if not bool(kl.sum().isfinite()):
        raise ValueError(f"mu: the square of {float(q.mu.abs().max()):.4g} is out of range")
    generator = torch.Generator().manual_seed(0)
    order = torch.randperm(len(kl), generator=generator)
    sample = order[:POINTS]
    noise = torch.randn(len(sample), q.mu.shape[1], generator=generator)
    information = mutual_information(Gaussian(q.mu[sample], q.logvar[sample]), noise)
    return Diagnosis(
        n=len(kl),
        d=kl.shape[1],
        delta=delta,
        kl=float(kl.sum(1).mean()),
        kl_per_dimension=kl.mean(0).numpy(),
        active_units=active_units(q.mu),
        mi=information.mi,
        mi_standard_error=information.standard_error,
        mi_cap=information.cap,
        collapse_thresholds=collapse_thresholds(kl, delta=delta).numpy(),
        probe_accuracy=None if labels is None else probe(q.mu, labels, order),
    )


def probe(mu: torch.Tensor, labels: Any, order: torch.Tensor) -> float:
    """The linear probe's accuracy on the last fifth of `order`, learned on the first three and chosen on
    the fourth."""
    classes = np.asarray(labels.detach().cpu() if isinstance(labels, torch.Tensor) else labels)
    if classes.dtype.kind not in "biuUS":
        raise ValueError(f"labels: should be whole numbers or names, not of {classes.dtype}")
    classes = np.unique(classes, return_inverse=True)[1].reshape(classes.shape)
    if classes.shape != (len(mu),):
        raise ValueError(
            f"labels: should have the shape ({len(mu)},), one of each example, not {classes.shape}"
        )
    if len(mu) < 5 or not 2 <= len(np.unique(classes)) <= len(mu) / 2:
        raise ValueError(
            "labels: a probe needs five examples or more, of two classes or more, "
            "with two examples each on average"
        )
    cuts = [3 * len(mu) // 5, 4 * len(mu) // 5]
    train, valid, test = ((mu[part], classes[part.numpy()]) for part in order.tensor_split(cuts))
    return probe_accuracy(train, valid, test)
