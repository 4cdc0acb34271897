"""The KL weight in training."""

from uncollapse.report.charts._lines import chart_training

CHART = chart_training(
    "beta",
    axis="beta",
    title="KL weight (beta) in training",
    text="The factor of the KL in the loss, mean over the batches of an epoch; mean and range over seeds.",
)
