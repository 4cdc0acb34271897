"""What is installed: complete, and with a core that needs little."""

import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import numpy as np
import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
# each of these asks for nothing but what the core has
CORE = """
import torch
import uncollapse

torch.manual_seed(0)
mu, logvar = torch.randn(200, 3), torch.zeros(200, 3)
diagnosis = uncollapse.diagnose(mu, logvar)
assert diagnosis.mi <= diagnosis.mi_upper + 1
x, output = torch.rand(8, 5), torch.randn(8, 5)
loss = lambda output, x, mu, logvar: torch.nn.functional.mse_loss(output, x)
assert uncollapse.audit(loss, output, x, mu[:8], mu[:8]).beta == 0
assert uncollapse.predict(x, variance=1e-3).alive == 5
assert uncollapse.suggest(x, latents=2).alive == 2
assert uncollapse.kl_weight("pi", kl_target=3.0)(mu.square()) >= 0
assert uncollapse.divergence("mmd")(mu, logvar, mu) > -1
assert uncollapse.advice("images")
uncollapse.Monitor().add(mu, logvar)
"""
REFUSE = """
import sys


class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {refused}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)


sys.meta_path.insert(0, Refuse())
"""
MODULES = {"scikit-learn": "sklearn", "vl-convert-python": "vl_convert", "pyyaml": "yaml"}


def refused() -> set[str]:
    """The modules of all packages that some extra adds to the core."""
    lines = [line for extra in PROJECT["optional-dependencies"].values() for line in extra]
    optional = {line.split(">")[0] for line in lines if "[" not in line}
    return {MODULES.get(package, package) for package in optional}


def run(code: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run code in a folder where only the core can be imported."""
    command = [sys.executable, "-c", REFUSE.format(refused=refused()) + code]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_the_core_needs_none_of_the_extras() -> None:
    done = run(CORE)
    assert done.returncode == 0, done.stderr


DIAGNOSE = (
    "import uncollapse\nfound = uncollapse.diagnose([[0.0], [1.0]] * 10, [[0.0], [0.0]] * 10{labels})\n"
)


@pytest.mark.parametrize(
    ("code", "extra"),
    [
        (DIAGNOSE.format(labels="") + "found.figure()", "figures"),
        (DIAGNOSE.format(labels=", labels=[0, 1] * 10"), "probe"),
        ("import uncollapse\nuncollapse.load('folder')", "pipeline"),
        (
            "import sys\nfrom uncollapse.cli import main\nsys.argv = ['uncollapse', 'grid']\nmain()",
            "pipeline",
        ),
    ],
)
def test_what_lacks_an_extra_says_which(code: str, extra: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "latents.npz", mu=np.eye(9), logvar=np.zeros((9, 9)))
    done = run(code, folder=tmp_path)
    assert done.returncode
    assert f"pip install '.[{extra}]'" in done.stderr.splitlines()[-1]


def test_wheel_and_sdist_have_every_file_of_the_package_and_the_core_as_dependencies(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "src"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    sources = {name.removeprefix("src/") for name in listed.stdout.split()}
    [wheel], [sdist] = tmp_path.glob("*.whl"), tmp_path.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        [metadata] = [name for name in names if name.endswith("METADATA")]
        lines = archive.read(metadata).decode().splitlines()
    assert sources == {name for name in names if ".dist-info/" not in name}
    needed = {line.removeprefix("Requires-Dist: ") for line in lines if line.startswith("Requires-Dist")}
    core = {Requirement(line) for line in needed if "extra ==" not in line}
    assert core == {Requirement(line) for line in PROJECT["dependencies"]}
    with tarfile.open(sdist) as archive:
        packed = {name.partition("/")[2] for name in archive.getnames()}
    assert {f"src/{name}" for name in sources} | {"README.md", "LICENSE", "pyproject.toml"} <= packed
