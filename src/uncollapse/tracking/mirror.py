"""A mirror of runs in MLflow. Files are the truth; a store holds what they say, each run once, whenever and wherever it was trained.

MLflow adds a point that is logged twice, and refuses a param that is. So a run is found again by its key, and only what it lacks
is logged. All points of a run carry the time of its start: a store keeps one of two points that are the same to the millisecond.
"""

import json
import math
import shutil
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from uncollapse.tracking.store import lock, told

KEY = "uncollapse.key"
METRICS, PARAMS = 900, 100  # the most of each that one request may hold
Points = Mapping[str, Mapping[int, float]]  # name -> step -> value


@dataclass(frozen=True)
class Run:
    """What one MLflow run holds. `key` is a digest of all that determines it; `points` may hold inf and nan, which are no values to MLflow
    and left out; `data` is name, digest, source and profile of the data set; `files` are artifacts by name, a text or a file to copy."""

    experiment: str
    name: str
    key: str
    tags: Mapping[str, str]
    params: Mapping[str, Any]
    data: Mapping[str, str]
    points: Points = field(default_factory=dict)
    files: Mapping[str, str | Path] = field(default_factory=dict)


def mirror(runs: Sequence[Run], uri: str, failed: Sequence[str] = ()) -> tuple[int, int]:
    """Make the store at `uri` hold exactly one finished run of each key, whole; returns how many were added, and how many mended.

    A run that somebody left unfinished gets what it lacks; one that contradicts the files is written anew. Runs of other keys stay, as
    history, with the tag `current` set to false; unfinished ones whose key is in `failed` have failed. Raises UserError where the store
    cannot be read or written.
    """
    wanted, found = {run.key: run for run in runs}, defaultdict[str, list[Any]](list)
    added = mended = 0
    with told(uri) as client, lock(uri):
        for name in {run.experiment for run in runs}:
            experiment(client, name)  # one that comes back brings its runs
        for old in ours(client):
            found[old.data.tags[KEY]].append(old)
        for key, olds in found.items():
            current = "true" if key in wanted else "false"
            for old in olds:
                if old.data.tags.get("current") != current:
                    client.set_tag(old.info.run_id, "current", current)
                if key in failed and old.info.status == "RUNNING":
                    client.set_terminated(old.info.run_id, "FAILED")
        for key, run in wanted.items():
            olds = found[key]
            kept = next((old for old in olds if whole(old, run)), None)
            if kept is None:
                kept, stored = next(agreeing(client, olds, run), (None, {}))
                finish(client, kept or begin(client, run), run, stored)
                added, mended = added + (not olds), mended + bool(olds)
            for old in olds:
                if old is not kept:
                    client.delete_run(old.info.run_id)
    return added, mended


def ours(client: Any, key: str = "%") -> Iterator[Any]:
    """All runs that were made here, in whatever experiment; or those with a key."""
    places = [place.experiment_id for place in client.search_experiments()]
    token = ""
    while places and token is not None:
        page = client.search_runs(places, f"tags.`{KEY}` LIKE '{key}'", page_token=token or None)
        yield from page
        token = page.token


def whole(old: Any, run: Run) -> bool:
    """Whether a run is finished and every metric ends as the files say. It was finished last, so there is nothing behind a wrong end."""
    latest = {name: values[max(values)] for name, values in finite(run.points).items()}
    return (
        old.info.status == "FINISHED"
        and same(old.data.metrics, latest)
        and old.data.params == flatten(run.params)
    )


def agreeing(client: Any, olds: Sequence[Any], run: Run) -> Iterator[tuple[Any, Points]]:
    """Those of some runs in which nothing contradicts the files, with the points that they hold."""
    points, params = finite(run.points), flatten(run.params)
    for old in olds:
        histories = {name: client.get_metric_history(old.info.run_id, name) for name in old.data.metrics}
        stored = {name: {point.step: point.value for point in mine} for name, mine in histories.items()}
        once = all(len(mine) == len(stored[name]) for name, mine in histories.items())
        true = all(
            same(mine, {step: points.get(name, {}).get(step, math.nan) for step in mine})
            for name, mine in stored.items()
        )
        if once and true and old.data.params.items() <= params.items():
            yield old, stored


def same(some: Mapping[Any, float], others: Mapping[Any, float]) -> bool:
    """Whether the numbers are the same, but for what a database may round."""
    return some.keys() == others.keys() and all(
        math.isclose(some[at], others[at], rel_tol=1e-9) for at in some
    )


def finite(points: Points) -> dict[str, dict[int, float]]:
    """The points that are values to MLflow, by metrics that have such."""
    kept = {
        name: {at: value for at, value in mine.items() if math.isfinite(value)}
        for name, mine in points.items()
    }
    return {name: mine for name, mine in kept.items() if mine}


def experiment(client: Any, name: str) -> str:
    """The id of an experiment, which is made, or restored, if need be."""
    found = client.get_experiment_by_name(name)
    if found is None:
        return client.create_experiment(name)
    if found.lifecycle_stage != "active":
        client.restore_experiment(found.experiment_id)
    return found.experiment_id


def begin(client: Any, run: Run, **tags: str) -> Any:
    """A new run without points."""
    named = {**run.tags, KEY: run.key, "current": "true", **tags}
    return client.create_run(experiment(client, run.experiment), int(time.time() * 1000), named, run.name)


def grow(client: Any, started: Any, run: Run, stored: Points) -> None:
    """Log the run's params and data set, and those points that are not stored."""
    from mlflow.entities import Dataset, DatasetInput, Metric, Param

    run_id, at = started.info.run_id, started.info.start_time
    missing = [
        Metric(name, value, at, step)
        for name, values in finite(run.points).items()
        for step, value in values.items()
        if step not in stored.get(name, {})
    ]
    params = [Param(name, value) for name, value in flatten(run.params).items()]
    for i in range(max(math.ceil(len(params) / PARAMS), math.ceil(len(missing) / METRICS))):
        client.log_batch(run_id, missing[METRICS * i :][:METRICS], params[PARAMS * i :][:PARAMS])
    client.log_inputs(run_id, [DatasetInput(Dataset(source_type="local", **run.data))])


def finish(client: Any, started: Any, run: Run, stored: Points) -> None:
    """All that a run lacks. It is finished last, so a run that is finished is whole."""
    run_id = started.info.run_id
    grow(client, started, run, stored)
    with tempfile.TemporaryDirectory() as folder:  # one call for all files: each costs a query
        for name, content in run.files.items():
            if isinstance(content, Path):
                shutil.copyfile(content, Path(folder) / name)
            else:
                (Path(folder) / name).write_text(content)
        client.log_artifacts(run_id, folder)
    if "live" in started.data.tags:
        client.delete_tag(run_id, "live")
    client.set_terminated(run_id, "FINISHED")


def follower(uri: str) -> Callable[[Run], None]:
    """A function that makes the store at `uri` hold an unfinished run with the points so far; to be called again as these grow.

    It raises UserError where the store cannot be written; called again, it makes up for that. What is finished stays as it is.
    """
    known: dict[str, tuple[Any, Points]] = {}

    def find(client: Any, run: Run) -> tuple[Any, Points]:
        olds = list(ours(client, run.key))
        if any(old.info.status == "FINISHED" for old in olds):
            return None, {}
        started, stored = next(agreeing(client, olds, run), (None, {}))
        if started and started.info.status != "RUNNING":  # it failed, and is trained again
            client.update_run(started.info.run_id, "RUNNING")
        return started or begin(client, run, live="true"), stored

    def follow(run: Run) -> None:
        with told(uri) as client, lock(uri):
            started, stored = known.pop(run.key, None) or find(client, run)
            if started:
                grow(client, started, run, stored)
            known[run.key] = started, run.points

    return follow


def flatten(params: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """{a: {b: 1}} as {"a.b": "1"}."""
    flat: dict[str, str] = {}
    for name, value in params.items():
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{prefix}{name}.")
        else:
            flat[prefix + name] = value if isinstance(value, str) else json.dumps(value)
    return flat
