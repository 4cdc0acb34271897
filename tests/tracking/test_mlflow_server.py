"""A real MLflow server and the pipeline: every run is there once, complete, whatever happened before."""

import shutil
import signal
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from project import Project, reproduced
from safetensors.torch import load_file
from server import KILLED, Server, wait_for

import uncollapse
from uncollapse.data.files import read_parts
from uncollapse.vae import encode_part

pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::ResourceWarning"
)
CELLS = ("mnist5k-control_vae-plain", "mnist5k-control_vae-pretrained")
ALL = "tags.`uncollapse.key` LIKE '%'"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(tmp_path_factory.mktemp("server"))
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, server: Server) -> Project:
    project, _ = reproduced(tmp_path_factory)
    project.environment["MLFLOW_TRACKING_URI"] = server.uri
    return project


def copy(project: Project, name: str) -> Project:
    """A copy of a project, as it lies there."""
    shutil.copytree(project.folder, project.folder.parent / name)
    return at(project, name)


def at(project: Project, name: str) -> Project:
    """The project in a folder beside another one, with the same server."""
    other = Project(project.folder.parent / name)
    other.environment["MLFLOW_TRACKING_URI"] = project.environment["MLFLOW_TRACKING_URI"]
    return other


def track(project: Project) -> subprocess.Popen[str]:
    command = ["python", "stages/track.py"]
    output = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    return subprocess.Popen(command, cwd=project.folder, env=project.environment, text=True, **output)


def assert_complete(server: Server, project: Project, cells: tuple[str, ...] = CELLS) -> list[str]:
    """Exactly one current run a cell and one a seed in it, each finished and complete; their ids."""
    current, client = {entry.info.run_name: entry for entry in server.runs()}, server.client()
    assert len(current) == len(server.runs())
    entries = {name: entry for name, entry in current.items() if entry.data.tags["kind"] == "seed"}
    assert sorted(entries) == sorted(f"{cell}-{seed}" for cell in cells for seed in (0, 1))
    assert sorted(current.keys() - entries.keys()) == sorted(cells)
    for cell in cells:
        assert_means(current[cell], project, cell)
    keys = [entry.data.tags["uncollapse.key"] for entry in server.runs(ALL)]
    assert len(keys) == len(set(keys)), "also among those of before nothing stands twice"
    for name, entry in entries.items():
        assert entry.info.status == "FINISHED"
        cell, seed = name.rsplit("-", 1)
        assert entry.data.tags["mlflow.parentRunId"] == current[cell].info.run_id
        history = pd.read_csv(project.folder / "runs" / cell / "history.csv").query(f"seed == {seed}")
        for column in ("elbo", "kl", "beta"):
            points = client.get_metric_history(entry.info.run_id, f"train/{column}")
            assert [point.step for point in points] == history["step"].tolist()
            assert [point.value for point in points] == pytest.approx(history[column].tolist())
        assert len(client.get_metric_history(entry.info.run_id, "collapse/share_by_log_eps")) == 46
        assert "test/nll" in entry.data.metrics
        assert "weights.safetensors" in [file.path for file in client.list_artifacts(entry.info.run_id)]
    return sorted(entry.info.run_id for entry in current.values())


def assert_means(entry: Any, project: Project, cell: str) -> None:
    """The run of a cell is finished, and has the means over its seeds."""
    assert (entry.info.status, entry.data.tags["seeds"]) == ("FINISHED", "2")
    measures = pd.read_csv(project.folder / "metrics/cells" / cell / "measures.csv")
    for name in ("nll", "collapsed", "converged"):
        assert entry.data.metrics[f"test/{name}"] == pytest.approx(measures[name].mean())


def delete_all_runs(server: Server) -> None:
    for entry in server.runs(ALL):
        server.client().delete_run(entry.info.run_id)


def test_a_second_mirror_adds_nothing(server: Server, project: Project) -> None:
    output = project.call("dvc", "repro", "--force", "--single-item", "track")
    assert f"6 runs in {server.uri}, 6 of them new" in output
    before = assert_complete(server, project)
    output = project.call("python", "stages/track.py")
    assert "6 runs in sqlite:///mlflow.db, 0 of them new, 0 repaired" in output
    assert f"6 runs in {server.uri}, 0 of them new, 0 repaired" in output
    assert assert_complete(server, project) == before


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
    q = encode_part(uncollapse.load(folder), read_parts(project.folder / "data/mnist5k/1", "test"))
    measured = load_file(project.folder / "metrics/cells" / cell / latents)
    assert torch.allclose(q.mu, measured["mu"], atol=1e-5)
    assert torch.allclose(q.logvar, measured["logvar"], atol=1e-5)


def test_two_at_once_from_two_clones(server: Server, project: Project) -> None:
    delete_all_runs(server)
    processes = [track(project), track(copy(project, "second"))]
    output = "".join(process.communicate()[0] for process in processes)
    assert [f"{server.uri}, {count} of them new" in output for count in (0, 6)] == [True, True]
    assert_complete(server, project)


def test_a_mirror_killed_in_the_middle(server: Server, project: Project) -> None:
    delete_all_runs(server)
    project.call("python", "-c", KILLED, fails=True)
    left = server.runs()
    assert sorted(entry.info.status for entry in left) == ["FINISHED", "FINISHED", "RUNNING"]
    project.call("python", "stages/track.py")
    ids = assert_complete(server, project)
    assert {entry.info.run_id for entry in left} <= set(ids), "what was there was completed"


def test_from_a_clone_that_pulled(server: Server, project: Project) -> None:
    before = assert_complete(server, project)
    project.call("git", "clone", "--quiet", ".", "../clone")
    clone = at(project, "clone")
    for copied in (project, clone):
        settings = f"[core]\nremote = store\n['remote \"store\"']\nurl = {project.folder.parent / 'remote'}\n"
        (copied.folder / ".dvc/config.local").write_text(settings)
    project.call("dvc", "push")
    clone.call("dvc", "pull")
    assert clone.repro() == ({"track"}, []), "nothing is trained or measured"
    assert assert_complete(server, clone) == before


def test_the_server_dies_while_a_followed_cell_is_trained(server: Server, project: Project) -> None:
    project.params["grid"]["methods"] = ["plain"]
    project.params["datasets"]["mnist5k"]["training"]["epochs"] = 40
    project.write()
    environment = {"cwd": project.folder, "env": project.environment}
    # Ctrl-C is heard also where the tests run in the background
    hear = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    follow = subprocess.Popen(
        ["python", "stages/follow.py"], text=True, stderr=subprocess.PIPE, preexec_fn=hear, **environment
    )
    repro = subprocess.Popen(["dvc", "repro", "evaluate"], stdout=subprocess.DEVNULL, **environment)
    [live, *_] = wait_for(lambda: server.runs("tags.live = 'true'"))
    server.kill()
    assert repro.wait() == 0
    assert follow.poll() is None
    output = project.call("dvc", "repro", "--single-item", "track", fails=True)
    assert f"error: MLflow at {server.uri}: " in output
    assert "3 runs in sqlite:///mlflow.db, 3 of them new" in output
    follow.send_signal(signal.SIGINT)
    assert follow.communicate()[1].count("MLflow at") <= 1
    assert follow.returncode == 0
    server.start()
    project.call("dvc", "repro", "--single-item", "track")
    assert live.info.run_id in assert_complete(server, project, CELLS[:1])
    project.commit()


def test_an_older_commit_and_back(server: Server, project: Project) -> None:
    before = assert_complete(server, project, CELLS[:1])
    for commit, cells in {"HEAD~1": CELLS, "-": CELLS[:1]}.items():
        project.call("git", "checkout", "--quiet", "--force", commit)
        project.call("dvc", "checkout")
        project.repro("--single-item", "track")
        ids = assert_complete(server, project, cells)
    assert ids == before
