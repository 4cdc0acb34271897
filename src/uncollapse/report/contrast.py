"""The picture of what collapse is: the KL of each dimension of a collapsed VAE beside that of a healthy one,
and what their decoders make of z. Both are cells of the grid, with the same data set.
"""

import base64
from pathlib import Path
from typing import Any

import altair as alt
import pandas as pd

from uncollapse.experiment.cells import Cell
from uncollapse.pipeline.cell_files import CellFiles
from uncollapse.pipeline.paths import CONTRAST_FIGURE, RECONSTRUCTIONS
from uncollapse.report.charts._canvas import Layers
from uncollapse.report.examples import Interpolation, interpolations
from uncollapse.report.pictures import save
from uncollapse.results.gather import Results
from uncollapse.results.means import CELL

WIDTH, HEIGHT, LINE = 420, 130, 21  # pixels: a column, its bars, a sentence
COLOURS = {"collapsed": "#d55e00", "in use": "#0072b2"}
GREY, BLACK = "#767676", "#1a1a1a"
UNKNOWN, GAP = "<unk>", "…"  # a word that is not in the vocabulary, and how it is shown


def write_contrast(results: Results) -> None:
    """Write metrics/contrast.png."""
    save(contrast(results), CONTRAST_FIGURE)


def contrast(results: Results) -> alt.HConcatChart:
    """Both cells side by side, bars above examples; all of the first seed, whose examples are kept."""
    cells = most_and_least_collapsed(results)
    spectra = [spectrum(results, cell) for cell in cells]
    highest = 1.05 * max(float(table["kl"].max()) for table in spectra)
    columns = []
    for cell, table in zip(cells, spectra, strict=True):
        parts = [bars(cell, table, highest), *examples(cell)]
        columns.append(alt.vconcat(*parts, spacing=24))
    drawing = alt.hconcat(*columns, spacing=36)
    drawing = drawing.configure_view(stroke=None).configure_axis(titleFontWeight="normal")
    return drawing.configure_title(
        anchor="start", fontSize=14, subtitleFontSize=12, subtitleColor=GREY, offset=8
    )


def most_and_least_collapsed(results: Results) -> tuple[Cell, Cell]:
    """The cell with the largest share of collapsed dimensions, of several the first; and the cell of its data
    set with the smallest, of several the one with the best nll.
    """
    rows = results.means.to_dict("records")
    most = max(rows, key=lambda row: row["collapsed"])
    others = [row for row in rows if row["dataset"] == most["dataset"]]
    least = min(others, key=lambda row: (row["collapsed"], row["nll"]))
    first, second = (Cell(*(row[name] for name in CELL)) for row in (most, least))
    return first, second


def spectrum(results: Results, cell: Cell) -> pd.DataFrame:
    """A row for each dimension: its mean `kl`, its `rank` by that, and whether it has collapsed."""
    table = results.thresholds
    runs = table[(table[CELL] == list(cell)).all(axis=1)]
    run = runs[runs["seed"] == runs["seed"].min()].sort_values("kl", ascending=False)
    collapsed = run["eps"] < results.grid["evaluation"]["eps"]
    states = collapsed.map({True: "collapsed", False: "in use"}).to_numpy()
    return pd.DataFrame({"rank": range(1, len(run) + 1), "kl": run["kl"].to_numpy(), "state": states})


def bars(cell: Cell, table: pd.DataFrame, highest: float) -> Layers:
    """A bar for each dimension; a dot where it has collapsed, for its bar has hardly any height."""
    count = int((table["state"] == "collapsed").sum())
    verdict = {0: "healthy", len(table): "collapsed"}.get(count, "partly collapsed")
    numbers = f"{count} of {len(table)} dimensions have collapsed, KL {table['kl'].sum():.2g} nats"
    subtitle = f"{' '.join(cell)}: {numbers}"
    scale = alt.Scale(domain=list(COLOURS), range=list(COLOURS.values()))
    base = alt.Chart(table, title=alt.Title(f"A {verdict} VAE", subtitle=subtitle)).encode(
        alt.X("rank:O", title="latent dimension, by its KL", axis=alt.Axis(labels=False, ticks=False)),
        alt.Y("kl:Q", title="KL (nats)", scale=alt.Scale(domain=[0, highest]), axis=alt.Axis(tickCount=4)),
        alt.Color("state:N", scale=scale, legend=None),
    )
    dots = base.mark_circle(size=40, opacity=1).transform_filter("datum.state == 'collapsed'")
    return alt.layer(base.mark_bar(), dots).properties(width=WIDTH, height=HEIGHT)


def examples(cell: Cell) -> list[Any]:
    """What the decoder makes of z: sentences, or pictures; nothing for data of another kind."""
    lines, file = interpolations(cell), CellFiles(cell).measured / RECONSTRUCTIONS
    if lines:
        return [sentences(min(lines, key=unknown_words))]
    return [reconstructions(file)] if file.exists() else []


def unknown_words(line: Interpolation) -> int:
    """How many words of the two test sentences are not in the vocabulary."""
    return f"{line.start} {line.end}".split().count(UNKNOWN)


def sentences(line: Interpolation) -> Layers:
    """The sentences on a line between two test sentences."""
    count, points = len(set(line.sentences)), len(line.sentences)
    number = "the same sentence" if count == 1 else f"{count} different sentences"
    subtitle = f"at {points} points z: {number} ({GAP} is a rare word)"
    rows = [
        ("from", line.start, GREY),
        *(("z", text, BLACK) for text in line.sentences),
        ("to", line.end, GREY),
    ]
    table = pd.DataFrame(rows, columns=["label", "text", "colour"]).assign(row=range(len(rows)))
    table["text"] = table["text"].str.replace(UNKNOWN, GAP).str.replace(" ([,.;:?])", r"\1", regex=True)
    title = alt.Title("What the decoder says between two test sentences", subtitle=subtitle)
    base = alt.Chart(table, title=title).encode(alt.Y("row:O", axis=None), alt.Color("colour:N", scale=None))
    labels = base.mark_text(align="left", fontStyle="italic").encode(x=alt.value(0), text="label:N")
    texts = base.mark_text(align="left", limit=WIDTH - 36).encode(x=alt.value(36), text="text:N")
    return alt.layer(labels, texts).properties(width=WIDTH, height=LINE * len(rows))


def reconstructions(file: Path) -> alt.Chart:
    """The picture of test examples above their reconstructions."""
    from PIL import Image

    with Image.open(file) as image:
        width, height = image.size
    address = f"data:image/png;base64,{base64.b64encode(file.read_bytes()).decode()}"
    title = alt.Title("Test examples, and below each what the decoder makes of its z")
    size = {"width": WIDTH, "height": round(WIDTH * height / width)}
    picture = alt.Chart(alt.Data(values=[{"address": address}]), title=title).mark_image(**size)
    middle = {"x": alt.value(WIDTH / 2), "y": alt.value(size["height"] / 2)}
    return picture.encode(url="address:N", **middle).properties(**size)
