"""The result of an audit, put together from what is known of the two terms of a loss."""

import math
from dataclasses import asdict, dataclass
from typing import Any

from uncollapse.your_vae.latents.latent_verdict import COLLAPSE_EPS
from uncollapse.your_vae.loss.audit_words import Ratio, describe_ratio, describe_weight, show_number
from uncollapse.your_vae.loss.audited_batch import AuditBatch, list_tensors
from uncollapse.your_vae.loss.averages import Average, find_average
from uncollapse.your_vae.loss.kl_terms import KlFinding
from uncollapse.your_vae.loss.named_likelihoods import MEAN_GAUSSIAN
from uncollapse.your_vae.loss.reconstruction import Reconstruction


@dataclass(frozen=True)
class Audit:
    """The weights that a loss gives to its terms, and what kind of loss they make it.

    `reconstruction_weight` is the weight of one example's log likelihood, summed over its values, and
    `kl_weight` that of its KL, summed over the latents; each is None only if the term is not known. `beta` is
    the ratio of the two, None if the loss is no negative ELBO. `averaged` lists for each term what it is
    averaged over: "batch", "values", "latents". `variance` is the variance of a Gaussian likelihood for which
    the same loss has beta 1. `likelihood` is the likelihood that the reconstruction has. `verdict` says all
    this in words.
    """

    beta: float | None
    variance: float | None
    reconstruction_weight: float | None
    kl_weight: float | None
    averaged: dict[str, list[str]]
    verdict: str
    likelihood: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the fields."""
        return asdict(self)


def conclude(
    batch: AuditBatch,
    reconstruction: Reconstruction,
    kl: KlFinding,
    drawn: str | None,
    variance: float | None,
    is_stated: bool,
) -> Audit:
    """Return the audit of a loss.

    `drawn` says what a sampler of z does wrong. `variance` is the one that is meant, None if there are many.
    """
    known = reconstruction.likelihood
    gaussian = known is not None and known.name == MEAN_GAUSSIAN
    of_errors, problem = average_reconstruction(batch, reconstruction, variance if gaussian else None)
    of_kl, kl_problem = average_kl(batch, kl, reconstruction.values)
    problems = [text for text in (describe_drawn(drawn), problem, kl_problem) if text]
    fields: dict[str, Any] = {
        "reconstruction_weight": of_errors and of_errors.weight,
        "kl_weight": of_kl and of_kl.weight,
        "averaged": collect_averages(of_errors, of_kl),
        "likelihood": known and known.name,
    }
    notes = f"{reconstruction.note}{kl.term.note}{describe_unknown_average(batch, of_kl) if of_kl else ''}"
    if problems or of_errors is None or of_kl is None or known is None:
        instead = "" if kl_problem else describe_instead(reconstruction, kl)
        alone = (
            f"; its KL has the weight {describe_weight(of_kl)}"
            if of_kl and problem and not kl_problem
            else ""
        )
        verdict = f"no negative ELBO: {'; and '.join(problems)}{instead}{alone}{notes}"
        return Audit(beta=None, variance=None, verdict=verdict, **fields)
    beta = (kl.term.weight or 0.0) / (reconstruction.weight or 1.0)
    named = not gaussian and (not is_stated or known.key == "gaussian")
    error = kl.term.error / abs(kl.term.weight) if kl.term.weight else 0.0
    meant = variance if gaussian else None
    verdict = describe_ratio(Ratio(beta, of_errors, of_kl, known, meant, named, error))
    return Audit(
        beta=beta,
        variance=beta * meant if meant and beta > 0 else None,
        verdict=f"{verdict}{describe_limit(reconstruction.gain, beta, meant)}{notes}",
        **fields,
    )


def average_reconstruction(
    batch: AuditBatch, found: Reconstruction, variance: float | None
) -> tuple[Average | None, str]:
    """Return what the reconstruction is averaged over, and why it is no likelihood."""
    if found.weight is None or found.problem:
        return None, found.problem
    sizes = {"values": [found.counted[0], found.values]}
    unit = variance or 1.0
    average = find_average(found.weight, found.half, len(batch.mu), found.counted, sizes, unit)
    if isinstance(average, str):
        return None, f"the weight of its reconstruction is {average}"
    if variance and average.factor != 1:  # Errors that are squared are twice those of a Gaussian.
        average = average._replace(factor=average.factor / 2)
    return average, ""


def average_kl(batch: AuditBatch, found: KlFinding, values: float) -> tuple[Average | None, str]:
    """Return what the KL is averaged over, and why it has no weight."""
    term = found.term
    if term.weight is None:
        return None, term.problem
    sizes = {"latents": [float(batch.mu[0].numel())], "values": [values]}
    average = find_average(term.weight, found.half, len(batch.mu), (1.0, 1.0), sizes)
    if isinstance(average, str):
        return None, term.problem or f"the weight of its KL is {average}"
    return average, term.problem.replace("{weight}", show_number(abs(average.weight)))


def collect_averages(of_errors: Average | None, of_kl: Average | None) -> dict[str, list[str]]:
    """Return what each known term is averaged over."""
    terms = {"reconstruction": of_errors, "KL": of_kl}
    return {name: average.over for name, average in terms.items() if average and average.is_known}


def describe_limit(gain: float | None, beta: float, variance: float | None) -> str:
    """Say that z cannot be worth its KL, or nothing; `gain` is the most nats that it can gain."""
    most = gain / beta / (variance or 1.0) if gain is not None and beta > 0 else math.inf
    if most >= COLLAPSE_EPS:
        return ""
    return f"; on this batch no z is worth more than {most:.2g} nats of KL, so z is dead by design"


def describe_drawn(drawn: str | None) -> str:
    """Say that what is drawn is not what is charged, or nothing."""
    return f"what is drawn is not what its KL charges for: {drawn}" if drawn else ""


def describe_instead(found: Reconstruction, kl: KlFinding) -> str:
    """Say which beta a loss has with the likelihood that it has, in place of the one that is stated."""
    if found.by_value and kl.term.weight:
        low, high = (kl.term.weight / weight for weight in reversed(found.by_value))
        return f" (with beta 1 they are from {show_number(low)} to {show_number(high)})"
    if found.instead is None:
        return ""
    weight, known = found.instead
    beta = f", of which beta is {show_number(kl.term.weight / weight)}" if kl.term.weight and weight else ""
    return f"{beta}; say likelihood={known.key!r}"


def describe_unknown_average(batch: AuditBatch, of_kl: Average) -> str:
    """Say that what is averaged is not known, and why, or nothing."""
    if of_kl.is_known or not of_kl.weight:
        return ""
    rows = {len(part) if part.dim() else 0 for part in list_tensors(batch.x)}
    if any(count % len(batch.mu) for count in rows):
        shown = " and ".join(str(count) for count in sorted(rows))
        return (
            f"; x has {shown} rows and mu has {len(batch.mu)}, so the batch is taken as one, and the weights "
            "are those of its sums"
        )
    return "; what is averaged is not known, as half a batch gives no loss"
