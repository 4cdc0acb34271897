"""When dimensions die: the active units in training."""

from uncollapse.report.charts._lines import chart_training

CHART = chart_training(
    "active_units",
    axis="active units",
    title="When dimensions die",
    text="Dimensions whose posterior mean varied by at least 0.01 over the validation data after an epoch; "
    "mean and range over seeds. Where a line falls dimensions collapse, where it rises some come back.",
    log=True,
)
