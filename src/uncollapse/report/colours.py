"""The colours of methods, which are the same in every chart and in the controls of the page."""

from collections.abc import Sequence

# dark enough for lines on white, and most colour-blind readers can tell them apart (after Okabe & Ito)
COLOURS = (
    "#1a1a1a",
    "#0072b2",
    "#d55e00",
    "#00795a",
    "#b0438f",
    "#8c6d00",
    "#3b9fd6",
    "#7b3294",
    "#8c510a",
    "#4d7d18",
)


def palette(methods: Sequence[str]) -> dict[str, str]:
    """A colour for each method."""
    return {method: COLOURS[i % len(COLOURS)] for i, method in enumerate(methods)}


def dashes(methods: Sequence[str]) -> list[list[int]]:
    """The dashes of each method's line: solid, as long as there are colours."""
    return [[1, 0] if i < len(COLOURS) else [5, 3] for i in range(len(methods))]
