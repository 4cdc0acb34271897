"""How long a run was trained: its epochs, the one whose weights were kept, and whether it stopped by itself,
for want of a better validation ELBO."""

from uncollapse.measures import ColumnValues, Measure, Trained

COLUMNS = {
    "epochs": Measure("epochs", compared=False),
    "best_epoch": Measure("best epoch", compared=False),
    "converged": Measure("converged", compared=False),
}


def measure(run: Trained) -> ColumnValues:
    """epochs, best_epoch and converged (0 or 1)."""
    names = {"epochs": "epoch", "best_epoch": "best_epoch", "converged": "converged"}
    return {column: int(float(run.history[name])) for column, name in names.items()}
