"""A mirror of finished runs in MLflow. Files are the truth: a run is written from them, once, whenever it was trained."""

import json
import logging
import math
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from filelock import FileLock

KEY = "uncollapse.key"
LOCK = Path(".work") / "mlflow.lock"


@dataclass(frozen=True)
class Run:
    """What one MLflow run holds. `key` is a digest of all that determines it; `history` has a row a step."""

    experiment: str
    name: str
    key: str
    tags: Mapping[str, str]
    params: Mapping[str, Any]
    history: pd.DataFrame
    measures: pd.Series
    texts: Mapping[str, str]
    files: Sequence[Path]


def mirror(runs: Sequence[Run], uri: str) -> int:
    """Make the store at `uri` hold exactly one finished run of each key; returns how many were added.

    A run of the same key that was not finished is deleted and written anew. Runs of another key stay, as history, with
    the tag `current` set to false.
    """
    from mlflow.entities import ViewType
    from mlflow.tracking import MlflowClient

    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.getLogger("mlflow").setLevel(logging.WARNING)
    LOCK.parent.mkdir(exist_ok=True)
    added = 0
    with FileLock(LOCK):
        client = MlflowClient(uri)
        for experiment in dict.fromkeys(run.experiment for run in runs):
            found = client.get_experiment_by_name(experiment)
            place = found.experiment_id if found else client.create_experiment(experiment)
            wanted = {run.key: run for run in runs if run.experiment == experiment}
            finished, token = set(), ""
            while token is not None:
                page = client.search_runs(
                    [place], run_view_type=ViewType.ACTIVE_ONLY, max_results=1000, page_token=token or None
                )
                for old in page:
                    key = old.data.tags.get(KEY)
                    if key in wanted and old.info.status == "FINISHED" and key not in finished:
                        finished.add(key)
                    elif key in wanted:
                        client.delete_run(old.info.run_id)
                    current = "true" if key in wanted else "false"
                    if key is not None and old.data.tags.get("current") != current:
                        client.set_tag(old.info.run_id, "current", current)
                token = page.token
            for key, run in wanted.items():
                if key not in finished:
                    write(client, place, run)
                    added += 1
    return added


def write(client: Any, experiment: str, run: Run) -> None:
    """One new run; it is finished last, so a run that is finished is whole."""
    from mlflow.entities import Metric, Param

    now = int(time.time() * 1000)
    tags = {
        **run.tags,
        KEY: run.key,
        "current": "true",
        "mlflow.runName": run.name,
        "mlflow.source.git.commit": commit(),
    }
    created = client.create_run(
        experiment, start_time=now, tags={name: value for name, value in tags.items() if value}
    ).info.run_id
    metrics = [
        Metric(str(name), float(value), now, int(str(step)))
        for step, row in run.history.iterrows()
        for name, value in row.items()
        if math.isfinite(value)
    ]
    last = int(run.history.index[-1])
    metrics += [
        Metric(str(name), float(value), now, last) for name, value in run.measures.items() if math.isfinite(value)
    ]
    for start in range(0, len(metrics), 1000):
        client.log_batch(created, metrics=metrics[start : start + 1000])
    client.log_batch(created, params=[Param(name, value) for name, value in flatten(run.params).items()])
    for name, text in run.texts.items():
        client.log_text(created, text, name)
    for file in run.files:
        client.log_artifact(created, str(file))
    client.set_terminated(created, "FINISHED")


def flatten(params: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """{a: {b: 1}} as {"a.b": "1"}."""
    flat: dict[str, str] = {}
    for name, value in params.items():
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{prefix}{name}.")
        else:
            flat[prefix + name] = value if isinstance(value, str) else json.dumps(value)
    return flat


def commit() -> str:
    """The commit that is checked out, or nothing outside of git."""
    return subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()
