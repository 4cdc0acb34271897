"""The weight of the reconstruction in a loss, read off the gradients in the output.

In a negative ELBO that gradient is a multiple of the gradient of -log p(x|z), by the same factor for any
output. Values in which the gradient is 0 do not count: a mask, or padding.
"""

from dataclasses import dataclass

from uncollapse.your_vae.loss.audited_batch import Probe
from uncollapse.your_vae.loss.candidates import OWN, Candidate
from uncollapse.your_vae.loss.gradient_fit import fit_weight, is_same, join_entries
from uncollapse.your_vae.loss.named_likelihoods import MEAN_GAUSSIAN, KnownLikelihood
from uncollapse.your_vae.loss.reconstruction_limits import (
    bound_gain,
    describe_unknown_shapes,
    find_no_likelihood,
)
from uncollapse.your_vae.loss.silent_values import count_values, describe_silent, find_silent_values
from uncollapse.your_vae.loss.unequal_weights import describe_unequal


@dataclass(frozen=True)
class Reconstruction:
    """What is known of the reconstruction in a loss.

    `weight` and `half` are the weight in the batch and in its first half, `likelihood` that to which it
    belongs. `values` is how many values an example has, and `counted` how many of them count in the mean, in
    the batch and in its half. `problem` says why there is no weight, `note` what else is to be known. `gain`
    is the most nats that an example can gain by z, `by_value` the smallest and largest weight of a value.
    `instead` is the likelihood which a loss has in place of the one that is stated, with its weight.
    """

    weight: float | None = None
    half: float | None = None
    likelihood: KnownLikelihood | None = None
    values: float = 0.0
    counted: tuple[float, float] = (0.0, 0.0)
    problem: str = ""
    note: str = ""
    gain: float | None = None
    by_value: tuple[float, float] | None = None
    instead: tuple[float, KnownLikelihood] | None = None


def read_reconstruction(
    probes: list[Probe], half: Probe | None, allowed: list[Candidate], others: list[Candidate]
) -> Reconstruction:
    """Read the weight of the reconstruction off probes with different outputs.

    `allowed` are the candidates that are stated, and `others` are looked for only to say which it is.
    """
    first = probes[0]
    if not any(bool(part.any()) for part in first.gradients.output):
        return Reconstruction(problem="it does not depend on the output, so there is no reconstruction in it")
    changing = None
    fitting: list[tuple[Candidate, float]] = []
    for candidate in allowed:
        weights = [weigh_candidate(candidate, probe) for probe in probes]
        known = [weight for weight in weights if weight is not None]
        if len(known) == len(weights) and all(is_same(known[0], weight) for weight in known):
            fitting.append((candidate, known[0]))
        elif weights[0] is not None and known[1:] and changing is None:
            changing = f"{known[0]:.4g} here, {known[-1]:.4g} for other errors"
    if fitting:  # The one of which most values count: a gradient of 0 may be no mask, but another likelihood.
        silent = [int(find_silent_values(candidate, first)[0].sum()) for candidate, _ in fitting]
        candidate, weight = fitting[silent.index(min(silent))]
        return accept(candidate, weight, first, half)
    if not allowed:
        return Reconstruction(problem=describe_unknown_shapes(first.batch))
    name = allowed[0].known.name
    for candidate in others:
        weights = [weigh_candidate(candidate, probe) for probe in probes]
        if weights[0] is not None:
            same = all(weight is not None and is_same(weights[0], weight) for weight in weights)
            found = f"it is that of {candidate.known.name}{'' if same else ', with a weight that changes'}"
            return Reconstruction(
                problem=f"its reconstruction is not the log likelihood of {name}; {found}",
                instead=(weights[0], candidate.known) if same else None,
            )
    if changing:
        why = "it is no sum or mean, or not the same at each call"
        return Reconstruction(problem=f"the weight of its reconstruction changes, {changing}: {why}")
    return explain_mismatch(name, allowed, first)


def explain_mismatch(name: str, allowed: list[Candidate], probe: Probe) -> Reconstruction:
    """Say what a reconstruction is that has no weight."""
    for candidate in allowed:
        shape = candidate.compute_shape(probe.batch, probe.gradients.output)
        if len(shape) != 1:
            continue
        gradient, values = probe.gradients.output[0], count_values(candidate.known, probe.batch)
        entries = gradient.numel() / len(probe.batch.mu) / values
        unequal = describe_unequal(gradient, shape[0], probe.batch.x, entries)
        if unequal:
            problem = f"its reconstruction is that of {candidate.known.name}, but {unequal.words}"
            by_value = unequal.by_value if candidate.known.name == MEAN_GAUSSIAN else None
            return Reconstruction(problem=problem, by_value=by_value)
    own = allowed[0].known.key == OWN
    what = name if own else f"the log likelihood of {name}"
    hint = "" if own else ", and likelihood= may be a function that has them"
    return Reconstruction(
        problem=f"its reconstruction is not {what}; there may be more terms, a mask or randomness{hint}"
    )


def weigh_candidate(candidate: Candidate, probe: Probe) -> float | None:
    """Return the weight of a candidate in a probe, None where the loss has another likelihood."""
    return fit_weight(
        join_entries(probe.gradients.output),
        join_entries(candidate.compute_shape(probe.batch, probe.gradients.output)),
    )


def accept(candidate: Candidate, weight: float, probe: Probe, half: Probe | None) -> Reconstruction:
    """Return what is known of a reconstruction whose likelihood is found."""
    known = candidate.known
    values = count_values(known, probe.batch)
    share, note = describe_silent(candidate, probe, values)
    in_half = share_of_half = None
    if half is not None:
        in_half = weigh_candidate(candidate, half)
        share_of_half, _ = describe_silent(candidate, half, values)
    problem = find_no_likelihood(known, weight, probe.batch.x)
    counted = (share * values, values * (share if share_of_half is None else share_of_half))
    gain = bound_gain(known, probe.batch.x)
    return Reconstruction(weight, in_half, known, values, counted, problem, note, gain)
