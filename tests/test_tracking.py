"""The mirror in MLflow holds every run once, finished and whole."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::ResourceWarning"
)


@pytest.fixture(scope="module")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A store without runs; to make one takes seconds."""
    from mlflow.tracking import MlflowClient

    file = tmp_path_factory.mktemp("store") / "mlflow.db"
    MlflowClient(f"sqlite:///{file}").search_experiments()
    return file.read_bytes()


@pytest.fixture
def uri(empty_store: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mlflow.db").write_bytes(empty_store)
    (tmp_path / "picture.png").write_bytes(b"picture")
    return f"sqlite:///{tmp_path}/mlflow.db"  # mlflow keeps connections by address


def run(name: str, key: str, experiment: str = "toy") -> Any:
    from uncollapse.tracking import Run

    steps = list(range(10, 4010, 10))
    history = pd.DataFrame(
        {"train/kl": [step / 3 for step in steps], "train/beta": 1.0, "train/elbo": -1.0}, index=steps
    )
    history.loc[20, "train/kl"] = float("inf")
    return Run(
        experiment=experiment, name=name, key=key, tags={"cell": name, "seed": "0"},
        params={"net": {"use": "mlp", "latents": 3}, "seed": 0, "kl_weight": {"use": "pi", "kp": 0.01}},
        history=history, measures={"test/nll": 80.5, "test/probe_accuracy": float("nan")},
        texts={"collapse.csv": "dimension,eps\n0,0.1\n"}, files=[Path("picture.png")],
    )  # fmt: skip


def found(uri: str, filter_string: str = "") -> list[Any]:
    from mlflow.tracking import MlflowClient

    client = MlflowClient(uri)
    places = [experiment.experiment_id for experiment in client.search_experiments()]
    return client.search_runs(places, filter_string=filter_string)


def test_a_run_is_whole(uri: str) -> None:
    from mlflow.tracking import MlflowClient

    from uncollapse.tracking import mirror

    assert mirror([run("a-0", "ka"), run("b-0", "kb", "other")], uri) == 2
    client = MlflowClient(uri)
    (got,) = found(uri, "tags.cell = 'a-0'")
    assert got.info.status == "FINISHED"
    assert got.info.run_name == "a-0"
    assert got.data.params == {
        "net.use": "mlp",
        "net.latents": "3",
        "seed": "0",
        "kl_weight.use": "pi",
        "kl_weight.kp": "0.01",
    }
    assert got.data.metrics["test/nll"] == 80.5
    assert "test/probe_accuracy" not in got.data.metrics, "nan is no value"
    points = client.get_metric_history(got.info.run_id, "train/kl")
    assert [point.step for point in points] == [step for step in range(10, 4010, 10) if step != 20]
    assert points[-1].value == pytest.approx(4000 / 3)
    assert sorted(file.path for file in client.list_artifacts(got.info.run_id)) == ["collapse.csv", "picture.png"]


def test_mirroring_again_adds_nothing_and_a_changed_run_is_a_new_one(uri: str) -> None:
    from uncollapse.tracking import mirror

    first = [run("a-0", "ka"), run("a-1", "kb")]
    assert mirror(first, uri) == 2
    assert mirror(first, uri) == 0
    assert mirror([first[0], replace(first[1], key="kc")], uri) == 1
    assert len(found(uri)) == 3
    assert sorted(got.info.run_name for got in found(uri, "tags.current = 'true'")) == ["a-0", "a-1"]
    assert mirror(first, uri) == 0, "back to what there was"
    assert {got.data.tags["uncollapse.key"] for got in found(uri, "tags.current = 'true'")} == {"ka", "kb"}


def test_a_mirror_that_was_killed_is_repaired(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from mlflow.tracking import MlflowClient

    from uncollapse.tracking import mirror

    def killed(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(MlflowClient, "log_artifact", killed)
        with pytest.raises(KeyboardInterrupt):
            mirror([run("a-0", "ka")], uri)
    assert [got.info.status for got in found(uri)] == ["RUNNING"]
    assert mirror([run("a-0", "ka")], uri) == 1
    assert [got.info.status for got in found(uri)] == ["FINISHED"]
