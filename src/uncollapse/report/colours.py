"""The colours of methods and of verdicts, which are the same everywhere on the page."""

from collections.abc import Sequence

from uncollapse.results.verdict import Verdict

# They are dark enough for lines on white, and most colour-blind readers can tell them apart (after Okabe and
# Ito).
METHOD_COLOURS = (
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
# Black text can be read on each colour, and the words say the same.
VERDICT_COLOURS = {
    Verdict.HELPS: "#bfe0f5",
    Verdict.AT_MORE_WORK: "#e4f1fa",
    Verdict.TRADE_OFF: "#e9dff3",
    Verdict.NOTHING: "#ffffff",
    Verdict.WORSE: "#fbd5bd",
    Verdict.NOT_CONVERGED: "#ededed",
    Verdict.DIVERGED: "#ededed",
    Verdict.NO_INTERVAL: "#ffffff",
}
NO_VERDICT_COLOUR = "#f6f6f4"  # A reference, and a cell without results, have this one.


def pick_colours(methods: Sequence[str]) -> dict[str, str]:
    """Pick a colour for each method."""
    return {method: METHOD_COLOURS[i % len(METHOD_COLOURS)] for i, method in enumerate(methods)}


def pick_dashes(methods: Sequence[str]) -> list[list[int]]:
    """Pick the dashes of each method's line: solid, as long as there are colours."""
    return [[1, 0] if i < len(METHOD_COLOURS) else [5, 3] for i in range(len(methods))]
