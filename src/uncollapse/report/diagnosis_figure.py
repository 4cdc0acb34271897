"""The figure of a diagnosis, which needs nothing of the other modules here."""

import altair as alt
import numpy as np
from numpy.typing import NDArray


def draw_diagnosis(
    *, thresholds: NDArray[np.float64], kl: NDArray[np.float64], delta: float, title: str
) -> alt.HConcatChart:
    """Draw the collapse curve and the KL of each dimension, both (D,) and in nats."""
    ends = np.sort(thresholds).clip(1e-6)
    curve = alt.Data(
        values=[{"eps": eps, "share": (i + 1) / len(ends)} for i, eps in enumerate(ends.tolist())]
        + [{"eps": 1e-6, "share": 0}, {"eps": max(100.0, 2 * float(ends[-1])), "share": 1}]
    )
    bars = alt.Data(values=[{"dimension": i, "kl": nats} for i, nats in enumerate(kl.tolist())])
    left = alt.Chart(curve, title="Collapse curve").mark_line(interpolate="step-after")
    right = alt.Chart(bars, title="KL of each dimension").mark_bar()
    share = f"share of dimensions collapsed (delta {delta:g})"
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
        title=title,
    )
