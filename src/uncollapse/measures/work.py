"""The work of training, that of pretraining included: gradient steps of encoder and decoder, and their
floating point operations. It is what a method costs.

Two methods that were trained until they stopped improving may have taken very different work. At equal work
stands the best validation ELBO of a run up to the work at which its reference was at its best.
"""

from typing import TYPE_CHECKING

from uncollapse.measures import ColumnValues, Measure, Trained

if TYPE_CHECKING:
    import pandas as pd


def compare_at_equal_work(history: "pd.DataFrame", reference: "pd.DataFrame") -> tuple[float, float]:
    """The validation ELBO (nats) of a run and of its reference, from a row an epoch of each; nan for a run
    whose first epoch took more."""
    best = int(reference["valid_elbo"].to_numpy().argmax())
    work = float(reference["gflops"].iloc[best]) * (1 + 1e-9)  # sums of the same numbers differ by rounding
    until = history["valid_elbo"][history["gflops"] <= work]
    return float(until.max()), float(reference["valid_elbo"].iloc[best])


COLUMNS = {
    "encoder_steps": Measure("encoder steps", compared=False),
    "decoder_steps": Measure("decoder steps", compared=False),
    "gflops": Measure("GFLOP", compared=False),
    "elbo_at_equal_work": Measure("elbo at equal work", "nats", better=1, paired=compare_at_equal_work),
}


def measure(run: Trained) -> ColumnValues:
    """encoder_steps, decoder_steps and gflops."""
    steps = {name: int(run.history[name]) for name in ("encoder_steps", "decoder_steps")}
    return {**steps, "gflops": float(run.history["gflops"])}
