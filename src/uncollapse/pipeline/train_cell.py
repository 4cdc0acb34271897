"""Training as a recipe says, on prepared data; and a trial of it, measured on validation data."""

import json
import math
from pathlib import Path
from typing import Any

from safetensors.torch import load_file

from uncollapse.compute.device import find_device
from uncollapse.compute.work import Work
from uncollapse.data.files import read_parts
from uncollapse.data.part import Part
from uncollapse.errors import UserError
from uncollapse.experiment.cells import Cell
from uncollapse.files import write_whole
from uncollapse.measures.collapse import find_thresholds, share_of_collapsed
from uncollapse.measures.likelihood import estimate_likelihoods
from uncollapse.methods import Method
from uncollapse.pipeline import outputs
from uncollapse.pipeline.assemble import assemble
from uncollapse.pipeline.checkpoint import Checkpoint
from uncollapse.pipeline.pool import Progress
from uncollapse.seeds import torch_generator
from uncollapse.tables import last_row
from uncollapse.training.loop import train
from uncollapse.training.state import Training
from uncollapse.vae import VAE, encode_part

DIVERGED = {"nll": math.inf, "collapsed": 1.0, "kl": math.nan}  # what is said of a trial that did


def fit(recipe: outputs.Recipe, seed: int, checkpoint: Checkpoint) -> VAE:
    """The trained VAE of a recipe and seed, from its last checkpoint if there is one.

    Raises UserError, which says in which epoch, where training diverged.
    """
    cell = Cell(recipe["dataset"], recipe["model"], recipe["method"])
    card, method, spent = outputs.card(cell.dataset, seed), Method.build(recipe), Work()
    vae = assemble(recipe, json.loads(card.read_text()), seed).to(find_device(recipe["device"]))
    parts = ["train", "reserve"]
    if method.pretraining.run:  # its encoder was trained on the reserve
        encoder = outputs.encoder(cell, seed)
        parts = ["train"]
        vae.load_encoder(load_file(encoder))
        spent = Work.of(last_row(encoder.with_name(outputs.HISTORY), seed))
    data, valid = (read_parts(card.parent, *names) for names in (parts, ["valid"]))
    training = Training(**recipe["training"])
    for row, state in train(vae, data, valid, method, training, seed, work=spent, saved=checkpoint.saved):
        if not all(map(math.isfinite, row.values())):
            where, key = f"{cell}, seed {seed}, epoch {row['epoch']}", f"datasets.{cell.dataset}.training"
            rate = f"params.yaml: {key}.learning_rate is {training.learning_rate}"
            raise UserError(f"{where}: training diverged; {rate}, try a smaller one", diverged=state.epoch)
        checkpoint.add(row, state.state_dict())
    return vae


def trial(recipe: outputs.Recipe, seed: int, folder: Path, progress: Progress) -> dict[str, Any]:
    """Train once and measure on validation data: what `validated` gives, `gflops` and `epochs`.

    It works in `folder`. A trial that was killed goes on there, and one that is over is read from there.
    """
    over = folder / outputs.TRIAL
    if over.exists():
        return json.loads(over.read_text())
    folder.mkdir(exist_ok=True)
    checkpoint = Checkpoint(folder, find_device(recipe["device"]), progress)
    try:
        vae = fit(recipe, seed, checkpoint)
        valid = read_parts(outputs.prepared(recipe["dataset"], seed), "valid")
        row = validated(vae, valid, recipe["evaluation"], seed)
    except UserError as error:
        if not error.diverged:
            raise
        row = DIVERGED
    spent = checkpoint.rows[-1]["gflops"] if checkpoint.rows else 0.0
    row = {**row, "gflops": spent, "epochs": len(checkpoint.rows)}
    write_whole(over, json.dumps(row))
    checkpoint.remove()
    return row


def validated(vae: VAE, valid: Part, settings: dict[str, Any], seed: int) -> dict[str, float]:
    """nll and kl (nats) and the share of collapsed dimensions, of validation data.

    `settings` are `most`, `tolerance`, `eps` and `delta` of the section `evaluation` of params.yaml.
    """
    q, noise = encode_part(vae, valid), torch_generator(seed, "tune", device=next(vae.parameters()).device)
    limits = {name: settings[name] for name in ("most", "tolerance")}
    means = estimate_likelihoods(vae, valid, q=q, noise=noise, **limits).means()
    share = share_of_collapsed(find_thresholds(q.kl(), delta=settings["delta"]), settings["eps"])
    return {"nll": means.nll, "collapsed": share, "kl": means.kl}
