"""Digests of the results of a small but complete grid, to compare before and after a change.

Run this before and after a change that should change no number:

    python benchmarks/same_bytes.py FOLDER [--grid small|nets|full] [--code CHECKOUT]

`full` is every data set that needs no raw files x every model x every method of params.yaml, `nets` the
nets that the default grid leaves out, `small` a part of `full`; two seeds, two epochs each. The stages of
CHECKOUT (this one, or one of an older commit) run in FOLDER as `dvc repro` runs them, but forked from one
process that has imported torch. What lies in FOLDER already is not made again. FOLDER/digests.txt gets a
line for each file; the last line that is printed is the digest of that file.
"""

import argparse
import hashlib
import importlib
import multiprocessing
import os
import runpy
import shutil
import sys
from pathlib import Path
from typing import Any

import yaml

LIBRARIES = ("torch", "pandas", "sklearn.linear_model", "openTSNE", "scipy.optimize")
FILES = [
    "metrics/*.csv",
    "metrics/*.json",
    "data/*/*.npy",
    "pretrained/*/*.safetensors",
    "runs/*/history.csv",
    "runs/*/*.safetensors",
    "metrics/cells/*/*.csv",
    "metrics/cells/*/*.safetensors",
    "metrics/cells/*/*.png",
]
GRIDS = {
    "small": {
        "models": ["vae", "control_vae", "info_vae"],
        "methods": ["plain", "skip+aggressive", "pretrained+adversarial", "noise", "batch_norm"],
    },
    "nets": {"models": ["vae", "free_bits_vae"], "methods": ["plain", "skip"]},
}
PIXELCNN = {"kernels": [3, 5], "channels": 6, "maps": 2, "encoder_channels": 6, "encoder_blocks": 2}
DILATED = {"embedding": 8, "hidden": 16, "channels": 8, "dilations": [1, 2]}
GAUSSIAN = {"use": "gaussian", "variance": 0.1, "learned": True}


def params(code: Path, grid: str) -> dict[str, Any]:
    """params.yaml of `code` with few examples, few epochs and the grid."""
    params = yaml.safe_load((code / "params.yaml").read_text())
    image, text = params["datasets"]["mnist5k"], params["datasets"]["kjv"]
    for entry in (image, text):
        entry["split"] = {"train": 640, "reserve": 320, "valid": 100, "test": 100}
        entry["training"]["epochs"] = 2
    nets = {
        "conv": image | {"net": {"use": "conv", "latents": 6, "channels": 4, "layers": 2}},
        "pixelcnn": image | {"net": {"use": "pixelcnn", "latents": 6, **PIXELCNN}},
        "linear": image | {"net": {"use": "linear", "latents": 6}, "likelihood": GAUSSIAN},
        "dilated": text | {"net": {"use": "dilated_cnn", "latents": 6, **DILATED}},
    }
    params["datasets"] |= nets
    for entry in params["methods"].values():
        if "epochs" in entry.get("pretraining", {}):
            entry["pretraining"] = entry["pretraining"] | {"epochs": 2}
    full = {"models": list(params["models"]), "methods": list(params["methods"])}
    datasets = list(nets) if grid == "nets" else ["mnist5k", "kjv"]
    params["grid"] = {"datasets": datasets, "seeds": [0, 1], **GRIDS.get(grid, full)}
    params["evaluation"] = {"most": 8, "eps": 0.1, "delta": 0.01, "tsne_points": 50}
    return params | {"device": "cpu"}


def stage(script: str, name: str, output: Path) -> None:
    """Run a stage in a process of its own, unless its output is there."""

    def run() -> None:
        sys.argv = [f"stages/{script}.py", *([name] if name else [])]
        sys.path[:0] = [str(Path("stages").resolve()), str(Path("src").resolve())]
        runpy.run_path(sys.argv[0], run_name="__main__")

    if not output.exists():
        process = multiprocessing.get_context("fork").Process(target=run)
        process.start()
        process.join()
        if process.exitcode:
            sys.exit(f"{script} {name}: exit code {process.exitcode}")


def run_grid(grid: dict[str, list[str]]) -> None:
    """All stages of a grid in the current folder."""
    stage("recipes", "", Path("nowhere"))
    stage("calibrate", "", Path("metrics/calibration.csv"))
    for data in grid["datasets"]:
        stage("prepare", data, Path("data", data))
        for method in grid["methods"]:
            stage("pretrain", f"{data}-{method}", Path("pretrained", f"{data}-{method}"))
            for model in grid["models"]:
                cell = f"{data}-{model}-{method}"
                stage("tune", cell, Path("tuned", cell))
                stage("train", cell, Path("runs", cell))
                stage("evaluate", cell, Path("metrics/cells", cell))
    stage("report", "", Path("nowhere"))


def digest(content: bytes) -> str:
    """Return the first 16 hexadecimal digits of the SHA-256."""
    return hashlib.sha256(content).hexdigest()[:16]


def main() -> None:
    """Run the grid and write the digests."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--grid", choices=["small", "nets", "full"], default="small")
    parser.add_argument("--code", type=Path, default=Path(__file__).parent.parent)
    arguments = parser.parse_args()
    code = arguments.code.resolve()
    for library in LIBRARIES:  # Each fork has them and starts at once.
        importlib.import_module(library)
    (arguments.folder / "metrics").mkdir(parents=True, exist_ok=True)
    os.chdir(arguments.folder)
    for name in ("stages", "src"):
        shutil.rmtree(name, ignore_errors=True)
        shutil.copytree(code / name, name)
    entries = params(code, arguments.grid)
    Path("params.yaml").write_text(yaml.safe_dump(entries, sort_keys=False))
    run_grid(entries["grid"])
    files = [file for pattern in FILES for file in sorted(Path().glob(pattern))]
    lines = "".join(f"{digest(file.read_bytes())}  {file}\n" for file in files)
    Path("digests.txt").write_text(lines)
    print(f"{digest(lines.encode())}  of {len(files)} files")


if __name__ == "__main__":
    main()
