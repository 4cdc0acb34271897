"""The names of all files and folders of the pipeline, relative to the folder of the project.

Nothing else in `src` or `stages` spells these names, and a test checks dvc.yaml against them. The files of a
prepared data set are named in `uncollapse.data.files`, the folders of the stages that make cells in
`uncollapse.experiment.stages`.
"""

from pathlib import Path

# What a person writes, and what DVC keeps of a run.
PARAMS, PIPELINE, LOCK = Path("params.yaml"), Path("dvc.yaml"), Path("dvc.lock")

# The folders that stages write; WORK is outside of DVC.
RECIPES, METRICS, REPORT, WORK = Path("recipes"), Path("metrics"), Path("report"), Path(".work")
MLFLOW = Path("mlflow.db")
SECONDS = WORK / "seconds.csv"  # Holds how long jobs took.
FAILED = WORK / "failed"  # Holds the line with which the last run of each failed job ended.

# Files in the output of a job; `name_for_seed` gives the name of a file that each seed has.
RECIPE = "recipe.json"
HISTORY, CHECKPOINT = "history.csv", "checkpoint.pt"
TUNING, CHOSEN, TRIAL = "tuning.csv", "chosen.json", "trial.json"
DIVERGED = "diverged.csv"  # The epoch in which training diverged, and a line that says so.
ENCODER, WEIGHTS = "encoder.safetensors", "weights.safetensors"
MEASURES, COLLAPSE, DEVICE = "measures.csv", "collapse.csv", "device.txt"
LATENTS, EXAMPLES = "latents.safetensors", "examples.safetensors"
TSNE, TSNE_MAP, SENTENCES, LINES = "tsne.csv", "tsne.png", "sentences.csv", "lines.csv"
RECONSTRUCTIONS, SAMPLES = "reconstructions.png", "samples.png"

# Files in the folder where a seed works: since when it was worked on, and that it is complete.
STARTED, DONE = "started", "done"
# Files in the folder of a job's seeds: what the output was gathered from last, and a lock.
DELIVERED, TAKEN = "delivered.json", "lock"

# What is made for people: the tables and figures that stand in git, and the page.
CALIBRATION = METRICS / "calibration.csv"
SUMMARY, COMPARISON = METRICS / "summary.csv", METRICS / "comparison.csv"
CURVES, TRAJECTORIES, EARLY = METRICS / "curves.csv", METRICS / "trajectories.csv", METRICS / "early.csv"
CELL_MEANS, SUMMARY_MEANS = METRICS / "cells.json", METRICS / "summary.json"
COLLAPSE_FIGURE, GAINS_FIGURE = METRICS / "collapse.png", METRICS / "gains.png"
CONTRAST_FIGURE, RESULTS = METRICS / "contrast.png", METRICS / "results.md"
ANSWERS_FIGURE, EARLY_FIGURE = METRICS / "answers.png", METRICS / "early.png"
PAGE, MAPS, CLOSING = REPORT / "index.html", REPORT / "cells", REPORT / "report.txt"
# The stage `report` publishes these files.
PUBLISHED = (
    *(SUMMARY, COMPARISON, CURVES, TRAJECTORIES, EARLY, CELL_MEANS, SUMMARY_MEANS, RESULTS),
    *(COLLAPSE_FIGURE, GAINS_FIGURE, CONTRAST_FIGURE, ANSWERS_FIGURE, EARLY_FIGURE),
)


def recipe_file(name: str) -> Path:
    """Return where the stage `recipes` writes a recipe: train/<cell>, report, ...; `grid` lists the cells."""
    return RECIPES / f"{name}.json"


def name_for_seed(file: str, seed: int | str) -> str:
    """Return the name of one seed's file in an output: weights-0.safetensors for weights.safetensors."""
    stem, dot, ending = file.partition(".")
    return f"{stem}-{seed}{dot}{ending}"
