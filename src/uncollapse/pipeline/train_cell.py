"""Train a cell as its recipe says, and try out a candidate on validation data."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors.torch import load_file

from uncollapse.compute.device import find_device
from uncollapse.compute.work import Work
from uncollapse.data.files import read_parts
from uncollapse.data.part import Part
from uncollapse.errors import UserError
from uncollapse.experiment.recipe import Recipe
from uncollapse.files import write_whole
from uncollapse.measures.collapse import find_thresholds, share_of_collapsed
from uncollapse.measures.likelihood import estimate_likelihoods
from uncollapse.methods import Method
from uncollapse.pipeline.assemble import assemble
from uncollapse.pipeline.cell_files import CellFiles
from uncollapse.pipeline.checkpoint import Checkpoint
from uncollapse.pipeline.paths import HISTORY, TRIAL
from uncollapse.pipeline.pool import Progress
from uncollapse.seeds import torch_generator
from uncollapse.tables import last_row
from uncollapse.training.hyperparameters import Training
from uncollapse.training.loop import train
from uncollapse.vae import VAE, encode_part

NOT_MEASURED = {"nll": math.inf, "collapsed": 1.0, "kl": math.nan}  # The row of a trial that diverged.


def train_cell(recipe: Recipe, seed: int, checkpoint: Checkpoint) -> VAE:
    """Return the trained VAE of a recipe and seed, from its last checkpoint if there is one.

    Raises UserError, which says in which epoch, where training diverged.
    """
    cell, files = recipe.cell, CellFiles(recipe.cell)
    card = files.card(seed)
    method, spent = Method.build(recipe.stated), Work()
    vae = assemble(recipe, json.loads(card.read_text()), seed).to(find_device(recipe.device))
    parts = ["train", "reserve"]
    if method.pretraining.run:  # Its encoder was trained on the reserve.
        encoder = files.encoder(seed)
        parts = ["train"]
        vae.load_encoder(load_file(encoder))
        spent = Work.of(last_row(encoder.with_name(HISTORY), seed))
    data = read_parts(card.parent, *parts)
    valid = read_parts(card.parent, "valid")
    training = Training(**recipe.training)
    for row, state in train(vae, data, valid, method, training, seed, work=spent, saved=checkpoint.saved):
        if not all(map(math.isfinite, row.values())):
            where, key = f"{cell}, seed {seed}, epoch {row['epoch']}", f"datasets.{cell.dataset}.training"
            rate = f"params.yaml: {key}.learning_rate is {training.learning_rate}"
            raise UserError(f"{where}: training diverged; {rate}, try a smaller one", diverged=state.epoch)
        checkpoint.add(row, state.state_dict())
    return vae


def try_candidate(recipe: Recipe, seed: int, folder: Path, progress: Progress) -> dict[str, Any]:
    """Train once and measure on validation data; return what `measure_trial` does, `gflops` and `epochs`.

    The trial works in `folder`. One that was killed continues there, and one that is over is read from there.
    """
    over = folder / TRIAL
    if over.exists():
        return json.loads(over.read_text())
    folder.mkdir(exist_ok=True)
    checkpoint = Checkpoint(folder, find_device(recipe.device), progress)
    try:
        vae = train_cell(recipe, seed, checkpoint)
        valid = read_parts(CellFiles(recipe.cell).card(seed).parent, "valid")
        row = measure_trial(vae, valid, recipe.evaluation, seed)
    except UserError as error:
        if not error.diverged:
            raise
        row = NOT_MEASURED
    spent = checkpoint.rows[-1]["gflops"] if checkpoint.rows else 0.0
    row = {**row, "gflops": spent, "epochs": len(checkpoint.rows)}
    write_whole(over, json.dumps(row))
    checkpoint.remove()
    return row


def measure_trial(vae: VAE, valid: Part, settings: Mapping[str, Any], seed: int) -> dict[str, float]:
    """Return nll and kl (nats) and the share of collapsed dimensions, of validation data.

    `settings` are `most`, `tolerance`, `eps` and `delta` of the section `evaluation` of params.yaml.
    """
    q, noise = encode_part(vae, valid), torch_generator(seed, "tune", device=next(vae.parameters()).device)
    limits = {name: settings[name] for name in ("most", "tolerance")}
    means = estimate_likelihoods(vae, valid, q=q, noise=noise, **limits).means()
    share = share_of_collapsed(find_thresholds(q.kl(), delta=settings["delta"]), settings["eps"])
    return {"nll": means.nll, "collapsed": share, "kl": means.kl}
