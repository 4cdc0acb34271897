"""`uncollapse.load`: a trained VAE from a folder of recipe, card and weights."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from toys import CARDS, LIKELIHOODS, NETS, toy_part, toy_vae

import uncollapse
from uncollapse.errors import UserError
from uncollapse.vae import encode_part


def write(folder: Path, kind: str, other: str | None = None) -> None:
    recipe = {
        "dataset": "toy",
        "net": NETS[other or kind],
        "likelihood": {"use": LIKELIHOODS[other or kind]},
        "decoder": {"use": "plain"},
        "posterior": {"use": "gaussian"},
    }
    (folder / "recipe.json").write_text(json.dumps(recipe))
    (folder / "card.json").write_text(json.dumps(CARDS[other or kind]))
    save_file(toy_vae(kind, seed=7).state_dict(), folder / "weights.safetensors")


def test_it_encodes_as_the_one_that_was_saved(kind: str, tmp_path: Path) -> None:
    write(tmp_path, kind)
    vae = uncollapse.load(tmp_path)
    assert not vae.training
    for loaded, true in zip(
        encode_part(vae, toy_part(kind)), encode_part(toy_vae(kind, seed=7), toy_part(kind)), strict=True
    ):
        assert torch.equal(loaded, true)
    assert not torch.equal(encode_part(toy_vae(kind), toy_part(kind)).mu, true), "the weights matter"


def test_what_does_not_fit_or_is_missing_is_told(tmp_path: Path) -> None:
    write(tmp_path, "images", other="tokens")
    with pytest.raises(UserError, match=r"weights\.safetensors: does not fit the nets of .*json: [^\n]*$"):
        uncollapse.load(str(tmp_path))
    (tmp_path / "card.json").unlink()
    with pytest.raises(FileNotFoundError, match=r"card\.json"):
        uncollapse.load(tmp_path)
