"""The grid that is attacked: all models and methods of params.yaml, with nets and data of toy size."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from uncollapse.pipeline.job import Job

ROOT = Path(__file__).parent.parent.parent.parent
TRAINING = {"batch_size": 64, "halving": 1, "patience": 3}


def params() -> dict[str, Any]:
    """params.yaml with small data, small nets and few epochs; every method stays as it is."""
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    image, text = (params["datasets"][name] for name in ("mnist5k", "kjv"))
    for entry in (image, text):
        entry["split"] = {"train": 640, "reserve": 320, "valid": 100, "test": 100}
        entry["training"] |= TRAINING
    image["net"] |= {"latents": 4, "hidden": 16}
    text["net"] |= {"latents": 4, "embedding": 8, "hidden": 12}
    for method in params["methods"].values():
        if "epochs" in method.get("pretraining", {}):
            method["pretraining"]["epochs"] = 6
        if "most" in method.get("inference", {}):
            method["inference"]["most"] = 4  # steps of the encoder before one of the decoder
    grid = {name: list(params[name]) for name in ("models", "methods")}
    return {
        "grid": {"datasets": ["mnist5k", "kjv"], **grid, "seeds": [0, 1]},
        "datasets": {"mnist5k": image, "kjv": text},
        "models": params["models"],
        "methods": params["methods"],
        "evaluation": params["evaluation"] | {"most": 4, "tsne_points": 50},
        "device": "cpu",
    }


def create(folder: Path, *, epochs: int = 10, **grid: Sequence[Any]) -> None:
    """A folder in which the stages run without DVC; `grid` are entries of it that are not as in `params`."""
    entries = params()
    entries["grid"] |= grid
    for dataset in entries["datasets"].values():
        dataset["training"]["epochs"] = epochs
    (folder / "metrics").mkdir(parents=True)
    shutil.copytree(ROOT / "stages", folder / "stages", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "params.yaml").write_text(yaml.safe_dump(entries, sort_keys=False))


def jobs(entries: dict[str, Any]) -> list[Job]:
    """What is attacked, each after what it needs: every method with a VAE, a combination with ControlVAE
    too, and every model without a method; on text what is of text."""
    models, methods = entries["models"], entries["methods"]
    cells = [f"mnist5k-{model}-plain" for model in models]
    cells += [f"mnist5k-vae-{method}" for method in methods if method != "plain"]
    cells += [f"mnist5k-control_vae-{method}" for method in methods if "+" in method]
    cells += ["kjv-vae-word_dropout", "kjv-vae-bag_of_words", "kjv-control_vae-noise+adversarial"]
    pretrained = [name for name, method in methods.items() if "pretraining" in method]
    measured = [f"mnist5k-vae-{method}" for method in ("plain", "skip", "batch_norm", "skip+aggressive")]
    return [
        *(Job("prepare", name) for name in entries["datasets"]),
        *(Job("pretrain", f"mnist5k-{method}") for method in pretrained),
        *(Job("train", cell) for cell in cells),
        *(Job("evaluate", cell) for cell in (*measured, "kjv-vae-word_dropout")),
    ]


def short(jobs: list[Job]) -> list[Job]:
    """Those that the short form attacks, which has a minute."""
    names = {
        *("prepare mnist5k", "pretrain mnist5k-autoencoder", "train mnist5k-control_vae-skip+aggressive"),
        *("train mnist5k-vae-skip+pretrained", "evaluate mnist5k-vae-skip+aggressive"),
    }
    needed = {"pretrain mnist5k-skip+pretrained", "train mnist5k-vae-skip+aggressive"}
    return [job for job in jobs if " ".join(job) in names | needed]
