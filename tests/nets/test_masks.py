"""What an autoregressive decoder sees: nothing at or behind the place that it predicts, by exact
gradients; and all that it says it sees."""

import itertools
from math import prod
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.autograd.functional import jacobian
from torch.nn.functional import conv2d, log_softmax, pad
from toys import EXAMPLES, KIND, double_net, example

from uncollapse.data.part import END
from uncollapse.nets.pixelcnn import Layer
from uncollapse.registry import list_names, make_piece

AUTOREGRESSIVE = [name for name, entry in EXAMPLES.items() if make_piece("nets", entry).autoregressive]


def seen_pixels(decoder: Any, shape: tuple[int, int]) -> Tensor:
    """Whether the output at a place depends on x at another, in raster order: (H W, H W), for at least
    one of some z and x."""
    z, x = torch.randn(6, 2, dtype=torch.double), torch.rand(6, *shape, dtype=torch.double)
    slopes: Any = jacobian(lambda x: decoder(z, x).sum(0).flatten(), x)
    return (slopes != 0).any(1).flatten(1)


@pytest.mark.parametrize("shape", [(5, 5), (4, 7), (7, 3)])
@pytest.mark.parametrize("kernels", [[1], [3], [5], [3, 3], [1, 3], [3, 5, 1], [3, 3, 3, 3]], ids=str)
def test_a_pixel_sees_just_the_pixels_before_it_that_are_in_reach(
    kernels: list[int], shape: tuple[int, int]
) -> None:
    entry = {"use": "pixelcnn", "latents": 2, "kernels": kernels, "channels": 4, "encoder_channels": 2}
    seen = seen_pixels(double_net(entry, shape)[1], shape)
    assert not seen.triu().any(), "neither itself nor a later one"
    assert seen[range(1, shape[1]), range(shape[1] - 1)].all(), "but the one before it"
    reach, places = sum(kernel // 2 for kernel in kernels), list(itertools.product(*map(range, shape)))
    for (p, (i, j)), (q, (k, m)) in itertools.product(enumerate(places), repeat=2):
        left, above = k == i and 0 < j - m <= reach + 1, 0 < i - k <= reach + 1 and abs(j - m) <= reach
        assert seen[p, q] == (left or above), (i, j, k, m)


@pytest.mark.parametrize(("shape", "depth"), [((4, 4), 3), ((3, 6), 5)])
def test_3x3_kernels_leave_no_blind_spot(shape: tuple[int, int], depth: int) -> None:
    entry = {"use": "pixelcnn", "latents": 2, "kernels": [3] * depth, "channels": 4, "encoder_channels": 2}
    seen = seen_pixels(double_net(entry, shape)[1], shape)
    assert torch.equal(seen, torch.ones_like(seen).tril(-1))


def test_a_gated_layer_is_that_of_masked_kernels() -> None:
    layer = Layer(3, 4, 5).double()
    v, h = torch.randn(2, 2, 3, 6, 7, dtype=torch.double)
    below, right = pad(layer.vertical.weight, (0, 0, 0, 2)), pad(layer.horizontal.weight, (0, 2))
    a, b = conv2d(v, below, layer.vertical.bias, padding=2).chunk(2, 1)
    link = layer.link(torch.cat([a, b], 1))
    c, d = (conv2d(h, right, layer.horizontal.bias, padding=(0, 2)) + link).chunk(2, 1)
    new_v, new_h = layer(v, h)
    torch.testing.assert_close(new_v, a.tanh() * b.sigmoid())
    torch.testing.assert_close(new_h, layer.output(c.tanh() * d.sigmoid()))


@pytest.mark.parametrize(
    ("name", "depth", "sizes", "last"),
    [
        ("pixelcnn", "kernels", [3, 5], "layers.0.output"),
        ("dilated_cnn", "dilations", [1, 2], "blocks.1.wide"),
    ],
)
def test_a_layer_adds_to_what_it_reads(name: str, depth: str, sizes: list[int], last: str) -> None:
    x = example(name)[1]
    x, z = x.double() if name == "pixelcnn" else x, torch.randn(len(x), 3).double()
    entries = ({**EXAMPLES[name], depth: some} for some in (sizes, sizes[:1]))
    (_, deep), (_, shallow) = (double_net(entry, tuple(x.shape[1:]), 11, "plain") for entry in entries)
    assert not torch.equal(deep(z, x), shallow(z, x))
    for weight in deep.get_submodule(last).parameters():
        weight.data.zero_()
    torch.testing.assert_close(deep(z, x), shallow(z, x))


DILATIONS = [[1], [2], [1, 1], [1, 2], [3, 1], [1, 2, 4]]
TEXT = [
    {**EXAMPLES["lstm"], "latents": 2},
    *({**EXAMPLES["dilated_cnn"], "latents": 2, "dilations": dilations} for dilations in DILATIONS),
]
TEXT_IDS = ["lstm", *map(str, DILATIONS)]


def steps_back(entry: dict[str, Any], length: int) -> set[int]:
    """How far back the tokens are that a place reads: 1 is the one before it."""
    if entry["use"] == "lstm":
        return set(range(1, length + 1))
    taps = [(0, dilation, 2 * dilation) for dilation in entry["dilations"]]
    return {1 + sum(offsets) for offsets in itertools.product(*taps)}


@pytest.mark.parametrize("entry", TEXT, ids=TEXT_IDS)
def test_a_word_sees_just_the_words_before_it_that_are_in_its_context(entry: dict[str, Any]) -> None:
    length = 18
    _, decoder = double_net(entry, (length,))
    z, x = torch.randn(8, 2, dtype=torch.double), torch.randint(3, 7, (8, length))

    def logits(before: Tensor) -> Tensor:
        handle = decoder.embed.register_forward_hook(lambda *_: before)
        output = decoder(z, x)
        handle.remove()
        return output.sum((0, 2))

    slopes: Any = jacobian(logits, torch.randn(8, length, 5, dtype=torch.double))
    seen = (slopes != 0).any(1).any(-1)  # column s is the token s - 1
    back = steps_back(entry, length)
    for t, s in itertools.product(range(length), repeat=2):
        assert seen[t, s] == (t - s + 1 in back), (t, s)
    if entry["use"] == "dilated_cnn":
        assert decoder.context == max(back) == length - int(seen[-1].nonzero().min())


@pytest.mark.parametrize("entry", TEXT, ids=TEXT_IDS)
def test_another_word_changes_no_bit_but_in_the_places_behind_it_that_see_it(entry: dict[str, Any]) -> None:
    length = 18
    _, decoder = double_net(entry, (length,))
    decoder = decoder.float()
    z, x = torch.randn(4, 2), torch.randint(3, 6, (4, length))
    back, output = steps_back(entry, length), decoder(z, x)
    for place in range(length):
        changed = x.clone()
        changed[:, place] = 6
        same_bits = (decoder(z, changed) == output).all(-1).all(0)
        assert same_bits.tolist() == [t - place not in back for t in range(length)]


@pytest.mark.parametrize("entry", TEXT[:2], ids=["lstm", "dilated_cnn"])
def test_the_end_of_the_sentence_before_is_read_first(entry: dict[str, Any]) -> None:
    _, decoder = double_net(entry, (4,))
    read: list[Tensor] = []
    decoder.embed.register_forward_hook(lambda module, inputs, output: read.append(inputs[0]))
    decoder(torch.randn(1, 2).double(), torch.tensor([[3, 4, 5, 2]]))
    assert read[0].tolist() == [[END, 3, 4, 5]]


@pytest.mark.parametrize(
    ("dilations", "context"), [([1, 2, 4], 15), ([1, 2, 4, 8, 16], 63), ([1, 2, 4, 8, 16] * 2, 125)]
)
def test_the_contexts_of_the_paper(dilations: list[int], context: int) -> None:
    assert double_net({**EXAMPLES["dilated_cnn"], "dilations": dilations}, (6,))[1].context == context


@pytest.mark.parametrize("name", list_names("nets"))
def test_a_decoder_reads_x_if_it_says_that_it_is_autoregressive(name: str) -> None:
    vae, x = example(name)
    z = torch.randn(len(x), 3)
    assert torch.equal(vae.decoder(z, x), vae.decoder(z, x.flip(0))) == (not vae.autoregressive)


@pytest.mark.parametrize("name", AUTOREGRESSIVE)
def test_the_probabilities_of_all_x_sum_to_one(name: str) -> None:
    image = KIND[name] == "images"
    shape, values = ((2, 3), 2) if image else ((4,), 4)
    _, decoder = double_net(EXAMPLES[name], shape, values)
    every = torch.tensor([*itertools.product(range(values), repeat=prod(shape))]).view(-1, *shape)
    z = torch.randn(3, dtype=torch.double).expand(len(every), -1)
    output = decoder(z, every.double() if image else every)
    if image:
        output = torch.stack([torch.zeros_like(output), output], -1)
    each = log_softmax(output, -1).gather(-1, every.unsqueeze(-1)).flatten(1).sum(1)
    torch.testing.assert_close(each.exp().sum(), torch.tensor(1, dtype=torch.double))
