"""What theory says of every dimension, beside what training found: theory.csv and theory.svg.

Run in the folder of the pipeline: the eigenvalues are those of the examples that were learned from.
"""

import json
from pathlib import Path

import altair as alt
import numpy as np
import pandas as pd

from uncollapse.data.files import read_parts
from uncollapse.data.sources.gaussian import optimal_kl
from uncollapse.pipeline import outputs

HERE = Path(__file__).parent
SMALLEST, LARGEST = 0.15, 10.0  # variances that are drawn


def table() -> pd.DataFrame:
    """A row for each variance, seed and dimension: `exact` and `found` KL (nats), the largest first."""
    rows = []
    for cell in outputs.grid()["cells"]:
        collapse = pd.read_csv(outputs.evaluation(cell).folder / outputs.COLLAPSE)
        for seed, run in collapse.groupby("seed"):
            x = read_parts(outputs.prepared(cell.dataset, int(seed)), "train", "reserve").x[:]
            eigenvalues = np.sort(np.linalg.eigvalsh(np.cov(x.T, bias=True)))[::-1][: len(run)]
            variance = json.loads(outputs.evaluation(cell).made_from.read_text())["likelihood"]["variance"]
            found = run["kl"].sort_values(ascending=False)
            columns = {
                "eigenvalue": eigenvalues,
                "exact": optimal_kl(eigenvalues, variance),
                "found": found.to_numpy(),
            }
            rows.append(pd.DataFrame({"variance": variance, "seed": seed, **columns}))
    return pd.concat(rows)


def picture(found: pd.DataFrame) -> alt.LayerChart:
    """A line for each dimension as theory has it, and points that training found."""
    first = found[(found["seed"] == 0) & (found["variance"] == found["variance"].min())]
    lines = [
        {"eigenvalue": each, "variance": variance, "exact": optimal_kl(each, variance)}
        for each in first["eigenvalue"]
        for variance in (SMALLEST, each, LARGEST)  # between which they are straight
    ]
    x = alt.X("variance:Q", title="variance of the likelihood", scale=alt.Scale(type="log", nice=False))
    color = alt.Color("eigenvalue:O", legend=None, scale=alt.Scale(scheme="viridis"))
    drawn = (
        alt.Chart(pd.DataFrame(lines))
        .mark_line()
        .encode(x, alt.Y("exact:Q", title="KL of a dimension (nats)"), color)
    )
    points = alt.Chart(found).mark_point(color="black").encode(x, alt.Y("found:Q"))
    dead = alt.Chart(first).mark_tick(thickness=2).encode(alt.X("eigenvalue:Q"), alt.YDatum(0))
    return (drawn + points + dead).properties(width=640, height=320)


if __name__ == "__main__":
    result = table()
    result.round(4).to_csv(HERE / "theory.csv", index=False)
    picture(result).save(HERE / "theory.svg")
