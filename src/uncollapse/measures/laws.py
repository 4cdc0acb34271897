"""The laws that every row of measures obeys, up to standard errors.

0 <= mi <= kl     KL(q(z) || p(z)) = kl - mi is not negative; up to four standard errors of mi
mi <= mi_cap      ln N is the cap of the estimate
mi <= mi_upper    the bounds of I; up to four standard errors of both
nll <= -elbo      the log of a mean is not less than the mean of logs; up to four standard errors of elbo
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

MeasuredRow = Mapping[str, Any]


def mi_is_at_most_the_kl(row: MeasuredRow) -> bool:
    """Check that 0 <= mi <= kl."""
    slack = 4 * row["mi_standard_error"] + 1e-3
    return -slack <= row["mi"] <= row["kl"] + slack


def mi_is_at_most_its_cap(row: MeasuredRow) -> bool:
    """Check that mi <= mi_cap."""
    return row["mi"] <= row["mi_cap"] + 1e-6


def mi_is_at_most_its_bound(row: MeasuredRow) -> bool:
    """Check that mi <= mi_upper."""
    slack = 4 * (row["mi_standard_error"] + row["mi_upper_standard_error"]) + 1e-3
    return row["mi"] <= row["mi_upper"] + slack


def nll_is_at_most_minus_the_elbo(row: MeasuredRow) -> bool:
    """Check that nll <= -elbo."""
    return row["nll"] <= -row["elbo"] + 4 * row["elbo_standard_error"] + 1e-3


# Each law stands with the columns that it is about.
LAWS: dict[str, tuple[Callable[[MeasuredRow], bool], tuple[str, ...]]] = {
    "0 <= mi <= kl": (mi_is_at_most_the_kl, ("mi", "kl", "mi_standard_error")),
    "mi <= mi_cap": (mi_is_at_most_its_cap, ("mi", "mi_cap")),
    "mi <= mi_upper": (mi_is_at_most_its_bound, ("mi", "mi_upper", "mi_upper_standard_error")),
    "nll <= -elbo": (nll_is_at_most_minus_the_elbo, ("nll", "elbo", "elbo_standard_error")),
}


def find_broken_laws(row: MeasuredRow) -> Iterator[str]:
    """Yield the laws that a row of measures breaks, each as a line with its numbers."""
    for law, (holds, columns) in LAWS.items():
        if not holds(row):
            yield f"{law}: {', '.join(f'{name} {row[name]:.4f}' for name in columns)}"
