"""The results as a Markdown table, metrics/results.md, to which the README links."""

from uncollapse.experiment.cells import Cell
from uncollapse.measures import list_columns
from uncollapse.pipeline.paths import RESULTS
from uncollapse.report.matrix import sides
from uncollapse.results.evidence import Evidence
from uncollapse.results.gather import Results
from uncollapse.results.numbers import Row, effect, mean_of


def write_markdown(results: Results) -> None:
    """Write metrics/results.md."""
    RESULTS.write_text(markdown(Evidence(results)))


def markdown(evidence: Evidence) -> str:
    """A row for each method, or model, and a column for each data set and model, or method."""
    down, across, rows, names = sides(evidence)
    heads = [(dataset, name) for dataset in evidence.datasets for name in names]
    lines = [[down, *(f"{dataset} {name}" for dataset, name in heads)], ["---"] * (len(heads) + 1)]
    for row in rows:
        cells = [Cell(**{"dataset": dataset, down: row, across: name}) for dataset, name in heads]
        lines.append([f"`{row}`", *(entry(evidence, cell) for cell in cells)])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def entry(evidence: Evidence, cell: Cell) -> str:
    """What is known of a cell, compared with the plain method of the same model; in bold what is beyond
    chance: the difference of the nll (nats) with its interval; the share of collapsed dimensions, plain's
    and its own; the work of training, as a multiple of plain's. Of the plain method the nll and the share.
    """
    means = evidence.means.get(cell)
    if means is None:
        return "no results"
    share, gone = percent(means), evidence.left_out(cell)
    nll, collapsed = (evidence.against_plain(cell, measure) for measure in ("nll", "collapsed"))
    if nll is None or collapsed is None:
        return f"nll {mean_of(means, 'nll', list_columns()['nll'])}, {share} %{gone and f'<br>{gone}'}"
    base = percent(evidence.means[cell.dataset, cell.model, evidence.plain])
    return "<br>".join(
        [
            bold(effect(nll, units=False), evidence.direction(nll) != 0),
            bold(f"{base}→{share} %", evidence.direction(collapsed) != 0),
            f"{means['cost']:.2g}×",
            *filter(None, [gone]),
        ]
    )


def percent(means: Row) -> str:
    """The share of collapsed dimensions of a cell."""
    return f"{100 * means['collapsed']:.0f}"


def bold(text: str, strong: bool) -> str:
    """Text, in bold or not."""
    return f"**{text}**" if strong else text
