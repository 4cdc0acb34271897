"""A unit makes a cell in a clone of its own, with real git and DVC, and refuses to make another cell."""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from dvc.utils.serialize import load_yaml
from project import Project, reproduced

from uncollapse.cluster import lock, unit
from uncollapse.cluster.clone import SCRATCH, find_scratch
from uncollapse.cluster.clone import open_clone as taken
from uncollapse.cluster.make_grid import check_repository
from uncollapse.errors import UserError
from uncollapse.experiment.cells import Cell
from uncollapse.pipeline.job import Job, list_jobs
from uncollapse.pipeline.watching.git import read_commit

CELL = Cell("mnist5k", "control_vae", "plain")


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project that has made all, and has a remote, which is empty."""
    project, _ = reproduced(tmp_path_factory)
    project.call("dvc", "remote", "add", "--default", "storage", str(tmp_path_factory.mktemp("remote")))
    project.commit()
    return project


@pytest.fixture
def head(original: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """This process is in its folder, and has a scratch folder for all tests."""
    monkeypatch.chdir(original.folder)
    for name in ("PATH", "DVC_NO_ANALYTICS"):
        monkeypatch.setenv(name, original.environment[name])
    monkeypatch.setenv(SCRATCH, str(original.folder.parent / "scratch"))
    read_commit.cache_clear()
    return original


def order(**other: Any) -> unit.Order:
    """The cell, in a clone of this folder, with its recipes."""
    recipes = {job: unit.digest_recipe(job.recipe_file) for job in list_jobs(CELL)}
    return unit.Order(list_jobs(CELL), read_commit(), os.getcwd(), 2, recipes)._replace(**other)


def made_before(order: unit.Order) -> bool:
    """Whether nothing was made, and the lock says of every job what the head's says."""
    entries = lock.read_entries(Path())
    return unit.make_order(order) == unit.Outcome([], {str(job): entries[str(job)] for job in order.jobs})


def clone() -> Path:
    (folder,) = find_scratch().glob("*/0")
    return folder


def test_a_cell_is_made_once_to_the_bytes_of_dvc_repro(
    head: Project, capfd: pytest.CaptureFixture[str]
) -> None:
    outcome = unit.make_order(order())
    assert outcome.failed is None, outcome.line
    assert [row["stage"] for row in outcome.seconds] == ["train", "evaluate"]
    for job in list_jobs(CELL):
        assert Project(clone()).digests(str(job.folder)) == head.digests(str(job.folder)), job
    shutil.rmtree(clone())  # as on another machine
    capfd.readouterr()
    assert made_before(order())
    assert "Running stage" not in capfd.readouterr().out
    assert Project(clone()).digests(f"metrics/cells/{CELL}") == head.digests(f"metrics/cells/{CELL}")


def test_another_commit_comes_into_the_same_clone(head: Project) -> None:
    before = read_commit()
    (head.folder / "params.yaml").write_text(f"# a comment\n{(head.folder / 'params.yaml').read_text()}")
    head.commit()
    read_commit.cache_clear()
    assert read_commit() != before
    assert made_before(order()), "a comment makes nothing stale"
    assert (clone() / "params.yaml").read_text().startswith("# a comment\n")
    assert made_before(order(commit=before[:12]))


def test_a_clone_that_was_killed_in_the_middle_is_made_anew(head: Project) -> None:
    (clone() / ".git/uncollapse").unlink()
    (clone() / "params.yaml").unlink()
    assert made_before(order())
    assert (clone() / "params.yaml").read_bytes() == (head.folder / "params.yaml").read_bytes()
    for file in ("dvc.lock", ".dvc/tmp/rwlock"):  # DVC writes them in place
        (clone() / file).write_text('{"half')
    assert made_before(order())


def test_another_attempt_comes_to_the_clone_where_the_last_one_was(
    head: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(SCRATCH, str(tmp_path))
    source, begun = str(head.folder), [Job("train", str(CELL)).cache]
    with taken(source, read_commit(), begun) as first, taken(source, read_commit(), begun) as second:
        (second / begun[0]).mkdir(parents=True)
    with taken(source, read_commit()) as other:
        assert other == first
    with taken(source, read_commit(), begun) as again, taken(source, read_commit(), begun) as third:
        assert (again, third) == (second, first)


def test_what_cannot_be_begun_is_a_line(head: Project) -> None:
    def line(**other: Any) -> str:
        outcome = unit.make_order(order(**other))
        assert outcome.failed == Job("evaluate", str(CELL))
        return outcome.line

    assert line(commit="0" * 40).endswith(
        f"has no commit {'0' * 40}; push it, so that others can make its cells"
    )
    assert "repository" in line(source="/nowhere")
    typo = [job._replace(name=f"{job.name}n") for job in list_jobs(CELL)]
    failed = unit.make_order(order(jobs=typo, recipes={}))
    assert failed.line.startswith(f"the grid of this commit has no such cell; did you mean {CELL}")
    other = {Job("train", str(CELL)): "0" * 64}
    assert line(recipes=other).startswith(
        f"train@{CELL}: this machine would make something else, since it has numpy "
    )
    with (clone() / "params.yaml").open("a") as file:
        file.write("# edited\n")
    assert line().endswith("unchanged; delete the folder")


def test_a_cell_that_fails_tells_its_line(head: Project) -> None:
    job = Job("train", str(CELL))
    (clone() / job.failure).parent.mkdir(parents=True)
    (clone() / job.failure).write_text("training diverged\n")
    assert unit.find_failure(list_jobs(CELL), clone(), [], "last") == unit.Outcome(
        [], failed=job, line="training diverged"
    )
    (clone() / job.failure).unlink()
    last = unit.run_python(["-c", "print(1); print(); raise SystemExit('no memory')"], clone(), 2)
    assert unit.find_failure(list_jobs(CELL), clone(), [], last).line == "1 | no memory"


def test_a_grid_is_refused_with_edits_and_without_a_remote(
    head: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_repository()
    config = head.folder / ".dvc/config"
    text = config.read_text()
    config.write_text("[core]\n")
    with pytest.raises(UserError, match=r"^there are edits here .*`git commit` first$"):
        check_repository()
    head.commit()
    with pytest.raises(UserError, match=r"^there is no DVC remote, .* `dvc remote add --default"):
        check_repository()
    config.write_text(text.replace("url = /", "url = ../"))
    head.commit()
    with pytest.raises(UserError, match=r"remote 'storage' is at \.\./.*; use a full path$"):
        check_repository()
    config.write_text(text.replace("url = /", "url = /nowhere/"))
    head.commit()
    with pytest.raises(UserError, match=r"is at /nowhere/.*, but there is no folder /nowhere/.* here$"):
        check_repository()
    config.write_text(text)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=r"^there is no commit here"):
        check_repository()


def test_dvc_reads_a_digest_that_looks_like_a_number(tmp_path: Path) -> None:
    for digest in ("12e34", "0123456", "1e5.dir", "9" * 32, "9" * 30 + "e1"):
        new = {"train@a-b-c": {"cmd": "x", "outs": [{"path": "runs", "md5": digest}]}}
        lock.add_entries(tmp_path, new)
        assert load_yaml(str(tmp_path / "dvc.lock"))["stages"] == new == lock.read_entries(tmp_path)
