"""Two machines, as far as one can be two: network namespaces, of which the second has a /tmp of its own.

The head has git's daemon, a server of S3 and Ray without a core; the worker has all cores. So every cell goes
from a clone over the network into S3, and from there to the head.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from conftest import created, same_cells
from project import Project

HEAD, WORKER = "10.213.0.1", "10.213.0.2"
NETS = {"uncollapse-head": HEAD, "uncollapse-worker": WORKER}
RAY, S3, GIT = f"{HEAD}:6379", f"http://{HEAD}:5000", f"git://{HEAD}/project"
KEYS = {
    **{"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1"},
    **{"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "0123456789abcdef" * 4},
}


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@pytest.fixture
def network() -> Iterator[None]:
    """Two network namespaces and a line between them."""
    if os.geteuid() or not shutil.which("ip"):
        pytest.skip("needs root and the command ip, for namespaces")
    if Path(sys.prefix).is_relative_to("/tmp"):
        pytest.skip("this environment is in /tmp, of which the second machine has its own; clone elsewhere")
    try:
        ip("netns", "add", next(iter(NETS)))
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no namespaces here: {error.stderr.decode().strip()}")
    try:
        ip("netns", "add", "uncollapse-worker")
        ends = [["uc-head", "netns", "uncollapse-head"], ["uc-worker", "netns", "uncollapse-worker"]]
        ip("link", "add", *ends[0], "type", "veth", "peer", "name", *ends[1])
        for net, address in NETS.items():
            line = net.replace("uncollapse", "uc")
            ip("-n", net, "address", "add", f"{address}/24", "dev", line)
            for device in ("lo", line):
                ip("-n", net, "link", "set", device, "up")
        yield
    finally:
        for net in NETS:
            with suppress(subprocess.CalledProcessError):
                ip("netns", "delete", net)


class Machine:
    """Runs commands in a namespace; a machine with a /tmp of its own sees no file of the other's there."""

    def __init__(self, net: str, own_tmp: bool, stack: ExitStack) -> None:
        inside = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs tmpfs /tmp && cd / && exec "$@"', "sh"]
        self.prefix, self.stack = ["ip", "netns", "exec", net, *(inside if own_tmp else [])], stack
        self.environment = {**os.environ, **KEYS}

    def begin(self, *command: str) -> None:
        """A command that ends with the test."""
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        process = subprocess.Popen([*self.prefix, *command], env=self.environment, **quiet)
        self.stack.callback(process.wait)
        self.stack.callback(process.terminate)

    def wait_for(self, *command: str) -> None:
        """Until a command succeeds."""
        for _ in range(120):
            done = subprocess.run(
                [*self.prefix, *command], env=self.environment, capture_output=True, check=False
            )
            if not done.returncode:
                return
            time.sleep(0.5)
        raise AssertionError(f"{command}: {done.stderr.decode()}")


def test_cells_come_over_the_network(network: None, tmp_path: Path, serial: Project) -> None:
    models = ["vae", "control_vae"]
    project = created(tmp_path / "project", models)
    project.call("dvc", "remote", "modify", "storage", "url", "s3://cells/project")
    project.call("dvc", "remote", "modify", "storage", "endpointurl", S3)
    project.commit()
    with ExitStack() as stack:
        head, worker = (Machine(net, net.endswith("worker"), stack) for net in NETS)
        head.begin("git", "daemon", "--export-all", f"--base-path={tmp_path}", f"--listen={HEAD}")
        head.begin("moto_server", "--host", HEAD, "--port", "5000")
        head.wait_for("curl", "--silent", "--fail", "--request", "PUT", f"{S3}/cells")
        begin = ["ray", "start", "--block", "--disable-usage-stats"]
        head.begin(*begin, "--head", f"--node-ip-address={HEAD}", "--port=6379", "--num-cpus=0")
        head.wait_for("ray", "health-check", f"--address={RAY}")
        worker.begin(*begin, f"--address={RAY}", f"--node-ip-address={WORKER}", "--num-cpus=2")
        environment = {**project.environment, **KEYS, "RAY_ADDRESS": RAY}
        done = subprocess.run(
            [*head.prefix, "uncollapse", "grid", "--on", "ray", "--source", GIT],
            cwd=project.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    output = done.stdout.splitlines()
    assert sum(": made in" in line for line in output) == 4 + 1
    ran = {line.split("'")[1] for line in output if line.startswith("Running stage")}
    assert ran == {"recipes", "calibrate", "report", "track"}, "no cell was made on the head"
    assert not Path(project.environment["UNCOLLAPSE_SCRATCH"]).exists(), "nor in a clone there"
    same_cells(project, serial, models)
