"""Compare how many dimensions a linear VAE would keep with how many the beta-VAEs keep: prediction.csv.

`uncollapse.predict` gets the data and the beta of each VAE, and learns the variance. A deep VAE with a
Bernoulli likelihood is neither linear nor Gaussian, so the table shows how far the prediction is a guide.
"""

import json
from pathlib import Path

import pandas as pd

import uncollapse
from uncollapse.data.files import read_parts
from uncollapse.data.part import to_tensor
from uncollapse.pipeline.cell_files import CellFiles, split_folder
from uncollapse.pipeline.job import Job
from uncollapse.pipeline.job_recipe import read_grid

HERE = Path(__file__).parent
EPS = 0.1  # nats


def make_table() -> pd.DataFrame:
    """Return a row for each beta-VAE and seed, with three numbers of dimensions.

    `alive` dimensions are predicted to live, `alive_found` have not collapsed, and `informative_found` have
    at least EPS nats of information.
    """
    rows = []
    for cell in read_grid()["cells"]:
        recipe = json.loads(Job.of("train", cell).made_from.read_text())
        if recipe["kl_weight"]["use"] != "constant":
            continue
        beta, latents = recipe["kl_weight"]["beta"], recipe["net"]["latents"]
        collapse = pd.read_csv(CellFiles(cell).collapse)
        for seed, run in collapse.groupby("seed"):
            x = to_tensor(read_parts(split_folder(cell.dataset, int(seed)), "train", "reserve").x[:])
            predicted = uncollapse.predict(x, beta=beta, latents=latents)
            rows.append(
                {
                    "model": cell.model,
                    "beta": beta,
                    "seed": seed,
                    "latents": latents,
                    "variance": predicted.variance,
                    "alive": predicted.alive,
                    "alive_found": int((run["eps"] >= EPS).sum()),
                    "informative_found": int((run["information"] >= EPS).sum()),
                }
            )
    return pd.DataFrame(rows)


if __name__ == "__main__":
    make_table().to_csv(HERE / "prediction.csv", index=False, float_format="%.4g")
