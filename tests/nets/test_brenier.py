"""The injective decoder: its inverse Lipschitz constant, by the Jacobian's singular values and far apart."""

import pytest
import torch
from torch.autograd.functional import jacobian
from toys import EXAMPLES, double_net

from uncollapse.errors import UserError
from uncollapse.nets.brenier import Brenier, Decoder

CONSTANTS = [0.01, 0.5, 2.0]


def decoder_of(constant: float, shape: tuple[int, ...] = (4, 5)) -> Decoder:
    """One with large weights at random, where it is far from linear."""
    torch.manual_seed(0)
    entry = {**EXAMPLES["brenier"], "inverse_lipschitz": constant}
    decoder = double_net(entry, shape, decoder="plain")[1]
    for weight in decoder.parameters():
        weight.data = 2 * torch.randn_like(weight)
    return decoder


def test_a_map_is_the_gradient_of_a_strongly_convex_function() -> None:
    torch.manual_seed(0)
    g = Brenier(5, 8, 0.3).double()
    g.weight.data.normal_()
    for _ in range(20):
        slopes = jacobian(lambda x: g(x[None])[0], 3 * torch.randn(5).double())
        torch.testing.assert_close(slopes, slopes.T)
        assert torch.linalg.eigvalsh(slopes).min() > 0.3
    x = torch.randn(5).double().requires_grad_()
    a, w, b = torch.nn.functional.softplus(g.weight), g.linear.weight, g.linear.bias
    convex = 0.15 * x.square().sum() + (a * torch.cosh(w @ x + b).log()).sum()
    torch.testing.assert_close(g(x[None])[0], torch.autograd.grad(convex, x)[0])


@pytest.mark.parametrize("constant", CONSTANTS)
def test_no_singular_value_is_less_than_the_constant(constant: float) -> None:
    decoder, x = decoder_of(constant), torch.zeros(1, 4, 5).double()
    for _ in range(20):
        z = torch.randn(3).double()
        slopes = jacobian(lambda z: decoder(z[None], x).flatten(), z)
        assert torch.linalg.svdvals(slopes).min() >= constant


@pytest.mark.parametrize("constant", CONSTANTS)
def test_what_is_apart_stays_apart(constant: float) -> None:
    decoder, x = decoder_of(constant), torch.zeros(500, 4, 5).double()
    z, other = torch.randn(2, 500, 3).double()
    distances = (decoder(10 * z, x) - decoder(other, x)).flatten(1).norm(dim=1)
    assert (distances >= constant * (10 * z - other).norm(dim=1)).all()


def test_the_fixed_columns_are_orthonormal_and_kept_with_the_weights() -> None:
    decoder = decoder_of(0.1)
    columns = decoder.state_dict()["spread.columns"]
    torch.testing.assert_close(columns.T @ columns, torch.eye(3).double(), rtol=0, atol=1e-6)
    assert "spread.columns" not in dict(decoder.named_parameters())


def test_z_has_no_more_dimensions_than_x() -> None:
    with pytest.raises(UserError, match="3 latents are more than the 2 values of x"):
        decoder_of(0.1, (1, 2))
