"""Where z enters the decoder of each net, plain and with skip connections."""

from typing import Any

import pytest
import torch
from torch.autograd.functional import jacobian
from torch.nn.functional import conv2d
from toys import EXAMPLES, double_net, example

from uncollapse.methods.decoder.skip import skip
from uncollapse.nets.conv import join_map

ENTRIES = {
    "mlp": "first",
    "conv": "first",
    "pixelcnn": "maps",
    "dilated_cnn": "first",
}  # the layer that reads z


JOINS = {"mlp": [8] * 2, "conv": [1, 4], "pixelcnn": [16, 16], "dilated_cnn": [6, 6, 11]}  # features of each


@pytest.mark.parametrize("name", ENTRIES)
def test_plain_z_enters_at_one_layer_and_with_skip_connections_at_every_join(name: str) -> None:
    for decoder in ("plain", "skip"):
        vae, x = example(name, decoder=decoder)
        entry = getattr(vae.decoder, ENTRIES[name])
        entry.weight.data[:, -3:] = 0  # the columns of z
        z = torch.randn(len(x), 3, requires_grad=True)
        vae.decoder(z, x).square().sum().backward()
        assert z.grad is not None
        assert z.grad.any() == (decoder == "skip")
        paths = [weight for weights, weight in vae.decoder.named_parameters() if ".path." in weights]
        if decoder == "skip":
            assert sorted(len(path) for path in paths) == JOINS[name]
            assert all(path.grad is not None and (path.grad != 0).any() for path in paths)
        else:
            assert not paths


def test_every_pixel_s_output_depends_on_z_from_the_first_layer_on() -> None:
    _, decoder = double_net({**EXAMPLES["pixelcnn"], "kernels": [3], "maps": 1}, (4, 5), decoder="plain")
    z, x = torch.randn(1, 3, dtype=torch.double), torch.zeros(1, 4, 5, dtype=torch.double)
    slopes: Any = jacobian(lambda z: decoder(z, x).flatten(), z)
    assert (slopes != 0).all(), "the mask is for x alone"


def test_a_map_of_z_is_one_more_channel() -> None:
    join = skip()(2, 20).double()
    h, z = torch.randn(3, 4, 4, 5, dtype=torch.double), torch.randn(3, 2, dtype=torch.double)
    weight = torch.randn(6, 4, 3, 3, dtype=torch.double)
    more = torch.cat([h, (z @ join.path.weight.T).view(3, 1, 4, 5)], 1)
    both = torch.cat([weight, weight.sum(1, keepdim=True)], 1)
    torch.testing.assert_close(conv2d(join_map(join, h, z), weight), conv2d(more, both))


@pytest.mark.parametrize(("name", "stacks"), [("conv", 1), ("pixelcnn", 2)])
def test_a_map_of_z_stands_on_all_that_a_layer_reads(name: str, stacks: int) -> None:
    z, read = torch.randn(16, 3), {}
    for decoder in ("plain", "skip"):
        vae, x = example(name, decoder=decoder)
        vae.decoder.layers[0].register_forward_pre_hook(
            lambda layer, inputs, of=decoder: read.update({of: inputs})
        )
        vae.decoder(z, x)
    image = vae.decoder.joins[0].path(z).view(16, 1, *read["plain"][0].shape[2:])
    assert len(read["plain"]) == stacks
    for without, joined in zip(read["plain"], read["skip"], strict=True):
        torch.testing.assert_close(joined, without + image)
