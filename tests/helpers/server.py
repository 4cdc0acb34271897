"""A real MLflow server, for tests that need one."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

# stages/track.py, which kills itself when it is about to complete the second run
KILLED = """
import os, runpy, signal
from uncollapse.tracking import mirror

complete = mirror.complete_run

def die(client, stored, run, points):
    if run.name.endswith("plain-1"):
        os.kill(os.getpid(), signal.SIGKILL)
    complete(client, stored, run, points)

mirror.complete_run = die
runpy.run_path("stages/track.py", run_name="__main__")
"""


class Server:
    """`mlflow server` on the loopback address, with its store and artifacts in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.uri = f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        address = ["--host", "127.0.0.1", "--port", str(self.port), "--workers", "1"]
        stores = [
            "--backend-store-uri",
            f"sqlite:///{self.folder}/server.db",
            "--artifacts-destination",
            str(self.folder / "artifacts"),
        ]
        with (self.folder / "log").open("a") as log:
            self.process = subprocess.Popen(
                ["mlflow", "server", *address, *stores],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env={
                    **os.environ,
                    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
                },  # or it starts ten more processes
                start_new_session=True,
            )
        wait_for(self.answers)

    def answers(self) -> bool:
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def runs(self, filter_string: str = "tags.current = 'true'") -> list[Any]:
        experiments = [experiment.experiment_id for experiment in self.client().search_experiments()]
        return self.client().search_runs(experiments, filter_string) if experiments else []

    def client(self) -> Any:
        from mlflow.tracking import MlflowClient

        return MlflowClient(self.uri)


def wait_for(condition: Callable[[], Any], seconds: float = 600) -> Any:
    """The first value of `condition()` that is true; the limit is only there to end a test that hangs."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.05)
    raise TimeoutError(condition)
