"""DU-VAE's head: the spread of its means, its bound on the KL, and what it drops."""

import math

import pytest
import torch
from toys import copied, piece, rows_of, same, toy_vae

from uncollapse.methods.posterior.du import FLOOR, Diverse
from uncollapse.vae import Gaussian, initialise_weights

FEATURES = 5


def head(drop: float = 0.2, gamma: float = 0.5) -> Diverse:
    made = piece("posterior", "du", gamma=gamma, drop=drop)(FEATURES, 4)
    with torch.no_grad():
        made.scale.copy_(torch.tensor([0.1, 2.0, -1.0, 0.5]))  # as if it had learned
    return made


def features(count: int = 2000) -> torch.Tensor:
    return torch.randn(count, FEATURES, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("gamma", [0.5, 1.0])
def test_means_have_the_spread_of_the_paper_and_the_kl_its_bound(gamma: float) -> None:
    mu, logvar = (value.detach() for value in head(gamma=gamma)(features()))
    spread = mu.var(0, correction=0)
    assert float(spread.mean()) == pytest.approx(gamma**2, rel=1e-4)
    assert float(spread.max() / spread.min()) == pytest.approx((2.0 / 0.1) ** 2, rel=1e-3), (
        "scales are learned"
    )
    assert float(Gaussian(mu, logvar).kl().sum(1).mean()) >= 4 * gamma**2 / 2


@pytest.mark.parametrize("drop", [0.0, 0.2, 0.5])
def test_a_share_of_the_variances_is_dropped_to_the_floor_in_training_only(drop: float) -> None:
    made = head(drop)
    plain = made.linear(features()).chunk(2, dim=1)[1].exp()
    variance = made(features())[1].exp()
    kept = variance > FLOOR * (1 + 1e-4)
    assert float(kept.float().mean()) == pytest.approx(1 - drop, abs=0.03)
    torch.testing.assert_close(variance[kept], (plain / (1 - drop) + FLOOR)[kept])
    assert pytest.approx(1 / (2 * math.pi * math.e)) == FLOOR
    made.eval()
    torch.testing.assert_close(made(features())[1].exp(), plain + FLOOR)


def test_what_is_dropped_depends_on_the_seed_and_goes_on_where_it_was() -> None:
    made, other = head(), head()
    for net, seed in ((made, 1), (other, 2)):
        initialise_weights(net, seed)
    first, second = (made(features())[1] for _ in range(2))
    assert not torch.equal(first, second)
    assert not torch.equal(other.kept(first), made.kept(first))
    other.load_state_dict(made.state_dict())
    assert torch.equal(other(features())[1], made(features())[1])


def test_training_repeats_itself(kind: str) -> None:
    def weights() -> dict[str, torch.Tensor]:
        vae = toy_vae(kind, posterior="du")
        rows = rows_of(vae, kind, {})
        assert all(row["kl"] >= 3 * 0.5**2 / 2 for row in rows)
        return copied(vae)

    assert same(weights(), weights())
