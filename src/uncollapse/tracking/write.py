"""The writing of a run to a store of MLflow.

MLflow adds a point that is logged twice, and refuses a param that is: so only what a run lacks is logged.
All points of a run carry the time of its start, for a store keeps one of two points that are the same to the
millisecond.
"""

import math
import shutil
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from uncollapse.pipeline.watching.git import read_commit
from uncollapse.tracking.run import Points, Run
from uncollapse.tracking.view import TAGS

KEY, CURRENT, LIVE = "uncollapse.key", "current", "live"  # tags
# These tags have a meaning for MLflow.
PARENT, COMMIT = "mlflow.parentRunId", "mlflow.source.git.commit"
# The limits of MLflow are 1,000 metrics and 100 params in one request.
METRICS_A_REQUEST, PARAMS_A_REQUEST = 900, 100


def find_experiment(client: Any, name: str) -> str:
    """Find the id of an experiment, which is created, or restored if it was deleted."""
    experiment = client.get_experiment_by_name(name)
    if experiment is None:
        return client.create_experiment(name, tags=TAGS)
    if experiment.lifecycle_stage != "active":
        client.restore_experiment(experiment.experiment_id)
    for tag, value in TAGS.items():
        if experiment.tags.get(tag) != value:
            client.set_experiment_tag(experiment.experiment_id, tag, value)
    return experiment.experiment_id


def create_run(client: Any, run: Run, **tags: str) -> Any:
    """Create a run in the store, without points."""
    tags = {**run.tags, KEY: run.key, CURRENT: "true", COMMIT: read_commit(), **tags}
    start = run.span[0] if run.span else time.time()
    return client.create_run(find_experiment(client, run.experiment), int(1000 * start), tags, run.name)


def log_missing(client: Any, stored: Any, run: Run, stored_points: Points) -> None:
    """Log params and data set of a stored run, and those points that it lacks."""
    from mlflow.entities import Dataset, DatasetInput, Metric, Param

    run_id, start = stored.info.run_id, stored.info.start_time
    metrics = [
        Metric(name, value, start, step)
        for name, values in run.finite_points.items()
        for step, value in values.items()
        if step not in stored_points.get(name, {})
    ]
    params = [Param(name, value) for name, value in run.flat_params.items()]
    for i in range(
        max(math.ceil(len(params) / PARAMS_A_REQUEST), math.ceil(len(metrics) / METRICS_A_REQUEST))
    ):
        client.log_batch(
            run_id,
            metrics[METRICS_A_REQUEST * i :][:METRICS_A_REQUEST],
            params[PARAMS_A_REQUEST * i :][:PARAMS_A_REQUEST],
        )
    client.log_inputs(run_id, [DatasetInput(Dataset(source_type="local", **run.data))])


def complete_run(client: Any, stored: Any, run: Run, stored_points: Points) -> None:
    """Log all that a stored run lacks. Its status is set last, so a run that has ended is complete."""
    run_id, end = stored.info.run_id, (run.span and run.span[1]) or time.time()
    log_missing(client, stored, run, stored_points)
    if run.files:
        log_files(client, run_id, run.files)
    if LIVE in stored.data.tags:
        client.delete_tag(run_id, LIVE)
    client.set_terminated(run_id, run.status, max(int(1000 * end), stored.info.start_time))


def log_files(client: Any, run_id: str, files: Mapping[str, str | Path]) -> None:
    """Log artifacts, in one call: each costs a query."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            if isinstance(content, Path):
                shutil.copyfile(content, Path(folder) / name)
            else:
                (Path(folder) / name).write_text(content)
        client.log_artifacts(run_id, folder)


def set_tags(client: Any, stored: Any, tags: Mapping[str, str]) -> None:
    """Give a stored run those tags that it has not, or has with another value."""
    from mlflow.entities import RunTag

    missing = [RunTag(name, value) for name, value in tags.items() if stored.data.tags.get(name) != value]
    if missing:
        client.log_batch(stored.info.run_id, tags=missing)
