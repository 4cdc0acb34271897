"""From a recipe to the VAE that it describes."""

from collections.abc import Mapping
from typing import Any

from uncollapse.pieces import UserError, build
from uncollapse.vae import VAE, initialise


def assemble(recipe: Mapping[str, Any], card: Mapping[str, Any], seed: int) -> VAE:
    """A VAE with the initial weights of `seed`, for the data that `card` describes.

    Raises UserError where net or likelihood are not for such data.
    """
    net, likelihood = build("nets", recipe["net"]), build("likelihoods", recipe["likelihood"])
    for what, piece in {"net": net, "likelihood": likelihood}.items():
        if piece.kind != card["kind"]:
            key = f"params.yaml: datasets.{recipe['dataset']}.{what}"
            raise UserError(f"{key}: {recipe[what]['use']} is for {piece.kind}, the data are {card['kind']}")
    encoder, decoder = net.build(tuple(card["shape"]), card["values"], build("methods/decoder", recipe["decoder"]))
    head = build("methods/posterior", recipe["posterior"])(encoder.features, net.latents)
    vae = VAE(encoder, head, decoder, likelihood, net.latents, net.autoregressive)
    initialise(vae, seed)
    return vae
