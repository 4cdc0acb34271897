"""The verdict of an audit in words."""

from typing import NamedTuple

from uncollapse.your_vae.loss.averages import Average
from uncollapse.your_vae.loss.gradient_fit import TOLERANCE
from uncollapse.your_vae.loss.named_likelihoods import LAPLACE, MEAN_GAUSSIAN, KnownLikelihood


class Ratio(NamedTuple):
    """The two weights of a loss that equals a weighted ELBO, and how they come about.

    `error` is the relative error of beta. `variance` is that of each value which is meant, None if the
    likelihood has none, and `named` says which likelihood it is, where nobody stated it.
    """

    beta: float
    reconstruction: Average
    kl: Average
    likelihood: KnownLikelihood
    variance: float | None
    named: bool
    error: float = 0.0


def show_number(number: float) -> str:
    """Write a number with four digits, and a large one without an exponent."""
    return f"{float(f'{number:.4g}'):,.0f}" if 1e4 <= abs(number) < 1e8 else f"{number:.4g}"


def describe_ratio(ratio: Ratio) -> str:
    """Say in words what a loss with two weights is, why, and what makes it the negative ELBO."""
    beta = ratio.beta
    if beta == 0:
        return (
            "no KL in it of the mu and logvar that were passed: this trains an autoencoder, unless the loss "
            "computes its KL from other tensors, such as those of the forward pass"
        )
    if beta < 0:
        return "the KL has the wrong sign: it is rewarded"
    size = describe_batch(ratio)
    if abs(beta - 1) < max(TOLERANCE, 3 * ratio.error):
        return f"the negative ELBO{describe_likelihood(ratio)}{size}"
    same = describe_same(ratio)
    at = f" with a variance of {show_number(ratio.variance)}" if ratio.variance else ""
    fix = f"; for beta 1{at} multiply its KL by {1 / beta:.4g}"
    about = "about " if ratio.error else ""
    return f"a beta-VAE with beta {about}{show_number(beta)}{describe_reasons(ratio)}{same}{fix}{size}"


def describe_batch(ratio: Ratio) -> str:
    """Say that only one of the terms is averaged over the batch, or nothing."""
    of_batch = [
        name
        for name, average in (("reconstruction", ratio.reconstruction), ("KL", ratio.kl))
        if "batch" in average.over
    ]
    if len(of_batch) != 1:
        return ""
    return f"; only the {of_batch[0]} is averaged over the batch, so beta depends on the batch size"


def describe_reasons(ratio: Ratio) -> str:
    """Say which means move beta the way it is off, and which move it back."""
    averages = {"reconstruction": ratio.reconstruction, "KL": ratio.kl}
    raised = {"reconstruction": 1 / get_shift(ratio.reconstruction), "KL": get_shift(ratio.kl)}
    apart = [name for name, average in averages.items() if average.what]
    along = [name for name in apart if (raised[name] > 1) == (ratio.beta > 1)]
    against = [name for name in apart if name not in along]
    reasons = [f"the {name} were {describe_mean(averages[name])}" for name in along]
    why = f", as if {' and '.join(reasons)}" if reasons else ""
    if against:
        back = [f"the {name} is {describe_mean(averages[name])}" for name in against]
        why += f", although {' and '.join(back)}"
    return why


def get_shift(average: Average) -> float:
    """Return by how much a mean shrinks a term."""
    return average.factor / average.size


def describe_mean(average: Average) -> str:
    """Say over what a term is averaged, and with which factor."""
    size = f"{round(average.size, 1):,.10g} {average.what}"
    if average.factor == 1:
        return f"averaged over {size}"
    return f"{average.factor:.4g} times a mean over {size}"


def describe_weight(average: Average) -> str:
    """Write the weight of a term, and over what it is averaged."""
    over = [
        f"{round(average.size, 1):,.10g} {part}" if part == average.what else f"the {part}"
        for part in average.over
    ]
    return show_number(average.weight) + (f", averaged over {' and '.join(over)}" if over else "")


def describe_likelihood(ratio: Ratio) -> str:
    """Name the likelihood with which a loss is the negative ELBO, where it is not clear."""
    if ratio.variance:
        return f", with a Gaussian of variance {show_number(ratio.variance)}"
    return f", with {ratio.likelihood.name}" if ratio.named else ""


def describe_same(ratio: Ratio) -> str:
    """Say of which likelihood beta is, and with which variance or scale it would be 1."""
    name = ratio.likelihood.name
    if name == MEAN_GAUSSIAN and ratio.variance:
        same = show_number(ratio.beta * ratio.variance)
        at = show_number(ratio.variance)
        return f" (with a Gaussian of variance {at}; the same as beta 1 with a variance of {same})"
    if name == LAPLACE:
        return f" (with {name}; the same as beta 1 with a scale of {show_number(ratio.beta)})"
    return f" (with {name})" if ratio.named else ""
