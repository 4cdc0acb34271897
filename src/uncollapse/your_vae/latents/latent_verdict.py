"""The verdict on the latents of a VAE, in words.

The first words that apply are taken, in this order:

| verdict | when |
|---|---|
| `in doubt` | the arguments look wrong, or a few examples have most of the KL |
| `collapsed` | the decoder does not read z, if what `uncollapse.reads` found was handed over |
| `collapsed` | the prior is a density, and the KL is less than 0.1 nats |
| `partly collapsed` | no dimension is alive, but together they tell 0.1 nats or more for certain |
| `collapsed` | no dimension is alive, or x and z share less than 0.1 nats |
| `holes` | q(z) is further from the prior than 0.1 + 1 / n nats a dimension |
| `healthy` | all dimensions are alive |
| `partly collapsed` | some are |

With channels or levels `holes` alone is said only where all dimensions are alive; else it stands behind
`partly collapsed`, which names the channels, steps or levels. Without a KL that is wasted, `collapsed` is
`collapsed onto its own prior` where a prior was handed over. What `uncollapse.reads` found may also
contradict a collapse (`in doubt`), and few points in place of a density are `in doubt` or `holes` with the
words about codes behind them.

A dimension is alive if its KL is 0.1 nats or more for over a share `delta` of the examples. Behind `healthy`
and `partly collapsed` stands what z tells, where that is less than half of the KL for certain, and how few
of the examples have 0.1 nats, where that is less than half of them.
"""

from typing import TYPE_CHECKING

from uncollapse.measures.mutual_information import is_at_cap
from uncollapse.your_vae.latents.information_bounds import SURE
from uncollapse.your_vae.latents.prior import DENSITY
from uncollapse.your_vae.latents.structure_fields import describe_carriers

if TYPE_CHECKING:
    from uncollapse.your_vae.latents.diagnosis import Diagnosis

COLLAPSE_EPS = 0.1  # The threshold of collapse in the verdict, in nats.


def describe_latents(found: "Diagnosis") -> str:
    """Say in words whether latents have collapsed, and what else is wrong with them."""
    words = judge_latents(found) + (f"; {found.note}" if found.note else "")
    return "collapsed onto its own prior" if found.prior and words == "collapsed" else words


def judge_latents(found: "Diagnosis") -> str:
    """Say the same, whatever the prior is."""
    if found.doubt:
        return found.doubt
    if found.outliers:
        return f"in doubt: {found.outliers}"
    if found.decoder:
        return found.decoder
    alive = found.collapse_thresholds >= COLLAPSE_EPS
    if found.prior == DENSITY and found.kl < COLLAPSE_EPS:
        return "collapsed"
    if not alive.any():
        return describe_dead(found)
    if found.mi < COLLAPSE_EPS:
        return describe_uninformative(found)
    holes = describe_holes(found)
    single = found.alive_channels is None and found.alive_per_level is None
    if holes and (single or alive.all()):
        return holes
    if alive.all():
        return "healthy" + describe_waste(found)
    carried = f"partly collapsed{describe_carriers(found, alive)}"
    return f"{carried}; and {holes}" if holes else carried + describe_waste(found)


def describe_holes(found: "Diagnosis") -> str:
    """Say how far q(z) is from the prior at least, or "" where that is not far.

    The means and variances of n examples are themselves off by 1 / n nats a dimension.
    """
    if found.marginal_kl_at_least <= (COLLAPSE_EPS + 1 / found.n) * found.d:
        return ""
    far = f"holes: q(z) is {found.marginal_kl_at_least:.4g} nats or more from"
    if found.prior:
        return f"{far} the prior, so what is decoded from the prior will be poor"
    return f"{far} N(0, I), so what is decoded from N(0, I) will be poor; a learned prior goes into prior="


def describe_dead(found: "Diagnosis") -> str:
    """Say what latents without any dimension that is alive tell about x: together it may be much."""
    if found.mi - SURE * found.mi_standard_error >= COLLAPSE_EPS:
        return (
            f"partly collapsed: no dimension has {COLLAPSE_EPS} nats, but all {found.d} together tell "
            f"{quote_information(found)} nats about x, of a KL of {found.kl:.2f}"
        )
    wasted = found.kl >= COLLAPSE_EPS and found.mi < found.kl / 2
    return describe_uninformative(found) if wasted else "collapsed"


def describe_uninformative(found: "Diagnosis") -> str:
    """Say that a KL tells nothing about x."""
    return (
        f"collapsed: a KL of {found.kl:.2f} nats, but z tells nothing about x "
        f"(mutual information {max(found.mi, 0):.2f} nats)"
    )


def describe_waste(found: "Diagnosis") -> str:
    """Say what z tells about x where that is certainly less than half of the KL, or "" where it is not."""
    if found.alive_examples < 0.5:
        share = 100 * found.alive_examples
        return (
            f", but only {share:.2g} % of the examples have a KL of {COLLAPSE_EPS} nats or more; if "
            "they are steps of sequences, pass arrays (sequences, steps, channels) with axis=2"
        )
    most = max(found.mi_upper + SURE * found.mi_upper_standard_error, 0)
    if most >= found.kl / 2:
        return ""
    return (
        f", but z tells at most {most:.2f} of the {found.kl:.2f} nats of its KL about x: the other nats only "
        f"move the {found.d} dimensions away from the prior"
    )


def quote_information(found: "Diagnosis") -> str:
    """Say how many nats z tells about x: of a value at its cap nothing is known but a lower bound."""
    return f"at least {found.mi:.2f}" if is_at_cap(found.mi, found.mi_cap) else f"{found.mi:.2f}"
