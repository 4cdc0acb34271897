"""Compare published values with those that a study found: published.csv, summary.csv -> published.md."""

from pathlib import Path

import pandas as pd

from uncollapse.experiment.cells import Cell
from uncollapse.results.numbers import MINUS, show_interval
from uncollapse.results.statistics import estimate_interval

KEY = [*Cell._fields, "measure"]
NOT_RUN = "not run yet"


def write(study: Path) -> None:
    """Write the table of a study, with a row for each row of published.csv (KEY and `published`).

    Cells that have not run have a row too.
    """
    published = pd.read_csv(study / "published.csv")
    summary = pd.read_csv(study / "summary.csv")
    runs = summary.melt([*Cell._fields, "seed"], list(published["measure"].unique()), "measure", "value")
    lines = ["| data set | model | method | measure | ours | published | difference |", "|---" * 7 + "|"]
    for row in published.to_dict("records"):
        mine = (runs[KEY] == [row[name] for name in KEY]).all(axis=1)
        ours, difference = NOT_RUN, ""
        if mine.any():
            found = estimate_interval(runs[mine]["value"].to_numpy(float))
            ours = show_interval(found.mean, found.low, found.high, signed=False)
            difference = f"{found.mean - row['published']:+.3g}".replace("-", MINUS)
        text = f"{row['published']:g}".replace("-", MINUS)
        names = " | ".join(f"`{row[name]}`" for name in KEY)
        lines.append(f"| {names} | {ours} | {text} | {difference} |")
    (study / "published.md").write_text("\n".join(lines) + "\n")
