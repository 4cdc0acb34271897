"""One run in MLflow, as the files say that it should be."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from uncollapse.pipeline.watching.times import Span

# The keys are metric and step.
Points = Mapping[str, Mapping[int, float]]


@dataclass(frozen=True)
class Run:
    """A run as the files say it should be.

    `key` is a digest of all that determines its numbers. `points` may hold inf and nan, which MLflow does not
    take: they are left out. `data` are name, digest, source and profile of the data set. `files` are
    artifacts by name, each a text or a file to copy. `parent` is the key of the run in which it is nested;
    `span` is when its training began and ended, where that is known. `status` is the one that it ends with.
    """

    experiment: str
    name: str
    key: str
    tags: Mapping[str, str]
    params: Mapping[str, Any]
    data: Mapping[str, str]
    points: Points = field(default_factory=dict)
    files: Mapping[str, str | Path] = field(default_factory=dict)
    parent: str | None = None
    span: Span | None = None
    status: str = "FINISHED"

    @property
    def finite_points(self) -> dict[str, dict[int, float]]:
        """The points that MLflow takes, of those metrics that have any."""
        finite = {
            metric: {step: value for step, value in values.items() if math.isfinite(value)}
            for metric, values in self.points.items()
        }
        return {metric: values for metric, values in finite.items() if values}

    @property
    def flat_params(self) -> dict[str, str]:
        """The params as MLflow holds them, see `flatten_params`."""
        return flatten_params(self.params)


def flatten_params(params: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Flatten nested params to texts with dotted names: {a: {b: 1}} becomes {"a.b": "1"}."""
    flat: dict[str, str] = {}
    for name, value in params.items():
        if isinstance(value, Mapping):
            flat |= flatten_params(value, f"{prefix}{name}.")
        else:
            flat[prefix + name] = value if isinstance(value, str) else json.dumps(value)
    return flat
