"""The recipes of a grid, and a copy of the code to edit."""

import shutil
from pathlib import Path

import pytest
import yaml
from stale_recipes import CODE, ROOT

from uncollapse.experiment.digests import Code
from uncollapse.experiment.make_recipes import Content, make_recipes
from uncollapse.experiment.params import Params
from uncollapse.registry import PACKAGE

GRID = {
    "datasets": ["mnist5k", "kjv"],
    "models": ["vae", "control_vae"],
    "methods": ["plain", "skip", "aggressive", "pretrained", "noise+adversarial"],
    "seeds": [0],
}


@pytest.fixture(scope="module")
def params(tmp_path_factory: pytest.TempPathFactory) -> Params:
    file = tmp_path_factory.mktemp("params") / "params.yaml"
    file.write_text(yaml.safe_dump(yaml.safe_load((ROOT / "params.yaml").read_text()) | {"grid": GRID}))
    return Params(file)


@pytest.fixture(scope="module")
def before(params: Params) -> dict[str, Content]:
    return make_recipes(params, CODE)


@pytest.fixture
def copy(tmp_path: Path) -> Code:
    """A copy of the code, to edit."""
    ignore = shutil.ignore_patterns("__pycache__")
    package = shutil.copytree(PACKAGE, tmp_path / "src" / "uncollapse", ignore=ignore)
    return Code(package, shutil.copytree(ROOT / "stages", tmp_path / "stages", ignore=ignore))
