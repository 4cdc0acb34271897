"""Write the means of each cell of a study over its seeds: summary.csv makes cells.md."""

from pathlib import Path

import pandas as pd

from uncollapse.experiment.cells import Cell

COLUMNS = {  # The measures that are shown, with their formats.
    "nll": "{:.2f}",
    "elbo": "{:.2f}",
    "kl": "{:.2f}",
    "mi": "{:.2f}",
    "active_units": "{:.1f}",
    "collapsed": "{:.0%}",
    "work": "{:.2g}×",
    "converged": "{:.0%}",
}


def write(study: Path) -> None:
    """Write the table; `work` is a multiple of the work of the first cell of the data set."""
    runs = pd.read_csv(study / "summary.csv")
    means = runs.groupby(list(Cell._fields), sort=False).mean(numeric_only=True)
    means["work"] = means["gflops"] / means.groupby("dataset")["gflops"].transform("first")
    header = [*Cell._fields, *(name.replace("_", " ") for name in COLUMNS)]
    lines = [f"| {' | '.join(header)} |", "|---" * len(header) + "|"]
    for row in means.reset_index().to_dict("records"):
        names = [f"`{row[name]}`" for name in Cell._fields]
        shown = [form.format(row[name]) for name, form in COLUMNS.items()]
        lines.append(f"| {' | '.join([*names, *shown])} |")
    (study / "cells.md").write_text("\n".join(lines).replace("-", "−").replace("−−−", "---") + "\n")
