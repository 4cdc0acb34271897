"""The refinement of q(z|x) by gradient steps (Kim et al. 2018, algorithm 1)."""

import pytest
import torch
from torch import Tensor
from toys import EXAMPLES, KIND, copied, example, method, piece, rows_of, run, same, toy_part, toy_vae

import uncollapse
from uncollapse.data.part import Part, to_tensor
from uncollapse.likelihoods.gaussian import gaussian
from uncollapse.methods.decoder.plain import plain
from uncollapse.methods.perturbation import Inputs
from uncollapse.methods.posterior.gaussian import gaussian as head
from uncollapse.nets.linear import linear
from uncollapse.training.objective import compute_objective, count_more_noise
from uncollapse.vae import VAE, Gaussian, encode_part


def refined(vae: VAE, **arguments: float) -> VAE:
    """The VAE with a refinement of q."""
    vae.refinement = piece("inference", "semi_amortized", **arguments).refinement
    return vae


def by_hand(vae: VAE, x: Tensor, noise: Tensor, rate: float, momentum: float, clip: float) -> Gaussian:
    """The loop of the paper, on one example at a time."""
    results = []
    for i in range(len(x)):
        one = x[i : i + 1]
        now = torch.cat(vae.encode(one)).detach()
        speed = torch.zeros_like(now)
        for each in noise[:, i]:
            now.requires_grad_()
            z = now[0] + (now[1] / 2).exp() * each
            kl = 0.5 * (now[0] ** 2 + now[1].exp() - 1 - now[1]).sum()
            (slope,) = torch.autograd.grad(vae.log_likelihood(one, z.unsqueeze(0)).sum() - kl, now)
            if (norm := float(slope.norm())) > clip:
                slope = slope * clip / norm
            speed = momentum * speed + slope
            now = (now + rate * speed).detach()
        results.append(now)
    mu, logvar = torch.stack(results).unbind(1)
    return Gaussian(mu, logvar)


@pytest.mark.parametrize("net", EXAMPLES)
def test_it_is_the_loop_of_the_paper(net: str) -> None:
    torch.manual_seed(0)
    vae, x = example(net)
    vae.eval()
    noise = torch.randn(3, len(x), vae.latents)
    refined(vae, steps=3, rate=0.1, momentum=0.5, clip=2.0)
    assert vae.refinement is not None
    with torch.no_grad():
        ours = vae.refine(vae.encode(x), x, None, noise)
    hand = by_hand(vae, x, noise, 0.1, 0.5, 2.0)
    torch.testing.assert_close(ours.mu, hand.mu, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(ours.logvar, hand.logvar, rtol=1e-3, atol=1e-4)
    assert not torch.equal(ours.mu, vae.encode(x).mu)


def test_no_step_is_plain(kind: str) -> None:
    plain, none = toy_vae(kind), refined(toy_vae(kind), steps=0)
    assert rows_of(plain, kind) == rows_of(none, kind)
    assert same(copied(plain), copied(none))


@pytest.mark.parametrize("net", ["mlp", "lstm"])
def test_the_gradient_goes_through_all_steps(net: str) -> None:
    """Held to differences of the loss, for a weight of the encoder and one of the decoder."""
    torch.manual_seed(0)
    vae, x = example(net)
    vae = refined(vae.double(), steps=3, rate=0.1)
    x = x.double() if x.is_floating_point() else x
    pieces = method()
    noise = torch.randn(2 + count_more_noise(vae, pieces), len(x), vae.latents, dtype=torch.float64)

    def value() -> Tensor:
        return compute_objective(vae, pieces, x, Inputs(x, x), noise, pieces.kl_weight.init()).loss.sum()

    for weights in (vae.encoder_parameters()[-1], vae.decoder_parameters()[-1], vae.encoder_parameters()[0]):
        (slope,) = torch.autograd.grad(value(), weights)
        at = int(slope.abs().argmax())
        with torch.no_grad():
            flat, step, values = weights.view(-1), 1e-5, []
            for sign in (1, -1):
                flat[at] += sign * step
                values.append(float(value()))
                flat[at] -= sign * step
        assert (values[0] - values[1]) / (2 * step) == pytest.approx(float(slope.flatten()[at]), rel=1e-4)


def test_the_elbo_does_not_fall_where_it_is_concave() -> None:
    """Of a linear decoder with Gaussian noise, in the mean; the exact optimum is where it ends."""
    torch.manual_seed(0)
    net = linear(latents=3)
    encoder, decoder = net.build((6,), 1, plain())
    vae = VAE(encoder, head()(encoder.features, 3), decoder, gaussian(variance=1.0), 3)
    x = torch.randn(50, 6)
    elbos = []
    for steps in (0, 1, 2, 4, 8, 16, 200):
        refined(vae, steps=steps, rate=0.1, momentum=0.0, clip=1e9)
        with torch.no_grad():
            q = vae.refine(vae.encode(x), x, None, torch.zeros(steps, 1, 3))
            elbos.append(float((vae.log_likelihood(x, q.mu) - q.kl().sum(1)).mean()))
    assert elbos == sorted(elbos)
    weight, bias = decoder.output.weight.detach(), decoder.output.bias.detach()
    best = torch.linalg.solve(weight.T @ weight + torch.eye(3), (x - bias) @ weight, left=False)
    torch.testing.assert_close(q.mu, best, rtol=1e-3, atol=1e-4)


def test_what_is_measured_is_the_refined_q_and_a_function_of_x(kind: str) -> None:
    vae, part = refined(toy_vae(kind), steps=4, rate=0.2), toy_part(kind, 20)
    whole = encode_part(vae, part)
    parts = [encode_part(vae, Part(part.x[i : i + 1])) for i in range(20)]
    torch.testing.assert_close(whole.mu, torch.cat([each.mu for each in parts]), rtol=1e-4, atol=1e-5)
    assert not whole.mu.requires_grad
    x = to_tensor(part.x)
    elbos = []
    for q in (vae.encode(x), whole):
        z = q.sample(torch.randn(500, 20, 3, generator=torch.Generator().manual_seed(1)))
        every = x.repeat(500, *[1] * (x.ndim - 1))
        likelihood = vae.log_likelihood(every, z.flatten(0, 1)).view(500, 20).mean(0)
        elbos.append(float((likelihood - q.kl().sum(1)).mean().detach()))
    assert elbos[1] > elbos[0] + 0.01, "it pays"


def test_its_steps_are_work() -> None:
    one, more = (
        rows_of(refined(toy_vae("tokens"), steps=steps), "tokens", epochs=1)[-1]["gflops"] for steps in (0, 4)
    )
    assert more > 5 * one, "a forward and two backward passes of the decoder for each"


def test_a_loop_of_ones_own_cannot_have_it() -> None:
    with pytest.raises(ValueError, match="semi_amortized: reads encoder and decoder"):
        uncollapse.inference("semi_amortized", rate=0.1)


def test_every_net_can_be_refined_in_training() -> None:
    for net in EXAMPLES:
        vae, _ = example(net)
        rows = rows_of(refined(vae, steps=2, rate=0.05), KIND[net], epochs=1)
        assert rows[0]["encoder_steps"] == rows[0]["decoder_steps"] == 4


def test_a_variance_is_learned_where_q_is_refined() -> None:
    vae = refined(toy_vae("images", likelihood="optimal_gaussian"), steps=3, rate=0.01)
    list(run(vae, "images", epochs=1))
    assert float(vae.scale.batches) == 4, "once a batch, not at every step of the refinement"
    assert vae.scale.training
