"""Laws of every net: shapes, gradients, modes, masks, and where z enters."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.autograd.functional import jacobian
from torch.nn.functional import conv2d, conv_transpose2d
from toys import CARDS, EXAMPLES, KIND, copied, double_net, example, piece, rows_of, same, toy_part

from uncollapse.errors import UserError
from uncollapse.methods.decoder.skip import skip
from uncollapse.nets.conv import with_map
from uncollapse.registry import names


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


def numbers(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize("name", names("nets"))
@pytest.mark.parametrize("decoder", names("methods/decoder"))
def test_the_output_fits_x_and_every_weight_has_a_gradient(name: str, decoder: str) -> None:
    vae, x = example(name, decoder=decoder)
    q = vae.encode(x)
    output = vae.decoder(q.sample(torch.randn(q.mu.shape)), x)
    assert output.shape == (x.shape if KIND[name] == "images" else (*x.shape, CARDS["tokens"]["values"]))
    (q.kl().sum() - vae.likelihood.log_prob(x, output).sum()).backward()
    for weights, parameter in vae.named_parameters():
        assert parameter.grad is not None, weights
        assert parameter.grad.abs().sum() > 0, weights


@pytest.mark.parametrize("name", names("nets"))
def test_the_mode_and_the_rest_of_the_batch_change_nothing(name: str) -> None:
    vae, x = example(name, decoder="skip")
    z, outputs = torch.randn(len(x), 3), []
    for training in (True, False, False):
        vae.train(training)
        outputs.append((vae.encode(x).mu, vae.decoder(z, x)))
    for mu, output in outputs[1:]:
        assert torch.equal(mu, outputs[0][0])
        assert torch.equal(output, outputs[0][1])
    torch.testing.assert_close(vae.encode(x[:1]).mu, outputs[0][0][:1])
    torch.testing.assert_close(vae.decoder(z[:1], x[:1]), outputs[0][1][:1])


@pytest.mark.parametrize("name", names("nets"))
def test_layers_start_alike_with_and_without_skip_connections(name: str) -> None:
    plain, other = (example(name, decoder=decoder)[0].state_dict() for decoder in ("plain", "skip"))
    assert all(torch.equal(value, other[weights]) for weights, value in plain.items())
    assert all(".path." in weights for weights in other.keys() - plain.keys())


@pytest.mark.parametrize("name", names("nets"))
def test_an_encoder_reads_what_is_embedded_in_place_of_x(name: str) -> None:
    vae, x = example(name)
    embedded = vae.encoder.embed(x).detach().requires_grad_()
    features = vae.encoder(x, embedded)
    assert torch.equal(features, vae.encoder(x))
    (slope,) = torch.autograd.grad(features.square().sum(), embedded)
    assert (slope.flatten(1).abs().sum(1) > 0).all()


@pytest.mark.parametrize("name", names("nets"))
def test_a_net_trains_with_all_methods_at_once_and_twice_the_same(name: str) -> None:
    def go() -> tuple[list[dict[str, float]], dict[str, Tensor]]:
        vae, kind = example(name, decoder="skip", posterior="batch_norm")[0], KIND[name]
        for pretraining in ("classifier", "autoencoder"):
            pretrain = piece("pretraining", pretraining, epochs=1, batch_size=16).run
            before = copied(vae)
            list(pretrain(vae, toy_part(kind, seed=2), 0))
            changed = {
                weights for weights, value in copied(vae).items() if not torch.equal(value, before[weights])
            }
            assert not any(weights.startswith("decoder.") for weights in changed)
            assert changed or name == "linear"  # whose encoder has no weights
        perturbation = [piece("perturbation", name) for name in ("noise", "word_dropout", "adversarial")]
        rows = rows_of(vae, kind, {"inference": "aggressive", "perturbation": perturbation}, epochs=2)
        return rows, copied(vae)

    (rows, weights), (again, other) = go(), go()
    assert rows == again
    assert same(weights, other)
    assert all(torch.isfinite(value).all() for value in weights.values())


@pytest.mark.parametrize("name", names("nets"))
def test_a_net_learns(name: str) -> None:
    rows = rows_of(example(name)[0], KIND[name], {"kl_weight": "constant"}, epochs=12)
    assert rows[-1]["elbo"] > rows[0]["elbo"] + 0.3


@pytest.mark.parametrize(
    ("shape", "layers"),
    [((28, 28), 3), ((28, 28, 1), 4), ((32, 32), 5), ((64, 64, 3), 4), ((9, 15, 2), 3), ((8, 8), 3)],
)
def test_conv_fits_images_of_any_size_and_colour(shape: tuple[int, ...], layers: int) -> None:
    encoder, decoder = double_net({"use": "conv", "latents": 2, "channels": 4, "layers": layers}, shape)
    x, z = torch.rand(4, *shape, dtype=torch.double), torch.randn(4, 2, dtype=torch.double)
    assert encoder(x).shape == (4, encoder.features)
    assert decoder(z, x).shape == x.shape
    (slope,) = torch.autograd.grad(encoder(x.requires_grad_()).sum(), x)
    assert (slope != 0).flatten(1, 2).any(1).all(), "every colour is read"
    far = slope.sum(0)
    assert all((far.select(axis, end) != 0).any() for axis in (0, 1) for end in (0, -1)), "and every edge"


def test_conv_keeps_rows_columns_and_colours_apart() -> None:
    encoder, decoder = double_net(
        {"use": "conv", "latents": 2, "channels": 2, "layers": 1}, (8, 10, 3), decoder="plain"
    )
    x, z = torch.rand(2, 8, 10, 3).double(), torch.randn(2, 2).double()
    (down,), (up,) = encoder.layers, decoder.layers
    h = conv2d(x.permute(0, 3, 1, 2), down.weight, down.bias, stride=2, padding=1)
    torch.testing.assert_close(encoder(x), h.relu().flatten(1))
    h = decoder.first(z).relu().view(2, 2, 4, 5)
    h = conv_transpose2d(h, up.weight, up.bias, stride=2, padding=1)
    torch.testing.assert_close(decoder(z, x), h.permute(0, 2, 3, 1))


# ---- where z enters

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
    torch.testing.assert_close(conv2d(with_map(join, h, z), weight), conv2d(more, both))


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


# ---- the nets of the papers


@pytest.mark.parametrize(
    ("latents", "maps", "kernels"),
    [(20, 1, [3] * 9), (32, 4, [9] * 3 + [7] * 3 + [5] * 3 + [3] * 3)],
    ids=["Dieng", "He"],
)
def test_the_nets_of_the_papers_are_of_the_size_that_they_should_be(
    latents: int, maps: int, kernels: list[int]
) -> None:
    entry = {"use": "pixelcnn", "latents": latents, "maps": maps, "kernels": kernels}
    encoder, decoder = double_net(entry, (28, 28), decoder="plain")
    assert encoder.features == 64 * 4 * 4
    c, expected = 32, (latents + 1) * maps * 784 + c_by_c(32, 32) + c_by_c(32, 1)
    for inputs, kernel in zip([1 + maps, *[c] * (len(kernels) - 1)], kernels, strict=True):
        half = kernel // 2 + 1
        expected += 2 * c * inputs * half * (kernel + 1) + 4 * c + c_by_c(2 * c, 2 * c) + c_by_c(c, c)
    assert numbers(decoder) == expected
    _, other = double_net(entry, (28, 28), decoder="skip")
    assert numbers(other) - expected == len(kernels) * latents * 784


def c_by_c(inputs: int, outputs: int) -> int:
    return inputs * outputs + outputs


@pytest.mark.parametrize(
    ("entry", "shape", "line"),
    [
        (
            {**EXAMPLES["pixelcnn"], "kernels": [3, 4]},
            (4, 4),
            r"^here: kernels \[3, 4\] should be odd numbers$",
        ),
        (
            {**EXAMPLES["pixelcnn"], "kernels": []},
            (4, 4),
            r"^here\.kernels: list should have at least 1 item",
        ),
        (
            EXAMPLES["pixelcnn"],
            (4, 4, 3),
            r"^net pixelcnn: it is for grey images, .*, not for \(4, 4, 3\); conv is",
        ),
        (
            {**EXAMPLES["conv"], "layers": 4},
            (28, 8),
            r"^net conv: 4 layers are for images of 16 x 16 pixels or more",
        ),
        (EXAMPLES["conv"], (784,), r"^net conv: 2 layers are for images of .*, not for \(784,\)$"),
        (
            {**EXAMPLES["dilated_cnn"], "dilations": [0]},
            (6,),
            r"^here\.dilations\.0: input should be greater than 0",
        ),
    ],
)
def test_what_a_net_is_not_for_is_one_line(entry: dict[str, Any], shape: tuple[int, ...], line: str) -> None:
    with pytest.raises(UserError, match=line):
        double_net(entry, shape)
