"""The notation, the loss and the pieces need torch and numpy; what checks arguments needs pydantic."""

import subprocess
import sys

from uncollapse.registry import SLOTS, list_names

CORE = """
import sys
import numpy
import torch
{checks}

class Refuse:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top not in sys.stdlib_module_names and top not in known:
            raise ModuleNotFoundError(f"{{name}} is neither torch's nor numpy's")

known = {{name.partition(".")[0] for name in sys.modules}} | {{"uncollapse"}}
sys.meta_path.insert(0, Refuse())
from importlib import import_module
for name in {modules}:
    import_module(name)
"""


def refused(modules: list[str], checks: str = "") -> str:
    """Import modules where only torch, numpy, what these import and `checks` are there; return the error."""
    code = CORE.format(modules=modules, checks=checks)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return done.stderr if done.returncode else ""


def test_notation_loss_and_slots_need_torch_and_numpy_alone() -> None:
    slots = [slot.folder.replace("/", ".") for slot in SLOTS.values() if slot.section != "datasets"]
    modules = ["vae", "seeds", "registry", "training.objective", "likelihoods", "nets", "methods", *slots]
    assert refused([f"uncollapse.{module}" for module in modules]) == ""


def test_pieces_need_pydantic_too_for_their_arguments() -> None:
    folders = [slot.folder for slot in SLOTS.values() if slot.section != "datasets"]
    modules = [f"uncollapse.{each.replace('/', '.')}.{name}" for each in folders for name in list_names(each)]
    assert refused(modules, "from pydantic import Field, PositiveFloat") == ""


def test_a_piece_without_bounds_on_its_arguments_needs_no_pydantic() -> None:
    free = [
        "methods.kl_weight",
        "methods.decoder.skip",
        "methods.posterior.gaussian",
        "methods.inference.joint",
    ]
    assert refused([f"uncollapse.{name}" for name in free]) == ""
    assert "pydantic" in refused(["uncollapse.methods.kl_weight.pi"]), "it would be told"
