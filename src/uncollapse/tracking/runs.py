"""From a cell of the grid to its runs in MLflow."""

import hashlib
import json
import subprocess
from dataclasses import replace
from functools import cache
from pathlib import Path

import pandas as pd

from uncollapse.experiment.cells import Cell
from uncollapse.pipeline.cache import key
from uncollapse.pipeline.outputs import Job
from uncollapse.tracking.mirror import Points, Run

STORE = "sqlite:///mlflow.db"
# the steps of the collapse curve, whose eps is 10 ** (step / 10) thousandths of a nat: charts have no logarithmic axis unless one asks
DECIBELS = range(46)


def grid() -> tuple[list[Cell], list[int]]:
    """The cells and the seeds of the grid."""
    listed = json.loads(Path("recipes/grid.json").read_text())
    return [Cell(*names) for names in listed["cells"]], listed["seeds"]


def card_of(cell: Cell) -> Path:
    """The card of a cell's data set."""
    return Path("data") / cell.dataset / "card.json"


def started(cell: Cell, seed: int) -> Run:
    """A cell's run as it is known when it begins. Its key is of all that determines its numbers: of both recipes, the data and the
    encoder that it starts with; not of the list of seeds, so that a new one makes no other run new."""
    trained, measured = ({**Job(stage, str(cell)).recipe, "seeds": None} for stage in ("train", "evaluate"))
    card = card_of(cell)
    start = (Path("pretrained") / f"{cell.dataset}-{cell.method}").glob(f"encoder-{seed}.*")
    recipe = {**trained, "evaluation": measured["evaluation"], "seed": seed}
    about = json.loads(card.read_text())
    return Run(
        experiment=cell.dataset,
        name=f"{cell}-{seed}",
        key=key({"train": trained, "evaluate": measured, "seed": seed}, [card, *start]),
        tags={"cell": str(cell), "seed": str(seed), **cell._asdict(), "mlflow.source.git.commit": commit()},
        params={what: part for what, part in recipe.items() if what not in ("seeds", "sources", "versions")},
        data={
            "name": cell.dataset,
            "digest": hashlib.sha256(json.dumps(about["sha256"], sort_keys=True).encode()).hexdigest()[:16],
            "source": json.dumps({"uri": f"data/{cell.dataset}", "source": about["source"]}),
            "profile": json.dumps(about["counts"]),
        },
        files={"recipe.json": json.dumps(recipe, indent=2), "card.json": card},
    )


@cache
def commit() -> str:
    """The commit that is checked out, or nothing outside of git."""
    return subprocess.run(
        ["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False
    ).stdout.strip()


def points(history: pd.DataFrame) -> Points:
    """The history of one seed, a metric a column."""
    return {
        f"train/{name}": dict(zip(history["step"], history[name], strict=True))
        for name in history
        if name not in ("seed", "epoch", "step")
    }


def runs(cell: Cell, seeds: list[int]) -> list[Run]:
    """Every seed of a cell that was trained and measured."""
    measured, trained = Path("metrics/cells") / str(cell), Path("runs") / str(cell)
    history, measures, curves = (
        pd.read_csv(file)
        for file in (trained / "history.csv", measured / "measures.csv", measured / "collapse.csv")
    )
    seen = [*measured.glob("*.png"), *(measured / name for name in ("sentences.csv", "lines.csv"))]
    pictures = {file.name: file for file in seen if file.exists()}
    pictures |= {
        file.stem.removeprefix(f"{cell}-") + file.suffix: file
        for file in Path("report/cells").glob(f"{cell}-*.png")
    }
    vocabulary = Path("data") / cell.dataset / "vocabulary.txt"
    found = []
    for seed in seeds:
        run, mine, curve = started(cell, seed), history[history.seed == seed], curves[curves.seed == seed]
        last = int(mine["step"].iloc[-1])
        row = measures[measures.seed == seed].drop(columns="seed").iloc[0]
        found.append(
            replace(
                run,
                points={
                    **points(mine),
                    **{f"test/{name}": {last: float(value)} for name, value in row.items()},
                    "collapse/share_by_log_eps": {
                        at: float((curve["eps"] < 10 ** (at / 10) / 1000).mean()) for at in DECIBELS
                    },
                },
                files={
                    **run.files,
                    "history.csv": mine.to_csv(index=False),
                    "collapse.csv": curve.to_csv(index=False),
                    "weights.safetensors": trained / f"weights-{seed}.safetensors",
                    **({"vocabulary.txt": vocabulary} if vocabulary.exists() else {}),
                    **(pictures if seed == seeds[0] else {}),  # they are of the first seed
                },
            )
        )
    return found
