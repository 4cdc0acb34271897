"""What encoder and decoder read: adversaries in their ball, noise and word dropout at their rates."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from toys import toy_part, toy_vae

from uncollapse.data.part import END, UNKNOWN, to_tensor
from uncollapse.methods.perturbation import Context, Inputs
from uncollapse.methods.perturbation.adversarial import adversarial
from uncollapse.methods.perturbation.noise import noise
from uncollapse.methods.perturbation.word_dropout import word_dropout


def gradient_of(vae: Any, x: Tensor) -> Callable[[Inputs, Tensor], tuple[Tensor, Tensor]]:
    """Loss and gradient with the posterior mean for z."""

    def gradient(inputs: Inputs, embedded: Tensor) -> tuple[Tensor, Tensor]:
        embedded = embedded.detach().requires_grad_()
        q = vae.encode(inputs.encoder, embedded)
        loss = q.kl().sum(1) - vae.log_likelihood(x, q.mu)
        return loss.detach(), torch.autograd.grad(loss.sum(), embedded)[0]

    return gradient


@pytest.mark.parametrize("norm", ["inf", "2"])
@pytest.mark.parametrize(("steps", "stride"), [(1, 1.0), (7, 0.3), (3, 5.0)])
def test_adversaries_stay_in_their_ball_and_do_not_lower_the_loss(
    kind: str, norm: Any, steps: int, stride: float
) -> None:
    vae, x, radius = toy_vae(kind), to_tensor(toy_part(kind).x), 0.5
    gradient = gradient_of(vae, x)
    context = Context(vae, gradient, torch.Generator())
    clean = vae.encoder.embed(x)
    inputs = adversarial(radius=radius, norm=norm, steps=steps, stride=stride)(Inputs(x, x), context)
    delta = (inputs.embedded - clean).detach().flatten(1)
    assert (delta.norm(dim=1, p=float(norm)) <= radius * (1 + 1e-5)).all()
    before, after = gradient(inputs, clean)[0], gradient(inputs, inputs.embedded)[0]
    assert (after >= before - 1e-4).all()
    assert (after > before + 1e-3).float().mean() > 0.5
    assert torch.equal(inputs.encoder, x)
    assert torch.equal(inputs.decoder, x)


def test_one_step_is_fgsm() -> None:
    vae, x = toy_vae("images"), to_tensor(toy_part("images").x)
    gradient = gradient_of(vae, x)
    delta = adversarial(radius=0.01)(Inputs(x, x), Context(vae, gradient, torch.Generator())).embedded - x
    fgsm = 0.01 * gradient(Inputs(x, x), x)[1].sign()
    changed = (delta != 0).flatten(1).any(1)
    assert changed.float().mean() > 0.9
    torch.testing.assert_close(delta[changed], fgsm[changed], atol=1e-6, rtol=0)


def test_noise_does_what_it_says_to_what_the_encoder_reads() -> None:
    context = Context(toy_vae("images"), gradient_of(None, torch.empty(0)), torch.Generator().manual_seed(0))
    pixels = (torch.rand(2000, 4, 4) < 0.3).float()
    flipped = noise(flip=0.2)(Inputs(pixels, pixels), context)
    assert float((flipped.encoder != pixels).float().mean()) == pytest.approx(0.2, abs=0.01)
    assert set(flipped.encoder.unique().tolist()) == {0.0, 1.0}
    shaken = noise(sigma=0.5)(Inputs(pixels, pixels), context).encoder - pixels
    assert float(shaken.std()) == pytest.approx(0.5, abs=0.01)
    words = to_tensor(toy_part("tokens", 4000).x)
    dropped = noise(drop=0.2)(Inputs(words, words), context)
    other = word_dropout(rate=0.4)(Inputs(words, words), context)
    for tokens, share in ((dropped.encoder, 0.2), (other.decoder, 0.4)):
        changed = tokens != words
        assert (tokens[changed] == UNKNOWN).all()
        assert (words[changed] > END).all(), "neither end nor padding"
        assert float(changed[words > END].float().mean()) == pytest.approx(share, abs=0.02)
    assert torch.equal(dropped.decoder, words)
    assert torch.equal(other.encoder, words)
    assert torch.equal(flipped.decoder, pixels)
