"""Made-up results of a grid, with given effects: what answers and tables are made from."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from made_grid import METHODS, measures

from uncollapse.experiment.cells import Cell
from uncollapse.results.comparison import compare_cells, list_pairs
from uncollapse.results.gather import Results, leave_out_selections
from uncollapse.results.means import make_means

ROLES = {
    "vae": "vae",
    "plain": "plain",
    "combinations": {"skip+aggressive": ["skip", "aggressive"]},
    "controls": {},
}
Effects = dict[tuple[str, str], tuple[float, float]]  # (model, method): of the nll and of the collapsed share
Information = Callable[[Cell], tuple[float, bool]]  # mi, and whether it is at its cap


def four_nats(cell: Cell) -> tuple[float, bool]:
    return 4.0, False


def skip_has(mi: float, capped: bool) -> Information:
    return lambda cell: (mi, capped) if cell.method == "skip" else four_nats(cell)


def results_of(
    effects: Effects,
    *,
    seeds: int = 4,
    methods: Sequence[str] = METHODS,
    mi: Information = four_nats,
    at_equal_work: Mapping[tuple[str, str], float] = MappingProxyType({}),
    unconverged: Sequence[tuple[str, str]] = (),
    diverged: Sequence[tuple[str, str, str, int, int]] = (),
    only_below: Mapping[tuple[str, str], float] = MappingProxyType({}),
    measured: Mapping[tuple[str, str], Mapping[str, float]] = MappingProxyType({}),
    costs: Mapping[tuple[str, str], float] = MappingProxyType({}),
    **roles: Any,
) -> Results:
    """Results with the given effects, 10 nats between seeds, and noise: 0.1 in nll, 0.02 in the share;
    gains of the validation elbo at equal work, and cells (model, method) that have not converged.

    The effect on the share is the same at every eps, or only at those up to `only_below`. `measured` are
    further columns of a cell, which get the noise of the share; `costs` multiples of the work of others.
    """
    rng, rows, thresholds = np.random.default_rng(0), [], []
    cells = [Cell("toy", model, method) for model in ("vae", "control_vae") for method in methods]
    for cell in cells:
        name = cell.model, cell.method
        fit, share = effects.get(name, (0.0, 0.0))
        information, capped = mi(cell)
        for seed in range(seeds):
            nll = 100 + 10 * seed + fit + rng.normal(0, 0.1)
            noise = rng.normal(0, 0.02)
            row = measures(seed, nll, 0.5 + share + noise, labels=True, aggressive=False)
            noisy = {"mi": information + rng.normal(0, 0.01), "mi_at_cap": capped}
            noisy["gflops"] = row["gflops"] * costs.get(name, 1.0)
            further = {column: value + noise for column, value in measured.get(name, {}).items()}
            rows.append({**cell._asdict(), **row, **noisy, **further})
            run = {**cell._asdict(), "seed": seed}
            counts = [round(row["latents"] * (0.5 + part + noise)) for part in (share, 0)]
            for i in range(row["latents"]):
                low = min(counts) <= i < max(counts) and only_below.get(name, 0)
                nats = low or (0.001 if i < counts[0] else 1.0)
                thresholds.append({**run, "eps": nats, "kl": 0.1, "information": nats})
    summary = pd.DataFrame(rows)
    names = list(zip(summary["model"], summary["method"], strict=True))
    gains = np.array([at_equal_work.get(name, 0.0) for name in names])
    summary["converged"] = [int(name not in unconverged) for name in names]
    elbo = -100 - 10 * summary["seed"] + gains + rng.normal(0, 0.1, len(names)) * (gains != 0)
    history = summary.assign(epoch=1, beta=0.5, gflops=1.0, valid_elbo=elbo)
    roles = {**ROLES, **roles}
    evaluation = {"eps": 0.1, "delta": 0.01}
    table = pd.DataFrame(diverged, columns=["dataset", "model", "method", "seed", "epoch"])
    return Results(
        grid={**roles, "cells": cells, "seeds": list(range(seeds)), "evaluation": evaluation},
        missing={},
        summary=summary,
        diverged=table,
        history=history,
        thresholds=pd.DataFrame(thresholds),
        maps=pd.DataFrame(),
        means=make_means(summary, history, {}, roles["plain"]),
        comparison=leave_out_selections(compare_cells(summary, list_pairs(cells, **roles), history), table),
    )
