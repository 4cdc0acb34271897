"""From a recipe to the VAE that it describes."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file

from uncollapse.data.files import CARD
from uncollapse.errors import UserError
from uncollapse.pipeline.outputs import RECIPE, WEIGHTS
from uncollapse.registry import make_piece
from uncollapse.vae import VAE, initialise_weights


def assemble(recipe: Mapping[str, Any], card: Mapping[str, Any], seed: int) -> VAE:
    """A VAE with the initial weights of `seed`, for the data that `card` describes.

    Raises UserError where net or likelihood are not for such data.
    """
    net, likelihood = make_piece("nets", recipe["net"]), make_piece("likelihoods", recipe["likelihood"])
    for what, piece in {"net": net, "likelihood": likelihood}.items():
        if piece.kind != card["kind"]:
            key = f"params.yaml: datasets.{recipe['dataset']}.{what}"
            raise UserError(f"{key}: {recipe[what]['use']} is for {piece.kind}, the data are {card['kind']}")
    encoder, decoder = net.build(
        tuple(card["shape"]), card["values"], make_piece("methods/decoder", recipe["decoder"])
    )
    head = make_piece("methods/posterior", recipe["posterior"])(encoder.features, net.latents)
    # a recipe of pretraining has none
    inference = make_piece("methods/inference", recipe["inference"]) if "inference" in recipe else None
    refinement = inference.refinement if inference else None
    vae = VAE(encoder, head, decoder, likelihood, net.latents, net.autoregressive, refinement)
    initialise_weights(vae, seed)
    return vae


def restore(recipe: Mapping[str, Any], card: Path, weights: Path) -> VAE:
    """The trained VAE of a recipe, from the files of its data set's card and of its weights; on the CPU.

    Raises FileNotFoundError if one is missing, and UserError if the weights are not those of the recipe's
    nets.
    """
    vae = assemble(recipe, json.loads(card.read_text()), 0)
    try:
        vae.load_state_dict(load_file(weights))
    except RuntimeError as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{weights}: not of {RECIPE}'s nets: {reason}") from None
    return vae


def load(folder: str | Path) -> VAE:
    """The trained VAE of a folder that holds recipe.json, card.json and weights.safetensors, such as the
    artifacts of a run in MLflow; in evaluation mode, on the CPU. Raises as `restore` does, and UserError for
    a file that is broken: whatever it is, nothing in it is run."""
    folder = Path(folder)
    try:
        recipe = json.loads((folder / RECIPE).read_text())
        return restore(recipe, folder / CARD, folder / WEIGHTS).eval()
    except SafetensorError as error:
        mend = "a pickle is not read; save the weights with safetensors"
        raise UserError(f"{folder / WEIGHTS}: no safetensors file: {error}; {mend}") from None
    except (ArithmeticError, AttributeError, ImportError, LookupError, TypeError, ValueError) as error:
        files = f"{folder}: {RECIPE} and {CARD}"
        raise UserError(f"{files} should be those of a training run: {error!r}") from None
