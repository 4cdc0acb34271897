"""Remedies in a training loop of one's own: what stands on the page is run as it stands."""

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

import uncollapse

PAGE = (Path(__file__).parent.parent.parent / "docs/own-loop.md").read_text()
PLAIN, *SECTIONS = PAGE.split("\n## ")


def code(section: str) -> str:
    """The Python code of a section of the page, behind the plain VAE's."""
    [own] = [text for text in SECTIONS if text.startswith(f"{section}\n")]
    return "".join(re.findall(r"```python\n(.*?)```", f"{PLAIN}\n{own}", re.DOTALL))


def run(section: str, batches: int = 300, **given: Any) -> dict[str, Any]:
    """What the code of a section leaves behind, with a small VAE and data of three factors."""
    torch.manual_seed(0)
    x = torch.randn(256, 3) @ torch.randn(3, 10) * 2
    encoder, decoder = torch.nn.Linear(10, 8), torch.nn.Linear(4, 10)
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=0.01)
    scope = {"encoder": encoder, "decoder": decoder, "optimizer": optimizer, "valid": x, **given}
    scope.setdefault("loader", [x] * batches)
    exec(compile(code(section), "docs/own-loop.md", "exec"), scope)
    return scope


def kl(scope: dict[str, Any]) -> float:
    """The KL of all data in nats."""
    mu, logvar, _ = scope["encode"](scope["valid"])
    return float(scope["kl_of"](mu, logvar).detach().sum(1).mean())


def learned(scope: dict[str, Any]) -> float:
    """The share of the squares of x that decoding the mean of q(z|x) gets right."""
    x = scope["valid"]
    left = scope["decoder"](scope["encode"](x)[0]) - x
    return 1 - float(left.detach().square().sum() / x.square().sum())


def test_a_controller_holds_the_kl_at_its_target() -> None:
    scope = run("A KL weight", batches=1500)
    assert kl(scope) == pytest.approx(6.0, abs=0.3)
    assert 0 < float(scope["weight"].beta.detach()) <= 1


def test_mmd_takes_the_place_of_half_of_the_kl() -> None:
    scope = run("Another divergence")
    torch.manual_seed(1)
    mu, logvar, z = (part.detach() for part in scope["encode"](scope["valid"]))
    torch.manual_seed(2)
    halved = scope["divergence"](mu, logvar, z)
    torch.manual_seed(2)
    none = scope["divergence"](mu, logvar, z, kl=torch.tensor(0.0))
    assert float(halved - none) == pytest.approx(
        0.5 * float(scope["kl_of"](mu, logvar).sum(1).mean()), rel=1e-5
    )
    assert learned(scope) > 0.9


def test_the_kl_of_a_normalised_posterior_cannot_fall_below_its_bound() -> None:
    scope = run("A posterior that cannot collapse")
    mu, logvar = scope["head"](scope["encoder"](scope["valid"]))
    bound = 4 * 0.6**2 / 2
    assert float(scope["kl_of"](mu, logvar).detach().sum(1).mean()) >= bound - 1e-4
    assert mu.detach().std(0, correction=0) == pytest.approx([0.6] * 4, rel=1e-3)


def test_z_reaches_the_last_layer_past_one_that_lets_nothing_through() -> None:
    scope = run("Skip connections")
    decoder = scope["SkipDecoder"]()
    torch.nn.init.zeros_(decoder.first.weight)
    z = torch.randn(5, 4)
    assert not torch.allclose(decoder(z), decoder(z.flip(0)))
    assert torch.allclose(
        decoder(z) - decoder(torch.zeros(5, 4)), decoder.join(torch.zeros(5, 10), z), atol=1e-6
    )


def test_an_adversary_stays_in_its_ball_and_raises_every_loss() -> None:
    scope = run("Noise and adversarial inputs")
    x, loss_of = scope["valid"], scope["loss_of"]
    read = scope["perturb"](x, loss_of)
    assert float((read - x).abs().max()) == pytest.approx(0.1, rel=1e-3)
    assert bool((loss_of(read) > loss_of(x)).any())
    assert bool((loss_of(read) >= loss_of(x) - 1e-4).all())
    assert learned(scope) > 0.9


def test_the_encoder_is_trained_ahead_until_the_information_lags() -> None:
    x = torch.randn(512, 3, generator=torch.Generator().manual_seed(0)) @ torch.randn(3, 10) * 2
    loader = torch.utils.data.DataLoader(x, batch_size=64, shuffle=True)
    scope = run("Training the encoder ahead of the decoder", loader=loader)
    steps = []

    def step(x: Tensor, **which: bool) -> Tensor:
        steps.append(which)
        return scope["step"](x, **which)

    updates = uncollapse.inference("aggressive", window=2, most=6, patience=1)
    informed = iter([1.0, 0.5])
    for ahead in (True, True, False):
        steps.clear()
        updates.epoch(loader, step, lambda: next(informed))
        decoder = [which for which in steps if which["decoder"]]
        assert len(decoder) == 8
        assert all(which["encoder"] != ahead for which in decoder)
        assert (len(steps) > 8) == ahead


@pytest.mark.parametrize("sigma", [0.0, 0.5])
def test_noise_is_that_of_the_piece(sigma: float) -> None:
    perturb, x = uncollapse.perturbation("noise", sigma=sigma), torch.zeros(2000, 5)
    assert float(perturb(x).std()) == pytest.approx(sigma, rel=0.05)


def refused() -> dict[str, Any]:
    """What is refused, by the line that says so."""
    adversary = uncollapse.perturbation("adversarial", radius=0.1)
    updates, aggressive = (uncollapse.inference(name) for name in ("joint", "aggressive"))
    x = torch.zeros(3, 2)

    def step(x: Tensor, **which: bool) -> Tensor:
        return x.sum()

    return {
        "loss: adversarial needs the loss; call perturb": lambda: adversary(x),
        r"loss: should return one for each example, \(3,\)": lambda: adversary(x, lambda read: read.sum()),
        "x: should be real numbers": lambda: adversary(torch.ones(3, 2, dtype=torch.long)),
        "loader: should allow two passes at a time": lambda: updates.epoch(iter([x]), step, lambda: 0.0),
        "mi: should return a finite number of nats, not nan": lambda: aggressive.epoch(
            [x], step, lambda: float("nan")
        ),
        "perturbation: word_dropout on words only works": lambda: uncollapse.perturbation("word_dropout"),
        "perturbation: noise on words only works": lambda: uncollapse.perturbation("noise", drop=0.1),
        "mu: mmd compares examples": lambda: uncollapse.divergence("mmd")(x[:1], x[:1], x[:1]),
        "mu, logvar and z should have the same shape": lambda: uncollapse.divergence("mmd")(x, x, x[:2]),
        r"kl: should be the mean over the batch, not of shape \(3, 2\)": lambda: uncollapse.divergence("kl")(
            x, x, x, kl=x
        ),
        r"features: should be \(B, features\)": lambda: uncollapse.posterior(
            "gaussian", features=2, latents=2
        )(torch.zeros(3, 4, 2)),
        "loader: should have at least one batch": lambda: updates.epoch([], step, lambda: 0.0),
        "decoder.use: no such name 'skipp'": lambda: uncollapse.decoder("skipp", latents=2, features=3),
        "posterior.gamma: input should be greater": lambda: uncollapse.posterior(
            "batch_norm", features=2, latents=2, gamma=0.0
        ),
    }


@pytest.mark.parametrize("line", refused())
def test_a_mistake_is_one_line(line: str) -> None:
    with pytest.raises(ValueError, match=line):
        refused()[line]()
