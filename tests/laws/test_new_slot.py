"""A new slot is a folder and a line of the table: all code that knows the slots finds it there."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

from uncollapse.registry import PACKAGE

ROOT = Path(__file__).parent.parent.parent
LINE = '        Slot("tenth", "methods", "methods/tenth", "nothing", ("pretrain", "tune", "train")),\n'
FOLDER = {
    "__init__.py": '"""A slot.\n\nWhat is the tenth question?\n\nA piece is a number.\n"""\n',
    "nothing.py": '"""Nothing is done."""\n\n\n'
    'def nothing() -> float:\n    """Return 0."""\n    return 0.0\n',
    "share.py": '"""A share is taken.\n\nDoe 2030, arXiv 3001.00001.\n"""\n\n\n'
    'def share(*, part: float = 0.5) -> float:\n    """Return the share."""\n    return part\n',
}
CODE = """
import json
from pathlib import Path

from uncollapse.experiment.comparisons import find_roles
from uncollapse.experiment.describe import list_as_text, make_pieces_table
from uncollapse.experiment.digests import Code
from uncollapse.experiment.params import Params
from uncollapse.experiment.make_recipes import make_recipes
from uncollapse.methods import Method
from uncollapse.methods.kl_weight.constant import constant
from uncollapse.methods.plain_vae import plain_vae
from uncollapse.registry import PACKAGE

params = Params(Path("params.yaml"))
found = make_recipes(params, Code(PACKAGE, Path("stages")))
methods = [Method.build(found[f"train/mnist5k-vae-{name}"]).tenth for name in ("plain", "shared")]
print(json.dumps({
    "methods": [*methods, plain_vae(constant()).tenth],
    "recipes": {name: recipe.get("tenth") for name, recipe in found.items()},
    "sources": list(found["train/mnist5k-vae-shared"]["sources"]),
    "roles": find_roles(params)["plain"],
    "listing": list_as_text("tenth"),
    "row": make_pieces_table().splitlines()[-1],
}))
"""


def test_a_tenth_slot_is_a_folder_and_a_line(tmp_path: Path) -> None:
    ignore = shutil.ignore_patterns("__pycache__")
    package = shutil.copytree(PACKAGE, tmp_path / "src" / "uncollapse", ignore=ignore)
    shutil.copytree(ROOT / "stages", tmp_path / "stages", ignore=ignore)
    (package / "methods/tenth").mkdir()
    for name, text in FOLDER.items():
        (package / "methods/tenth" / name).write_text(text)
    table = package / "registry.py"
    last = '        Slot("source", '
    table.write_text(table.read_text().replace(last, LINE + last, 1))
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    params["grid"] = {
        "datasets": ["mnist5k"],
        "models": ["vae"],
        "methods": ["shared", "plain"],
        "seeds": [0],
    }
    params["methods"] |= {"shared": {"tenth": {"use": "share", "part": 0.25}}}
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params))
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "src")}
    done = subprocess.run(
        [sys.executable, "-c", CODE],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["methods"] == [0.0, 0.25, 0.0]
    shared, plain = {"use": "share", "part": 0.25}, {"use": "nothing"}
    for stage in ("pretrain", "train"):
        model = "" if stage == "pretrain" else "-vae"
        assert found["recipes"][f"{stage}/mnist5k{model}-shared"] == shared
        assert found["recipes"][f"{stage}/mnist5k{model}-plain"] == plain
    assert found["recipes"]["evaluate/mnist5k-vae-shared"] is None
    assert "uncollapse/methods/tenth/share.py" in found["sources"]
    assert found["roles"] == "plain"
    assert "\ntenth: What is the tenth question?\n  nothing\n" in found["listing"]
    assert found["row"].startswith(
        "| `tenth` | `share` | A share is taken. | [Doe 2030](https://arxiv.org/abs/3001.00001) |"
    )
