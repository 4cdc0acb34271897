"""The slot `auxiliary`: a task beside the reconstruction changes what is learned, and no number."""

import math

import pytest
import torch
from toys import copied, method, piece, rows_of, same, toy_part, toy_vae

from uncollapse.data.part import to_tensor
from uncollapse.methods.perturbation import Inputs
from uncollapse.training.loop import build_task
from uncollapse.training.objective import compute_objective

BAG = {"auxiliary": "bag_of_words"}


def test_the_words_are_predicted_by_themselves() -> None:
    """Against a loop over words: z alone says how likely each is, padding does not count."""
    vae, part = toy_vae("tokens"), toy_part("tokens", 4)
    module, x, z = build_task(vae, method(**BAG), part, 0), to_tensor(part.x), torch.randn(4, 3)
    assert module is not None
    with torch.no_grad():
        ours = module(z, x)
        first, _, second = module.net
        for i, sentence in enumerate(x.tolist()):
            scores = second(torch.tanh(first(z[i]))).tolist()
            total = math.log(sum(math.exp(score) for score in scores))
            expected = sum(total - scores[word] for word in sentence if word != 0)
            assert float(ours[i]) == pytest.approx(expected, rel=1e-5)


def test_it_adds_a_gradient_and_leaves_the_reported_numbers(kind: str) -> None:
    vae, part = toy_vae(kind), toy_part(kind, 8)
    pieces = method(**BAG)
    module, x, noise = build_task(vae, pieces, part, 0), to_tensor(part.x), torch.randn(2, 8, 3)
    terms = [
        compute_objective(vae, pieces, x, Inputs(x, x), noise, pieces.kl_weight.init(), each)
        for each in (None, module)
    ]
    assert torch.equal(terms[0].reconstruction, terms[1].reconstruction)
    assert torch.equal(terms[0].kl, terms[1].kl)
    assert bool((terms[1].loss > terms[0].loss).all())
    slopes = [torch.autograd.grad(each.loss.sum(), vae.encoder_parameters()) for each in terms]
    assert any(not torch.equal(a, b) for a, b in zip(*slopes, strict=True))


def test_z_learns_the_task_and_the_vae_stays_what_it_is(kind: str) -> None:
    plain, taught = toy_vae(kind), toy_vae(kind)
    budget = {"epochs": 30, "learning_rate": 0.02}
    without = rows_of(plain, kind, {"kl_weight": "constant"}, **budget)[-1]
    rows = rows_of(taught, kind, {"kl_weight": "constant", **BAG}, **budget)
    assert copied(plain).keys() == copied(taught).keys()
    assert rows[-1]["kl"] > without["kl"] + 0.05, "it pays to tell more"
    assert rows[-1]["elbo"] == pytest.approx(-rows[-1]["reconstruction"] - rows[-1]["kl"])


def test_an_encoder_that_is_held_fixed_leaves_the_task_to_its_net(kind: str) -> None:
    """The weights of the task are drawn from the seed, and move with the decoder's."""
    vae, part = toy_vae(kind), toy_part(kind, 8)
    one, same_seed, other = (build_task(vae, method(**BAG), part, seed) for seed in (0, 0, 1))
    assert one is not None
    assert same_seed is not None
    assert other is not None
    assert same(copied(one), copied(same_seed))  # pyrefly: ignore [bad-argument-type]
    assert not same(copied(one), copied(other))  # pyrefly: ignore [bad-argument-type]
    assert piece("auxiliary", "no_task").task is None
