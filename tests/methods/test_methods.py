"""Each remedy against an independent statement of its algorithm."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from toys import copied, piece, rows_of, same, toy_part, toy_vae

from uncollapse.data.part import to_tensor
from uncollapse.methods.divergence.mmd import mmd
from uncollapse.methods.kl_weight.cyclical import cyclical
from uncollapse.methods.kl_weight.free_bits import free_bits
from uncollapse.methods.kl_weight.linear import linear
from uncollapse.methods.perturbation.adversarial import adversarial
from uncollapse.methods.perturbation.noise import noise
from uncollapse.methods.perturbation.word_dropout import word_dropout
from uncollapse.vae import Gaussian


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


@pytest.mark.parametrize("delta", [0.01, 0.15, 2.0])
def test_every_dimension_keeps_delta_nats_on_every_example(kind: str, delta: float) -> None:
    head = piece("posterior", "delta", delta=delta)(5, 4)
    features = 100 * torch.randn(2000, 5, generator=torch.Generator().manual_seed(0))
    kl = Gaussian(*head.double()(features.double())).kl().detach()
    assert float(kl.min()) >= delta * (1 - 1e-9)
    assert float(kl.min()) == pytest.approx(delta, abs=1e-5)
    for deviation in (head.low, head.high):  # the roots: all of the KL is that of the variance
        assert 0.5 * (deviation**2 - 1) - math.log(deviation) == pytest.approx(delta, rel=1e-9)
    rows = rows_of(
        toy_vae(kind, posterior="delta"), kind, {"kl_weight": piece("kl_weight", "constant", beta=100.0)}
    )
    assert all(row["kl"] >= 3 * 0.15 * (1 - 1e-4) for row in rows)


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
