"""A diagnosis of encodings that come in batches, epoch by epoch."""

import warnings
from typing import Any

import numpy as np
import torch

from uncollapse.vae import Gaussian
from uncollapse.your_vae.diagnosis import EPS, NO_LOGVAR, Diagnosis, diagnose_posterior
from uncollapse.your_vae.posterior_inputs import read_posterior, to_numpy


class CollapseWarning(UserWarning):
    """Latent dimensions begin to die."""


class Monitor:
    """`add` the encodings of one batch after another, then `diagnose` all of them, and `clear` for the next
    epoch.

    Only the encodings are kept, on the CPU: 16 bytes for each example and dimension. The second
    diagnosis in a row that finds more dimensions collapsed than one before it warns, once: CollapseWarning.
    """

    def __init__(self) -> None:
        self.fewest: int | None = None  # collapsed dimensions so far
        self.rising = self.warned = False
        self.batches: list[Gaussian] = []
        self.as_logvar = True  # how they came
        self.labels: list[np.ndarray] = []

    def add(
        self, mu: Any, logvar: Any = None, *, var: Any = None, std: Any = None, labels: Any = None
    ) -> None:
        """A batch, in any form that `diagnose` takes. Raises ValueError with one line, and adds nothing."""
        q = read_posterior(mu, logvar, var=var, std=std)
        if self.batches and q.mu.shape[1] != self.batches[0].mu.shape[1]:
            before = self.batches[0].mu.shape[1]
            raise ValueError(
                f"mu: should have {before} dimensions, as the batches before, not {q.mu.shape[1]}"
            )
        if (labels is None) == bool(self.labels) and self.batches:
            raise ValueError("labels: should come with every batch or with none")
        if labels is not None:
            own = to_numpy(labels)
            if own.shape != (len(q.mu),):
                found = own.shape[0] if own.ndim == 1 else f"of shape {own.shape}"
                raise ValueError(f"labels: should be {len(q.mu)}, one of each example, not {found}")
            self.labels.append(own)
        self.batches.append(q)
        self.as_logvar &= logvar is not None

    def diagnose(self, *, delta: float = 0.01) -> Diagnosis:
        """The diagnosis of all batches since the last `clear`. Raises ValueError if there is none."""
        if not self.batches:
            raise ValueError("monitor: no batch was added")
        q = Gaussian(*(torch.cat(parts) for parts in zip(*self.batches, strict=True)))
        labels = np.concatenate(self.labels) if self.labels else None
        doubt = NO_LOGVAR if self.as_logvar and float(q.logvar.min()) > 0 else None
        found = diagnose_posterior(q, labels, delta, doubt)
        self.watch(found)
        return found

    def watch(self, found: Diagnosis) -> None:
        """Warn where dimensions begin to die. In a young net all may be dead, and that is no news; a
        dimension near the threshold comes and goes."""
        dead = int((found.collapse_thresholds < EPS).sum())
        again, self.rising = self.rising, self.fewest is not None and dead > self.fewest
        if again and self.rising and not self.warned:
            self.warned = True
            text = (
                f"latent dimensions begin to die: {dead} of {found.d} are collapsed, before it were "
                f"{self.fewest} (a KL below {EPS} nats for {1 - found.delta:.0%} of the examples)"
            )
            warnings.warn(text, CollapseWarning, stacklevel=3)
        self.fewest = dead if self.fewest is None else min(self.fewest, dead)

    def clear(self) -> None:
        """Forget all batches, before the next epoch."""
        self.batches.clear()
        self.as_logvar = True
        self.labels.clear()
