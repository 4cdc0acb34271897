"""The VAE's quantities against torch.distributions, its nets, and the pairing of initial weights."""

import pytest
import torch
from torch.distributions import Independent, Normal, kl_divergence
from toys import CARDS, EXAMPLES, NETS, toy_part, toy_vae

from uncollapse.data.part import to_tensor
from uncollapse.errors import UserError
from uncollapse.registry import list_names, make_piece
from uncollapse.vae import VAE, Gaussian, log_prior


def q_of_random() -> Gaussian:
    torch.manual_seed(0)
    return Gaussian(torch.randn(7, 3), torch.randn(7, 3))


def test_kl_and_densities_agree_with_torch_distributions() -> None:
    q = q_of_random()
    theirs, prior = Normal(q.mu, (q.logvar / 2).exp()), Normal(torch.zeros(3), torch.ones(3))
    z = torch.randn(5, 7, 3)
    torch.testing.assert_close(q.kl(), kl_divergence(theirs, prior))
    torch.testing.assert_close(q.log_prob(z), Independent(theirs, 1).log_prob(z))
    torch.testing.assert_close(log_prior(z), Independent(prior, 1).log_prob(z))


def test_samples_have_the_posterior_s_moments() -> None:
    q = q_of_random()
    z = q.sample(torch.randn(200_000, 7, 3))
    torch.testing.assert_close(z.mean(0), q.mu, atol=0.03, rtol=0)
    torch.testing.assert_close(z.var(0), q.logvar.exp(), atol=0, rtol=0.03)


def gradients(vae: VAE, kind: str) -> dict[str, torch.Tensor | None]:
    x = to_tensor(toy_part(kind).x)
    q = vae.encode(x)
    (q.kl().sum() - vae.log_likelihood(x, q.sample(torch.randn(q.mu.shape))).sum()).backward()
    return {name: parameter.grad for name, parameter in vae.named_parameters()}


@pytest.mark.parametrize("posterior", list_names("methods/posterior"))
@pytest.mark.parametrize("decoder", list_names("methods/decoder"))
def test_shapes_and_every_parameter_has_a_gradient(kind: str, decoder: str, posterior: str) -> None:
    vae = toy_vae(kind, decoder=decoder, posterior=posterior)
    x = to_tensor(toy_part(kind).x)
    q = vae.encode(x)
    assert q.mu.shape == q.logvar.shape == (64, 3)
    assert vae.log_likelihood(x, q.mu).shape == (64,)
    assert (vae.log_likelihood(x, q.mu) <= 0).all()
    for name, gradient in gradients(vae, kind).items():
        assert gradient is not None, name
        unread = posterior == "prior" and name.startswith("encoder")
        assert (gradient.abs().sum() > 0) != unread, name
    parameters = {id(parameter) for parameter in vae.parameters()}
    sides = [
        {id(parameter) for parameter in side} for side in (vae.encoder_parameters(), vae.decoder_parameters())
    ]
    assert sides[0] | sides[1] == parameters
    assert not sides[0] & sides[1]


@pytest.mark.parametrize("posterior", list_names("methods/posterior"))
@pytest.mark.parametrize("decoder", list_names("methods/decoder"))
def test_the_same_seed_gives_every_method_the_same_initial_weights(
    kind: str, decoder: str, posterior: str
) -> None:
    plain, other = toy_vae(kind, seed=3), toy_vae(kind, seed=3, decoder=decoder, posterior=posterior)
    shared = plain.state_dict().keys() & other.state_dict().keys()
    assert any(name.startswith("decoder") for name in shared)
    for name in shared:
        assert torch.equal(plain.state_dict()[name], other.state_dict()[name]), name
    assert not torch.equal(next(toy_vae(kind, seed=4).parameters()), next(plain.parameters())), (
        "another seed, other weights"
    )


def test_skip_joins_z_to_every_layer_as_concatenation_would() -> None:
    vae = toy_vae("images", decoder="skip")
    z, decoder = torch.randn(5, 3), vae.decoder
    h = decoder.first(z).relu()
    for layer, join in zip(decoder.layers, decoder.joins, strict=True):
        weight = torch.cat([layer.weight, join.path.weight], dim=1)
        h = (torch.cat([h, z], dim=1) @ weight.T + layer.bias).relu()
    torch.testing.assert_close(decoder(z, torch.empty(0)).flatten(1), decoder.output(h))


def test_skip_joins_z_to_the_words_scores() -> None:
    vae, x = toy_vae("tokens", decoder="skip"), to_tensor(toy_part("tokens").x)
    z = torch.randn(len(x), 3)
    with_path = vae.decoder(z, x)
    path = vae.decoder.join.path.weight.clone()
    vae.decoder.join.path.weight.data.zero_()
    torch.testing.assert_close(with_path - vae.decoder(z, x), (z @ path.T).unsqueeze(1).expand_as(with_path))


def test_no_word_is_predicted_from_itself_or_a_later_one() -> None:
    vae, x = toy_vae("tokens", decoder="skip"), torch.tensor([[3, 4, 5, 6, 2]])
    z = torch.randn(1, 3)
    for place in range(5):
        changed = x.clone()
        changed[0, place] = 9
        same = torch.isclose(vae.decoder(z, x), vae.decoder(z, changed)).all(-1)[0]
        assert same[: place + 1].all()
        assert not same[place + 1 :].any()


def test_padding_changes_nothing() -> None:
    vae, x = toy_vae("tokens"), to_tensor(toy_part("tokens").x)
    longer = torch.nn.functional.pad(x, (0, 4))
    z = torch.randn(len(x), 3)
    torch.testing.assert_close(vae.encode(x).mu, vae.encode(longer).mu)
    torch.testing.assert_close(vae.log_likelihood(x, z), vae.log_likelihood(longer, z))


@pytest.mark.parametrize("name", list_names("nets"))
def test_a_net_reads_the_kind_of_data_that_it_says(name: str) -> None:
    entry = EXAMPLES[name]
    net = make_piece("nets", entry)
    card = CARDS[net.kind]
    encoder, _ = net.build(
        tuple(card["shape"]), card["values"], make_piece("methods/decoder", {"use": "plain"})
    )
    assert encoder(to_tensor(toy_part(net.kind).x)).shape == (64, encoder.features)


def test_a_net_for_other_data_is_one_line() -> None:
    from uncollapse.experiment.recipe import Recipe
    from uncollapse.pipeline.assemble import assemble

    recipe = {
        "dataset": "toy",
        "net": NETS["tokens"],
        "likelihood": {"use": "bernoulli"},
        "decoder": {"use": "plain"},
        "posterior": {"use": "gaussian"},
    }
    with pytest.raises(
        UserError, match=r"^params\.yaml: datasets\.toy\.net: lstm is for tokens, but the data are images$"
    ):
        assemble(Recipe(recipe), CARDS["images"], 0)
