"""The view of an experiment: tags that the page of MLflow reads."""

import json

from uncollapse.results.roles import AT_EQUAL_WORK, COLLAPSED, LIKELIHOOD

GAIN = f"difference/{LIKELIHOOD}"
NUMBER_COLUMNS = (f"test/{LIKELIHOOD}", GAIN, f"{GAIN}/low", f"{GAIN}/high")
RULERS = (f"difference/{AT_EQUAL_WORK}", f"difference/{COLLAPSED}", "cost")
TEXTS = ("model", "method", "converged", "verdict")
# A shared view shows the cells of the grid, the best gain first.
CELLS_VIEW = {
    "searchFilter": "tags.kind = 'cell' and tags.current = 'true'",
    "orderByKey": f"metrics.`{GAIN}`",
    "orderByAsc": True,
    "selectedColumns": [
        "attributes.`Duration`",
        *(f"metrics.`{name}`" for name in NUMBER_COLUMNS + RULERS),
        *(f"tags.`{name}`" for name in TEXTS),
    ],
}
# The first tag says that an experiment is not about a language model; the page opens the view of the second
# at ?viewStateShareKey=cells.
TAGS = {
    "mlflow.experimentKind": "custom_model_development",
    "mlflow.sharedViewState.cells": json.dumps(CELLS_VIEW),
}
