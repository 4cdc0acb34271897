"""How far the report may be trusted: laws, calibration, data and settings, and what it was made by."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd
import yaml

from uncollapse.experiment.cells import Cell
from uncollapse.measures.laws import LAWS
from uncollapse.pipeline.outputs import DEVICE, Job, card, evaluation, per_seed, training
from uncollapse.pipeline.published import CALIBRATION
from uncollapse.pipeline.watching import git
from uncollapse.results.gather import Results


class Trust(NamedTuple):
    """What the page says about it.

    laws         in how many of the runs each law holds
    made_by      the commit, libraries, devices and seeds
    calibration  the rows of metrics/calibration.csv
    settings     of each data set, as YAML
    """

    runs: int
    laws: Mapping[str, int]
    made_by: Mapping[str, str]
    calibration: list[dict[Any, Any]]
    settings: Mapping[str, str]


def trust(results: Results) -> Trust:
    """All of it, for the cells that have results."""
    runs = [{str(name): value for name, value in row.items()} for row in results.summary.to_dict("records")]
    first = {cell.dataset: cell for cell in reversed(results.present)}
    return Trust(
        runs=len(runs),
        laws={law: sum(holds(run) for run in runs) for law, (holds, _) in LAWS.items()},
        made_by=made_by(results),
        calibration=pd.read_csv(CALIBRATION).to_dict("records") if CALIBRATION.exists() else [],
        settings={name: settings(first[name]) for name in results.datasets if name in first},
    )


def made_by(results: Results) -> dict[str, str]:
    """The commit, the versions of the libraries that compute, the devices and the seeds."""
    commit = git.commit()[:7] or "unknown"
    devices = {
        file.read_text()
        for cell in results.present
        for file in evaluation(cell).folder.glob(per_seed(DEVICE, "*"))
    }
    return {
        "commit": f"{commit} with edits" if git.edited() else commit,
        **training(results.present[0]).recipe["versions"],
        "on": ", ".join(sorted(devices)),
        "seeds": ", ".join(map(str, results.grid["seeds"])),
    }


def settings(cell: Cell) -> str:
    """What the data set of a cell is, and how it was trained on and measured, as YAML."""
    prepared, trained = Job("prepare", cell.dataset).recipe, training(cell).recipe
    parts = {name: prepared[name] for name in ("source", "split")}
    parts |= {name: trained[name] for name in ("net", "likelihood", "training")}
    parts["evaluation"] = evaluation(cell).recipe["evaluation"]
    data = json.loads(card(cell.dataset, trained["seeds"][0]).read_text())
    return yaml.safe_dump({"data": data, "settings": parts}, sort_keys=False, allow_unicode=True)
