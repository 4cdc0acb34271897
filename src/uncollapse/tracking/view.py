"""How the page of an experiment shows itself: tags of the experiment that MLflow's page reads."""

import json

NUMBERS = ("test/nll", *(f"difference/nll{end}" for end in ("", "/low", "/high")))
RULERS = ("difference/elbo_at_equal_work", "difference/collapsed", "cost")
TEXTS = ("model", "method", "converged", "verdict")
CELLS = {  # a shared view: the cells of the grid, the best gain first
    "searchFilter": "tags.kind = 'cell' and tags.current = 'true'",
    "orderByKey": "metrics.`difference/nll`",
    "orderByAsc": True,
    "selectedColumns": [
        "attributes.`Duration`",
        *(f"metrics.`{name}`" for name in NUMBERS + RULERS),
        *(f"tags.`{name}`" for name in TEXTS),
    ],
}
TAGS = {
    "mlflow.experimentKind": "custom_model_development",  # and not of a language model
    "mlflow.sharedViewState.cells": json.dumps(CELLS),  # the page opens it at ?viewStateShareKey=cells
}
