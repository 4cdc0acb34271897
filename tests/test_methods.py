"""Each remedy against an independent statement of its algorithm."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from toys import copied, piece, rows_of, same, toy_part, toy_vae

from uncollapse.data.prepared import END, UNKNOWN, to_tensor
from uncollapse.methods.divergence.mmd import mmd
from uncollapse.methods.inference import StepResult
from uncollapse.methods.inference.aggressive import aggressive
from uncollapse.methods.kl_weight.cyclical import cyclical
from uncollapse.methods.kl_weight.free_bits import free_bits
from uncollapse.methods.kl_weight.linear import linear
from uncollapse.methods.perturbation import Context, Inputs
from uncollapse.methods.perturbation.adversarial import adversarial
from uncollapse.methods.perturbation.noise import noise
from uncollapse.methods.perturbation.word_dropout import word_dropout
from uncollapse.methods.pretraining.autoencoder import autoencoder


def result(loss: float, units: int = 1) -> StepResult:
    return StepResult(torch.tensor(loss), units, torch.zeros(3), {})


def updates(losses: list[float], units: list[int] | None = None, **arguments: Any) -> list[str]:
    """The updates of one aggressive step on batch 0, with these losses: e of the encoder, d of the
    decoder, j of both jointly."""
    record: list[str] = []
    random_batches = iter(range(1, 1000))

    def gradient_step(x: Tensor, *, encoder: bool = True, decoder: bool = True) -> StepResult:
        record.append(f"{'j' if encoder and decoder else 'e' if encoder else 'd'}{int(x)}")
        i = len(record) - 1
        return result(losses[i] if i < len(losses) else 0.0, (units or [1] * 1000)[i])

    inference = aggressive(**arguments)
    draw = lambda: torch.tensor(next(random_batches))  # noqa: E731
    inference.step(inference.init(), torch.tensor(0), gradient_step, draw)
    return record


def test_the_encoder_is_updated_until_a_window_is_worse_and_then_the_decoder_once() -> None:
    # windows of 2: 3.5, 2.5, 2.5 (not worse), 2.6 (worse)
    record = updates([4, 3, 3, 2, 2, 3, 2.6, 2.6, 0, 0], window=2)
    assert record == ["e0", *(f"e{i}" for i in range(1, 8)), "d0"], "first the batch itself, then random ones"


def test_two_windows_always_run() -> None:
    assert updates([1, 1, 9, 9], window=2) == ["e0", "e1", "e2", "e3", "d0"]


def test_the_encoder_makes_fewer_than_most_steps() -> None:
    assert updates([1.0 - i / 1000 for i in range(200)]) == ["e0", *(f"e{i}" for i in range(1, 99)), "d0"]


def test_a_window_is_judged_by_the_loss_of_a_unit() -> None:
    # the second window has more loss, of more words: 3 / 3 against 4 / 8
    assert len(updates([1, 2, 2, 2, 9, 9], [1, 2, 4, 4, 1, 1, 0], window=2)) == 7
    assert len(updates([1, 2, 2, 2, 9, 9], [1, 2, 1, 1, 0], window=2)) == 5


@pytest.mark.parametrize(
    ("patience", "mis", "ends"),
    [
        (1, [1.0, 2.0, 1.9, 3.0], 3),  # text: the first epoch in which it falls
        (1, [1.0, 1.0, 0.9], 3),
        (
            5,
            [1, 3, 2, 2.5, 4, 3, 3, 5, 4, 4],
            9,
        ),  # images: the fifth epoch below the best so far: 2, 2.5, 3, 3, 4
    ],
)
def test_aggressive_steps_end_by_the_validation_mi(patience: int, mis: list[float], ends: int) -> None:
    inference = aggressive(patience=patience)
    state, record = inference.init(), list[tuple[bool, bool]]()

    def gradient_step(x: Tensor, *, encoder: bool = True, decoder: bool = True) -> StepResult:
        record.append((encoder, decoder))
        return result(1.0 + len(record))

    for epoch, mi in enumerate([*mis, 99.0], 1):
        record.clear()
        inference.step(state, torch.zeros(1), gradient_step, lambda: torch.zeros(1))
        assert ((True, True) in record) == (epoch > ends)
        state = inference.epoch(state, lambda mi=mi: mi)
    assert state["aggressive"] == 0


def test_in_aggressive_training_a_schedule_goes_on_once_a_batch(kind: str) -> None:
    rows = rows_of(toy_vae(kind), kind, {"inference": "aggressive", "kl_weight": linear(steps=8)}, epochs=2)
    assert [row["beta"] for row in rows] == pytest.approx([(0 + 1 + 2 + 3) / 4 / 8, (4 + 5 + 6 + 7) / 4 / 8])
    assert [row["decoder_steps"] for row in rows] == [4, 8]
    assert 4 * 4 <= rows[0]["encoder_steps"] <= 4 * 5


def betas(weight: Any, count: int) -> list[float]:
    state, values = weight.init(), []
    for _ in range(count):
        beta, state = weight.update(state, torch.ones(2, 3), torch.ones(2))
        values.append(float(beta))
    return values


def test_annealing_and_cycles_begin_and_end_where_they_should() -> None:
    assert betas(linear(steps=4, start=0.2, end=1.0), 7) == pytest.approx([0.2, 0.4, 0.6, 0.8, 1, 1, 1])
    assert betas(cyclical(period=4, rising=0.5), 9) == pytest.approx([0, 0.5, 1, 1, 0, 0.5, 1, 1, 0])
    assert betas(cyclical(period=4, rising=1.0, start=0.1, end=0.9), 5) == pytest.approx(
        [0.1, 0.3, 0.5, 0.7, 0.1]
    )
    assert betas(linear(steps=4, start=1.0, end=1.0), 6) == betas(piece("kl_weight", "constant"), 6)


@pytest.mark.parametrize("per", ["example", "dimension", "total"])
def test_the_gradient_of_free_bits_is_that_of_the_clamped_kl(per: Any) -> None:
    free = 0.3
    clamped: dict[str, Callable[[Tensor], Tensor]] = {
        "example": lambda kl: kl.clamp(min=free).sum(1).mean(),
        "dimension": lambda kl: kl.mean(0).clamp(min=free).sum(),
        "total": lambda kl: kl.sum(1).mean().clamp(min=free * kl.shape[1]),
    }
    torch.manual_seed(0)
    weights = set()
    for scale in (0.1, 0.3, 1.0, 3.0):
        kl = (scale * torch.rand(5, 4) * torch.tensor([0.2, 0.8, 1.5, 0.6])).requires_grad_()
        beta, _ = free_bits(free=free, per=per).update({}, kl.detach(), torch.zeros(5))
        (ours,) = torch.autograd.grad((beta * kl).sum(1).mean(), kl)
        (theirs,) = torch.autograd.grad(clamped[per](kl), kl)
        torch.testing.assert_close(ours, theirs)
        weights |= set((ours > 0).flatten().tolist())
    assert weights == {True, False}, "both cases were seen"


@pytest.mark.parametrize("gamma", [0.6, 0.7, 1.2])
def test_batch_norm_bounds_the_kl_of_every_batch_from_below(kind: str, gamma: float) -> None:
    vae = toy_vae(kind, posterior="batch_norm")
    vae.posterior.gamma = gamma
    vae.train()
    for seed in range(5):
        x = to_tensor(toy_part(kind, 16, seed).x)
        assert float(vae.encode(x).kl().detach().sum(1).mean()) >= 3 * gamma**2 / 2 * (1 - 1e-4)
    rows = rows_of(vae, kind, {"kl_weight": piece("kl_weight", "constant", beta=100.0)})
    assert all(row["kl"] >= 3 * gamma**2 / 2 * (1 - 1e-4) for row in rows)


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


UNUSED: Any = (None, None, None)  # the MMD does not need net, x and q


@pytest.mark.parametrize("kernel", ["gaussian", "imq"])
def test_mmd_is_the_double_sum(kernel: Any) -> None:
    torch.manual_seed(0)
    z, p, dimension = torch.randn(9, 3) + 1, torch.randn(9, 3), 3

    def k(a: Tensor, b: Tensor) -> float:
        d = float((a - b).square().sum())
        if kernel == "gaussian":
            return math.exp(-d / (2 * dimension))
        return sum(2 * dimension * s / (2 * dimension * s + d) for s in (0.1, 0.2, 0.5, 1, 2, 5, 10))

    within = [sum(k(a[i], a[j]) for i in range(9) for j in range(9) if i != j) / 72 for a in (z, p)]
    across = sum(k(a, b) for a in z for b in p) / 81
    penalty = mmd(kernel=kernel, weight=2.5).penalty
    assert penalty is not None
    assert float(penalty(*UNUSED, z, p)) == pytest.approx(2.5 * (sum(within) - 2 * across), abs=1e-4)


def test_mmd_is_zero_for_the_prior_and_grows_with_the_distance() -> None:
    torch.manual_seed(0)
    penalty = mmd(weight=1.0).penalty
    assert penalty is not None
    means = [
        sum(float(penalty(*UNUSED, torch.randn(64, 2) + far, torch.randn(64, 2))) for _ in range(50)) / 50
        for far in (0, 1, 2)
    ]
    assert means[0] == pytest.approx(0, abs=0.02)
    assert means[0] < means[1] < means[2]


NEUTRAL = [
    {"perturbation": [noise(sigma=0.0, flip=0.0, drop=0.0)]},
    {"perturbation": [word_dropout(rate=0.0)]},
    {"perturbation": [adversarial(radius=0.0)]},
    {"divergence": mmd(alpha=0.0, weight=0.0)},
    {"kl_weight": linear(steps=3, start=1.0, end=1.0)},
    {"kl_weight": cyclical(period=3, start=1.0, end=1.0)},
    {"kl_weight": free_bits(free=1e-12, per="example")},
]


@pytest.mark.parametrize("pieces", NEUTRAL)
def test_at_strength_zero_a_piece_is_its_neutral_piece(kind: str, pieces: dict[str, Any]) -> None:
    def weights(pieces: dict[str, Any]) -> dict[str, Tensor]:
        vae = toy_vae(kind)
        rows_of(vae, kind, {"kl_weight": "constant", **pieces})
        return copied(vae)

    assert same(weights(pieces), weights({}))


def test_an_encoder_step_computes_no_gradients_of_the_decoder(kind: str) -> None:
    vae = toy_vae(kind)
    calls: list[bool] = []
    for parameter in vae.decoder_parameters():
        parameter.register_hook(lambda gradient: calls.append(True))
    rows_of(vae, kind, {"inference": "aggressive"}, epochs=1)
    assert len(calls) == 4 * len(vae.decoder_parameters()), "one decoder step for each of 4 batches"


def test_an_autoencoder_teaches_the_encoder_and_its_head_to_tell_examples_apart(kind: str) -> None:
    vae = toy_vae(kind)
    before = copied(vae)
    pretrain = autoencoder(epochs=30, batch_size=16, learning_rate=0.02).run
    assert pretrain is not None
    rows = list(pretrain(vae, toy_part(kind), 0))
    assert rows[-1]["reconstruction"] < rows[0]["reconstruction"] - 0.5
    assert rows[-1]["encoder_steps"] == rows[-1]["decoder_steps"] == 30 * 4
    assert all(row["beta"] == 0 for row in rows)
    changed = {name for name, value in vae.state_dict().items() if not torch.equal(value, before[name])}
    assert changed == {name for name in before if name.startswith(("encoder.", "posterior."))}
