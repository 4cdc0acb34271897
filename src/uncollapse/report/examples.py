"""What the models of a cell make: reconstructions and samples, as pictures or as sentences."""

import base64
import io
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from uncollapse.experiment.cells import Cell
from uncollapse.pipeline.cell_files import CellFiles
from uncollapse.pipeline.job import Job
from uncollapse.pipeline.job_recipe import read_recipe
from uncollapse.pipeline.paths import LINES, RECONSTRUCTIONS, SAMPLES
from uncollapse.tables import from_text

COLUMNS = ("start", "end", "sentence")


class Interpolation(NamedTuple):
    """The sentences between two test sentences."""

    start: str
    end: str
    sentences: list[str]


class Examples(NamedTuple):
    """The pictures of a cell by name, as data addresses, its interpolations, and the seed that made both."""

    cell: Cell
    seed: int
    pictures: Mapping[str, str]
    interpolations: list[Interpolation]


def examples(cell: Cell) -> Examples:
    """Read what lies in the folder of a cell: the stage `evaluate` draws the first seed that was measured."""
    job = Job.of("evaluate", cell)
    files = [job.folder / name for name in (RECONSTRUCTIONS, SAMPLES)]
    pictures = {file.stem: picture(file) for file in files if file.exists()}
    return Examples(cell, read_recipe(job).seeds[0], pictures, interpolations(cell))


def interpolations(cell: Cell) -> list[Interpolation]:
    """The interpolations of a cell; none if its data are not text."""
    file, result = CellFiles(cell).measured / LINES, []
    if file.exists():
        table = pd.read_csv(file, keep_default_na=False, converters=dict.fromkeys(COLUMNS, from_text))
        for (start, end), rows in table.groupby(["start", "end"], sort=False):
            result.append(Interpolation(str(start), str(end), list(rows["sentence"])))
    return result


def picture(file: Path) -> str:
    """A picture as a data address, in WebP: a fifth of the size of PNG for photographs."""
    from PIL import Image

    out = io.BytesIO()
    Image.open(file).save(out, "WEBP", quality=80, method=4)
    return f"data:image/webp;base64,{base64.b64encode(out.getvalue()).decode()}"
