"""A monitor that diagnoses encodings which come in batches, epoch by epoch."""

import warnings
from typing import Any

import numpy as np

from uncollapse.your_vae.diagnosis import Diagnosis
from uncollapse.your_vae.encodings import Encodings, find_doubt, join_encodings
from uncollapse.your_vae.latent_verdict import COLLAPSE_EPS
from uncollapse.your_vae.posterior_diagnosis import diagnose_posterior
from uncollapse.your_vae.posterior_inputs import read_posterior
from uncollapse.your_vae.real_arrays import to_numpy


class CollapseWarning(UserWarning):
    """A warning that latent dimensions are collapsing."""


class Monitor:
    """A monitor of the latents in training: `add` batches, `diagnose` them, `clear` for the next epoch.

    Only the encodings are kept, on the CPU: 16 bytes for each example and dimension. When two diagnoses in a
    row find more dimensions collapsed than the best one before them, a CollapseWarning is given, once.
    """

    def __init__(self) -> None:
        self.fewest: int | None = None  # The fewest dimensions that any diagnosis found collapsed.
        self.rising = self.warned = False
        self.batches: list[Encodings] = []
        self.labels: list[np.ndarray] = []

    def add(
        self, mu: Any, logvar: Any = None, *more: Any, var: Any = None, std: Any = None, labels: Any = None
    ) -> None:
        """Add a batch, in any form that `diagnose` takes.

        Raises ValueError with one line, and then adds nothing.
        """
        q = read_posterior(mu, logvar, *more, var=var, std=std)
        if self.batches and q.shape != self.batches[0].shape:
            before, now = [" x ".join(map(str, shape)) for shape in (self.batches[0].shape, q.shape)]
            raise ValueError(f"mu: should have {before} dimensions, like the batches before, not {now}")
        if (labels is None) == bool(self.labels) and self.batches:
            raise ValueError("labels: should come with every batch or with none")
        if labels is not None:
            own = to_numpy(labels)
            if own.shape != (len(q.mu),):
                found = own.shape[0] if own.ndim == 1 else f"of shape {own.shape}"
                raise ValueError(f"labels: should be {len(q.mu)}, one for each example, not {found}")
            self.labels.append(own)
        self.batches.append(q)

    def diagnose(self, *, delta: float = 0.01) -> Diagnosis:
        """Diagnose all batches since the last `clear`. Raises ValueError if there is none."""
        if not self.batches:
            raise ValueError("monitor: no batch was added")
        labels = np.concatenate(self.labels) if self.labels else None
        encodings = join_encodings(self.batches)
        found = diagnose_posterior(encodings.q, labels, delta, find_doubt(encodings))
        self.watch(found)
        return found

    def watch(self, found: Diagnosis) -> None:
        """Warn where dimensions are collapsing.

        In a young net all dimensions may be collapsed, and that is no news; a dimension near the threshold
        comes and goes, so one diagnosis is not enough.
        """
        dead = int((found.collapse_thresholds < COLLAPSE_EPS).sum())
        again, self.rising = self.rising, self.fewest is not None and dead > self.fewest
        if again and self.rising and not self.warned:
            self.warned = True
            text = (
                f"latent dimensions are collapsing: {dead} of {found.d} now, {self.fewest} at best before "
                f"(collapsed is a KL below {COLLAPSE_EPS} nats for {1 - found.delta:.0%} of the examples)"
            )
            warnings.warn(text, CollapseWarning, stacklevel=3)
        self.fewest = dead if self.fewest is None else min(self.fewest, dead)

    def clear(self) -> None:
        """Forget all batches, before the next epoch."""
        self.batches.clear()
        self.labels.clear()
