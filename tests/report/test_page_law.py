"""What the page states is in the files: every number, seed, path and column."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from made_grid import report
from page_numbers import costs, numbers_of_cell, numbers_of_dataset
from page_text import Element, read_page, unknown_numbers

from uncollapse.experiment.cells import Cell
from uncollapse.pipeline.cell_files import CellFiles, card_file
from uncollapse.pipeline.job import Job
from uncollapse.pipeline.job_recipe import read_grid, read_recipe
from uncollapse.pipeline.paths import CALIBRATION, PAGE, SUMMARY

DIVERGED = {"mnist5k-vae-skip": [0]}
AXES = {"datasets": ["mnist5k", "kjv"], "models": ["vae", "control_vae"], "methods": ["plain", "skip"]}
# What a text about all cells may say that they share, and how to see it in their files.
SHARED: dict[str, Callable[[Cell], Any]] = {
    "net": lambda cell: read_recipe(Job.of("train", cell)).piece("net"),
    "examples": lambda cell: [CellFiles(cell).card(seed).read_text() for seed in range(4)],
    "epochs": lambda cell: list(pd.read_csv(CellFiles(cell).measures)["epochs"]),
    "rule for when training ends": lambda cell: read_recipe(Job.of("train", cell)).training["patience"],
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("law")
    report(folder, **AXES, points=20, diverged=DIVERGED)
    return folder


@pytest.fixture
def page(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Element:
    monkeypatch.chdir(folder)
    return read_page(PAGE)


def test_every_number_of_the_table_is_that_of_its_cell_and_measure(page: Element) -> None:
    measures = {"probe": "probe_accuracy", "fid of samples": "fid", "fid of reconstructions": ""}
    (section,) = page.all("section", id="table")
    seen = 0
    for part in section.all("div", **{"class": "wide"}):
        dataset = part.attributes["data-dataset"]
        heads = [head.text.partition("chance")[0].strip() for head in part.all("th", scope="col")][1:]
        for body in part.all("tbody"):
            (model,) = body.all("th", scope="rowgroup")
            for line in body.all("tr"):
                entries = list(line.all("td"))
                for head, entry in zip(heads, entries, strict=bool(entries)):
                    cell = Cell(dataset, model.text, line.attributes["data-method"])
                    name = measures.get(head, head.replace(" ", "_")) or "fid_reconstructions"
                    name = {"perplexity_of_samples": "sample_perplexity"}.get(name, name)
                    pool = costs(dataset) if head == "work of training" else numbers_of_cell(cell, [name])
                    assert unknown_numbers(entry.text, pool) == [], (cell, head, entry.text)
                    seen += bool(re.search(r"\d", entry.text))
    assert seen > 80


def test_the_chance_level_is_that_of_the_labels_and_stands_wherever_there_are_any(page: Element) -> None:
    for dataset in AXES["datasets"]:
        files = sorted(Path("data", dataset).glob("**/test.labels.npy"))
        (table,) = page.all(
            "div", **{"class": "wide"}, data_dataset=dataset, aria_label=f"The numbers of {dataset}"
        )
        stated = re.findall(r"chance (\d+) %", table.text)
        shares = [np.bincount(np.load(file)).max() / len(np.load(file)) for file in files]
        assert stated == ([f"{100 * np.mean(shares):.0f}"] if files else []), dataset
    assert files == [], "kjv has no labels; mnist5k has"


def test_every_number_of_the_verdicts_is_that_of_the_cell(page: Element) -> None:
    (matrix,) = page.all("div", id="matrix")
    for table in matrix.all("table"):
        (caption,) = table.all("caption")
        columns = [head.text for head in table.all("th", scope="col")]
        for line in list(table.all("tr"))[1:]:
            (row,) = line.all("th", scope="row")
            for name, entry in zip(columns[1:], line.all("td"), strict=True):
                cell = Cell(**{"dataset": caption.text, columns[0]: row.text, "model": name})
                own = [
                    number
                    for measure in ("nll", "uninformative")
                    for number in numbers_of_cell(cell, [measure])
                ]
                seeds = [4, len(DIVERGED.get(str(cell), []))]
                pool = [*own, *costs(cell.dataset), *seeds]
                assert unknown_numbers(entry.text, pool) == [], (cell, entry.text)


def test_every_number_of_a_sentence_is_in_the_files_of_its_data_set(page: Element) -> None:
    pools = {dataset: numbers_of_dataset(dataset) for dataset in AXES["datasets"]}
    points = [point for point in page.all("li") if "data-dataset" in point.attributes]
    assert len(points) >= 6
    for point in points:
        assert unknown_numbers(point.text, pools[point.attributes["data-dataset"]]) == [], point.text
    everything = [*pools["mnist5k"], *pools["kjv"]]
    for sentence in page.all("p", **{"class": "short"}):
        assert unknown_numbers(sentence.text, everything) == [], sentence.text


def test_what_the_page_says_that_all_cells_share_they_share(page: Element) -> None:
    (header,) = page.all("header")
    (text,) = re.findall(r"all cells have (.+?)\. One exception", " ".join(header.text.split()))
    *named, last = (part.removeprefix("the same ") for part in re.split(", | and ", text))
    assert last == "paired random numbers", "which no file of a made-up grid can show"
    cells = read_grid()["cells"]
    for what in named:
        for dataset in AXES["datasets"]:
            values = [SHARED[what](cell) for cell in cells if cell.dataset == dataset]
            assert all(value == values[0] for value in values), (what, dataset)


def test_each_picture_is_of_the_seed_that_was_drawn_and_diverged_runs_are_named(page: Element) -> None:
    (made,) = page.all("div", **{"class": "panels made"})
    for figure in made.all("figure"):
        (caption,) = figure.all("figcaption")
        model, method, _, seed = re.split(r",? ", caption.text)
        cell = Cell(figure.attributes["data-dataset"], model, method)
        assert int(seed) == pd.read_csv(CellFiles(cell).measures)["seed"].iloc[0], caption.text
    (note,) = [note for note in page.all("div", role="note") if "diverged" in note.text]
    assert [line.text for line in note.all("li")] == ["mnist5k-vae-skip: seed 0, in epoch 2"]


def test_settings_calibration_and_laws_are_those_of_the_files(page: Element) -> None:
    (trust,) = page.all("section", id="trust")
    for dataset in AXES["datasets"]:
        (details,) = trust.all("details", data_dataset=dataset)
        (text,) = details.all("pre")
        stated = yaml.safe_load(text.text)
        cell = Cell(dataset, "vae", "plain")
        assert stated["data"] == json.loads(card_file(dataset, 0).read_text())
        recipes = {**read_recipe(Job("prepare", dataset)).stated, **read_recipe(Job.of("train", cell)).stated}
        recipes["evaluation"] = read_recipe(Job.of("evaluate", cell)).evaluation
        assert stated["settings"] == {name: recipes[name] for name in stated["settings"]}
    table = pd.read_csv(CALIBRATION, dtype=str)
    (calibration,) = trust.all("div", aria_label="Calibration")
    entries = [entry.text for entry in calibration.all("td")]
    assert [float(one) for one in entries if not one.isalpha()] == [
        float(one) for one in table.to_numpy().ravel() if not one.isalpha()
    ]
    runs = pd.read_csv(SUMMARY)["nll"].count()
    assert set(re.findall(r"holds in (\d+) of (\d+) runs", trust.text)) == {(str(runs), str(runs))}


def test_every_path_of_the_page_leads_to_a_file(page: Element) -> None:
    ids = {element.attributes["id"] for element in page.all("") if "id" in element.attributes}
    links = [link.attributes["href"] for link in page.all("a") if "href" in link.attributes]
    assert len(links) > 20
    for link in links:
        if link.startswith("#"):
            assert link[1:] in ids, link
        elif not link.startswith("https://arxiv.org/abs/"):
            assert (PAGE.parent / link).exists(), link
    for path in re.findall(r"\b(?:src|data|metrics|runs|recipes)/[\w./-]+\w", page.text):
        assert Path(path).exists(), path
