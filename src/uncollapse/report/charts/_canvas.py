"""What charts are drawn on, and the encodings that they share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import pandas as pd

from uncollapse.report.colours import dashes, palette

alt.data_transformers.disable_max_rows()
Layers = alt.LayerChart | alt.FacetChart  # what Altair makes of layers
MARGIN = 1.02  # an axis ends a little beyond the largest value


@dataclass(frozen=True)
class Canvas:
    """What a chart draws, and the axes and colours that it has in common with others.

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
        scale = alt.Scale(domain=list(self.methods), range=[*palette(self.methods).values()])
        return alt.Color("method:N", scale=scale, legend=self.method_legend)

    @property
    def dashes(self) -> alt.StrokeDash:
        """The dashes of the method, where there are more methods than colours."""
        scale = alt.Scale(domain=list(self.methods), range=dashes(self.methods))
        return alt.StrokeDash("method:N", scale=scale, legend=self.method_legend)

    @property
    def method_legend(self) -> alt.Legend | None:
        """Above the chart, or None."""
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
        """Where an axis ends in all panels of a data set: at the largest value of a column, or 0."""
        if self.table is None:
            return alt.Undefined
        return end_of_axis(self.table.groupby("dataset")[column].max().clip(lower=0))

    def lower(self, column: str) -> Any:
        """Where an axis begins in all panels of a data set: at the smallest value of a column, or 0."""
        if self.table is None:
            return alt.Undefined
        return end_of_axis(self.table.groupby("dataset")[column].min().clip(upper=0))


def end_of_axis(ends: pd.Series) -> alt.ExprRef:
    """The end that belongs to the data set that the page shows, which is the signal `dataset`."""
    return alt.ExprRef(f"({ {str(name): float(MARGIN * end) for name, end in ends.items()} })[dataset]")


def tips(*names: str, **numbers: str) -> list[alt.Tooltip]:
    """What is shown when one points at a mark: columns of names, and of numbers with their titles."""
    values = [alt.Tooltip(f"{column}:Q", title=title, format=".4~g") for column, title in numbers.items()]
    return [*(alt.Tooltip(f"{column}:N") for column in names), *values]


def closed(table: pd.DataFrame, column: str, low: str = "low", high: str = "high") -> pd.DataFrame:
    """The table with intervals of no length around `column` where one seed gives none."""
    return table.assign(**{end: table[end].fillna(table[column]) for end in (low, high)})
