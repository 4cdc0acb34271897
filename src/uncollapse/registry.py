"""The folder is the registry: a piece is a file in a folder of this package with a function of the same name.

`{use: pi, kp: 0.01}` in the slot `kl_weight` is the file `methods/kl_weight/pi.py`, called as `pi(kp=0.01)`.
There is nothing to register.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from uncollapse.errors import UserError

PACKAGE = Path(__file__).parent
DATASET_FOLDERS = {"source": "data/sources", "net": "nets", "likelihood": "likelihoods"}


def folder(part: str) -> str:
    """The folder of the pieces that can stand in a slot, or as source, net or likelihood of a data set."""
    return DATASET_FOLDERS.get(part, f"methods/{part}")


def names(folder: str) -> list[str]:
    """The pieces in a folder of the package, e.g. names("methods/decoder") == ["plain", "skip"]."""
    return sorted(file.stem for file in (PACKAGE / folder).glob("*.py") if not file.stem.startswith("_"))


def function(folder: str, name: str) -> Callable[..., Any]:
    """The function `name` in the file `name`.py of `folder`. Raises UserError if the file has none."""
    found = getattr(import_module(f"uncollapse.{folder.replace('/', '.')}.{name}"), name, None)
    if not callable(found):
        raise UserError(f"{folder}/{name}.py: should hold a function {name}, which makes the piece")
    return found


def build(folder: str, entry: Mapping[str, Any]) -> Any:
    """What the piece of a resolved entry makes: `function(folder, use)(**arguments)`."""
    return function(folder, entry["use"])(**{name: value for name, value in entry.items() if name != "use"})
