"""Run a study: `make study NAME=controls`.

studies/<name>/params.yaml holds what differs from params.yaml at the top. The pipeline runs in a separate
clone, .work/studies/<name>, with the code and the DVC cache of this repository. So a cell that was trained
here is not trained again, and a study that was interrupted continues. Its tables and its dvc.lock come back
to studies/<name>, and cells.md gets the means of each cell. If there is a published.csv, published.md
compares what is published with what was found. A script of the study is run in the clone at the end and
writes its results beside itself.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import cells
import published
import yaml

from uncollapse.errors import UserError
from uncollapse.experiment.params import Params
from uncollapse.experiment.yaml_file import read_yaml

ROOT = Path(__file__).parent.parent
CODE = ("src", "stages", "dvc.yaml")
RESULTS = ("summary.csv", "comparison.csv", "early.csv", "trajectories.csv", "results.md", "answers.png")


def main(name: str) -> int:
    """Run a study, bring back the results of the cells that did not fail; return the code of `dvc repro`."""
    study, folder = ROOT / "studies" / name, ROOT / ".work" / "studies" / name
    if not (study / "params.yaml").exists():
        names = sorted(file.parent.name for file in study.parent.glob("*/params.yaml"))
        sys.exit(f"error: there is no study {name!r}; there are {', '.join(names)}")
    if not folder.exists():
        subprocess.run(["git", "clone", "--quiet", ROOT, folder], check=True)
    for entry in CODE:
        copy(ROOT / entry, folder / entry)
    try:
        (folder / "params.yaml").write_text(yaml.safe_dump(params(study), sort_keys=False))
        Params(folder / "params.yaml")
    except UserError as error:
        sys.exit(f"error: study {name}: {error}")
    if (study / "dvc.lock").exists():
        shutil.copy(study / "dvc.lock", folder)
    environment = {**os.environ, "PYTHONPATH": str(folder / "src"), "DVC_NO_ANALYTICS": "1"}

    def dvc(*command: str) -> int:
        return subprocess.run(["dvc", *command], cwd=folder, env=environment, check=False).returncode

    dvc("cache", "dir", "--local", str(ROOT / ".dvc/cache"))
    code = dvc("repro", "--keep-going")
    if code and dvc("repro", "--single-item", "report"):  # The tables there belong to another grid.
        sys.exit(f"error: study {name}: there is nothing to report yet; run it again, and it continues")
    for file in [folder / "dvc.lock", *(folder / "metrics" / result for result in RESULTS)]:
        shutil.copy(file, study)
    cells.write(study)
    if (study / "published.csv").exists():
        published.write(study)
    for script in study.glob("*.py"):
        subprocess.run([sys.executable, script], cwd=folder, env=environment, check=True)
    print(f"tables: studies/{name}    report: {(folder / 'report/index.html').relative_to(ROOT)}")
    return code


def params(study: Path) -> dict[str, Any]:
    """Return params.yaml at the top with the entries of the study in their place."""
    result, own = read_yaml(ROOT / "params.yaml"), read_yaml(study / "params.yaml")
    for section, entries in own.items():
        result[section] = entries if section == "grid" else {**result[section], **entries}
    return result


def copy(source: Path, target: Path) -> None:
    """Copy a file or folder over what is there."""
    if source.is_dir():
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python studies/run.py NAME")
    sys.exit(main(sys.argv[1]))
