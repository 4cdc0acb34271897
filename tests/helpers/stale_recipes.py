"""The code that is tested, and which recipes another code makes other ones."""

from pathlib import Path

from uncollapse.experiment.digests import Code
from uncollapse.experiment.make_recipes import Content, make_recipes
from uncollapse.experiment.params import Params
from uncollapse.registry import PACKAGE

ROOT = Path(__file__).parent.parent.parent
CODE = Code(PACKAGE, ROOT / "stages")


def changed(before: dict[str, Content], params: Params, code: Code) -> set[str]:
    """The recipes that the code makes other ones."""
    after = make_recipes(params, code)
    assert after.keys() == before.keys()
    return {name for name in before if after[name] != before[name]}
