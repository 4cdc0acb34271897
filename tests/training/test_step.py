"""A gradient step against one written with torch.optim and torch's own losses, for every net, optimiser and
choice of what moves; and the work that it takes."""

import copy
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy
from toys import EXAMPLES, KIND, example, method, piece, rows_of, same, toy_vae, training

from uncollapse.compute.work import Work
from uncollapse.training.state import TrainState
from uncollapse.training.step import GradientStep
from uncollapse.vae import VAE

STEPS = 20
CLIP = 0.02  # small enough to act; test_train has steps that it leaves alone
OPTIMIZERS = {"adam": ("adam", 0.0), "sgd": ("sgd", 0.0), "momentum": ("sgd", 0.9)}
MOVES = {"both": (True, True), "encoder": (True, False), "decoder": (False, True)}


@pytest.fixture
def double() -> Iterator[None]:
    """Double precision: Adam makes steps of one size of rounding errors, where a gradient is nearly 0."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def state_of(vae: VAE, **budget: Any) -> TrainState:
    """A state in which training begins."""
    return TrainState(vae, method(), training(**budget), Work())


def plain_loss(vae: VAE, x: Tensor, noise: Tensor) -> Tensor:
    """Reconstruction and KL as a textbook has them, with torch's losses."""
    mu, logvar = vae.posterior(vae.encoder(x))
    output = vae.decoder(mu + torch.exp(logvar / 2) * noise, x)
    if x.is_floating_point():
        reconstruction = binary_cross_entropy_with_logits(output, x, reduction="sum")
    else:
        reconstruction = cross_entropy(output.flatten(0, 1), x.flatten(), ignore_index=0, reduction="sum")
    return (reconstruction + 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum()) / len(x)


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("moves", MOVES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("net", EXAMPLES)
def test_a_step_is_a_step_of_torch(net: str, optimizer: str, moves: str) -> None:
    encoder, decoder = MOVES[moves]
    vae, data = example(net)
    data = data.double() if KIND[net] == "images" else data
    hand = copy.deepcopy(vae)
    rule, momentum = OPTIMIZERS[optimizer]
    state = state_of(vae, optimizer=rule, momentum=momentum)
    step = GradientStep(state, method(), CLIP, 0)
    parameters = encoder * hand.encoder_parameters() + decoder * hand.decoder_parameters()
    rate = training().learning_rate
    by_hand = (
        torch.optim.Adam(parameters, lr=rate)
        if rule == "adam"
        else torch.optim.SGD(parameters, lr=rate, momentum=momentum)
    )
    clipped = 0
    for i in range(STEPS):
        x = data[i % 2 :: 2]
        noises = step.noise.get_state()
        step(x, encoder=encoder, decoder=decoder)
        generator = torch.Generator()
        generator.set_state(noises)
        loss = plain_loss(hand, x, torch.randn(2, len(x), vae.latents, generator=generator)[0])
        by_hand.zero_grad()
        loss.backward()
        clipped += float(nn.utils.clip_grad_norm_(parameters, CLIP)) > CLIP
        by_hand.step()
    assert clipped
    for name, value in hand.state_dict().items():
        torch.testing.assert_close(
            vae.state_dict()[name], value, rtol=1e-6, atol=1e-6 * training().learning_rate
        )


def test_the_work_of_a_step_of_an_mlp_is_that_of_its_matrix_products() -> None:
    vae, x = example("mlp")
    pixels, hidden, latents = 16, EXAMPLES["mlp"]["hidden"], vae.latents
    encoder = pixels * hidden + hidden * hidden + hidden * 2 * latents
    decoder = latents * hidden + 2 * hidden * hidden + hidden * pixels
    forwards = encoder + decoder
    to_inputs = encoder - pixels * hidden + decoder  # of each layer but the first of the encoder
    expected = {
        "both": forwards + to_inputs + encoder + decoder,
        "encoder": forwards + to_inputs + encoder,
        # the first layer of the decoder needs no gradient in z
        "decoder": forwards + decoder - latents * hidden + decoder,
    }
    for moves, (moved, other) in MOVES.items():
        state = state_of(toy_vae("images"))
        step = GradientStep(state, method(), CLIP, 0)
        for _ in range(3):
            step(x, encoder=moved, decoder=other)
        assert state.work.gflops == pytest.approx(3 * 2 * len(x) * expected[moves] / 1e9)
        assert state.work.row()["encoder_steps"] == 3 * moved


def test_the_work_of_an_lstm_is_counted_too() -> None:
    vae, x = example("lstm")
    (batch, tokens), latents = x.shape, vae.latents
    embedding, hidden = EXAMPLES["lstm"]["embedding"], EXAMPLES["lstm"]["hidden"]
    encoder = 4 * hidden * (embedding + hidden)
    decoder = 4 * hidden * (embedding + latents + hidden)
    words = vae.decoder.output.out_features * hidden
    by_sentence = hidden * 2 * latents + latents * hidden  # the posterior and the decoder's start
    state = state_of(toy_vae("tokens"))
    GradientStep(state, method(), CLIP, 0)(x)
    per_sentence = 3 * (tokens * (encoder + decoder + words) + by_sentence)
    assert state.work.gflops == pytest.approx(2 * batch * per_sentence / 1e9)


def test_counting_changes_nothing(kind: str) -> None:
    counted, free = toy_vae(kind), toy_vae(kind)
    x = example("lstm" if kind == "tokens" else "mlp")[1]
    for vae, known in ((counted, {}), (free, {(True, True, x.shape): 0})):
        state = state_of(vae)
        state.work.flops_of = known
        GradientStep(state, method(), CLIP, 0)(x)
    assert same(counted.state_dict(), free.state_dict())


def test_an_adversary_is_work(kind: str) -> None:
    clean = rows_of(toy_vae(kind), kind, epochs=1)[-1]["gflops"]
    attacked = rows_of(
        toy_vae(kind), kind, {"perturbation": [piece("perturbation", "adversarial", steps=1)]}, epochs=1
    )
    assert 1.5 * clean < attacked[-1]["gflops"] < 3 * clean


def test_training_imports_no_compiler() -> None:
    """torch._dynamo takes two seconds in every worker."""
    script = """
import sys
sys.path.insert(0, "tests/helpers")
from toys import rows_of, toy_vae
for kind in ("images", "tokens"):
    rows_of(toy_vae(kind), kind, {"inference": "aggressive"}, epochs=1)
heavy = {"torch._dynamo", "sympy", "pandas", "sklearn", "scipy"} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", script], check=True)
