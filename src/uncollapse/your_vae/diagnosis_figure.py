"""The figure of a diagnosis."""

import altair as alt
import numpy as np

from uncollapse.your_vae.diagnosis import Diagnosis


def figure(diagnosis: Diagnosis) -> alt.HConcatChart:
    """The collapse curve and the KL of each dimension."""
    thresholds = np.sort(diagnosis.collapse_thresholds).clip(1e-6)
    curve = alt.Data(
        values=[{"eps": eps, "share": (i + 1) / diagnosis.d} for i, eps in enumerate(thresholds.tolist())]
        + [{"eps": 1e-6, "share": 0}, {"eps": max(100.0, 2 * float(thresholds[-1])), "share": 1}]
    )
    bars = alt.Data(
        values=[{"dimension": i, "kl": kl} for i, kl in enumerate(diagnosis.kl_per_dimension.tolist())]
    )
    left = alt.Chart(curve, title="Collapse curve").mark_line(interpolate="step-after")
    right = alt.Chart(bars, title="KL of each dimension").mark_bar()
    share = f"share of dimensions collapsed (delta {diagnosis.delta:g})"
    return alt.hconcat(
        left.encode(
            alt.X(
                "eps:Q",
                scale=alt.Scale(type="log"),
                title="eps (nats)",
                axis=alt.Axis(format="~e", tickCount=6),
            ),
            alt.Y("share:Q", title=share, axis=alt.Axis(format="%")),
            order="share:Q",
        ),
        right.encode(
            alt.X(
                "dimension:N",
                sort="-y",
                axis=alt.Axis(labels=False, ticks=False),
                title="dimension, by its KL",
            ),
            alt.Y("kl:Q", title="KL (nats)"),
            tooltip=["dimension:N", "kl:Q"],
        ),
        title=diagnosis.verdict,
    )
