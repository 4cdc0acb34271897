"""The results as a Markdown table, metrics/results.md, to which the README links."""

from uncollapse.experiment.cells import Cell
from uncollapse.pipeline.paths import RESULTS
from uncollapse.report.matrix import choose_sides
from uncollapse.results.evidence import Evidence
from uncollapse.results.gather import Results
from uncollapse.results.numbers import show_difference, show_mean
from uncollapse.results.roles import COLLAPSED, LIKELIHOOD
from uncollapse.results.rows import CellMeans


def write_markdown(results: Results) -> None:
    """Write metrics/results.md."""
    RESULTS.write_text(make_markdown(Evidence(results)))


def make_markdown(evidence: Evidence) -> str:
    """Make a table with a row for each method and a column for each data set and model, or the reverse."""
    down, across, rows, names = choose_sides(evidence)
    heads = [(dataset, name) for dataset in evidence.datasets for name in names]
    lines = [[down, *(f"{dataset} {name}" for dataset, name in heads)], ["---"] * (len(heads) + 1)]
    for row in rows:
        cells = [Cell(**{"dataset": dataset, down: row, across: name}) for dataset, name in heads]
        lines.append([f"`{row}`", *(describe_cell(evidence, cell) for cell in cells)])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def describe_cell(evidence: Evidence, cell: Cell) -> str:
    """Describe a cell, compared with the plain method of the same model; in bold what is beyond chance.

    The entry holds the difference of the nll (nats) with its interval; the share of collapsed dimensions of
    plain and of the cell; and the work of training as a multiple of plain's. The plain method has its nll
    and its share.
    """
    means = evidence.means.get(cell)
    if means is None:
        return "no results"
    share, gone = show_percent(means), evidence.left_out(cell)
    nll = evidence.against_plain(cell, LIKELIHOOD)
    collapsed = evidence.against_plain(cell, COLLAPSED)
    if nll is None or collapsed is None:
        return f"{LIKELIHOOD} {show_mean(means, LIKELIHOOD)}, {share} %{gone and f'<br>{gone}'}"
    base = show_percent(evidence.means[nll.pair.against])
    return "<br>".join(
        [
            mark_bold(show_difference(nll, units=False), evidence.direction(nll) != 0),
            mark_bold(f"{base}→{share} %", evidence.direction(collapsed) != 0),
            f"{means.cost:.2g}×",
            *filter(None, [gone]),
        ]
    )


def show_percent(means: CellMeans) -> str:
    """Show the share of collapsed dimensions of a cell in per cent."""
    return f"{100 * means[COLLAPSED]:.0f}"


def mark_bold(text: str, strong: bool) -> str:
    """Set a text in bold if it is strong."""
    return f"**{text}**" if strong else text
