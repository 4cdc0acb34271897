"""A real MLflow server and the pipeline: every run of the grid is there once, finished and whole, whatever happened before."""

import shutil
import signal
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pandas as pd
import pytest
import torch
from project import Project, reproduced
from safetensors.torch import load_file
from server import Server, wait_for

import uncollapse
from uncollapse.data.prepared import read
from uncollapse.vae import encode

pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::ResourceWarning"
)
CELLS = ("mnist5k-control_vae-plain", "mnist5k-control_vae-pretrained")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = Server(tmp_path_factory.mktemp("server"))
    made.start()
    yield made
    made.kill()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, server: Server) -> Project:
    made, _ = reproduced(tmp_path_factory)
    made.environment["MLFLOW_TRACKING_URI"] = server.uri
    return made


def another(project: Project, name: str) -> Project:
    """A copy of a project, as it lies there."""
    shutil.copytree(project.folder, project.folder.parent / name)
    made = Project(project.folder.parent / name)
    made.environment["MLFLOW_TRACKING_URI"] = project.environment["MLFLOW_TRACKING_URI"]
    return made


def track(project: Project) -> subprocess.Popen[str]:
    return subprocess.Popen(
        ["python", "stages/track.py"], cwd=project.folder, env=project.environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )  # fmt: skip


def assert_whole(server: Server, project: Project, cells: tuple[str, ...] = CELLS) -> list[str]:
    """Exactly one current run a cell and seed, each finished, with every point of the history; returns their ids."""
    runs, client = {got.info.run_name: got for got in server.runs()}, server.client()
    assert len(runs) == len(server.runs())
    assert sorted(runs) == sorted(f"{cell}-{seed}" for cell in cells for seed in (0, 1))
    keys = [got.data.tags["uncollapse.key"] for got in server.runs("tags.`uncollapse.key` LIKE '%'")]
    assert len(keys) == len(set(keys)), "also among those of before nothing stands twice"
    for name, got in runs.items():
        assert got.info.status == "FINISHED"
        cell, seed = name.rsplit("-", 1)
        history = pd.read_csv(project.folder / "runs" / cell / "history.csv").query(f"seed == {seed}")
        for column in ("elbo", "kl", "beta"):
            points = client.get_metric_history(got.info.run_id, f"train/{column}")
            assert [point.step for point in points] == history["step"].tolist()
            assert [point.value for point in points] == pytest.approx(history[column].tolist())
        assert len(client.get_metric_history(got.info.run_id, "collapse/share_by_log_eps")) == 46
        assert "test/nll" in got.data.metrics
        assert "weights.safetensors" in [file.path for file in client.list_artifacts(got.info.run_id)]
    return sorted(got.info.run_id for got in runs.values())


def forget(server: Server) -> None:
    for got in server.runs("tags.`uncollapse.key` LIKE '%'"):
        server.client().delete_run(got.info.run_id)


def test_a_second_mirror_adds_nothing(server: Server, project: Project) -> None:
    assert f"4 runs in {server.uri}, 4 of them new" in project.call(
        "dvc", "repro", "--force", "--single-item", "track"
    )
    first = assert_whole(server, project)
    said = project.call("python", "stages/track.py")
    assert "4 runs in sqlite:///mlflow.db, 0 of them new, 0 mended" in said
    assert f"4 runs in {server.uri}, 0 of them new, 0 mended" in said
    assert assert_whole(server, project) == first


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_weights_from_the_server_encode_as_they_were_measured(
    server: Server, project: Project, tmp_path: Path
) -> None:
    import mlflow

    cell, latents = CELLS[1], "latents-1.safetensors"
    (run,) = server.runs(f"tags.current = 'true' and tags.cell = '{cell}' and tags.seed = '1'")
    folder = mlflow.artifacts.download_artifacts(
        run_id=run.info.run_id, dst_path=str(tmp_path), tracking_uri=server.uri
    )
    found = encode(uncollapse.load(folder), read(project.folder / "data/mnist5k", "test"))
    measured = load_file(project.folder / "metrics/cells" / cell / latents)
    assert torch.allclose(found.mu, measured["mu"], atol=1e-5)
    assert torch.allclose(found.logvar, measured["logvar"], atol=1e-5)


def test_two_at_once_from_two_clones(server: Server, project: Project) -> None:
    forget(server)
    said = [process.communicate()[0] for process in [track(project), track(another(project, "second"))]]
    assert sorted(f"{server.uri}, {count} of them new" in "".join(said) for count in (0, 4)) == [True, True]
    assert_whole(server, project)


def test_a_mirror_killed_in_the_middle(server: Server, project: Project) -> None:
    forget(server)
    process = track(project)
    wait_for(server.runs)
    process.kill()
    process.wait()
    left = server.runs()
    assert len([got for got in left if got.info.status == "FINISHED"]) < 4, "else it was not in the middle"
    project.call("python", "stages/track.py")
    assert {got.info.run_id for got in left} <= set(assert_whole(server, project)), (
        "what was there was completed"
    )


def test_from_a_clone_that_pulled(server: Server, project: Project) -> None:
    before = assert_whole(server, project)
    project.call(
        "dvc", "remote", "add", "--default", "--local", "store", str(project.folder.parent / "remote")
    )
    project.call("dvc", "push")
    project.call("git", "clone", "--quiet", ".", "../clone")
    clone = Project(project.folder.parent / "clone")
    clone.environment["MLFLOW_TRACKING_URI"] = server.uri
    clone.call("dvc", "remote", "add", "--default", "--local", "store", str(project.folder.parent / "remote"))
    clone.call("dvc", "pull")
    ran, made = clone.repro()
    assert (ran, made) == ({"track"}, []), "nothing is trained or measured"
    assert assert_whole(server, clone) == before


def test_the_server_dies_while_a_followed_cell_is_trained(server: Server, project: Project) -> None:
    project.params["grid"]["methods"] = ["plain"]
    project.params["datasets"]["mnist5k"]["training"]["epochs"] = 40
    project.write()
    heard = partial(
        signal.signal, signal.SIGINT, signal.SIG_DFL
    )  # also where the tests run in the background
    follow = subprocess.Popen(
        ["python", "stages/follow.py"], cwd=project.folder, env=project.environment, text=True, stderr=subprocess.PIPE,
        preexec_fn=heard,
    )  # fmt: skip
    repro = subprocess.Popen(
        ["dvc", "repro", "evaluate"], cwd=project.folder, env=project.environment, stdout=subprocess.DEVNULL
    )
    [live, *_] = wait_for(lambda: server.runs("tags.live = 'true'"))
    server.kill()
    assert repro.wait() == 0
    assert follow.poll() is None
    said = project.call("dvc", "repro", "--single-item", "track", fails=True)
    assert f"error: MLflow at {server.uri}: " in said
    assert "2 runs in sqlite:///mlflow.db, 2 of them new" in said
    follow.send_signal(signal.SIGINT)
    assert follow.communicate(timeout=30)[1].count("MLflow at") <= 1
    assert follow.returncode == 0
    server.start()
    project.call("dvc", "repro", "--single-item", "track")
    assert live.info.run_id in assert_whole(server, project, CELLS[:1])
    project.commit()


def test_an_older_commit_and_back(server: Server, project: Project) -> None:
    new = assert_whole(server, project, CELLS[:1])
    for commit, cells in {"HEAD~1": CELLS, "-": CELLS[:1]}.items():
        project.call("git", "checkout", "--quiet", "--force", commit)
        project.call("dvc", "checkout")
        project.repro("--single-item", "track")
        found = assert_whole(server, project, cells)
    assert found == new
