"""Every weight of the KL, and the PI controller against a sequence worked out by hand."""

import math

import pytest
import torch
from torch import Tensor

from uncollapse.check_entries import resolve_entry
from uncollapse.methods.kl_weight import KLWeight
from uncollapse.methods.kl_weight.geco import geco
from uncollapse.methods.kl_weight.pi import pi
from uncollapse.methods.kl_weight.sigmoid import sigmoid
from uncollapse.registry import list_names, make_piece

LOSS = torch.tensor([90.0, 100.0, 110.0])  # reconstruction of a batch of 3


def batch(kl: float) -> Tensor:
    """KL_i of a batch of 3 examples and 2 dimensions, with `kl` nats in all on average."""
    return torch.tensor([[0.5, 0.0], [1.0, 0.5], [0.0, 1.0]]) * kl


def betas_of(weight: KLWeight, kls: list[float]) -> list[float]:
    state, betas = weight.init(), []
    for kl in kls:
        beta, state = weight.update(state, batch(kl), LOSS)
        betas.append(float(beta))
    return betas


@pytest.mark.parametrize("name", list_names("methods/kl_weight"))
def test_a_weight_is_finite_not_negative_and_broadcasts_and_its_state_can_be_saved(name: str) -> None:
    weight = make_piece(
        "methods/kl_weight",
        resolve_entry(
            "",
            "methods/kl_weight",
            {"use": name},
            {"kl_target": 2.0, "steps": 3, "period": 4, "reconstruction_target": 90.0},
        ),
    )
    state = weight.init()
    for kl in (0.0, 1.0, 50.0, 1e6):
        beta, next_state = weight.update(state, batch(kl), LOSS)
        assert torch.isfinite(beta).all()
        assert (beta >= 0).all()
        assert torch.broadcast_to(beta, (3, 2)).dtype == torch.float32
        assert not beta.requires_grad
        assert next_state.keys() == state.keys()
        again, _ = weight.update({key: value.clone() for key, value in state.items()}, batch(kl), LOSS)
        assert torch.equal(beta, again)  # the state is all there is: nothing hides in the piece
        state = next_state


def test_pi_is_the_formula_of_the_paper() -> None:
    # target 3, kp 0.01, ki 0.001; e = 3 - kl. By hand:
    # kl 5: e -2, P .01 * sigmoid(2) = .00880797, I .002             -> .01080797
    # kl 4: e -1, P .01 * sigmoid(1) = .00731059, I .003             -> .01031059
    # kl 3: e  0, P .005,                         I .003             -> .008
    # kl 1: e  2, P .01 * sigmoid(-2) = .00119203, I .001            -> .00219203
    # kl 0: e  3, P .01 * sigmoid(-3) = .00047426, I -.002           -> 0, for P + I = -.00152574
    # kl 0: as before, but I is kept: the last P + I was below 0     -> 0
    # kl 4: e -1, P .00731059, the error turned: I -.001             -> .00631059
    betas = betas_of(pi(kl_target=3.0, kp=0.01, ki=0.001), [5, 4, 3, 1, 0, 0, 4])
    assert betas == pytest.approx([0.01080797, 0.01031059, 0.008, 0.00219203, 0, 0, 0.00631059], abs=1e-8)


def test_as_released_the_integral_is_never_kept() -> None:
    betas = betas_of(pi(kl_target=3.0, kp=0.01, ki=0.001, antiwindup="released"), [0, 0, 0, 3, 13])
    # I: -.003, -.006, -.009, -.009, +.001; P at kl 13: .01 * sigmoid(10)
    assert betas == pytest.approx([0, 0, 0, 0, 0.001 + 0.01 / (1 + math.exp(-10))], abs=1e-8)


@pytest.mark.parametrize(("kp", "ki"), [(0.01, 0.0001), (0.01, 0.001), (0.0, 0.01), (0.01, 0.1)])
@pytest.mark.parametrize(("saturating", "after", "bound"), [(43.0, 2.0, 1.0), (0.0, 4.0, 0.0)])
def test_pi_leaves_saturation_in_a_bounded_number_of_steps(
    kp: float, ki: float, saturating: float, after: float, bound: float
) -> None:
    """However long the KL was off its target by d on one side, an error e on the other moves beta in (kp
    + ki d) / (ki |e|) + 2 steps."""
    weight = pi(kl_target=3.0, kp=kp, ki=ki)
    steps = math.ceil((kp + ki * abs(3.0 - saturating)) / (ki * abs(3.0 - after))) + 2
    long = [saturating] * 2000
    betas = betas_of(weight, long + [after] * steps)
    assert betas[len(long) - 1] == bound
    assert abs(betas[-1] - bound) > 1e-6
    # as released, it takes in proportion to how long it was saturated
    released = pi(kl_target=3.0, kp=kp, ki=ki, antiwindup="released")
    assert betas_of(released, long + [after] * steps)[-1] == bound


def test_by_the_papers_own_rule_an_integral_out_of_range_stays_there() -> None:
    # I 1.3 after the first step (ki 0.1, e -13): kept from then on, whatever the error
    kls = [16.0, 0.0, 0.0, 0.0, 0.0]
    assert betas_of(pi(kl_target=3.0, kp=0.01, ki=0.1, antiwindup="paper"), kls) == [1.0] * 5
    assert betas_of(pi(kl_target=3.0, kp=0.01, ki=0.1), kls)[-1] == pytest.approx(0.1 + 0.00047426, abs=1e-6)


@pytest.mark.parametrize("antiwindup", ["paper", "outward", "released"])
def test_pi_holds_a_plant_at_its_target(antiwindup: str) -> None:
    """A plant whose KL falls with beta, with a lag: the closed loop settles on the target."""
    weight = pi(kl_target=7.0, kp=0.01, ki=0.001, antiwindup=antiwindup)
    state, kl = weight.init(), 0.0
    for _ in range(5000):
        beta, state = weight.update(state, batch(kl), LOSS)
        kl += 0.05 * (20 / (1 + 10 * float(beta)) - kl)
    assert kl == pytest.approx(7.0, rel=0.01)


def test_the_sigmoid_begins_low_is_a_half_in_the_middle_and_ends_at_one() -> None:
    betas = betas_of(sigmoid(steps=10), [1.0] * 13)
    assert betas[:11] == pytest.approx([1 / (1 + math.exp(5 - t)) for t in range(10)] + [1.0])
    assert (betas[5], betas[10:]) == (0.5, [1.0] * 3)


def geco_betas(weight: KLWeight, reconstructions: list[float]) -> list[float]:
    state, betas = weight.init(), []
    for reconstruction in reconstructions:
        beta, state = weight.update(state, batch(1.0), torch.tensor([reconstruction - 3, reconstruction + 3]))
        betas.append(float(beta))
    return betas


def test_geco_is_the_algorithm_of_the_paper() -> None:
    # target 80, rate .01, memory .5. By hand: C, its mean, and ln lambda of the next step
    # 100: C 20, mean 20,                .2       100: 20, 20,    .4
    #  80: C  0, mean 10,                .5        60: -20, -5,   .45
    weight = geco(reconstruction_target=80.0, rate=0.01, memory=0.5)
    expected = [math.exp(-x) for x in (0, 0.2, 0.4, 0.5, 0.45)]
    assert geco_betas(weight, [100.0, 100.0, 80.0, 60.0, 80.0]) == pytest.approx(expected, rel=1e-6)


def test_geco_comes_back_at_once_from_a_target_out_of_reach() -> None:
    weight = geco(reconstruction_target=80.0, rate=0.01, memory=0.0, low=0.5, high=2.0)
    betas = geco_betas(weight, [200.0] * 50 + [70.0] * 40)
    assert betas[49] == betas[50] == pytest.approx(0.5)
    assert betas[51] == pytest.approx(0.5 * math.exp(0.1))
    assert max(betas) == betas[-1] == pytest.approx(2.0)
    for wrong in ({"low": 3.0, "high": 2.0}, {"memory": 1.0}, {"memory": -0.1}):
        with pytest.raises(ValueError, match=r"^(low|memory) \("):
            geco(reconstruction_target=80.0, **wrong)


def test_geco_holds_a_plant_at_its_target() -> None:
    """A plant whose reconstruction falls as beta does, with a lag."""
    weight = geco(reconstruction_target=80.0)
    state, reconstruction = weight.init(), 150.0
    for _ in range(5000):
        beta, state = weight.update(state, batch(1.0), torch.full((3,), reconstruction))
        reconstruction += 0.05 * (60 + 40 * float(beta) - reconstruction)
    assert reconstruction == pytest.approx(80.0, rel=0.01)
