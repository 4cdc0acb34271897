"""AutoencoderKL of diffusers, with random weights: its latents are pictures."""

from typing import Any

import pytest
import torch
from snippets import example

import uncollapse


def test_the_latents_of_an_autoencoder_of_diffusers_are_diagnosed_batch_by_batch(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, output = example("from diffusers")
    scope: dict[str, Any] = {}
    exec(code, scope)
    assert capsys.readouterr().out == output
    x = torch.randn(20, 3, 8, 8)
    with torch.no_grad():
        latent = scope["vae"].encode(x).latent_dist
    given = uncollapse.diagnose(latent.mean, latent.logvar)
    assert uncollapse.diagnose(latent).as_dict() == given.as_dict()
