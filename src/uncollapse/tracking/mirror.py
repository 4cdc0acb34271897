"""A mirror of runs in MLflow: the store holds each run of the files once.

The files are the truth. A run is found again by its key, and gets what it lacks.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from uncollapse.tracking.run import Points, Run
from uncollapse.tracking.store import open_store
from uncollapse.tracking.write import (
    CURRENT,
    KEY,
    PARENT,
    complete_run,
    create_run,
    find_experiment,
    set_tags,
)


def mirror_runs(runs: Sequence[Run], uri: str, failed: Sequence[str] = ()) -> tuple[int, int]:
    """Make the store at `uri` hold one complete run of each key, and count the added and the repaired.

    A run that was left unfinished gets what it lacks; one that contradicts the files is written anew. Runs
    of other keys stay, as history, with the tag `current` set to false. Unfinished runs whose key is in
    `failed` become FAILED. A run comes after the one that it is nested in. Raises UserError where the store
    cannot be read or written.
    """
    keys = {run.key: run for run in runs}
    ids = dict[str, str]()
    stored = defaultdict[str, list[Any]](list)
    added = repaired = 0
    with open_store(uri) as client:
        for name in {run.experiment for run in runs}:
            find_experiment(client, name)  # One that is restored brings its runs.
        for entry in find_stored_runs(client):
            stored[entry.data.tags[KEY]].append(entry)
        for key, entries in stored.items():
            set_status(client, entries, current=key in keys, failed=key in failed)
        for key, run in keys.items():
            if run.parent:
                run = replace(run, tags={**run.tags, PARENT: ids[run.parent]})
            entries = stored[key]
            kept = next((entry for entry in entries if is_complete(entry, run)), None)
            if kept is None:
                kept, points = next(find_consistent(client, entries, run), (None, {}))
                kept = kept or create_run(client, run)
                complete_run(client, kept, run, points)
                added, repaired = added + (not entries), repaired + bool(entries)
            set_tags(client, kept, run.tags)
            ids[key] = kept.info.run_id
            for entry in entries:
                if entry is not kept:
                    client.delete_run(entry.info.run_id)
        if added:
            delete_twins(client, ids)
    return added, repaired


def delete_twins(client: Any, ids: Mapping[str, str]) -> None:
    """Delete runs of these keys but those of these ids.

    MLflow asks again when an answer is lost, and then creates a run twice.
    """
    for entry in find_stored_runs(client):
        run_id = entry.info.run_id
        if ids.get(entry.data.tags[KEY], run_id) != run_id:
            client.delete_run(run_id)


def find_stored_runs(client: Any, key: str = "%") -> Iterator[Any]:
    """Find the runs that this project wrote, of all experiments; only those of one key if it is given."""
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    token = ""
    while experiments and token is not None:
        page = client.search_runs(experiments, f"tags.`{KEY}` LIKE '{key}'", page_token=token or None)
        yield from page
        token = page.token


def set_status(client: Any, entries: Sequence[Any], current: bool, failed: bool) -> None:
    """Set the tag `current` of stored runs, and the status of unfinished ones that `failed`."""
    value = "true" if current else "false"
    for entry in entries:
        if entry.data.tags.get(CURRENT) != value:
            client.set_tag(entry.info.run_id, CURRENT, value)
        if failed and entry.info.status == "RUNNING":
            client.set_terminated(entry.info.run_id, "FAILED")


def is_complete(entry: Any, run: Run) -> bool:
    """Tell whether a stored run has ended and the last value of every metric is that of the files.

    Its status was set last, so the earlier points are there too.
    """
    last = {metric: values[max(values)] for metric, values in run.finite_points.items()}
    return (
        entry.info.status == run.status
        and are_equal(entry.data.metrics, last)
        and entry.data.params == run.flat_params
    )


def find_consistent(client: Any, entries: Sequence[Any], run: Run) -> Iterator[tuple[Any, Points]]:
    """Find the stored runs in which nothing contradicts the files, with the points that they hold."""
    points, params = run.finite_points, run.flat_params
    for entry in entries:
        histories = {name: client.get_metric_history(entry.info.run_id, name) for name in entry.data.metrics}
        stored = {name: {point.step: point.value for point in history} for name, history in histories.items()}
        unique = all(len(history) == len(stored[name]) for name, history in histories.items())
        correct = all(
            are_equal(values, {step: points.get(name, {}).get(step, math.nan) for step in values})
            for name, values in stored.items()
        )
        if unique and correct and entry.data.params.items() <= params.items():
            yield entry, stored


def are_equal(values: Mapping[Any, float], others: Mapping[Any, float]) -> bool:
    """Tell whether the numbers are the same, but for what a database may round."""
    return values.keys() == others.keys() and all(
        math.isclose(values[name], others[name], rel_tol=1e-9) for name in values
    )
