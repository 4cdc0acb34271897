"""The canvas that charts are drawn on, and the encodings that they share."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import pandas as pd

from uncollapse.report.colours import pick_colours, pick_dashes

alt.data_transformers.disable_max_rows()
# Altair makes one of these of layers.
Layers = alt.LayerChart | alt.FacetChart
# An axis ends a little beyond the largest value.
AXIS_MARGIN = 1.02


@dataclass(frozen=True)
class Canvas:
    """The rows that a chart draws, and the axes and colours that it shares with others.

    rows     what it draws; on the page only a name, as the rows stand beside each panel
    methods  in the order of the grid
    models   in the order of the grid
    table    the rows of all panels, whose axes end at the same values; None for a picture that stands alone
    legend   whether it says which colour is which method; on the page the controls do
    """

    rows: pd.DataFrame | alt.Data
    methods: Sequence[str]
    models: Sequence[str]
    table: pd.DataFrame | None = None
    legend: bool = False

    @property
    def chart(self) -> alt.Chart:
        """An empty chart of the rows."""
        return alt.Chart(self.rows)

    @property
    def color(self) -> alt.Color:
        """The colour of the method."""
        scale = alt.Scale(domain=list(self.methods), range=[*pick_colours(self.methods).values()])
        return alt.Color("method:N", scale=scale, legend=self.method_legend)

    @property
    def dashes(self) -> alt.StrokeDash:
        """The dashes of the method, where there are more methods than colours."""
        scale = alt.Scale(domain=list(self.methods), range=pick_dashes(self.methods))
        return alt.StrokeDash("method:N", scale=scale, legend=self.method_legend)

    @property
    def method_legend(self) -> alt.Legend | None:
        """The legend of methods, above the chart, or None."""
        return alt.Legend(orient="top", title=None, symbolOpacity=1) if self.legend else None

    @property
    def method_rows(self) -> alt.Y:
        """The method as the vertical axis."""
        return alt.Y("method:N", sort=list(self.methods), title=None, axis=alt.Axis(labelLimit=200))

    @property
    def model_shape(self) -> alt.Shape:
        """The shape of a point that stands for the model."""
        legend = alt.Legend(orient="top", title=None)
        return alt.Shape("model:N", scale=alt.Scale(domain=list(self.models)), legend=legend)

    def upper(self, column: str) -> Any:
        """Find where an axis ends in all panels of a data set: at the largest value of a column, or 0."""
        if self.table is None:
            return alt.Undefined
        return end_axis(self.table.groupby("dataset")[column].max().clip(lower=0))

    def lower(self, column: str) -> Any:
        """Find where an axis begins in all panels of a data set: at the smallest value of a column, or 0."""
        if self.table is None:
            return alt.Undefined
        return end_axis(self.table.groupby("dataset")[column].min().clip(upper=0))


def end_axis(ends: pd.Series) -> alt.ExprRef:
    """Choose the end for the data set that the page shows, which is the signal `dataset`."""
    by_dataset = json.dumps({str(name): float(AXIS_MARGIN * end) for name, end in ends.items()})
    return alt.ExprRef(f"({by_dataset})[dataset]")


def make_tips(*names: str, **numbers: str) -> list[alt.Tooltip]:
    """Make the tooltip of a mark, from columns of names and columns of numbers with their titles."""
    values = [alt.Tooltip(f"{column}:Q", title=title, format=".4~g") for column, title in numbers.items()]
    return [*(alt.Tooltip(f"{column}:N") for column in names), *values]


def close_intervals(table: pd.DataFrame, column: str, low: str = "low", high: str = "high") -> pd.DataFrame:
    """Fill in intervals of no length around `column` where one seed gives none."""
    return table.assign(**{end: table[end].fillna(table[column]) for end in (low, high)})
