"""The mirror in MLflow holds every run once, finished and complete."""

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from made_runs import STEPS, assert_complete, ids, run, stored

from uncollapse.tracking.follow import make_follower
from uncollapse.tracking.mirror import mirror_runs
from uncollapse.tracking.run import Run

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


@pytest.fixture
def client(uri: str) -> Any:
    from mlflow.tracking import MlflowClient

    return MlflowClient(uri)


def test_a_run_is_complete(uri: str, client: Any) -> None:
    assert mirror_runs([run("a-0", "ka"), run("b-0", "kb", "other")], uri) == (2, 0)
    (entry,) = stored(client, "tags.cell = 'a-0'")
    assert_complete(client, entry)


def test_mirroring_again_adds_nothing_and_a_changed_run_is_a_new_one(uri: str, client: Any) -> None:
    first = [run("a-0", "ka"), run("a-1", "kb", "left")]
    assert mirror_runs(first, uri) == (2, 0)
    before = ids(client)
    assert mirror_runs(first, uri) == (0, 0)
    assert mirror_runs([first[0], run("c-1", "kc")], uri) == (1, 0)
    assert len(stored(client)) == 3
    current = stored(client, "tags.current = 'true'")
    assert sorted(entry.info.run_name for entry in current) == ["a-0", "c-1"], (
        "also in an experiment that left the grid"
    )
    assert mirror_runs(first, uri) == (0, 0), "back to what there was"
    assert sorted(entry.info.run_id for entry in stored(client, "tags.current = 'true'")) == before


@pytest.mark.parametrize("at", ["log_batch", "log_inputs", "log_artifacts", "set_terminated"])
def test_a_mirror_that_was_killed_is_completed(
    uri: str, client: Any, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    def killed(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(type(client), at, killed)
        with pytest.raises(KeyboardInterrupt):
            mirror_runs([run("a-0", "ka")], uri)
    (left,) = stored(client)
    assert left.info.status == "RUNNING"
    assert mirror_runs([run("a-0", "ka")], uri) == (0, 1)
    (entry,) = stored(client)
    assert entry.info.run_id == left.info.run_id
    assert_complete(client, entry)


def test_what_contradicts_the_files_is_written_anew_and_of_two_one_stays(uri: str, client: Any) -> None:
    run_of_files = run("a-0", "ka")
    assert mirror_runs([replace(run_of_files, points={"train/kl": {10: 7.0}})], uri) == (1, 0)
    (wrong,) = ids(client)
    assert mirror_runs([run_of_files], uri) == (0, 1)
    (entry,) = stored(client)
    assert entry.info.run_id != wrong
    assert_complete(client, entry)
    twin = client.create_run(entry.info.experiment_id, tags={"uncollapse.key": "ka"}).info.run_id
    assert mirror_runs([run_of_files], uri) == (0, 0)
    assert ids(client) == [entry.info.run_id]
    assert client.get_run(twin).info.lifecycle_stage == "deleted"
    client.log_metric(entry.info.run_id, "train/kl", 3.5, step=4000)  # somebody else's point
    assert mirror_runs([run_of_files], uri) == (0, 1)
    assert_complete(client, stored(client)[0])


def test_an_experiment_that_was_deleted_comes_back(uri: str, client: Any) -> None:
    mirror_runs([run("a-0", "ka")], uri)
    client.delete_experiment(stored(client)[0].info.experiment_id)
    assert mirror_runs([run("a-0", "ka")], uri) == (0, 0)
    (entry,) = stored(client)
    assert_complete(client, entry)


def test_a_followed_run_grows_and_the_mirror_completes_it(uri: str, client: Any) -> None:
    follow = make_follower(uri)
    for steps in (STEPS[:1], STEPS[:3], STEPS[:40]):
        follow(run("a-0", "ka", steps=steps))
        (live,) = stored(client)
        assert (live.info.status, live.data.tags["live"]) == ("RUNNING", "true")
        assert [point.step for point in client.get_metric_history(live.info.run_id, "train/beta")] == list(
            steps
        )
        if len(steps) == 3:
            follow = make_follower(uri)  # it finds what another began
    mirror_runs([], uri, failed=["ka"])
    assert stored(client)[0].info.status == "FAILED"
    make_follower(uri)(run("a-0", "ka", steps=STEPS[:50]))
    assert stored(client)[0].info.status == "RUNNING", "trained again"
    assert mirror_runs([run("a-0", "ka")], uri) == (0, 1)
    (entry,) = stored(client)
    assert entry.info.run_id == live.info.run_id
    assert_complete(client, entry)
    follow(run("a-0", "ka", steps=STEPS[:60]))
    make_follower(uri)(run("a-0", "ka", steps=STEPS[:60]))
    (entry,) = stored(client)
    assert_complete(client, entry)


def test_runs_are_nested_in_that_of_their_cell_even_when_it_changes(uri: str, client: Any) -> None:
    def nested(key: str, seeds: Sequence[int]) -> list[Run]:
        return [run("a", key), *(replace(run(f"a-{seed}", f"k{seed}"), parent=key) for seed in seeds)]

    def parents() -> dict[str, str]:
        return {
            entry.info.run_name: client.get_run(parent).data.tags["uncollapse.key"]
            for entry in stored(client, "tags.current = 'true'")
            if (parent := entry.data.tags.get("mlflow.parentRunId"))
        }

    make_follower(uri)(run("a-0", "k0", steps=STEPS[:3]))
    assert mirror_runs(nested("two", [0, 1]), uri) == (2, 1)
    assert parents() == {"a-0": "two", "a-1": "two"}
    assert mirror_runs(nested("two", [0, 1]), uri) == (0, 0)
    assert mirror_runs(nested("three", [0, 1, 2]), uri) == (2, 0)
    assert parents() == {"a-0": "three", "a-1": "three", "a-2": "three"}
    (before,) = stored(client, "tags.current = 'false'")
    assert before.data.tags["uncollapse.key"] == "two"
    client.delete_run(stored(client, "tags.`uncollapse.key` = 'three'")[0].info.run_id)
    assert mirror_runs(nested("three", [0, 1, 2]), uri) == (1, 0)
    assert parents() == {"a-0": "three", "a-1": "three", "a-2": "three"}


def test_tags_are_those_of_the_files_and_the_tags_of_others_stay(uri: str, client: Any) -> None:
    first = run("a-0", "ka")
    mirror_runs([first], uri)
    (entry,) = stored(client)
    client.set_tag(entry.info.run_id, "note", "mine")
    assert mirror_runs([replace(first, tags={**first.tags, "verdict": "a remedy"})], uri) == (0, 0)
    tags = stored(client)[0].data.tags
    assert (tags["verdict"], tags["note"], tags["cell"]) == ("a remedy", "mine", "a-0")


def test_a_run_has_the_time_of_its_training(uri: str, client: Any) -> None:
    runs = [run("a-0", "ka"), replace(run("b-0", "kb"), span=(1000.0, 1090.5))]
    mirror_runs(runs, uri)
    now, (known,) = time.time(), stored(client, "tags.cell = 'b-0'")
    assert (known.info.start_time, known.info.end_time) == (1_000_000, 1_090_500)
    mirror_runs([*runs, replace(run("c-0", "kc"), span=(1000.0, 400.0))], uri)
    (back,) = stored(client, "tags.cell = 'c-0'")
    assert back.info.start_time == back.info.end_time == 1_000_000, "the clock was set back meanwhile"
    (unknown,) = stored(client, "tags.cell = 'a-0'")
    assert now - 600 < unknown.info.start_time / 1000 <= unknown.info.end_time / 1000 <= now


def test_experiments_are_of_training_also_those_that_were_there(uri: str, client: Any) -> None:
    client.create_experiment("toy")
    mirror_runs([run("a-0", "ka"), run("b-0", "kb", "new")], uri)
    for name in ("toy", "new"):
        tags = client.get_experiment_by_name(name).tags
        assert tags["mlflow.experimentKind"] == "custom_model_development"
        assert "difference/nll" in json.loads(tags["mlflow.sharedViewState.cells"])["orderByKey"]
