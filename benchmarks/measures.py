"""Our measures and naive implementations of the same, timed in turn on one thread by `make bench`."""

import argparse
import json
import math
import platform
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).parent.parent / "stages"))
from sklearn.manifold import TSNE, trustworthiness
from steps import measure as measure_steps
from threadpoolctl import threadpool_limits

from uncollapse.data.part import Part, to_tensor
from uncollapse.experiment.recipe import Recipe
from uncollapse.measures.likelihood import estimate_likelihoods
from uncollapse.measures.mutual_information import estimate_mi
from uncollapse.pipeline.assemble import assemble
from uncollapse.pipeline.watching.memory import keep_memory
from uncollapse.samples.tsne import map_by_tsne
from uncollapse.vae import VAE, Gaussian, log_prior

ROUNDS = 3
POINTS = 2000
Work = Callable[[], Any]


def posteriors(count: int, latents: int) -> tuple[Gaussian, torch.Tensor]:
    """Draw encodings like those of a trained VAE: two thirds of the dimensions are in use."""
    stream = torch.Generator().manual_seed(0)
    used = (torch.arange(latents) < 2 * latents // 3).float()
    mu = torch.randn(count, latents, generator=stream) * used
    logvar = -1.0 * used + 0.2 * torch.randn(count, latents, generator=stream)
    return Gaussian(mu, logvar), torch.randn(count, latents, generator=stream)


def naive_mi(q: Gaussian, noise: torch.Tensor) -> float:
    """All densities of 64 samples at a time, as the formula has them."""
    z, inside = q.sample(noise), []
    for one in z.split(64):
        square = (one.unsqueeze(1) - q.mu).square() * (-q.logvar).exp()
        pairs = -0.5 * (square + q.logvar + math.log(2 * math.pi)).sum(-1)
        inside.append(pairs.logsumexp(1) - math.log(len(z)))
    return float((q.log_prob(z) - torch.cat(inside)).mean())


@torch.no_grad()
def naive_nll(vae: VAE, part: Part, samples: int) -> float:
    """Measure one image at a time, encoded anew for each 100 samples."""
    found = []
    for i in range(len(part)):
        x, weights = to_tensor(part.x[i : i + 1]).repeat(100, *[1] * (part.x.ndim - 1)), []
        for _ in range(samples // 100):
            q = vae.encode(x)
            z = q.sample(torch.randn(q.mu.shape))
            weights.append(vae.log_likelihood(x, z) + log_prior(z) - q.log_prob(z))
        found.append(-(torch.cat(weights).logsumexp(0) - math.log(samples)))
    return float(torch.stack(found).mean())


def net(kind: str) -> tuple[VAE, Part]:
    """Make an untrained VAE, the MLP 784-400-20 or an LSTM, and 100 examples."""
    stream = np.random.default_rng(0)
    if kind == "tokens":
        lstm = {"use": "lstm", "latents": 16, "embedding": 64, "hidden": 128}
        recipe = {"net": lstm, "likelihood": {"use": "categorical"}}
        card, x = {"kind": kind, "shape": [20], "values": 2000}, stream.integers(3, 2000, (100, 20))
    else:
        mlp = {"use": "mlp", "latents": 20, "hidden": 400, "encoder_layers": 1, "decoder_layers": 1}
        recipe = {"net": mlp, "likelihood": {"use": "bernoulli"}}
        card, x = (
            {"kind": kind, "shape": [28, 28], "values": 256},
            stream.integers(0, 2, (100, 28, 28), np.uint8) * 255,
        )
    recipe |= {"decoder": {"use": "plain"}, "posterior": {"use": "gaussian"}, "dataset": "benchmark"}
    return assemble(Recipe(recipe), card, 0), Part(x)


def quality(mu: torch.Tensor, places: np.ndarray) -> float:
    """Trustworthiness: how far the 12 neighbours in the map are neighbours indeed, 1 at best."""
    return float(trustworthiness(mu.numpy(), places, n_neighbors=12))


def compare(bar: tqdm, what: str, ours: Work, naive: Work, judge: Callable[[Any], float] = float) -> None:
    """Time both in turn and print their medians, the ratio of those, and what they found."""
    times: dict[str, list[float]] = {"ours": [], "naive": []}
    found = {}
    for _ in range(ROUNDS):
        for name, work in {"ours": ours, "naive": naive}.items():
            start = time.perf_counter()
            found[name] = work()
            times[name].append(time.perf_counter() - start)
    fast, slow = statistics.median(times["ours"]), statistics.median(times["naive"])
    values = " | ".join(f"{judge(value):.3f}" for value in found.values())
    bar.write(f"| {what} | {fast:.2f} s | {slow:.2f} s | {slow / fast:.1f} | {values} |", file=sys.stdout)
    bar.update()


def machine() -> str:
    """Return the name of the processor, where it is known."""
    told = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    return next(
        (line.split(": ")[1] for line in told.splitlines() if line.startswith("model name")),
        platform.machine(),
    )


def step(as_json: bool) -> None:
    """Print the rates of a gradient step, as a table in Markdown or as a JSON object."""
    rates = measure_steps()
    if as_json:
        print(json.dumps(rates))
        return
    print("| examples a second | ours | lean | lightning | pythae | floor |\n|---|---|---|---|---|---|")
    for net in ("default", "reference", "lstm"):
        row = [rates[net].get(name) for name in ("ours", "lean", "lightning", "pythae", "floor")]
        print(f"| {net} | {' | '.join(f'{rate:,.0f}' if rate else '' for rate in row)} |")
    shares = ", ".join(f"{net} {share:.2f}" for net, share in rates["encoder_only"].items())
    print(f"\nA step of the encoder alone, as a share of a joint one: {shares}.")
    print(f"Two seeds in two processes: {rates['two_cores']:.2f} times the rate of one.")


def main() -> None:
    """Print tables in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--step", action="store_true", help="the gradient step, beside other loops")
    parser.add_argument("--json", action="store_true", help="with --step: one JSON object")
    arguments = parser.parse_args()
    if arguments.step:
        step(arguments.json)
        return
    torch.set_num_threads(1)
    threadpool_limits(1)
    keep_memory()
    print(f"{machine()}, one core; torch {torch.__version__}; medians of {ROUNDS} rounds in turn\n")
    print("| | ours | naive | ratio | ours found | naive found |\n|---|---|---|---|---|---|")
    with tqdm(total=5, disable=None) as bar:
        for latents in (20, 50):
            encoded = posteriors(10_000, latents)
            title = f"mutual information, 10,000 x {latents}"
            compare(
                bar,
                title,
                partial(estimate_mi, *encoded),
                partial(naive_mi, *encoded),
                lambda found: found if isinstance(found, float) else found.mi,
            )
        for kind, name in {"images": "MLP 784-400-20", "tokens": "LSTM 128, 20 tokens of 2,000"}.items():
            vae, part = net(kind)
            noise = torch.Generator().manual_seed(0)
            ours = partial(estimate_likelihoods, vae, part, most=500, noise=noise)
            title = f"nll, 100 examples x 500 samples, {name}"
            compare(
                bar,
                title,
                ours,
                partial(naive_nll, vae, part, 500),
                lambda found: found if isinstance(found, float) else found.nll,
            )
        mu = posteriors(POINTS, 20)[0].mu
        naive = TSNE(init="pca", random_state=0, n_jobs=1)
        compare(
            bar,
            f"t-SNE, {POINTS} x 20 (trustworthiness)",
            partial(map_by_tsne, mu, seed=0),
            partial(naive.fit_transform, mu.numpy()),
            partial(quality, mu),
        )


if __name__ == "__main__":
    main()
