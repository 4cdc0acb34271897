"""The KL weight in training."""

from uncollapse.report.charts._lines import training_curve

CHART = training_curve(
    "beta",
    axis="beta",
    title="KL weight (beta) in training",
    text="The factor of the KL in the loss, mean over the batches of an epoch; mean and range over seeds.",
)
