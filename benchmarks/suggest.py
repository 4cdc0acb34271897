"""Print how often the loop of docs/your-vae.md, which begins at `uncollapse.suggest`, ends without holes.

python benchmarks/suggest.py [NAME ...] trains small nets on pictures, series, a table, bits, counts and
strings: minutes on one core, seconds each. Errors are those of held-out examples decoded from the mean of
q(z|x): mean squared errors, or nats. `kept` is (dead - end) / (dead - best), where `dead` is the error
without z, `end` that of the loop's last net, and `best` the smallest of a sweep from a sixteenth of the
suggested value to 16 times it; `open` the same with the best of those of the sweep without holes. The last
columns are of a net whose KL is held at the suggested set point, from a variance of 1 or beta 1 on.
"""

import sys
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import torch
from data_for_suggest import ALPHABET, PAD, Data, make_data
from torch import Tensor, nn
from torch.nn import functional

import uncollapse

LATENTS = {
    "digits": (8, 32),
    "frames": (8, 32),
    "windows": (6, 16),
    "table": (5,),
    "grey digits": (8,),
    "bits": (8, 16),
    "counts": (6, 16),
    "strings": (16,),
}
SEEDS = (1, 2)
SWEEP = (1 / 16, 1 / 4, 1.0, 4.0, 16.0)
DEAD = 1e6  # This weight of the KL lets all latents die.
MOST_STEPS = 4
BATCH = 128
CLIP = 5.0  # The largest norm of a gradient.
Weight = Callable[[Tensor], Tensor]  # It weighs the KL of each example in a batch.
ALL = make_data()
HEADER = (
    "data      latents seed  start  begins   steps end                error     best     dead"
    "   kept   open   KL predicted, found  KL held: at, found, end, kept"
)


class Vectors(nn.Module):
    """A VAE of vectors, with a hidden layer on both sides."""

    def __init__(self, values: int, latents: int, likelihood: str) -> None:
        super().__init__()
        self.likelihood = likelihood
        self.encoder = nn.Sequential(nn.Linear(values, 128), nn.ReLU(), nn.Linear(128, 2 * latents))
        self.decoder = nn.Sequential(nn.Linear(latents, 128), nn.ReLU(), nn.Linear(128, values))

    def encode(self, x: Tensor) -> tuple[Tensor, ...]:
        """Return mu and logvar."""
        return self.encoder(x.log1p() if self.likelihood == "poisson" else x).chunk(2, 1)

    def error(self, z: Tensor, x: Tensor) -> Tensor:
        """Return half of the squared error, or -log p(x|z) in nats, of each example."""
        output = self.decoder(z)
        if self.likelihood == "gaussian":
            return 0.5 * (output - x).square().sum(1)
        if self.likelihood == "bernoulli":
            return functional.binary_cross_entropy_with_logits(output, x, reduction="none").sum(1)
        return functional.poisson_nll_loss(output, x, full=True, reduction="none").sum(1)


class Strings(nn.Module):
    """A VAE of strings, whose decoder reads the letters before."""

    def __init__(self, latents: int) -> None:
        super().__init__()
        self.letters, self.reader = nn.Embedding(len(ALPHABET), 16), nn.GRU(16, 48, batch_first=True)
        self.head, self.start = nn.Linear(48, 2 * latents), nn.Linear(latents, 64)
        self.writer, self.output = nn.GRU(16 + latents, 64, batch_first=True), nn.Linear(64, len(ALPHABET))

    def encode(self, x: Tensor) -> tuple[Tensor, ...]:
        """Return mu and logvar."""
        return self.head(self.reader(self.letters(x))[1][0]).chunk(2, 1)

    def error(self, z: Tensor, x: Tensor) -> Tensor:
        """Return -log p(x|z) in nats of each example."""
        before = self.letters(x[:, :-1])
        given = torch.cat([before, z[:, None].expand(-1, before.shape[1], -1)], 2)
        logits = self.output(self.writer(given, self.start(z)[None])[0])
        nats = functional.cross_entropy(logits.transpose(1, 2), x[:, 1:], ignore_index=PAD, reduction="none")
        return nats.sum(1)


class Ending(NamedTuple):
    """What a trained net has come to, on held-out examples."""

    verdict: str
    error: float
    kl: float


def train(data: Data, latents: int, weight: Weight, seed: int) -> Ending:
    """Train a VAE with error + the weighted KL."""
    torch.manual_seed(seed)
    net: Vectors | Strings = (
        Strings(latents)
        if data.likelihood == "categorical"
        else Vectors(data.train.shape[1], latents, data.likelihood)
    )
    optimizer = torch.optim.Adam(net.parameters(), 3e-3)
    for _ in range(data.epochs):
        for chosen in torch.randperm(len(data.train)).split(BATCH):
            x = data.train[chosen]
            mu, logvar = net.encode(x)
            z = mu + (logvar / 2).exp() * torch.randn_like(mu)
            kl = 0.5 * (mu**2 + logvar.exp() - 1 - logvar).sum(1)
            loss = net.error(z, x).mean() + weight(kl)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), CLIP)
            optimizer.step()
    with torch.no_grad():
        mu, logvar = net.eval().encode(data.held_out)
        error = net.error(mu, data.held_out).mean()
    scale = 2 / data.held_out.shape[1] if data.likelihood == "gaussian" else 1
    found = uncollapse.diagnose(mu, logvar)
    return Ending(found.verdict.split(":")[0], float(error) * scale, found.kl)


def follow(name: str, latents: int, seed: int) -> str:
    """Return the row of the table for one seed."""
    data = ALL[name]
    mask = data.train != PAD if data.likelihood == "categorical" else None
    start = uncollapse.suggest(data.train, latents=latents, likelihood=data.likelihood, mask=mask)
    level = start.variance or start.beta
    train_at = cache(lambda factor: train(data, latents, lambda kl: level * factor * kl.mean(), seed))
    factor, steps = 1.0, 0
    while train_at(factor).verdict in ("holes", "collapsed") and steps < MOST_STEPS:
        factor *= 4 if train_at(factor).verdict == "holes" else 1 / 4
        steps += 1
    end, dead = train_at(factor), train_at(DEAD / level).error
    sweep = [train_at(step) for step in sorted({*SWEEP, factor})]
    best = min(one.error for one in sweep)
    whole = min((one.error for one in sweep if one.verdict != "holes"), default=dead)
    held = train(data, latents, uncollapse.kl_weight("pi", kl_target=start.set_point, ki=0.001), seed)
    kept, unbroken = (dead - end.error) / (dead - best), (dead - end.error) / (dead - whole)
    return (
        f"{name:12}{latents:4}{seed:3} {level:9.4g} {train_at(1.0).verdict[:8]:9}{steps:3}  "
        f"{end.verdict[:16]:17}{end.error:9.4g}{best:9.4g}{dead:9.4g}{kept:7.2f}{unbroken:7.2f}"
        f"{start.kl:7.1f}{train_at(1.0).kl:7.1f}{start.set_point:7.1f}{held.kl:7.1f} {held.verdict[:16]:17}"
        f"{(dead - held.error) / (dead - best):5.2f}"
    )


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(HEADER)
    for name in sys.argv[1:] or ALL:
        for latents in LATENTS[name]:
            for seed in SEEDS:
                print(follow(name, latents, seed), flush=True)
