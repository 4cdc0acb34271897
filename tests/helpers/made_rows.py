"""Made-up rows of the history and of the measures of a run, with known effects."""

from typing import Any

import numpy as np

from uncollapse.measures import list_columns


def training_of(seed: int, nll: float, rng: np.random.Generator, epochs: int) -> list[dict[str, Any]]:
    """The rows of a run's history: the KL rises, and so does its weight."""
    return [
        {
            "seed": seed,
            "epoch": epoch,
            "step": 62 * epoch,
            "elbo": -nll - 50 / epoch,
            "reconstruction": nll,
            "kl": 0.5 + 7.5 * epoch / epochs + rng.normal(0, 0.1),
            "beta": min(1.0, epoch / 5),
            "active_units": 20,
            "encoder_steps": 62,
            "decoder_steps": 62,
            "gflops": 3.1 * epoch,
            "valid_elbo": -nll - 60 / epoch,
            "valid_kl": 8.0,
            "learning_rate": 0.003,
            "best_epoch": epoch,
            "converged": int(epoch == epochs),
        }
        for epoch in range(1, epochs + 1)
    ]


def measures(seed: int, nll: float, collapsed: float, labels: bool, aggressive: bool) -> dict[str, Any]:
    """A row of measures.csv, which obeys the laws; a measure that does not stand here is 0.5."""
    declared = [name for name, measure in list_columns().items() if not (measure.derived or measure.paired)]
    return {
        **dict.fromkeys(declared, 0.5),
        "seed": seed,
        "elbo": -nll - 3,
        "reconstruction": nll - 5,
        "kl": 8.0,
        "nll": nll,
        "elbo_standard_error": 0.01,
        "train_kl": 8.1,
        "mi": 4.0,
        "nll_fall": 0.01,
        "mi_standard_error": 0.02,
        "mi_cap": 6.2,
        "mi_at_cap": False,
        "mi_in_batches": 3.0,
        "marginal_kl": 4.0,
        "mi_upper": 5.5,
        "mi_upper_standard_error": 0.03,
        "active_units": 20,
        "latents": 32,
        "collapsed": collapsed,
        "informative_units": round(32 * (1 - collapsed)),
        "uninformative": collapsed,
        "probe_accuracy": 0.8 if labels else float("nan"),
        "fid": 9.0 if labels else float("nan"),
        "fid_reconstructions": 6.0 if labels else float("nan"),
        "sample_perplexity": float("nan") if labels else 60.0,
        "encoder_steps": 6200 if aggressive else 620,
        "decoder_steps": 620,
        "gflops": 300.0 if aggressive else 31.0,
        "epochs": 10,
        "best_epoch": 10,
        "converged": 1,
        "settled_epoch": float("nan"),
        "settled": float("nan"),
    }
