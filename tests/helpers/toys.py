"""Toy data, nets and runs that tests share."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from uncollapse.check_entries import resolve_entry
from uncollapse.data.part import Part, to_tensor
from uncollapse.experiment.recipe import Recipe
from uncollapse.methods import Method
from uncollapse.pipeline.assemble import assemble
from uncollapse.registry import list_names, make_piece
from uncollapse.training.hyperparameters import Training
from uncollapse.training.loop import train
from uncollapse.training.state import TrainState
from uncollapse.vae import VAE, initialise_weights

# a small entry of every net there is, by name
EXAMPLES = {
    name: {"use": name, **import_module(f"uncollapse.nets.{name}").EXAMPLE} for name in list_names("nets")
}
KIND = {name: make_piece("nets", entry).kind for name, entry in EXAMPLES.items()}
NETS = {"images": EXAMPLES["mlp"], "tokens": EXAMPLES["lstm"]}  # where one for each kind of data will do
CARDS = {
    "images": {"kind": "images", "shape": [4, 4], "values": 256},
    "tokens": {"kind": "tokens", "shape": [6], "values": 11},
}
LIKELIHOODS = {"images": "bernoulli", "tokens": "categorical"}
# arguments that the pieces leave to the data set
ARGUMENTS = {
    "kl_target": 1.0,
    "steps": 6,
    "period": 4,
    "reconstruction_target": 5.0,
    "radius": 0.1,
    "window": 2,
    "most": 6,
    "rate": 0.05,
}


def toy_vae(kind: str, seed: int = 0, net: dict[str, Any] | None = None, **slots: str) -> VAE:
    """A small VAE for images or tokens, with the net of `NETS` or another one; `slots`, and `likelihood`, by
    name."""
    recipe = {
        "dataset": "toy",
        "net": net or NETS[kind],
        "likelihood": {"use": slots.get("likelihood", LIKELIHOODS[kind])},
        "decoder": {"use": slots.get("decoder", "plain")},
        "posterior": {"use": slots.get("posterior", "gaussian")},
        "inference": resolve_entry(
            "", "methods/inference", {"use": slots.get("inference", "joint")}, ARGUMENTS
        ),
    }
    return assemble(Recipe(recipe), CARDS[kind], seed)


def toy_part(kind: str, count: int = 64, seed: int = 0) -> Part:
    """Images (grey) or sentences of 1 to 5 words and an end mark, in two classes that differ."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, count)
    if kind == "images":
        grey = rng.integers(0, 100, (count, 4, 4)) + 150 * (labels[:, None, None] == (np.arange(4) % 2))
        return Part(grey.astype(np.uint8), labels)
    words = rng.integers(3, 7, (count, 6)) + 4 * labels[:, None]
    length = rng.integers(1, 6, count)[:, None]
    position = np.arange(6)
    x = np.where(position < length, words, np.where(position == length, 2, 0))
    return Part(x.astype(np.int16), labels)


def example(name: str, **slots: str) -> tuple[VAE, Tensor]:
    """The example of a net in a VAE, and toy data for it."""
    return toy_vae(KIND[name], net=EXAMPLES[name], **slots), to_tensor(toy_part(KIND[name], 16).x)


def double_net(
    entry: dict[str, Any], shape: tuple[int, ...], values: int = 7, decoder: str = "skip"
) -> tuple[Any, Any]:
    """Encoder and decoder of a net with weights of double precision, for data of any shape."""
    net = make_piece("nets", resolve_entry("here", "nets", entry))
    pair = nn.ModuleList(net.build(shape, values, make_piece("methods/decoder", {"use": decoder})))
    initialise_weights(pair, 0)
    return tuple(pair.double())


def piece(slot: str, name: str, **arguments: Any) -> Any:
    """A piece with toy arguments where it has no default."""
    folder = f"methods/{slot}"
    return make_piece(folder, resolve_entry("", folder, {"use": name, **arguments}, ARGUMENTS))


def method(**pieces: Any) -> Method:
    """The default method but for some pieces, built or by name."""
    default = vars(Method.build({}))
    named = {slot: piece(slot, given) if isinstance(given, str) else given for slot, given in pieces.items()}
    return Method(**{**default, **named})


def training(**changes: Any) -> Training:
    """A toy budget."""
    return Training(**{"epochs": 3, "batch_size": 16, "learning_rate": 0.01, **changes})


def run(
    vae: VAE,
    kind: str,
    pieces: dict[str, Any] | None = None,
    *,
    seed: int = 0,
    saved: dict[str, Any] | None = None,
    **changes: Any,
) -> Iterator[tuple[dict[str, float], TrainState]]:
    """Train on toy data, ControlVAE unless `pieces` says otherwise; `changes` are of the toy budget."""
    chosen = method(**{"kl_weight": "pi", **(pieces or {})})
    return train(vae, toy_part(kind), toy_part(kind, seed=1), chosen, training(**changes), seed, saved=saved)


def rows_of(*arguments: Any, **changes: Any) -> list[dict[str, float]]:
    """The history of `run`."""
    return [row for row, _ in run(*arguments, **changes)]


def same(a: dict[str, Tensor], b: dict[str, Tensor]) -> bool:
    """Whether two states are equal, bit for bit."""
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def copied(vae: VAE) -> dict[str, Tensor]:
    """A copy of the weights."""
    return {name: value.clone() for name, value in vae.state_dict().items()}
