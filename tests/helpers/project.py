"""A copy of the pipeline with nets of toy size and real DVC, for tests that work on one."""

import json
import os
import shutil
import subprocess
import sys
from copy import deepcopy
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import yaml
from filelock import FileLock
from warm import warm_python

ROOT = Path(__file__).parent.parent.parent
PARAMS: dict[str, Any] = {
    "grid": {
        "datasets": ["mnist5k"],
        "models": ["control_vae"],
        "methods": ["plain", "pretrained"],
        "seeds": [0, 1],
    },
    "datasets": {
        "mnist5k": {
            "source": {"use": "mnist5k"},
            "split": {"reserve": 100, "valid": 50, "test": 60},
            "net": {"use": "mlp", "latents": 4, "hidden": 8, "encoder_layers": 1, "decoder_layers": 2},
            "likelihood": {"use": "bernoulli"},
            "training": {"epochs": 1, "batch_size": 500, "learning_rate": 0.01},
            "kl_target": 5.0,
        }
    },
    "models": {"control_vae": {"kl_weight": {"use": "pi"}}},
    "methods": {
        "plain": {},
        "skip": {"decoder": {"use": "skip"}},
        "pretrained": {"pretraining": {"use": "classifier", "epochs": 1}},
    },
    "evaluation": {"most": 4},
    "device": "cpu",
}


class Project:
    """A folder with the pipeline and its own params."""

    def __init__(self, folder: Path, *, warm: bool = True) -> None:
        self.folder, self.params = folder, deepcopy(PARAMS)
        forking = [warm_python()] if warm else []
        path = os.pathsep.join([*forking, str(Path(sys.executable).parent), os.environ["PATH"]])
        self.environment = {
            **os.environ,
            "PATH": path,
            "PYTHONPATH": str(folder / "src"),
            "DVC_NO_ANALYTICS": "1",
            "MLFLOW_HTTP_REQUEST_TIMEOUT": "600",  # a server on a busy machine is slow, not down
        }
        self.environment.pop("MLFLOW_TRACKING_URI", None)

    def create(self) -> None:
        """The pipeline in a new git repository."""
        for name in ("src", "stages"):
            shutil.copytree(ROOT / name, self.folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("dvc.yaml", ".gitignore"):
            shutil.copy(ROOT / name, self.folder / name)
        (self.folder / "metrics").mkdir(exist_ok=True)
        self.write()
        self.call("git", "init", "--quiet")
        self.call("dvc", "init", "--quiet")
        self.commit()

    def write(self) -> None:
        (self.folder / "params.yaml").write_text(yaml.safe_dump(self.params))

    def call(self, *command: str, fails: bool = False) -> str:
        """The output of a command, which should fail or not."""
        process = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )
        assert (process.returncode != 0) == fails, process.stdout + process.stderr
        return process.stdout + process.stderr

    def commit(self) -> None:
        self.call("git", "add", "--all")
        author = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
        self.call("git", *author, "commit", "--quiet", "--message", "state")

    def repro(self, *arguments: str) -> tuple[set[str], list[str]]:
        """The stages that ran, and their lines about seeds."""
        lines = self.call("dvc", "repro", *arguments).splitlines()
        stages = {line.split("'")[1] for line in lines if line.startswith("Running stage")}
        return stages, [line for line in lines if "made now" in line]

    def digests(self, folder: str) -> dict[str, str]:
        files = sorted(file for file in (self.folder / folder).rglob("*") if file.is_file())
        return {file.name: sha256(file.read_bytes()).hexdigest() for file in files}


def reproduced(factory: pytest.TempPathFactory) -> tuple[Project, set[str]]:
    """A project in which `dvc repro` ran and git holds the result; and the stages that ran.

    It is made once for all workers of pytest, and copied for each caller.
    """
    shared = factory.getbasetemp()
    shared = shared.parent if "PYTEST_XDIST_WORKER" in os.environ else shared
    original, stages = shared / "pipeline", shared / "stages.json"
    with FileLock(shared / "pipeline.lock"):
        if not stages.exists():
            original.mkdir()
            project = Project(original)
            project.create()
            stages.write_text(json.dumps(sorted(project.repro()[0])))
            project.commit()
    folder = factory.mktemp("pipeline") / "project"
    shutil.copytree(original, folder)
    return Project(folder), set(json.loads(stages.read_text()))
