"""What the seeds of a job have made is kept until all are done.

What a seed has made is kept in `.work/<stage>/<name>/<seed>-<key>/`, outside of DVC's outputs; the key is of all that determines it:
a killed stage goes on where it was, and a new seed does not train the old ones again. A stage that DVC runs again although
it delivered exactly this before was forced to: then everything is made anew.
"""

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from uncollapse.pipeline.outputs import SECONDS, Job, Recipe, per_seed
from uncollapse.pipeline.pool import SHOWN, Work, side_by_side
from uncollapse.pipeline.tables import append_row


def key(recipe: Recipe, inputs: Iterable[Path]) -> str:
    """A digest of all that determines one seed's result: the recipe but for the list of seeds, and the input files."""
    digest = hashlib.sha256(json.dumps({**recipe, "seeds": None}, sort_keys=True).encode())
    for file in inputs:
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:16]


def each_seed(job: Job, inputs: Callable[[int], Iterable[Path]], work: Work, rows: int) -> None:
    """Call `work(recipe, seed, folder, tell)` for every seed of the recipe and gather what it writes into `output`.

    `inputs(seed)` are the files that it reads. It calls `tell(row)` `rows` times, for the progress bar. Of each seed's folder, `<name>.csv`
    becomes rows of `output/<name>.csv`, any other `<name>.<ending>` becomes `output/<name>-<seed>.<ending>`. The recipe stands
    beside them, so that one can tell whose they are.
    """
    store, recipe, output, title = job.cache, job.recipe, job.folder, f"{job.stage} {job.name}"
    seeds: list[int] = recipe["seeds"]
    # a worker that outlived a killed stage writes under its own key, where nobody looks
    folders = {seed: store / f"{seed}-{key(recipe, inputs(seed))}" for seed in seeds}
    made_from = {file.parent / "recipe.json" for seed in seeds for file in inputs(seed)}
    wanted = [folder.name for folder in folders.values()]
    now = [wanted, sorted(file.read_text() for file in made_from if file.exists())]
    delivered = store / "delivered.json"
    if delivered.exists() and json.loads(delivered.read_text()) == now:
        shutil.rmtree(store)
    for folder in folders.values():
        folder.mkdir(parents=True, exist_ok=True)
    todo = {seed: folder for seed, folder in folders.items() if not (folder / "done").exists()}
    start = time.monotonic()
    last = side_by_side(title, recipe, todo, work, rows)
    if todo:
        spent = {"seeds": len(todo), "seconds": round(time.monotonic() - start, 1)}
        append_row(SECONDS, {"stage": job.stage, "name": job.name, **spent})
    gather(folders, output)
    (output / "recipe.json").write_text(json.dumps(recipe, indent=2) + "\n")
    for folder in store.iterdir():
        if folder.is_dir() and folder.name not in wanted:
            shutil.rmtree(folder)
    delivered.write_text(json.dumps(now))
    numbers = "  ".join(f"{what} {last[what]:.4g}" for what in SHOWN if what in last)
    print(f"{title}: seeds {', '.join(map(str, seeds))} ({len(todo)} made now)  {numbers}".rstrip())


def gather(folders: Mapping[int, Path], output: Path) -> None:
    """Copy what the seeds made into a stage's output."""
    output.mkdir(parents=True, exist_ok=True)
    tables: dict[str, list[str]] = {}
    for seed, folder in folders.items():
        for file in sorted(folder.iterdir()):
            if file.suffix == ".csv":
                header, *rows = file.read_text().splitlines()
                tables.setdefault(file.name, [f"seed,{header}"]).extend(f"{seed},{row}" for row in rows)
            elif file.suffix:
                shutil.copyfile(file, output / per_seed(file.name, seed))
    for name, rows in tables.items():
        (output / name).write_text("\n".join(rows) + "\n")
