"""What a diagnosis says of single channels, steps and levels: its numbers, and the words of the verdict."""

from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from uncollapse.your_vae.latents.latent_scale import measure_channel_scale

if TYPE_CHECKING:
    from uncollapse.your_vae.latents.diagnosis import Diagnosis
    from uncollapse.your_vae.latents.latents import Latents


def summarise_structure(latents: "Latents", thresholds: Tensor, eps: float) -> dict[str, Any]:
    """Return the fields of a Diagnosis by channel, step and level, of those that the latents have.

    A channel is alive if it is not collapsed at some step, a step if some channel is not collapsed there.
    """
    fields: dict[str, Any] = {}
    alive = thresholds >= eps
    layout = latents.layout
    if layout:
        kl = latents.kl.unflatten(1, (layout.channels, -1))
        counts = layout.exists.sum(0)
        both = alive.view(layout.channels, -1)
        fields["kl_per_channel"] = (kl.sum((0, 2)) / counts.sum()).numpy()
        fields |= measure_channel_scale(latents.q, latents.exists, layout.channels)
        fields["kl_per_step"] = (kl.sum((0, 1)) / counts).view(layout.places).numpy()
        fields["alive_channels"] = both.any(1).numpy()
        fields["alive_steps"] = both.any(0).view(layout.places).numpy()
    if latents.kl_of_levels is not None:
        fields["kl_per_level"] = latents.kl_of_levels.mean(0).numpy()
        fields["d_per_level"] = np.array(latents.sizes)
        fields["alive_per_level"] = np.array([int(part.sum()) for part in alive.split(list(latents.sizes))])
    return fields


def describe_carriers(found: "Diagnosis", alive: Any) -> str:
    """Say which dimensions, channels, steps or levels carry how much of the KL, for the partly collapsed."""
    share = f"{100 * found.kl_per_dimension[alive].sum() / found.kl_per_dimension.sum():.0f} % of the KL"
    if found.alive_channels is not None and found.alive_steps is not None:
        where = describe_layout(found.alive_channels, found.alive_steps)
        if where:
            return f"{where} {share}"
    carried = f": {alive.sum()} of {found.d} dimensions carry {share}"
    if found.alive_per_level is None or found.d_per_level is None:
        return carried
    counts = list(zip(found.alive_per_level, found.d_per_level, strict=True))
    dead = describe_dead_levels(found)
    each = ", ".join(f"level {i}: {own} of {whole}" for i, (own, whole) in enumerate(counts, 1))
    return f": {dead}; {carried[2:]} ({each})" if dead else f"{carried} ({each})"


def describe_layout(channels: Any, steps: Any) -> str:
    """Say which channels and steps are alive, or "" where all of them are somewhere."""
    some, count = int(steps.sum()), steps.size
    word = "steps" if steps.ndim == 1 else "places"
    first = steps.ndim == 1 and bool(steps[:some].all())
    after = f" after step {some - 1}" if first and some < count else ""
    parts = []
    if not channels.all():
        parts.append(f"{channels.sum()} of {len(channels)} channels")
    if some < count:
        parts.append(f"{some} of {count} {word}")
    single = parts and parts[0].startswith("1 ")
    return f"{after}: {' at '.join(parts)} {'carries' if single else 'carry'}" if parts else ""


def describe_dead_levels(found: "Diagnosis") -> str:
    """Say which levels are dead, or "" where none is."""
    if found.alive_per_level is None:
        return ""
    dead = [str(level) for level, alive in enumerate(found.alive_per_level, 1) if not alive]
    whole = len(found.alive_per_level)
    if not dead:
        return ""
    words = f"level {dead[0]} of {whole} is" if len(dead) == 1 else f"levels {', '.join(dead)} of {whole} are"
    return f"{words} dead"
