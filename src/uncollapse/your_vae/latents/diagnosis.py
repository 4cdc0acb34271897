"""What is known of the latents of a VAE: the result of `uncollapse.diagnose`."""

import math
from dataclasses import MISSING, dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from uncollapse.errors import need_extra
from uncollapse.measures.collapse import share_of_collapsed
from uncollapse.your_vae.latents.latent_verdict import describe_latents
from uncollapse.your_vae.listed_fields import list_fields

if TYPE_CHECKING:
    import altair


@dataclass(frozen=True)
class Diagnosis:
    """The diagnosis of a VAE: what `n` examples tell about `d` latent dimensions.

    `kl` with its standard error, `kl_per_dimension` and `collapse_thresholds` (d,), and `mi` with its
    standard error and its cap are in nats. The mutual information lies, in expectation, between `mi` and
    `mi_upper`. `kl_per_dimension` and `kl` are means over the examples; for the other measures see
    `uncollapse.measures`. `marginal_kl` is KL(q(z) || p(z)), which is too large where `mi` is near its cap,
    and never below `marginal_kl_at_least`. `alive_examples` is the share of the examples whose KL is
    0.1 nats or more. `doubt` says what looks wrong about the arguments, `note` how they were taken, and
    `outliers` which few examples have most of the KL, with the verdict on all others. `prior` says which
    prior was handed over, if any was: all fields are about that prior, see `your_vae.latents.prior`.
    `probe_accuracy` is that of a linear classifier on a fifth of the examples, which it has not seen; it is
    None without labels.

    `decoder` is the verdict on a decoder that does not read z, if `reads` was handed over and found one.
    `mean` and `std` (d,) are those of z ~ q(z), in the coordinates in which a Gaussian prior is N(0, I).
    `scale_factor` is 1 / the standard deviation of all values of z together, see
    `your_vae.latents.latent_scale`.

    With `axis`, the dimensions stand by channel and then by step, `kl_per_channel` is a mean over the steps
    that exist, as are the moments `mean_per_channel` and `std_per_channel` of z ~ q(z), `kl_per_step` a sum
    over the channels and a mean over the examples that have the step, and `alive_channels` and `alive_steps`
    say which are alive anywhere. With `levels`, the dimensions of all levels stand side by side,
    `kl_per_level` is the KL of each, `d_per_level` its number of dimensions, and `alive_per_level` how many
    of them are alive. All of these are None otherwise.
    """

    n: int
    d: int
    delta: float
    kl: float
    kl_standard_error: float
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
    alive_examples: float
    mean: NDArray[np.float64]
    std: NDArray[np.float64]
    scale_factor: float
    doubt: str | None = None
    note: str | None = None
    outliers: str | None = None
    decoder: str | None = None
    prior: str | None = None
    probe_accuracy: float | None = None
    kl_per_channel: NDArray[np.float64] | None = None
    mean_per_channel: NDArray[np.float64] | None = None
    std_per_channel: NDArray[np.float64] | None = None
    kl_per_step: NDArray[np.float64] | None = None
    alive_channels: NDArray[np.bool_] | None = None
    alive_steps: NDArray[np.bool_] | None = None
    kl_per_level: NDArray[np.float64] | None = None
    d_per_level: NDArray[np.int64] | None = None
    alive_per_level: NDArray[np.int64] | None = None

    def collapsed(self, eps: float) -> float:
        """Return the share of dimensions that are (eps, delta)-collapsed.

        That is, KL_i < eps for at least 1 - delta of the examples.
        """
        return share_of_collapsed(torch.from_numpy(self.collapse_thresholds), eps)

    @cached_property
    def verdict(self) -> str:
        """What is wrong, in words that `your_vae.latents.latent_verdict` lists.

        It begins with "collapsed", "partly collapsed", "holes", "healthy" or "in doubt".
        """
        return describe_latents(self)

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
        return {**list_fields(self), "verdict": self.verdict}


def make_empty_diagnosis(dimensions: int, delta: float, doubt: str) -> Diagnosis:
    """Return the diagnosis of no examples, whose numbers are NaN, with the reason as its doubt."""
    blanks: dict[Any, Any] = {int: 0, float: math.nan}
    needed = [field for field in fields(Diagnosis) if field.default is MISSING]
    values = {field.name: blanks.get(field.type, np.full(dimensions, math.nan)) for field in needed}
    return Diagnosis(**values | {"d": dimensions, "delta": delta, "doubt": doubt})
