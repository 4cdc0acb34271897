"""Compare what theory says about every dimension with what training found, in theory.csv and theory.svg.

The script runs in the folder of the pipeline, because it takes the eigenvalues of the training examples.
"""

import json
from pathlib import Path

import altair as alt
import numpy as np
import pandas as pd

from uncollapse.data.files import read_parts
from uncollapse.data.sources.gaussian import compute_optimal_kl
from uncollapse.pipeline.cell_files import CellFiles, split_folder
from uncollapse.pipeline.job import Job
from uncollapse.pipeline.job_recipe import read_grid

HERE = Path(__file__).parent
SMALLEST, LARGEST = 0.15, 10.0  # the variances drawn


def make_table() -> pd.DataFrame:
    """Return the `exact` and `found` KL (nats) for each variance, seed and dimension, the largest first."""
    rows = []
    for cell in read_grid()["cells"]:
        collapse = pd.read_csv(CellFiles(cell).collapse)
        for seed, run in collapse.groupby("seed"):
            x = read_parts(split_folder(cell.dataset, int(seed)), "train", "reserve").x[:]
            eigenvalues = np.sort(np.linalg.eigvalsh(np.cov(x.T, bias=True)))[::-1][: len(run)]
            variance = json.loads(Job.of("evaluate", cell).made_from.read_text())["likelihood"]["variance"]
            found = run["kl"].sort_values(ascending=False)
            columns = {
                "eigenvalue": eigenvalues,
                "exact": compute_optimal_kl(eigenvalues, variance),
                "found": found.to_numpy(),
            }
            rows.append(pd.DataFrame({"variance": variance, "seed": seed, **columns}))
    return pd.concat(rows)


def draw(found: pd.DataFrame) -> alt.LayerChart:
    """Draw what theory says as a line for each dimension, and what training found as points."""
    first = found[(found["seed"] == 0) & (found["variance"] == found["variance"].min())]
    lines = [
        {"eigenvalue": each, "variance": variance, "exact": compute_optimal_kl(each, variance)}
        for each in first["eigenvalue"]
        for variance in (SMALLEST, each, LARGEST)  # The lines are straight between these.
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
    result = make_table()
    result.round(4).to_csv(HERE / "theory.csv", index=False)
    draw(result).save(HERE / "theory.svg")
