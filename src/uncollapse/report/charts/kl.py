"""The KL in training."""

from uncollapse.report.charts._lines import chart_training

CHART = chart_training(
    "kl",
    axis="KL (nats)",
    title="KL in training",
    text="Mean over the training batches of an epoch; mean and range over seeds.",
)
