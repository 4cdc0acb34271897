"""Assemble the VAE that a recipe describes, and restore a trained one from its files."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file

from uncollapse.data.files import CARD
from uncollapse.errors import UserError
from uncollapse.experiment.recipe import Recipe
from uncollapse.pipeline.paths import RECIPE, WEIGHTS
from uncollapse.registry import make_piece
from uncollapse.vae import VAE, initialise_weights


def assemble(recipe: Recipe, card: Mapping[str, Any], seed: int) -> VAE:
    """Return a VAE with the initial weights of `seed`, for the data that `card` describes.

    Raises UserError where net or likelihood are not for such data.
    """
    net = make_piece("nets", recipe.piece("net"))
    likelihood = make_piece("likelihoods", recipe.piece("likelihood"))
    for slot, piece in {"net": net, "likelihood": likelihood}.items():
        if piece.kind != card["kind"]:
            key, use = f"params.yaml: datasets.{recipe.dataset}.{slot}", recipe.piece(slot)["use"]
            raise UserError(f"{key}: {use} is for {piece.kind}, but the data are {card['kind']}")
    decoder_piece = make_piece("methods/decoder", recipe.piece("decoder"))
    encoder, decoder = net.build(tuple(card["shape"]), card["values"], decoder_piece)
    head = make_piece("methods/posterior", recipe.piece("posterior"))(encoder.features, net.latents)
    refinement = None
    if "inference" in recipe.stated:  # A recipe of pretraining names none.
        refinement = make_piece("methods/inference", recipe.piece("inference")).refinement
    vae = VAE(encoder, head, decoder, likelihood, net.latents, net.autoregressive, refinement)
    initialise_weights(vae, seed)
    return vae


def restore(recipe: Recipe, card: Path, weights: Path) -> VAE:
    """Return the trained VAE of a recipe, on the CPU, from the files of its card and its weights.

    Raises FileNotFoundError if one is missing, and UserError if the weights do not fit the recipe's nets.
    """
    vae = assemble(recipe, json.loads(card.read_text()), 0)
    try:
        vae.load_state_dict(load_file(weights))
    except RuntimeError as error:
        reason = " ".join(str(error).split())
        raise UserError(f"{weights}: does not fit the nets of {RECIPE}: {reason}") from None
    return vae


def load(folder: str | Path) -> VAE:
    """Return the trained VAE of a folder with recipe.json, card.json and weights.safetensors, on the CPU.

    The artifacts of a run in MLflow are such a folder. The VAE is in evaluation mode. Raises what `restore`
    raises, and UserError for a broken file. Whatever a file holds, none of it is run.
    """
    folder = Path(folder)
    try:
        recipe = Recipe(json.loads((folder / RECIPE).read_text()))
        return restore(recipe, folder / CARD, folder / WEIGHTS).eval()
    except SafetensorError as error:
        fix = "a pickle is not read; save the weights with safetensors"
        raise UserError(f"{folder / WEIGHTS}: not a safetensors file: {error}; {fix}") from None
    except (ArithmeticError, AttributeError, ImportError, LookupError, TypeError, ValueError) as error:
        files = f"{folder}: {RECIPE} and {CARD}"
        raise UserError(f"{files} should be those of a training run: {error!r}") from None
