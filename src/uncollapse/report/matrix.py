"""The answer in one picture: the verdict on every cell, with its gain and cost."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import altair as alt
import pandas as pd

from uncollapse.experiment.cells import Cell
from uncollapse.report.charts._canvas import Layers
from uncollapse.report.colours import NO_VERDICT_COLOUR, VERDICT_COLOURS
from uncollapse.results.effects import Effect, find_effect
from uncollapse.results.evidence import Evidence
from uncollapse.results.gather import REASONS
from uncollapse.results.numbers import MINUS, count_decimals, show_mean
from uncollapse.results.roles import LIKELIHOOD
from uncollapse.results.rows import Comparison
from uncollapse.results.verdict import Verdict

# The colour of references, and of cells without results.


class SquareLine(NamedTuple):
    """A line of a square; in bold what is beyond chance."""

    text: str
    strong: bool = False


class Square(NamedTuple):
    """A cell of the picture: a label in words, its colour, and numbers below; the effect behind them."""

    cell: Cell
    label: str
    colour: str
    lines: list[SquareLine]
    effect: Effect | None = None


def make_squares(evidence: Evidence) -> list[Square]:
    """Make the squares of all cells: methods are compared with plain, models with the VAE."""
    return [
        make_square(evidence, Cell(dataset, model, method))
        for dataset in evidence.datasets
        for model in evidence.models
        for method in evidence.methods
    ]


class Sides(NamedTuple):
    """The sides of the picture: `method` or `model` in the rows and in the columns, and their names."""

    down: str
    across: str
    rows: list[str]
    columns: list[str]


def choose_sides(evidence: Evidence) -> Sides:
    """Choose what stands one below the other: methods, or models if there are more of them."""
    models, methods = evidence.models, evidence.methods
    if len(models) > len(methods):
        return Sides("model", "method", models, methods)
    return Sides("method", "model", methods, models)


def group_by_row(squares: Sequence[Square], down: str) -> dict[str, dict[str, list[Square]]]:
    """Group the squares by data set and row."""
    result: dict[str, dict[str, list[Square]]] = {}
    for one in squares:
        result.setdefault(one.cell.dataset, {}).setdefault(getattr(one.cell, down), []).append(one)
    return result


def list_verdicts(squares: Sequence[Square]) -> list[Verdict]:
    """List the verdicts that occur, the best one first."""
    found = {one.label for one in squares}
    return [verdict for verdict in Verdict if verdict in found]


def make_square(evidence: Evidence, cell: Cell) -> Square:
    """Make the square of a cell: its verdict, or what is known of it if it has none."""
    if cell not in evidence.means:
        failed = evidence.missing.get(cell) not in REASONS.values()
        return Square(cell, "failed" if failed else "no results", NO_VERDICT_COLOUR, [])
    levels = [
        SquareLine(f"{LIKELIHOOD} {show_mean(evidence.means[cell], LIKELIHOOD)} nats"),
        SquareLine(f"{evidence.collapse} {100 * evidence.means[cell][evidence.collapse]:.0f} %"),
        *(SquareLine(text, strong=True) for text in [evidence.left_out(cell)] if text),
    ]
    question = "model" if cell.method == evidence.plain else "method"
    reference = {"model": evidence.vae} if question == "model" else {"method": evidence.plain}
    against = cell._replace(**{axis: name or "" for axis, name in reference.items()})
    if cell == against:
        return Square(cell, "reference", NO_VERDICT_COLOUR, levels)
    effect = find_effect(evidence, question, cell, against)
    if effect is None:
        return Square(cell, "nothing to compare with", NO_VERDICT_COLOUR, levels)
    verdict = effect.judgement.verdict
    lines = [*describe_gains(effect, evidence.collapse), SquareLine(f"{effect.cost:.2g}× the work")]
    if gone := evidence.left_out(cell) or evidence.left_out(against, " of its reference"):
        lines.append(SquareLine(gone, strong=True))
    if question == "model":
        lines.append(SquareLine(f"compared with {evidence.vae}"))
    return Square(cell, verdict.value, VERDICT_COLOURS[verdict], lines, effect)


def describe_gains(effect: Effect, collapse: str) -> list[SquareLine]:
    """Describe what has changed, compared with the reference."""
    before, after = 100 * effect.share.against_mean, 100 * effect.share.mean
    share = f"{collapse} {before:.0f}→{after:.0f}\N{NO-BREAK SPACE}%"
    lines = [
        SquareLine(f"nll {show_change(effect.nll)} nats", effect.likelihood != 0),
        SquareLine(share, effect.collapse != 0),
    ]
    if effect.depends:
        lines.append(SquareLine("collapse depends on eps"))
    if effect.information:
        lines.append(
            SquareLine("more information" if effect.information > 0 else "less information", strong=True)
        )
    return lines


def show_change(comparison: Comparison) -> str:
    """Show a difference ± half its interval."""
    half = (comparison.high - comparison.low) / 2
    digits = count_decimals(half, comparison.difference)
    middle = f"{comparison.difference:+.{digits}f}".replace("-", MINUS)
    return middle if math.isnan(half) else f"{middle} ± {half:.{digits}f}"


def draw_matrix(evidence: Evidence) -> Layers:
    """Draw the picture as a chart, with a panel for each data set."""
    table = [
        {
            **one.cell._asdict(),
            "label": one.label,
            "colour": one.colour,
            "text": "\n".join(line.text for line in one.lines),
        }
        for one in make_squares(evidence)
    ]
    down, across, rows, names = choose_sides(evidence)
    y = alt.Y(f"{down}:N", sort=rows, title=None, axis=alt.Axis(labelLimit=160))
    top_axis = alt.Axis(orient="top", labelAngle=0, labelLimit=130)
    x = alt.X(f"{across}:N", sort=names, title=None, axis=top_axis)
    base = alt.Chart(pd.DataFrame(table)).encode(x, y)
    fills = base.mark_rect(stroke="#999999").encode(alt.Color("colour:N", scale=None))
    line_count = max(row["text"].count("\n") + 1 for row in table)
    height = 13 * line_count + 26  # A square holds the label and its lines.
    top = 13 - height / 2
    labels = base.mark_text(fontWeight="bold", dy=top).encode(text="label:N")
    texts = base.mark_text(lineBreak="\n", dy=top + 14, fontSize=10.5, lineHeight=13).encode(text="text:N")
    size = {"width": 150 * len(names), "height": height * len(rows)}
    drawing = alt.layer(fills, labels, texts).properties(**size)
    return drawing.facet(
        column=alt.Column(
            "dataset:N", sort=evidence.datasets, title=None, header=alt.Header(labelFontSize=13)
        )
    )
