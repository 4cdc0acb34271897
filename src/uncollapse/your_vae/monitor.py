"""A monitor that diagnoses encodings which come in batches, epoch by epoch."""

import math
import warnings
from dataclasses import replace
from typing import Any

import numpy as np

from uncollapse.your_vae.handed_over.encodings import Encodings, find_doubt, join_encodings
from uncollapse.your_vae.handed_over.posterior_inputs import read_posterior
from uncollapse.your_vae.handed_over.real_arrays import OutOfRange, to_numpy
from uncollapse.your_vae.latents.diagnosis import Diagnosis, make_empty_diagnosis
from uncollapse.your_vae.latents.latent_verdict import COLLAPSE_EPS, describe_latents
from uncollapse.your_vae.latents.latents import compare_to_prior
from uncollapse.your_vae.latents.posterior_diagnosis import diagnose_posterior

NEVER_ALIVE = 5  # After as many diagnoses that all found a collapse, it is news.


class CollapseWarning(UserWarning):
    """A warning about latents in training: they collapse, leave the prior, or cannot be read."""


class Monitor:
    """A monitor of the latents in training: `add` batches, `diagnose` them, `clear` for the next epoch.

    Only the encodings are kept, on the CPU: 16 bytes for each example and dimension. A CollapseWarning is
    given, once each,

    - when two diagnoses in a row find more dimensions collapsed than the best one before them,
    - when the first five diagnoses all found a collapse,
    - when q(z) has left the prior (`holes`),
    - when values are NaN, infinite or out of range: their batch is left out, and training goes on.

    A wrong call, such as one with another shape, raises ValueError until the first diagnosis is made. After
    that nothing raises: a training that has run for an epoch does not end because of its monitor.
    """

    def __init__(self) -> None:
        self.fewest: int | None = None  # The fewest dimensions that any diagnosis found collapsed.
        self.rising = False
        self.count = self.collapses = 0  # The diagnoses, and how many of the first ones found a collapse.
        self.told: list[str] = []  # The warnings that were given.
        self.batches: list[Encodings] = []
        self.labels: list[np.ndarray] = []
        self.left_out: list[str] = []  # What is wrong with the batches that were not added.

    def add(
        self, mu: Any, logvar: Any = None, *more: Any, var: Any = None, std: Any = None, labels: Any = None
    ) -> None:
        """Add a batch, in any form that `diagnose` takes, or leave it out with a warning.

        Raises ValueError with one line about a wrong call before the first diagnosis, and then adds nothing.
        """
        try:
            self.add_checked(read_posterior(mu, logvar, *more, var=var, std=std), labels)
        except ValueError as error:
            if not (self.count or isinstance(error, OutOfRange)):
                raise
            self.left_out.append(str(error))
            self.tell("values", f"a batch is left out of the diagnosis of the latents: {error}")

    def add_checked(self, q: Encodings, labels: Any) -> None:
        """Add a batch that is like those before. Raises ValueError, and then adds nothing."""
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
        """Diagnose all batches since the last `clear`, and warn where something is wrong.

        Batches that were left out stand in the doubt. Where nothing is left, all numbers are NaN. Raises
        ValueError before the first diagnosis if no batch was added, or if the call is wrong.
        """
        try:
            found = self.diagnose_batches(delta)
        except ValueError as error:
            if not (self.count or self.left_out or isinstance(error, OutOfRange)):
                raise
            self.tell("diagnosis", f"the latents are not diagnosed: {error}")
            dimensions = math.prod(self.batches[0].shape) if self.batches else 0
            return make_empty_diagnosis(dimensions, delta, f"in doubt: {error}")
        self.watch(found)
        return found

    def diagnose_batches(self, delta: float) -> Diagnosis:
        """Diagnose the batches. Raises ValueError as `uncollapse.diagnose` does."""
        if not self.batches:
            why = f": {self.left_out[0]}" if self.left_out else ""
            raise ValueError(f"monitor: no batch was added{why}")
        labels = np.concatenate(self.labels) if self.labels else None
        encodings = join_encodings(self.batches)
        doubt = find_doubt(encodings)
        if self.left_out and doubt is None:
            missing, whole = len(self.left_out), len(self.left_out) + len(self.batches)
            doubt = f"in doubt: {missing} of {whole} batches are left out: {self.left_out[0]}"
        return diagnose_posterior(compare_to_prior(encodings), labels, delta, doubt)

    def watch(self, found: Diagnosis) -> None:
        """Warn where latents collapse, were never alive, or have left the prior.

        In a young net all dimensions may be collapsed, and that is no news; a dimension near the threshold
        comes and goes, so one diagnosis is not enough.
        """
        verdict = describe_latents(replace(found, doubt=None))
        self.collapses += self.collapses == self.count and verdict.startswith("collapsed")
        self.count += 1
        dead = int((found.collapse_thresholds < COLLAPSE_EPS).sum())
        again, self.rising = self.rising, self.fewest is not None and dead > self.fewest
        if again and self.rising:
            text = (
                f"latent dimensions are collapsing: {dead} of {found.d} now, {self.fewest} at best before "
                f"(collapsed is a KL below {COLLAPSE_EPS} nats for {1 - found.delta:.0%} of the examples)"
            )
            self.tell("collapse", text, depth=4)
        self.fewest = dead if self.fewest is None else min(self.fewest, dead)
        if self.collapses >= NEVER_ALIVE:
            text = (
                f"the latents were never alive, in {self.count} diagnoses: {verdict}; uncollapse.audit tells "
                "whether the loss has a hidden beta, and uncollapse.advice what helps"
            )
            self.tell("never alive", text, depth=4)
        if verdict.startswith("holes"):
            text = f"{verdict} (this may pass while the weight of the KL is still growing)"
            self.tell("holes", text, depth=4)

    def tell(self, kind: str, text: str, depth: int = 3) -> None:
        """Give a warning of some kind, unless one was given before, at the caller `depth` frames up."""
        if kind not in self.told:
            self.told.append(kind)
            warnings.warn(text, CollapseWarning, stacklevel=depth)

    def clear(self) -> None:
        """Forget all batches, before the next epoch."""
        self.batches.clear()
        self.labels.clear()
        self.left_out.clear()
