"""Draw collapse in time from the default grid and the studies of data sets: `python studies/in_time.py`.

in_time.svg shows the active units of the plain cells after each epoch: when dimensions die, and whether they
come back. in_time.csv compares what a tenth of the epochs would have told with what the last epoch tells. It
holds the difference of the best validation elbo so far (nats) between each method and the plain one, and
between each plain model and the VAE.
"""

from pathlib import Path

import altair as alt
import numpy as np
import pandas as pd

HERE = Path(__file__).parent
FOLDERS = [
    HERE.parent / "metrics",
    *(HERE / name for name in ("mnist", "omniglot", "mednist", "celeba", "yelp")),
]
CELL = ["dataset", "model", "method"]
SHARE = 0.1  # The early look is after this share of all epochs.
STEPS = 4  # The picture has so many points while the batches double.


def read_tables(name: str) -> pd.DataFrame:
    """Return the tables of this name that exist, one below the other."""
    files = [folder / name for folder in FOLDERS if (folder / name).exists()]
    return pd.concat([pd.read_csv(file) for file in files], ignore_index=True)


def compare_looks(early: pd.DataFrame) -> pd.DataFrame:
    """Return a row for each comparison, with its difference early and at the end.

    `turned` says that these have different signs, each of them in all seeds.
    """
    rows = []
    for names, group in early.groupby(CELL, sort=False):
        last = group.iloc[-1]
        first = group[group["epoch"] >= SHARE * last["epoch"]].iloc[0]
        clear = all(row["low"] * row["high"] > 0 for row in (first, last))
        turned = clear and first["difference"] * last["difference"] < 0
        numbers = [first["epoch"], first["difference"], last["epoch"], last["difference"], turned]
        rows.append((*names, *numbers))
    return pd.DataFrame(rows, columns=[*CELL, "epoch", "early", "last_epoch", "end", "turned"])


def draw(trajectories: pd.DataFrame) -> alt.Chart:
    """Draw a panel for each data set with a line for each model."""
    plain = trajectories[trajectories["method"] == "plain"]
    near = (
        STEPS * np.log2(plain["step"])
    ).round() / STEPS  # The seeds of kjv differ in their number of batches.
    means = (
        plain.assign(step=2**near).groupby(["dataset", "model", "step"], sort=False)["active_units"].mean()
    )
    plain = means.reset_index()
    chart = (
        alt.Chart(plain)
        .mark_line()
        .encode(
            alt.X("step:Q", title="batches", scale=alt.Scale(type="log", nice=False)),
            alt.Y("active_units:Q", title="active units", scale=alt.Scale(domainMin=0)),
            alt.Color("model:N", title=None, sort=["vae", "annealed_vae", "control_vae"]),
        )
    )
    panels = chart.properties(width=240, height=150).facet(
        alt.Facet("dataset:N", title=None, sort=list(plain["dataset"].unique())), columns=3
    )
    return panels.resolve_scale(x="independent", y="independent")


if __name__ == "__main__":
    compare_looks(read_tables("early.csv")).to_csv(HERE / "in_time.csv", index=False, float_format="%.4g")
    draw(read_tables("trajectories.csv")).save(str(HERE / "in_time.svg"))
