"""The examples of a cell: reconstructions and samples, as pictures or as sentences."""

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

LINE_COLUMNS = ("start", "end", "sentence")


class Interpolation(NamedTuple):
    """The sentences between two test sentences."""

    start: str
    end: str
    sentences: list[str]


class CellExamples(NamedTuple):
    """The pictures of a cell by name, as data addresses, its interpolations, and the seed that made both."""

    cell: Cell
    seed: int
    pictures: Mapping[str, str]
    interpolations: list[Interpolation]


def read_examples(cell: Cell) -> CellExamples:
    """Read what lies in the folder of a cell: the stage `evaluate` draws the first seed that was measured."""
    job = Job.of("evaluate", cell)
    files = [job.folder / name for name in (RECONSTRUCTIONS, SAMPLES)]
    pictures = {file.stem: encode_picture(file) for file in files if file.exists()}
    return CellExamples(cell, read_recipe(job).seeds[0], pictures, read_interpolations(cell))


def read_interpolations(cell: Cell) -> list[Interpolation]:
    """Read the interpolations of a cell; none if its data are not text."""
    file, result = CellFiles(cell).measured / LINES, []
    if file.exists():
        table = pd.read_csv(file, keep_default_na=False, converters=dict.fromkeys(LINE_COLUMNS, from_text))
        for (start, end), rows in table.groupby(["start", "end"], sort=False):
            result.append(Interpolation(str(start), str(end), list(rows["sentence"])))
    return result


def encode_picture(file: Path) -> str:
    """Encode a picture as a data address, in WebP: a fifth of the size of PNG for photographs."""
    from PIL import Image

    out = io.BytesIO()
    Image.open(file).save(out, "WEBP", quality=80, method=4)
    return f"data:image/webp;base64,{base64.b64encode(out.getvalue()).decode()}"
