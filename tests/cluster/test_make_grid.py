"""The grid is made by units and gathered by the head, with real git and DVC; the engine is this process."""

import shutil
from collections.abc import Hashable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path

import pytest
from project import Project, reproduced

from uncollapse.cluster import make_grid, unit
from uncollapse.cluster.clone import SCRATCH
from uncollapse.errors import UserError
from uncollapse.experiment.cells import Cell
from uncollapse.experiment.schema import Resources
from uncollapse.pipeline.cell_files import CellFiles
from uncollapse.pipeline.job import Job
from uncollapse.pipeline.watching import freshness
from uncollapse.pipeline.watching.git import read_commit

CELL = Cell("mnist5k", "control_vae", "plain")


@dataclass
class Here:
    """An engine that makes orders at once; or lets them fail, or says falsely that they were made."""

    fails: bool = False
    lies: bool = False
    cores: int | None = None
    asked: list[str] = field(default_factory=list)
    made: dict[str, unit.Outcome] = field(default_factory=dict)

    def submit(self, orders: Sequence[unit.Order], asked: Resources) -> Sequence[Hashable]:
        for order in orders:
            name = str(order.jobs[-1])
            self.asked.append(name)
            if self.fails or self.lies:
                failed = order.jobs[-1] if self.fails else None
                self.made[name] = unit.Outcome([], failed=failed, line="out of luck")
            else:
                with redirect_stdout(StringIO()):
                    self.made[name] = unit.make_order(order)
        return [str(order.jobs[-1]) for order in orders]

    def ended(self, handles: Sequence[Hashable]) -> Sequence[Hashable]:
        return handles

    def outcome(self, handle: Hashable) -> unit.Outcome:
        return self.made[str(handle)]

    def close(self) -> None:
        """Nothing runs."""


@pytest.fixture
def head(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Project:
    """A project that has made all and pushed it; then both it and the remote lost the plain cell."""
    project, _ = reproduced(tmp_path_factory)
    project.call("dvc", "remote", "add", "--default", "storage", str(tmp_path / "remote"))
    project.commit()
    project.call("dvc", "push", "--run-cache")
    train = Job("train", str(CELL))
    for cache in (tmp_path / "remote/files/md5", project.folder / ".dvc/cache/files/md5"):
        stored(project, train, cache).unlink()
    shutil.rmtree(project.folder / train.folder)
    monkeypatch.chdir(project.folder)
    for name in ("PATH", "DVC_NO_ANALYTICS", "PYTHONPATH"):
        monkeypatch.setenv(name, project.environment[name])
    monkeypatch.setenv(SCRATCH, str(tmp_path / "scratch"))
    read_commit.cache_clear()
    freshness.parse_lock.cache_clear()
    return project


def stored(project: Project, job: Job, cache: Path) -> Path:
    """Where a cache has the list of the files of a job's output."""
    (out,) = unit.lock.read_entries(project.folder)[str(job)]["outs"]
    return cache / out["md5"][:2] / out["md5"][2:]


def make(engine: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(make_grid, "start_engine", lambda name: engine)
    make_grid.make_grid("here", str(Path.cwd()))


def test_a_cell_that_the_remote_lost_is_made_by_a_unit_not_by_the_head(
    head: Project, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    before, table = head.digests("metrics/cells"), Path("metrics/summary.csv").read_bytes()
    left = Job("evaluate", str(CELL)).folder / "half.txt"
    left.write_text("a run that was killed\n")
    make(engine := Here(), monkeypatch)
    assert engine.asked == [f"evaluate@{CELL}"]
    assert "Running stage 'train" not in capfd.readouterr().out
    assert head.digests("metrics/cells") == before
    assert Path("metrics/summary.csv").read_bytes() == table
    make(engine := Here(), monkeypatch)
    assert engine.asked == []


def test_the_head_does_not_train_what_did_not_come(
    head: Project, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UserError, match=f"^1 cells did not come from the remote, such as {CELL}; "):
        make(Here(lies=True), monkeypatch)
    assert "Running stage 'train" not in capfd.readouterr().out


def test_the_others_are_reported_where_a_cell_fails(head: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match=f"^of 2 cells these failed: {CELL}: out of luck$"):
        make(engine := Here(fails=True), monkeypatch)
    assert engine.asked == [f"evaluate@{CELL}"] * 3
    assert "control_vae,plain" not in Path("metrics/summary.csv").read_text()
    assert CellFiles(Cell("mnist5k", "control_vae", "pretrained")).measures.exists()
