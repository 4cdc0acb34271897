"""The run of a cell in MLflow says what the tables of the report say."""

import os
from pathlib import Path

import pandas as pd
import pytest
from made_grid import make_grid, report

from uncollapse.experiment.cells import Cell
from uncollapse.pipeline.cell_files import CellFiles
from uncollapse.pipeline.job import Job
from uncollapse.pipeline.job_recipe import read_grid
from uncollapse.pipeline.paths import COMPARISON, DONE, PAGE, STARTED, SUMMARY
from uncollapse.results.evidence import Evidence
from uncollapse.results.gather import gather_results
from uncollapse.results.means import list_averaged
from uncollapse.tracking.cells import nest_in_cells
from uncollapse.tracking.run import Run
from uncollapse.tracking.seeds import digest_training, make_finished_runs

CELL = list(Cell._fields)
ENDS = ("", "/low", "/high")


def runs_of() -> dict[str, Run]:
    """The runs of the grid in this folder, by name."""
    listed = read_grid()
    runs = nest_in_cells({cell: make_finished_runs(cell) for cell in listed["cells"]})
    return {run.name: run for run in runs}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def values(run: Run) -> dict[str, float]:
    return {name: value for name, points in run.finite_points.items() for value in points.values()}


def test_means_and_differences_are_those_of_the_tables(folder: Path) -> None:
    report(folder, datasets=["mnist5k"], methods=["plain", "skip", "aggressive"])
    runs = runs_of()
    summary, comparison = pd.read_csv(SUMMARY), pd.read_csv(COMPARISON)
    grid = read_grid()
    assert [name for name in runs if runs[name].tags["kind"] == "cell"] == list(map(str, grid["cells"]))
    for names, rows in summary.groupby(CELL):
        run = runs["-".join(map(str, names))]
        for name in list_averaged():
            if rows[name].isna().all():  # of data of another kind
                assert f"test/{name}" not in values(run)
                continue
            assert values(run)[f"test/{name}"] == pytest.approx(rows[name].mean(), rel=1e-5)
        assert values(run)["test/nll/low"] < values(run)["test/nll"] < values(run)["test/nll/high"]
        assert run.tags["seeds"] == "4"
        assert all(runs[f"{run.name}-{seed}"].parent == run.key for seed in range(4))
        assert ("verdict" in run.tags) == (run.tags["method"] != "plain")
    compared = comparison[(comparison["question"] == "method") & (comparison["at_cap"] != "both")]
    expected = {
        (f"{row.dataset}-{row.model}-{row.method}", f"difference/{row.measure}{end}"): number
        for row in compared.itertuples()
        for end, number in zip(ENDS, (row.difference, row.low, row.high), strict=True)
    }
    told = {
        (run.name, name): value
        for run in runs.values()
        for name, value in values(run).items()
        if name.startswith("difference/")
    }
    assert told == pytest.approx(expected, rel=1e-5)
    assert {name for _, name in told} >= {"difference/nll", "difference/elbo_at_equal_work/low"}
    page = PAGE.read_text()
    tags = runs["mnist5k-vae-skip"].tags
    assert tags["verdict"] == "helps"
    assert f"<strong>{tags['verdict']}</strong>" in page
    assert f": {tags['verdict']}: {tags['shown']}." in page


def test_a_cell_that_has_not_converged_says_so(folder: Path) -> None:
    cells = make_grid(folder, datasets=["mnist5k"], models=["vae"], methods=["plain", "skip"], seeds=2)
    file = CellFiles(cells[1]).measures
    table = pd.read_csv(file)
    table.loc[table["seed"] == 1, "converged"] = 0
    table.to_csv(file, index=False)
    runs = runs_of()
    told = {name.removeprefix("mnist5k-vae-"): run.tags["converged"] for name, run in runs.items()}
    assert [name for name, converged in told.items() if converged == "false"] == ["skip", "skip-1"]
    assert runs["mnist5k-vae-skip"].tags["verdict"] == "not converged"


def test_its_key_changes_with_its_seeds_and_with_plain_and_with_nothing_else(folder: Path) -> None:
    names = {"datasets": ["mnist5k"], "models": ["vae"]}

    def keys(methods: list[str], seeds: int) -> dict[str, str]:
        make_grid(folder, **names, methods=methods, seeds=seeds)
        return {run.name.removeprefix("mnist5k-vae-"): run.key for run in runs_of().values()}

    two = keys(["plain", "skip"], 2)
    assert two == {name: key for name, key in keys(["plain", "skip", "noise"], 2).items() if name in two}
    three = keys(["plain", "skip"], 3)
    assert {name for name in two if two[name] != three[name]} == {"plain", "skip"}
    assert keys(["skip"], 2)["skip"] != two["skip"], "nothing is compared with plain"


def test_its_time_is_from_the_first_start_to_the_last_end_of_its_seeds(folder: Path) -> None:
    (cell,) = make_grid(folder, datasets=["mnist5k"], models=["vae"], methods=["plain"], seeds=2)
    assert {run.span for run in runs_of().values()} == {None}
    for seed, times in enumerate([(1000, 1060), (1010, 1090)]):
        working = Job.of("train", cell).seed_folder(seed, digest_training(cell, seed))
        working.mkdir(parents=True)
        for name, second in zip((STARTED, DONE), times, strict=True):
            (working / name).touch()
            os.utime(working / name, (second, second))
    spans = [run.span for run in runs_of().values()]
    assert spans == [(1000, 1090), (1000, 1060), (1010, 1090)]


def test_one_seed_has_no_verdict_and_no_interval(folder: Path) -> None:
    make_grid(folder, datasets=["mnist5k"], models=["vae"], methods=["plain", "skip"], seeds=1)
    run = runs_of()["mnist5k-vae-skip"]
    assert Evidence(gather_results()).seeds == 1
    assert (run.tags["verdict"], run.tags["shown"]) == ("no interval", "")
    assert "difference/nll" in values(run)
    assert not [name for name in values(run) if name.endswith(("/low", "/high"))]
