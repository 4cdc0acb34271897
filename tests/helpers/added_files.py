"""What a test adds to a copy of the project: measure, chart, net, data set and method, a file each."""

FILES = {
    "measures/mean_variance.py": '''"""The mean variance of the posterior."""

from uncollapse.measures import ColumnValues, Measure, Trained

COLUMNS = {"mean_variance": Measure("mean variance of q", better=-1)}


def measure(run: Trained) -> ColumnValues:
    """mean_variance of the test set."""
    return {"mean_variance": float(run.q["test"].logvar.exp().mean())}
''',
    "report/charts/ladder.py": '''"""The elbo of every cell."""

import altair as alt
import pandas as pd

from uncollapse.report.charts import Chart
from uncollapse.report.charts._canvas import Canvas
from uncollapse.results.means import CELL
from uncollapse.results.gather import Results


def table(results: Results) -> pd.DataFrame:
    """A row for each cell."""
    return results.means[[*CELL, "elbo"]]


def draw(canvas: Canvas) -> alt.Chart:
    """A point for each method."""
    return canvas.chart.mark_point().encode(x="method:N", y="elbo:Q", color=canvas.color)


CHART = Chart("A ladder of elbos", "The elbo of every cell.", "elbo of every cell", table, draw)
''',
    "nets/shallow.py": '''"""No hidden layer at all."""

import math

from pydantic import PositiveInt
from torch import Tensor, nn

from uncollapse.methods.decoder import Join
from uncollapse.nets import Net

EXAMPLE = {"latents": 3, "features": 7}


class Encoder(nn.Module):
    """One layer."""

    def __init__(self, inputs: int, features: int):
        super().__init__()
        self.features, self.embed, self.layer = features, nn.Identity(), nn.Linear(inputs, features)

    def forward(self, x: Tensor, embedded: Tensor | None = None) -> Tensor:
        """Features of x."""
        return self.layer((self.embed(x) if embedded is None else embedded).flatten(1)).tanh()


class Decoder(nn.Module):
    """One layer."""

    def __init__(self, latents: int, shape: tuple[int, ...], join: Join):
        super().__init__()
        self.shape, self.layer = shape, nn.Linear(latents, math.prod(shape))
        self.join = join(latents, math.prod(shape))

    def forward(self, z: Tensor, x: Tensor) -> Tensor:
        """The output for z."""
        return self.join(self.layer(z), z).view(-1, *self.shape)


def shallow(*, latents: PositiveInt, features: PositiveInt) -> Net:
    """One layer each."""

    def build(shape: tuple[int, ...], values: int, join: Join) -> tuple[Encoder, Decoder]:
        return Encoder(math.prod(shape), features), Decoder(latents, shape, join)

    return Net("images", latents, build)
''',
    "data/sources/stripes.py": '''"""Stripes, up and down."""

from collections.abc import Iterator

import numpy as np
from pydantic import PositiveInt

from uncollapse.data.sources import Example, Load, Source


def stripes(*, count: PositiveInt = 300) -> Load:
    """`count` images of 6 x 6."""

    def examples() -> Iterator[Example]:
        generator = np.random.default_rng(0)
        for i in range(count):
            x = generator.integers(0, 80, (6, 6)) + 170 * (np.arange(6) % 2)
            yield Example((x if i % 2 else x.T).astype(np.uint8), "up" if i % 2 else "across")

    return lambda: Source(examples(), source="made up", licence="none")
''',
    "methods/perturbation/dark.py": '''"""The encoder reads a dark image."""

from uncollapse.methods.perturbation import Context, Inputs, Perturbation


def dark() -> Perturbation:
    """Half as bright."""

    def perturb(inputs: Inputs, context: Context) -> Inputs:
        return inputs._replace(encoder=0.5 * inputs.encoder)

    return perturb
''',
}
