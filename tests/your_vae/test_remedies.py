"""A KL weight in a training loop of one's own."""

from collections.abc import Callable

import pytest
import torch

import uncollapse
from uncollapse.methods.kl_weight import KLWeight
from uncollapse.registry import list_names, make_piece
from uncollapse.your_vae.weighted_kl import WeightedKL

ARGUMENTS = {
    "constant": {"beta": 0.3},
    "cyclical": {"period": 4},
    "free_bits": {"free": 0.5},
    "geco": {"reconstruction_target": 30.0, "rate": 0.01},
    "linear": {"steps": 5},
    "pi": {"kl_target": 3.0, "ki": 0.01},
    "sigmoid": {"steps": 5},
}
LOSS = torch.linspace(20, 60, 8)  # reconstruction of a batch


def batches(count: int = 12) -> list[torch.Tensor]:
    """KL_i of batches, (8, 4) each."""
    generator = torch.Generator().manual_seed(0)
    return [torch.rand(8, 4, generator=generator) * 2 for _ in range(count)]


@pytest.mark.parametrize("name", list_names("methods/kl_weight"))
def test_it_weighs_as_training_does_and_goes_on_from_its_state(name: str) -> None:
    weight = uncollapse.kl_weight(name, **ARGUMENTS[name])
    rule: KLWeight = make_piece("methods/kl_weight", {"use": name, **ARGUMENTS[name]})
    state, saved = rule.init(), None
    for i, kl in enumerate(batches()):
        beta, state = rule.update(state, kl, LOSS)
        assert torch.equal(weight(kl, LOSS), (beta * kl).sum(1).mean())
        if i == 5:
            saved = {key: value.clone() for key, value in weight.state_dict().items()}
    resumed = uncollapse.kl_weight(name, **ARGUMENTS[name])
    resumed.load_state_dict(saved)
    for kl in batches()[6:]:
        resumed(kl, LOSS)
    assert all(torch.equal(value, weight.state_dict()[key]) for key, value in resumed.state_dict().items())


def test_the_kl_may_be_summed_or_averaged_and_eval_keeps_the_state() -> None:
    weights = [uncollapse.kl_weight("pi", kl_target=3.0, ki=0.01) for _ in range(3)]
    for kl in batches():
        given = (kl, kl.sum(1), kl.sum(1).mean())
        first, *others = [float(weight(form)) for weight, form in zip(weights, given, strict=True)]
        assert others == pytest.approx([first, first], rel=1e-5)
    before = {key: value.clone() for key, value in weights[0].state_dict().items()}
    weights[0].eval()(batches()[0])
    assert all(torch.equal(value, before[key]) for key, value in weights[0].state_dict().items())


@pytest.mark.parametrize(
    ("kl", "line"),
    [
        (3.0, "kl: should be a tensor"),
        (torch.ones(8), r"kl: should be KL_i of each dimension, \(B, D\), not \(8,\)"),
    ],
)
def test_a_kl_that_will_not_do(kl: object, line: str) -> None:
    with pytest.raises(ValueError, match=line):
        uncollapse.kl_weight("free_bits")(kl)


def test_a_weight_that_is_made_of_the_reconstruction_asks_for_it() -> None:
    with pytest.raises(ValueError, match=r"^reconstruction: this weight reads it"):
        uncollapse.kl_weight("geco", reconstruction_target=30.0)(torch.ones(8, 4))


RATIOS = [
    lambda kl, reconstruction: kl.sum(1).mean() / reconstruction.mean(),
    lambda kl, reconstruction: (kl.sum(1) / reconstruction).mean(),
    lambda kl, reconstruction: (reconstruction / kl.sum(1)).mean(),
    lambda kl, reconstruction: torch.stack([reconstruction, kl.sum(1)]).mean(),
    lambda kl, reconstruction: torch.mean(reconstruction),
    lambda kl, reconstruction: (2.0 * reconstruction).mean(),
    lambda kl, reconstruction: (reconstruction + 1.0).mean(),
    lambda kl, reconstruction: reconstruction[0],
    lambda kl, reconstruction: (reconstruction > 0).float().mean(),
]


@pytest.mark.parametrize("ratio", RATIOS)
def test_a_weight_of_ones_own_that_reads_the_reconstruction_asks_for_it(
    ratio: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
) -> None:
    weight = WeightedKL(KLWeight(dict, lambda state, kl, reconstruction: (ratio(kl, reconstruction), state)))
    with pytest.raises(ValueError, match=r"^reconstruction: this weight reads it"):
        weight(torch.ones(8, 4))
    assert weight(torch.ones(8, 4), LOSS) > 0


def test_free_bits_of_the_whole_kl_take_a_sum() -> None:
    weight = uncollapse.kl_weight("free_bits", per="total", free=3.0)
    for kl, expected in ((2.0, 0.0), (4.0, 4.0)):
        assert float(weight(torch.full((8,), kl))) == float(weight(torch.tensor(kl))) == expected
    parts = uncollapse.kl_weight("free_bits", per="total", free=3.0)
    assert float(parts(torch.full((8, 4), 2.0))) == 0, "of KL_i it is nats a dimension"


@pytest.mark.parametrize("name", list_names("methods/kl_weight"))
def test_a_batch_with_nan_changes_nothing(name: str) -> None:
    first, second = (uncollapse.kl_weight(name, **ARGUMENTS[name]) for _ in range(2))
    for i, kl in enumerate(batches()):
        if i == 5:
            first(torch.full_like(kl, float("nan")), LOSS)
        assert torch.equal(first(kl, LOSS), second(kl, LOSS))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_summed_in_single(dtype: torch.dtype) -> None:
    half, single = (uncollapse.kl_weight("pi", kl_target=3.0, ki=0.01) for _ in range(2))
    kl = torch.full((8, 10_000), 10.0)  # their sum is beyond half precision
    assert torch.equal(half(kl.to(dtype)), single(kl))
    assert torch.equal(half.integral, single.integral)


def test_a_sum_that_is_not_finite_does_not_stay_in_the_controller() -> None:
    weight = uncollapse.kl_weight("pi", kl_target=3.0, ki=0.01)
    weight(torch.full((8, 10), 1e38))
    assert float(weight.integral) == 0


def test_the_gradient_is_that_of_the_weighted_kl() -> None:
    weight, kl = uncollapse.kl_weight("constant", beta=0.3), batches()[0].requires_grad_()
    weight(kl).backward()
    assert torch.allclose(kl.grad, torch.full((8, 4), 0.3 / 8))


@pytest.mark.parametrize(
    ("use", "arguments", "line"),
    [
        ("pid", {}, "kl_weight.use: no such name 'pid' \\(did you mean 'pi'\\?\\)"),
        ("pi", {}, "kl_weight.kl_target: should be stated"),
        ("pi", {"kl_target": -1.0}, "kl_weight.kl_target: input should be greater than 0"),
        ("pi", {"kl_target": 3.0, "kd": 1.0}, "kl_weight.kd: no such name 'kd'"),
    ],
)
def test_a_mistake_is_one_line(use: str, arguments: dict[str, float], line: str) -> None:
    with pytest.raises(ValueError, match=line):
        uncollapse.kl_weight(use, **arguments)


@pytest.mark.parametrize("use", list_names("methods/divergence"))
def test_a_divergence_works_without_the_net_or_says_that_it_needs_it(use: str) -> None:
    torch.manual_seed(0)
    mu, logvar = torch.randn(5, 3), torch.randn(5, 3)
    rule = uncollapse.divergence(use)
    if use == "latent_reconstruction":
        with pytest.raises(ValueError, match="latent_reconstruction: reads encoder and decoder"):
            rule(mu, logvar, mu)
    else:
        assert rule(mu, logvar, mu).isfinite()
