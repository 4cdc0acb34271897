"""Measure a cell: metrics/cells/<cell>/ gets a row of measures a seed, the latents, the collapse curve and, of the first seed, the
t-SNE map and what is to be looked at: reconstructions and samples."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from uncollapse.assemble import assemble
from uncollapse.data.prepared import Part, read
from uncollapse.device import device, set_up
from uncollapse.errors import UserError
from uncollapse.measures import broken_laws, encode
from uncollapse.measures.active_units import active_units
from uncollapse.measures.collapse import collapse_thresholds, collapsed
from uncollapse.measures.likelihood import likelihoods
from uncollapse.measures.mutual_information import mi_in_batches, mutual_information
from uncollapse.measures.pictures import ACROSS, between, grid, look, sentences
from uncollapse.measures.probe import probe_accuracy
from uncollapse.measures.tsne import tsne
from uncollapse.pipeline.cache import each_seed
from uncollapse.pipeline.outputs import Job, Recipe
from uncollapse.pipeline.stage import run
from uncollapse.pipeline.tables import last_row, write_table
from uncollapse.seeds import numpy_stream, torch_stream
from uncollapse.vae import VAE

SHOWN = 16  # examples
LINES = 3  # pairs of sentences


def main(name: str) -> None:
    """All seeds; then the map and the pictures, of the first."""
    job = Job("evaluate", name)
    recipe, output = job.recipe, job.folder
    data, runs = Path("data") / recipe["dataset"], Path("runs") / name
    each_seed(job, lambda seed: [data / "card.json", runs / f"weights-{seed}.safetensors"], work, 1)
    first = recipe["seeds"][0]
    test, count = read(data, "test"), recipe["evaluation"]["tsne_points"]  # test is in random order
    places = tsne(load_file(output / f"latents-{first}.safetensors")["mu"][:count], seed=first)
    names = json.loads((data / "card.json").read_text())["label_names"]
    labels = [""] * len(places) if test.labels is None else [names[label] for label in test.labels[:count]]
    points = [
        {"seed": first, "x": x, "y": y, "label": label}
        for (x, y), label in zip(places.tolist(), labels, strict=True)
    ]
    write_table(output / "tsne.csv", points)
    show(trained(recipe, first), test.x[:SHOWN], data, output, first)


def trained(recipe: Recipe, seed: int) -> VAE:
    """The VAE of a cell as it was trained."""
    data = Path("data") / recipe["dataset"]
    vae = assemble(recipe, json.loads((data / "card.json").read_text()), seed)
    vae.load_state_dict(load_file(runs_of(recipe) / f"weights-{seed}.safetensors"))
    return vae.to(device(recipe["device"]))


def runs_of(recipe: Recipe) -> Path:
    """The folder of a cell's training."""
    return Path("runs") / "-".join(recipe[part] for part in ("dataset", "model", "method"))


def show(vae: VAE, x: Any, data: Path, output: Path, seed: int) -> None:
    """Examples of the test set, their reconstructions, and samples: a picture, or sentences."""
    set_up()
    found = look(vae, x, seed)
    if (data / "vocabulary.txt").exists():
        words = (data / "vocabulary.txt").read_text().splitlines()
        true, back, drawn = (sentences(one, words) for one in found)
        rows = [
            {"test": a, "reconstruction": b, "sample": c} for a, b, c in zip(true, back, drawn, strict=True)
        ]
        write_table(output / "sentences.csv", rows)
        ends = sentences(found[0][: 2 * LINES], words)
        lines = [sentences(line, words) for line in between(vae, x[: 2 * LINES])]
        rows = [
            {"start": start, "end": end, "place": place, "sentence": said}
            for start, end, line in zip(ends[::2], ends[1::2], lines, strict=True)
            for place, said in enumerate(line)
        ]
        write_table(output / "lines.csv", rows)
    elif found[0].ndim in (3, 4):
        from PIL import Image  # here, because a machine that only trains and measures need not have it

        true, back, drawn = found
        pairs = [part for pair in zip(true.split(ACROSS), back.split(ACROSS), strict=True) for part in pair]
        Image.fromarray(grid(pairs)).save(output / "reconstructions.png")
        Image.fromarray(grid([drawn])).save(output / "samples.png")


def work(recipe: Recipe, seed: int, folder: Path, tell: Callable[[dict[str, Any]], None]) -> None:
    """One seed."""
    data, settings, vae = Path("data") / recipe["dataset"], recipe["evaluation"], trained(recipe, seed)
    history = last_row(runs_of(recipe) / "history.csv", seed)
    parts = {name: read(data, name) for name in ("train", "valid", "test")}
    train, most = parts["train"], settings["train_points"]
    drawn = vae.likelihood.draw(train.x[:most], numpy_stream(seed, "measure train"))
    parts["train"] = Part(drawn, None if train.labels is None else train.labels[:most])
    q = {name: encode(vae, part) for name, part in parts.items()}

    noise = torch_stream(seed, "measure test", device=next(vae.parameters()).device)
    fit = likelihoods(vae, parts["test"], samples=settings["samples"], noise=noise)
    noise = torch.randn(
        settings["mi_samples"], *q["test"].mu.shape, generator=torch_stream(seed, "measure mi")
    )
    information = mutual_information(q["test"], noise)
    thresholds = collapse_thresholds(q["train"].kl(), delta=settings["delta"])
    row = {
        **fit._asdict(),
        "train_kl": float(history["kl"]),
        "mi": information.mi,
        "mi_standard_error": information.standard_error,
        "mi_cap": information.cap,
        "mi_at_cap": information.saturated,
        "mi_in_batches": mi_in_batches(q["test"], noise[0], settings["mi_batch"]),
        "marginal_kl": information.marginal_kl,
        "active_units": active_units(q["test"].mu),
        "latents": q["test"].mu.shape[1],
        "collapsed": collapsed(thresholds, settings["eps"]),
        "probe_accuracy": probe({name: (q[name].mu, part.labels) for name, part in parts.items()}),
        **{steps: int(history[steps]) for steps in ("encoder_steps", "decoder_steps")},
    }
    for law in broken_laws(row):
        raise UserError(f"{runs_of(recipe).name}, seed {seed}: the measures break the law {law}")
    tell(row)
    write_table(folder / "measures.csv", [row])
    per_dimension = enumerate(zip(thresholds.tolist(), q["train"].kl().mean(0).tolist(), strict=True))
    write_table(
        folder / "collapse.csv", [{"dimension": i, "eps": eps, "kl": kl} for i, (eps, kl) in per_dimension]
    )
    (folder / "device.txt").write_text(device_name(vae))
    save_file(q["test"]._asdict(), folder / "latents.safetensors")


def device_name(vae: VAE) -> str:
    """What it was measured on: cpu, or a GPU by its name."""
    device = next(vae.parameters()).device
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def probe(parts: dict[str, tuple[torch.Tensor, Any]]) -> float:
    """The probe's accuracy; nan for data without labels or of one class."""
    if any(labels is None for _, labels in parts.values()) or len(set(parts["train"][1])) < 2:
        return float("nan")
    return probe_accuracy(*(parts[name] for name in ("train", "valid", "test")))


if __name__ == "__main__":
    run(main)
