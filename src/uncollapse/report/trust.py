"""The section on trust: laws, calibration, data and settings, and what made the report."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd
import yaml

from uncollapse.experiment.cells import Cell
from uncollapse.measures.laws import LAWS
from uncollapse.pipeline.cell_files import CellFiles
from uncollapse.pipeline.job import Job
from uncollapse.pipeline.job_recipe import read_recipe
from uncollapse.pipeline.paths import CALIBRATION
from uncollapse.pipeline.watching import git
from uncollapse.results.gather import Results


class Trust(NamedTuple):
    """The content of the section.

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


def collect_trust(results: Results) -> Trust:
    """Collect the section for the cells that have results."""
    runs = [{str(name): value for name, value in row.items()} for row in results.summary.to_dict("records")]
    first = {cell.dataset: cell for cell in reversed(results.present)}
    return Trust(
        runs=len(runs),
        laws={law: sum(holds(run) for run in runs) for law, (holds, _) in LAWS.items()},
        made_by=describe_origin(results),
        calibration=pd.read_csv(CALIBRATION).to_dict("records") if CALIBRATION.exists() else [],
        settings={name: describe_settings(first[name]) for name in results.datasets if name in first},
    )


def describe_origin(results: Results) -> dict[str, str]:
    """Describe the commit, the versions of the libraries that compute, the devices and the seeds."""
    commit = git.read_commit()[:7] or "unknown"
    devices = {file.read_text() for cell in results.present for file in CellFiles(cell).list_devices()}
    return {
        "commit": f"{commit} with edits" if git.is_edited() else commit,
        **read_recipe(Job.of("train", results.present[0])).versions,
        "on": ", ".join(sorted(devices)),
        "seeds": ", ".join(map(str, results.grid["seeds"])),
    }


def describe_settings(cell: Cell) -> str:
    """Describe the data set of a cell, and how it was trained on and measured, as YAML."""
    prepared, trained = read_recipe(Job("prepare", cell.dataset)), read_recipe(Job.of("train", cell))
    parts = {name: prepared.stated[name] for name in ("source", "split")}
    parts |= {name: trained.stated[name] for name in ("net", "likelihood", "training")}
    parts["evaluation"] = read_recipe(Job.of("evaluate", cell)).evaluation
    data = json.loads(CellFiles(cell).card(trained.seeds[0]).read_text())
    return yaml.safe_dump({"data": data, "settings": parts}, sort_keys=False, allow_unicode=True)
