"""HTML and formulas in the labels and sentences of a user's data stay text: in CSV files and on the page."""

import csv
from contextlib import chdir
from pathlib import Path

import pandas as pd
import pytest
from made_grid import make_grid
from pages import NEEDS_CHROMIUM, chromium, marks, opened

from uncollapse.experiment.cells import Cell
from uncollapse.pipeline.cell_files import CellFiles
from uncollapse.pipeline.paths import LINES, PAGE, TSNE
from uncollapse.report.examples import read_interpolations
from uncollapse.report.page import write_page
from uncollapse.results.gather import gather_results
from uncollapse.tables import FORMULA, from_text, write_table

FORMULAS = ["=cmd|'/c calc'!A1", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "'=1", "''-x"]
HTML = [
    "<img src=x onerror=owned=1>",
    "</script><script>owned=1</script>",
    "<!--<script>",
    "</figure><svg onload=owned=1>",
    "{{ 7 * 7 }}",
    "\"><b onclick='owned=1'>&amp;",
    "a,b\nc",
]
PLAIN = ["-1.5", "+3", "1e-3", "nan", "", "it's", "'tis", "7"]
CELL = Cell("kjv", "vae", "plain")


@pytest.mark.parametrize("text", [*FORMULAS, *HTML, *PLAIN])
def test_a_text_in_a_csv_file_is_no_formula_and_comes_back(tmp_path: Path, text: str) -> None:
    write_table(tmp_path / "a.csv", [{"label": text, "number": -1.5}])
    with (tmp_path / "a.csv").open(newline="") as file:
        [row] = csv.DictReader(file)
    assert row["number"] == "-1.5"
    assert not row["label"].startswith(FORMULA) or text in PLAIN
    assert from_text(row["label"]) == text


def hostile(folder: Path) -> Path:
    """The page of a cell of which every label and every sentence is hostile."""
    with chdir(folder):
        make_grid(folder, datasets=[CELL.dataset], models=[CELL.model], methods=[CELL.method], seeds=2)
        cell, texts = CellFiles(CELL).measured, [*HTML, *FORMULAS]
        points = [
            {"seed": 0, "x": i % 7, "y": i % 5, "label": texts[i % len(texts)]} for i in range(len(texts))
        ]
        write_table(cell / TSNE, points)
        lines = [
            {"start": texts[0], "end": texts[1], "place": i, "sentence": text} for i, text in enumerate(texts)
        ]
        write_table(cell / LINES, lines)
        [shown] = read_interpolations(CELL)
        assert (shown.start, shown.end, shown.sentences) == (texts[0], texts[1], texts)
        results = gather_results()
        assert list(results.maps["label"]) == texts
        write_page(results)
    return folder / PAGE


@pytest.mark.xdist_group("browser")
@NEEDS_CHROMIUM[0]
def test_the_page_shows_hostile_texts_and_runs_none(tmp_path: Path) -> None:
    with chromium() as browser:
        page, problems = opened(browser, hostile(tmp_path))
        marks(page)
        text = page.locator("#pictures").inner_text()
        assert all(" ".join(sentence.split()) in " ".join(text.split()) for sentence in HTML[:-1])
        legend = " ".join(page.locator("#tsne p.legend").all_inner_texts())
        assert FORMULAS[0] in legend
        assert HTML[0] in legend
        assert page.evaluate("window.owned") is None
        assert page.locator("img[onerror], svg[onload], [onclick]").count() == 0
        assert problems == []


def test_a_carriage_return_in_a_label_is_a_blank(tmp_path: Path) -> None:
    write_table(tmp_path / "a.csv", [{"label": "\r=1\r\n", "number": 1}])
    read = pd.read_csv(tmp_path / "a.csv", converters={"label": from_text})
    assert read.to_dict("records") == [{"label": " =1 \n", "number": 1}]


def test_labels_that_look_like_numbers_stay_what_they_are(tmp_path: Path) -> None:
    rows = [{"label": label} for label in PLAIN]
    write_table(tmp_path / "a.csv", rows)
    read = pd.read_csv(tmp_path / "a.csv", converters={"label": from_text}, keep_default_na=False)
    assert list(read["label"]) == PLAIN
