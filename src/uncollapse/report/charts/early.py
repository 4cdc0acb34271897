"""The differences that would have been found, had training ended earlier."""

from collections.abc import Iterator
from functools import cache

import altair as alt
import numpy as np
import pandas as pd

from uncollapse.experiment.cells import Cell
from uncollapse.report.charts import Chart
from uncollapse.report.charts._canvas import Canvas, Layers
from uncollapse.report.charts._lines import average_seeds, draw_lines
from uncollapse.results.gather import Results
from uncollapse.results.means import CELL

EPOCHS = 40  # at most
EARLY_COLUMNS = [*CELL, "epoch", "difference", "low", "high"]


@cache  # The page, the picture and the file in metrics/ need it.
def table(results: Results) -> pd.DataFrame:
    """Return the difference to the reference of the best validation ELBO so far, by cell and epoch.

    A run that has stopped stays where it was.
    """
    runs = results.history.groupby([*CELL, "seed"], sort=False)["valid_elbo"]
    best = results.history.assign(best=runs.cummax())
    best = best.pivot_table(index="epoch", columns=[*CELL, "seed"], values="best").ffill()
    last = results.history.groupby(CELL, sort=False)["epoch"].max()
    rows = []
    for cell, against in list_references(results):
        end = max(last[tuple(cell)], last[tuple(against)])
        epochs = np.unique(np.geomspace(1, end, EPOCHS).round().astype(int))
        difference = (best[tuple(cell)] - best[tuple(against)]).loc[epochs]
        long = difference.stack().rename("difference").reset_index()
        rows.append(average_seeds(long.assign(**cell._asdict()), "epoch", "difference"))
    return pd.concat(rows)[EARLY_COLUMNS] if rows else pd.DataFrame(columns=EARLY_COLUMNS)


def list_references(results: Results) -> Iterator[tuple[Cell, Cell]]:
    """List cells with what they are compared with: plain with the same model, and for plain the VAE."""
    plain, vae = results.grid["plain"], results.grid["vae"]
    for cell in results.present:
        against = cell._replace(method=plain) if cell.method != plain else cell._replace(model=vae)
        if against != cell and against in results.present:
            yield cell, against


def draw(canvas: Canvas) -> Layers:
    """Draw a line for each method, and zero."""
    scale = alt.Scale(domainMin=canvas.lower("low"), domainMax=canvas.upper("high"))
    x = alt.X("epoch:Q", title="epochs", scale=alt.Scale(type="log", nice=False))
    y = alt.Y("difference:Q", title="elbo, difference (nats)", scale=scale)
    zero = canvas.chart.mark_rule(color="#777777").encode(y=alt.datum(0))
    return alt.layer(zero, draw_lines(canvas, x, y))


CHART = Chart(
    title="What an early look would have told you",
    text="The best validation elbo up to an epoch, compared with that of the plain method of the same model "
    "after as many epochs, and the plain method of another model with that of the VAE: the mean over seeds, "
    "within their range. Where a line crosses zero, a shorter training would have said the opposite.",
    alt="Difference of the validation elbo to the reference, by epoch, a line for each method",
    table=table,
    draw=draw,
)
