"""Laws of every net: shapes, gradients, modes, masks, and where z enters."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, conv_transpose2d
from toys import CARDS, EXAMPLES, KIND, copied, double_net, example, piece, rows_of, same, toy_part

from uncollapse.errors import UserError
from uncollapse.nets import _he
from uncollapse.registry import list_names
from uncollapse.training.loop import learn


def numbers(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize("name", list_names("nets"))
@pytest.mark.parametrize("decoder", list_names("methods/decoder"))
def test_the_output_fits_x_and_every_weight_has_a_gradient(name: str, decoder: str) -> None:
    vae, x = example(name, decoder=decoder)
    q = vae.encode(x)
    output = vae.decoder(q.sample(torch.randn(q.mu.shape)), x)
    assert output.shape == (x.shape if KIND[name] == "images" else (*x.shape, CARDS["tokens"]["values"]))
    (q.kl().sum() - vae.likelihood.log_prob(x, output).sum()).backward()
    for weights, parameter in vae.named_parameters():
        assert parameter.grad is not None, weights
        assert parameter.grad.abs().sum() > 0, weights


@pytest.mark.parametrize("name", list_names("nets"))
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


@pytest.mark.parametrize("name", list_names("nets"))
def test_layers_start_alike_with_and_without_skip_connections(name: str) -> None:
    plain, other = (example(name, decoder=decoder)[0].state_dict() for decoder in ("plain", "skip"))
    assert all(torch.equal(value, other[weights]) for weights, value in plain.items())
    assert all(".path." in weights for weights in other.keys() - plain.keys())


@pytest.mark.parametrize("name", list_names("nets"))
def test_an_encoder_reads_what_is_embedded_in_place_of_x(name: str) -> None:
    vae, x = example(name)
    embedded = vae.encoder.embed(x).detach().requires_grad_()
    features = vae.encoder(x, embedded)
    assert torch.equal(features, vae.encoder(x))
    (slope,) = torch.autograd.grad(features.square().sum(), embedded)
    assert (slope.flatten(1).abs().sum(1) > 0).all()


@pytest.mark.parametrize("name", list_names("nets"))
def test_a_net_trains_with_all_methods_at_once_and_twice_the_same(name: str) -> None:
    def go() -> tuple[list[dict[str, float]], dict[str, Tensor]]:
        vae, kind = example(name, decoder="skip", posterior="batch_norm")[0], KIND[name]
        for pretraining in ("classifier", "autoencoder"):
            pretrain = piece("pretraining", pretraining, epochs=1, batch_size=16).run
            before = copied(vae)
            list(pretrain(vae, toy_part(kind, seed=2), 0, None, learn))
            changed = {
                weights for weights, value in copied(vae).items() if not torch.equal(value, before[weights])
            }
            assert not any(weights.startswith("decoder.") for weights in changed)
            assert changed or name == "linear"  # whose encoder has no weights
        perturbation = [piece("perturbation", name) for name in ("noise", "word_dropout", "adversarial")]
        rows = rows_of(vae, kind, {"inference": "aggressive", "perturbation": perturbation}, epochs=1)
        return rows, copied(vae)

    (rows, weights), (again, other) = go(), go()
    assert rows == again
    assert same(weights, other)
    assert all(torch.isfinite(value).all() for value in weights.values())


@pytest.mark.parametrize("name", list_names("nets"))
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


def test_layers_of_he_keep_the_scale_of_signals() -> None:
    """E[relu(y)^2] is that of the values that a layer reads, whatever their number."""
    x, images = torch.randn(1000, 200), torch.randn(4, 24, 30, 30)
    for _ in range(3):
        x = _he.Linear(x.shape[1], 1000)(x.relu()).detach()
    assert x.relu().square().mean() == pytest.approx(0.5, rel=0.15)
    down, up = _he.Conv2d(24, 1000, 4, stride=2), _he.ConvTranspose2d(24, 1000, 4, stride=2)
    for layer in (down, up):
        inside = layer(images.relu()).detach()[..., 4:-4, 4:-4]
        assert inside.relu().square().mean() == pytest.approx(0.5, rel=0.15)
        assert not layer.bias.any()
