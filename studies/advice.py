"""Write the table of `uncollapse.advice`, what the studies found of each remedy: `python studies/advice.py`.

The table has the comparisons of methods with the plain method, and of models with the VAE, of every study
that ran with two seeds or more. All runs of both cells have to have converged. Controls, made-up data and
nets that begin with torch's own weights are left out.
"""

from pathlib import Path
from typing import Any

import pandas as pd
from run import params

from uncollapse.experiment.cells import Cell
from uncollapse.registry import SLOTS, make_piece
from uncollapse.your_vae.advice import ADVISED_MEASURES, FIELDS, SUFFIXES, TABLE

STUDIES = Path(__file__).parent
KEY = list(Cell._fields)
KINDS = {"images": "images", "tokens": "text"}


def read_rows(study: Path) -> list[dict[str, Any]]:
    """Return a row for each comparison of a study that counts."""
    entries, comparisons = params(study), pd.read_csv(study / "comparison.csv")
    means = pd.read_csv(study / "summary.csv").groupby(KEY)[["gflops", "converged"]].mean()
    rows = []
    pair = ["question", *KEY, "against_model", "against_method", "seeds"]
    for names, group in comparisons.groupby(pair, sort=False):
        row = dict(zip(pair, names, strict=True))
        cell = Cell.of(row)
        against = Cell(row["dataset"], row["against_model"], row["against_method"])
        data = entries["datasets"][row["dataset"]]
        odd = data["source"]["use"] == "gaussian" or data["net"].get("init") == "torch"
        if row["question"] not in ("method", "model") or odd or is_control(entries["methods"][row["method"]]):
            continue
        if means.loc[[cell, against], "converged"].min() < 1 or row["seeds"] < 2:
            continue
        found = group.set_index("measure")
        for measure, name in ADVISED_MEASURES.items():
            if name not in found.index:  # Its first epoch takes more work than all of its reference.
                continue
            ends = found.loc[name, ["difference", "low", "high", "beyond_chance"]]
            row |= {f"{measure}{end}": float(value) for end, value in zip(SUFFIXES, ends, strict=True)}
        kind = KINDS[make_piece("nets", {"use": data["net"]["use"], **select_arguments(data["net"])}).kind]
        work = means.loc[cell, "gflops"] / means.loc[against, "gflops"]
        rows.append({**row, "study": study.name, "kind": kind, "work": work})
    return rows


def select_arguments(entry: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of a net without those that do not build it: `use` and `init`."""
    return {name: value for name, value in entry.items() if name not in ("use", "init")}


def is_control(method: dict[str, Any]) -> bool:
    """Return whether a method holds a control: a piece that nobody would use."""
    filled = {slot: entry for slot, entry in method.items() if slot in SLOTS and isinstance(entry, dict)}
    return any(entry["use"] in SLOTS[slot].controls for slot, entry in filled.items())


def main() -> None:
    """Write the table of all studies that have run."""
    done = sorted(file.parent for file in STUDIES.glob("*/comparison.csv"))
    table = pd.DataFrame([row for study in done for row in read_rows(study)], columns=list(FIELDS))
    table = table.drop_duplicates(["dataset", "model", "method", "against_model", "against_method"])
    table.to_csv(TABLE, index=False, float_format="%.4g")


if __name__ == "__main__":
    main()
