"""A data set that is added: what has to be written, and no more."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import yaml

from uncollapse.data.prepared import read

SOURCE = '''"""Numbers that were made up."""

import numpy as np

from uncollapse.data.sources import Example, Load, Source


def made_up(*, width: int = 3) -> Load:
    """40 images."""
    images = (Example(np.full((width, width), i, np.uint8), str(i % 2)) for i in range(40))
    return lambda: Source(images, "made up", "none")
'''


def test_a_data_set_is_one_file_and_its_entry(tmp_path: Path) -> None:
    """In a copy of the project."""
    root = Path(__file__).parent.parent
    for name in ("src", "stages"):
        shutil.copytree(root / name, tmp_path / name)
    (tmp_path / "src/uncollapse/data/sources/made_up.py").write_text(SOURCE)
    params = yaml.safe_load((root / "params.yaml").read_text())
    params["datasets"]["numbers"] = {
        **params["datasets"]["mnist5k"],
        "source": {"use": "made_up", "width": 5},
        "split": {"reserve": 10, "valid": 5, "test": 7},
    }
    params["grid"]["datasets"] = ["numbers"]
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params))
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "src")}
    for stage in ("recipes.py", "prepare.py numbers"):
        command = [sys.executable, *f"stages/{stage}".split()]
        subprocess.run(command, cwd=tmp_path, env=environment, check=True)
    part = read(tmp_path / "data/numbers", "train")
    assert part.x.shape == (18, 5, 5)
    assert part.labels is not None
    assert np.array_equal(part.labels, part.x[:, 0, 0] % 2)
