"""Runs to be mirrored, and what should be in the store of them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from uncollapse.tracking.run import Run

STEPS = range(10, 4010, 10)


def run(name: str, key: str, experiment: str = "toy", steps: Sequence[int] = STEPS) -> Run:
    history = {
        "train/kl": {step: step / 3 for step in steps},
        "train/beta": dict.fromkeys(steps, 1.0),
        "train/elbo": dict.fromkeys(steps, -1.0),
    }
    if 20 in steps:
        history["train/kl"][20] = float("inf")
    measures = {"test/nll": {4000: 80.5}, "test/probe_accuracy": {4000: float("nan")}}
    return Run(
        experiment=experiment,
        name=name,
        key=key,
        tags={"cell": name, "seed": "0"},
        params={"net": {"use": "mlp", "latents": 3}, "seed": 0, "kl_weight": {"use": "pi", "kp": 0.01}},
        data={"name": "toy", "digest": "0123", "source": "{}", "profile": "{}"},
        points={**history, **(measures if steps == STEPS else {})},
        files={"collapse.csv": "dimension,eps\n0,0.1\n", "map.png": Path("picture.png")},
    )


def stored(client: Any, filter_string: str = "") -> list[Any]:
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    return client.search_runs(experiments, filter_string=filter_string)


def ids(client: Any) -> list[str]:
    return sorted(entry.info.run_id for entry in stored(client))


def assert_complete(client: Any, entry: Any) -> None:
    assert entry.info.status == "FINISHED"
    assert entry.info.run_name == "a-0"
    params = {
        "net.use": "mlp",
        "net.latents": "3",
        "seed": "0",
        "kl_weight.use": "pi",
        "kl_weight.kp": "0.01",
    }
    assert entry.data.params == params
    assert entry.data.metrics["test/nll"] == 80.5
    assert "test/probe_accuracy" not in entry.data.metrics, "nan is no value"
    assert entry.data.tags["current"] == "true"
    assert "live" not in entry.data.tags
    points = client.get_metric_history(entry.info.run_id, "train/kl")
    assert [point.step for point in points] == [step for step in STEPS if step != 20]
    assert points[-1].value == pytest.approx(4000 / 3)
    assert len(client.get_metric_history(entry.info.run_id, "train/elbo")) == len(STEPS)
    assert sorted(file.path for file in client.list_artifacts(entry.info.run_id)) == [
        "collapse.csv",
        "map.png",
    ]
    (used,) = entry.inputs.dataset_inputs
    assert (used.dataset.name, used.dataset.digest) == ("toy", "0123")
