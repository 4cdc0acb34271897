"""What the decoder of a VAE loses with a wrong z: the result of `uncollapse.reads`."""

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Literal

from uncollapse.your_vae.latents.latent_verdict import COLLAPSE_EPS

# For weak dependence an example loses twice the mutual information, see `measures.reads`.
READ_EPS = 2 * COLLAPSE_EPS  # nats
FEWEST_PAIRS = 10  # Of fewer examples the interval may be far too narrow.
HARDLY = 0.5  # A decoder that loses fewer nats reads hardly anything.
MOST_OF_OWN = 0.05  # A decoder that loses a larger share of its loss than this certainly reads z.
NO_NATS = (
    "in doubt: {lost} nats are lost with the z of another example, which is next to nothing, but the loss "
    "itself is only {own}, so z is read; is nll a mean over pixels or tokens, or in another unit? "
    "-log p(x|z) is their sum, in nats"
)
DOUBT = (
    "in doubt: the z of another example is better than the own one by {gain} nats; does nll return "
    "log p(x|z) without the minus, or is z that of other examples?"
)


@dataclass(frozen=True)
class Reads:
    """How many nats `n` examples lose with a wrong z, all as means over the examples.

    `own` is -log p(x|z) with the own z. `other` is how much larger it is with the z of another example, and
    `prior` with a z of the prior; `other_low` to `other_high` and `prior_low` to `prior_high` are their 95 %
    intervals. The three of the prior are None where no z of it was tried, and `prior_missing` says why.
    """

    n: int
    own: float
    other: float
    other_low: float
    other_high: float
    prior: float | None = None
    prior_low: float | None = None
    prior_high: float | None = None
    prior_missing: str | None = None

    @property
    def answer(self) -> Literal["reads", "does not read", "not known", "in doubt"]:
        """Whether the decoder reads z, in one of four answers, "not known" for fewer than ten examples.

        It "reads" z where the interval of `other` lies above READ_EPS, and "does not read" it where the
        interval reaches below READ_EPS and ends below HARDLY. Where it is wider the answer is "not known".
        Where the z of another example is clearly better than the own one it is "in doubt", and also where few
        nats are lost that are a good part of a loss, which is then hardly a sum in nats.
        """
        if self.n < FEWEST_PAIRS:
            return "not known"
        if self.other_low >= READ_EPS:
            return "reads"
        if self.other_high < 0 and self.other < -READ_EPS:
            return "in doubt"
        if self.is_small_for_nats:
            return "in doubt"
        return "does not read" if self.other_high < HARDLY else "not known"

    @property
    def is_small_for_nats(self) -> bool:
        """Whether next to no nats are lost for certain, and they are a good part of the loss."""
        return self.other_low > MOST_OF_OWN * abs(self.own) and self.other_high < HARDLY

    @cached_property
    def verdict(self) -> str:
        """One sentence: whether the decoder reads z, with the nats that are lost."""
        if self.answer == "in doubt" and self.is_small_for_nats:
            return NO_NATS.format(lost=f"{self.other:.3g}", own=f"{self.own:.3g}")
        if self.answer == "in doubt":
            return DOUBT.format(gain=show_nats(-self.other))
        interval = f"95 % interval {show_nats(self.other_low)} to {show_nats(self.other_high)}"
        lost = f"{show_nats(self.other)} nats are lost with the z of another example ({interval})"
        words = self.answer + (" z" if self.answer != "not known" else "")
        if self.answer == "does not read" and self.other_high >= READ_EPS:
            words += ", or hardly"
        advice = "; take more examples" if self.answer == "not known" else ""
        return f"{words}: {lost}{self.describe_prior()}{advice}"

    def describe_prior(self) -> str:
        """Say what a z of the prior costs, or why none was tried; "" if none was asked for."""
        if self.prior is None or self.prior_low is None:
            return f"; no z of the prior was tried: {self.prior_missing}" if self.prior_missing else ""
        told = f"{show_nats(self.prior)} with a z of the prior"
        if self.answer == "does not read" and self.prior_low >= READ_EPS:
            return f", but {told}: what the decoder sees in z is the same for all x, and not what p(z) gives"
        return f", {told}"

    def as_dict(self) -> dict[str, Any]:
        """Return the fields, the answer and the verdict."""
        return {**asdict(self), "answer": self.answer, "verdict": self.verdict}


def show_nats(value: float) -> str:
    """Show a number of nats with two decimals, or with fewer digits if it is large."""
    if abs(value) < 100:
        return f"{value:.2f}".replace("-0.00", "0.00")
    return f"{value:.0f}" if abs(value) < 1e6 else f"{value:.3g}"
