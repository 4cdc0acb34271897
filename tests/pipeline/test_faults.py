"""The attacks of `make faults` in short: some kills, some errors of the disk, and of the network."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from faults.network import Network
from faults.proxy import FAULTS

pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::ResourceWarning"
)
HELPERS = Path(__file__).parent.parent / "helpers"
SOURCE = HELPERS.parent.parent / "src"


def test_kills_and_a_disk_that_fails() -> None:
    """In a process of its own, which is forked for each stage."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(SOURCE), str(HELPERS)])}
    command = [sys.executable, "-m", "faults", "--short", "--kills", "10"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    kills, errors = re.findall(r"^total: (\d+) ", done.stdout, re.MULTILINE)
    assert int(kills) >= 10
    assert int(errors) >= 40


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in Network.SETTINGS.items():
            patch.setenv(name, value)
        network = Network(tmp_path_factory.mktemp("network") / "server")
        yield network
        network.close()


@pytest.mark.parametrize("fault", FAULTS)
def test_a_mirror_over_a_network_that_fails(network: Network, fault: str) -> None:
    line = network.attack(fault, 5, once=False)
    assert line
    assert line.endswith("; correct the address, or run `dvc repro` again when it answers")


def test_a_run_whose_creation_was_not_answered_is_there_once(network: Network) -> None:
    for request in range(1, 8):
        assert network.attack("lost", request, once=True) is not None
