"""The contract of rooms in pyproject.toml breaks when an import is added that it forbids."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("vae.py", "from uncollapse.pipeline import paths"),
        ("results/means.py", "from uncollapse.report import colours"),
        ("tracking/mirror.py", "from uncollapse.report import page"),
        ("data/part.py", "import uncollapse.vae"),
        ("training/loop.py", "import mlflow"),
        ("results/means.py", "import altair"),
        ("your_vae/monitor.py", "import jinja2"),
        ("pipeline/cache.py", "import dvc.api"),
    ],
)
def test_a_forbidden_import_breaks_the_contract(tmp_path: Path, file: str, line: str) -> None:
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    source = tmp_path / "src/uncollapse" / file
    source.write_text(f"{source.read_text()}\n\ndef late() -> None:\n    {line}\n")
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--no-cache"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Contracts: 3 kept, 1 broken." in done.stdout


def test_the_map_in_the_documents_is_the_contract() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = [set(row.split(" | ")) for row in contracts[0]["layers"]]
    section = (ROOT / "docs/design.md").read_text().split("\n## The rooms of the code\n")[1]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    assert [set(re.findall("`([a-z_]+)`", row)) for row in rows] == layers
