"""The engines of submitit, whose own processes are replaced by a line on stderr."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from uncollapse.cluster import on_local, on_slurm
from uncollapse.experiment.schema import Resources


class Executor:
    """An executor whose processes print to the stderr that they inherit."""

    def __init__(self, folder: str, cluster: str) -> None:
        self.cluster = cluster

    def update_parameters(self, **asked: Any) -> None:
        """Nothing is asked for."""

    @contextmanager
    def batch(self) -> Iterator[None]:
        yield

    def submit(self, work: Any, order: Any) -> object:
        os.write(2, b"a traceback")
        return object()


@pytest.mark.parametrize("local", [True, False])
def test_only_the_local_engine_silences_what_its_processes_print(
    local: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "submitit", SimpleNamespace(AutoExecutor=Executor))
    engine = on_local.begin() if local else on_slurm.Submitit("slurm")
    assert engine.executor.cluster == ("local" if local else "slurm")
    assert len(engine.submit([None, None], Resources())) == 2
    assert capfd.readouterr().err == ("" if local else 2 * "a traceback")
    os.write(2, b"after")
    assert capfd.readouterr().err == "after"
