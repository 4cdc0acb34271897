"""The picture that shows what collapse is.

The KL of each dimension of a collapsed VAE stands beside that of a healthy one, with what their decoders make
of z. Both are cells of the grid, with the same data set.
"""

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import altair as alt
import pandas as pd

from uncollapse.experiment.cells import Cell
from uncollapse.pipeline.cell_files import CellFiles
from uncollapse.pipeline.paths import CONTRAST_FIGURE, RECONSTRUCTIONS
from uncollapse.report.charts._canvas import Layers
from uncollapse.report.examples import Interpolation, read_interpolations
from uncollapse.report.pictures import save_picture
from uncollapse.results.gather import Results
from uncollapse.results.means import CELL
from uncollapse.results.roles import COLLAPSED, LIKELIHOOD
from uncollapse.results.rows import CellMeans, read_means

COLUMN_WIDTH, HEIGHT, LINE = 420, 130, 21  # pixels
STATE_COLOURS = {"collapsed": "#d55e00", "in use": "#0072b2"}
GREY, BLACK = "#767676", "#1a1a1a"
# A word that is not in the vocabulary is shown as a gap.
UNKNOWN_WORD, GAP = "<unk>", "…"


def write_contrast(results: Results) -> None:
    """Write metrics/contrast.png."""
    save_picture(draw_contrast(results), CONTRAST_FIGURE)


def draw_contrast(results: Results) -> alt.HConcatChart:
    """Draw both cells side by side, bars above examples; all are of the seed whose examples are kept."""
    cells = choose_cells(read_means(results.means))
    spectra = [read_spectrum(results, cell) for cell in cells]
    highest = 1.05 * max(float(table["kl"].max()) for table in spectra)
    columns = []
    for cell, table in zip(cells, spectra, strict=True):
        parts = [draw_bars(cell, table, highest), *draw_examples(cell)]
        columns.append(alt.vconcat(*parts, spacing=24))
    drawing = alt.hconcat(*columns, spacing=36)
    drawing = drawing.configure_view(stroke=None).configure_axis(titleFontWeight="normal")
    return drawing.configure_title(
        anchor="start", fontSize=14, subtitleFontSize=12, subtitleColor=GREY, offset=8
    )


def choose_cells(means: Mapping[Cell, CellMeans]) -> tuple[Cell, Cell]:
    """Choose the most collapsed cell, and the least collapsed one of the same data set.

    Of several the first is the first of the grid, the second the one with the best likelihood.
    """
    most = max(means, key=lambda cell: means[cell][COLLAPSED])
    others = [cell for cell in means if cell.dataset == most.dataset]
    return most, min(others, key=lambda cell: (means[cell][COLLAPSED], means[cell][LIKELIHOOD]))


def read_spectrum(results: Results, cell: Cell) -> pd.DataFrame:
    """Return a row for each dimension: its mean `kl`, its `rank` by that, and whether it has collapsed."""
    table = results.thresholds
    runs = table[(table[CELL] == list(cell)).all(axis=1)]
    run = runs[runs["seed"] == runs["seed"].iloc[0]].sort_values("kl", ascending=False)
    collapsed = run["eps"] < results.grid["evaluation"]["eps"]
    states = collapsed.map({True: "collapsed", False: "in use"}).to_numpy()
    return pd.DataFrame({"rank": range(1, len(run) + 1), "kl": run["kl"].to_numpy(), "state": states})


def draw_bars(cell: Cell, table: pd.DataFrame, highest: float) -> Layers:
    """Draw a bar for each dimension, and a dot where it has collapsed and the bar has hardly any height."""
    count = int((table["state"] == "collapsed").sum())
    condition = "partly collapsed"
    if count in (0, len(table)):
        condition = "collapsed" if count else "healthy"
    numbers = f"{count} of {len(table)} dimensions have collapsed, KL {table['kl'].sum():.2g} nats"
    subtitle = f"{' '.join(cell)}: {numbers}"
    scale = alt.Scale(domain=list(STATE_COLOURS), range=list(STATE_COLOURS.values()))
    base = alt.Chart(table, title=alt.Title(f"A {condition} VAE", subtitle=subtitle)).encode(
        alt.X("rank:O", title="latent dimension, by its KL", axis=alt.Axis(labels=False, ticks=False)),
        alt.Y("kl:Q", title="KL (nats)", scale=alt.Scale(domain=[0, highest]), axis=alt.Axis(tickCount=4)),
        alt.Color("state:N", scale=scale, legend=None),
    )
    dots = base.mark_circle(size=40, opacity=1).transform_filter("datum.state == 'collapsed'")
    return alt.layer(base.mark_bar(), dots).properties(width=COLUMN_WIDTH, height=HEIGHT)


def draw_examples(cell: Cell) -> list[Any]:
    """Draw what the decoder makes of z: sentences or pictures; nothing for data of another kind."""
    lines, file = read_interpolations(cell), CellFiles(cell).measured / RECONSTRUCTIONS
    if lines:
        return [draw_sentences(min(lines, key=count_unknown))]
    return [draw_reconstructions(file)] if file.exists() else []


def count_unknown(line: Interpolation) -> int:
    """Count the words of the two test sentences that are not in the vocabulary."""
    return f"{line.start} {line.end}".split().count(UNKNOWN_WORD)


def draw_sentences(line: Interpolation) -> Layers:
    """Draw the sentences on a line between two test sentences."""
    count, points = len(set(line.sentences)), len(line.sentences)
    number = "the same sentence" if count == 1 else f"{count} different sentences"
    subtitle = f"at {points} points z: {number} ({GAP} is a rare word)"
    rows = [
        ("from", line.start, GREY),
        *(("z", text, BLACK) for text in line.sentences),
        ("to", line.end, GREY),
    ]
    table = pd.DataFrame(rows, columns=["label", "text", "colour"]).assign(row=range(len(rows)))
    table["text"] = table["text"].str.replace(UNKNOWN_WORD, GAP).str.replace(" ([,.;:?])", r"\1", regex=True)
    title = alt.Title("What the decoder says between two test sentences", subtitle=subtitle)
    base = alt.Chart(table, title=title).encode(alt.Y("row:O", axis=None), alt.Color("colour:N", scale=None))
    labels = base.mark_text(align="left", fontStyle="italic").encode(x=alt.value(0), text="label:N")
    texts = base.mark_text(align="left", limit=COLUMN_WIDTH - 36).encode(x=alt.value(36), text="text:N")
    return alt.layer(labels, texts).properties(width=COLUMN_WIDTH, height=LINE * len(rows))


def draw_reconstructions(file: Path) -> alt.Chart:
    """Draw test examples above their reconstructions."""
    from PIL import Image

    with Image.open(file) as image:
        width, height = image.size
    address = f"data:image/png;base64,{base64.b64encode(file.read_bytes()).decode()}"
    title = alt.Title("Test examples, and below each what the decoder makes of its z")
    size = {"width": COLUMN_WIDTH, "height": round(COLUMN_WIDTH * height / width)}
    picture = alt.Chart(alt.Data(values=[{"address": address}]), title=title).mark_image(**size)
    middle = {"x": alt.value(COLUMN_WIDTH / 2), "y": alt.value(size["height"] / 2)}
    return picture.encode(url="address:N", **middle).properties(**size)
