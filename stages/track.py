"""Mirror the cells of the grid to MLflow: the store mlflow.db here, and beside it the server of MLFLOW_TRACKING_URI where that is set."""

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from state import key
from workers import recipe_of

from uncollapse.cells import Cell
from uncollapse.tracking import Run, mirror

STORE = "sqlite:///mlflow.db"


def runs(cells: list[Cell], seeds: list[int]) -> Iterator[Run]:
    """Every cell and seed of the grid, as one MLflow run each."""
    for cell in cells:
        measured, trained = Path("metrics/cells") / str(cell), Path("runs") / str(cell)
        recipe = {**recipe_of("train", str(cell)), "evaluation": recipe_of("evaluate", str(cell))["evaluation"]}
        card = Path("data") / cell.dataset / "card.json"
        start = Path("pretrained") / f"{cell.dataset}-{cell.method}"
        history, measures, curve = (
            pd.read_csv(file)
            for file in (trained / "history.csv", measured / "measures.csv", measured / "collapse.csv")
        )
        for seed in seeds:
            mine = history[history.seed == seed].drop(columns=["seed", "epoch"])
            yield Run(
                experiment=cell.dataset,
                name=f"{cell}-{seed}",
                key=hashlib.sha256(
                    f"{key(recipe, [card, *start.glob(f'encoder-{seed}.*')])} {seed}".encode()
                ).hexdigest(),
                tags={"cell": str(cell), "seed": str(seed), **cell._asdict()},
                params={
                    "seed": seed,
                    **{what: part for what, part in recipe.items() if what not in ("seeds", "sources", "versions")},
                },
                history=mine.set_index("step").add_prefix("train/"),
                measures=measures[measures.seed == seed].drop(columns="seed").add_prefix("test/").iloc[0],
                texts={
                    "recipe.json": json.dumps(recipe, indent=2),
                    "history.csv": mine.to_csv(index=False),
                    "collapse.csv": curve[curve.seed == seed].to_csv(index=False),
                },
                files=[Path("report/cells") / f"{cell}-{what}.png" for what in ("collapse", "tsne")],
            )


if __name__ == "__main__":
    listed = json.loads(Path("recipes/grid.json").read_text())
    grid = list(runs([Cell(*names) for names in listed["cells"]], listed["seeds"]))
    for uri in dict.fromkeys([STORE, os.environ.get("MLFLOW_TRACKING_URI") or STORE]):
        added = mirror(grid, uri)
        print(f"track: {len(grid)} runs in {uri.split('@')[-1]}, {added} of them new")
