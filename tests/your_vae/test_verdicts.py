"""The table of verdicts finds those that contradict the decoder, and no others."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from made_rows import measures
from safetensors.torch import save_file
from verdicts import main, read_runs

COUNT = 500


def write_cell(folder: Path, name: str, scale: float, **reads: float) -> None:
    """Write the measures and latents of a cell with one seed, whose means vary by `scale`."""
    cell = folder / "metrics/cells" / name
    cell.mkdir(parents=True)
    row = measures(0, 90.0, 0.0, labels=True, aggressive=False)
    errors = {"reads_standard_error": 0.01, "reads_prior_standard_error": 0.01}
    pd.DataFrame([{**row, "reads_prior": 0.0, **errors, **reads}]).to_csv(cell / "measures.csv", index=False)
    noise = torch.from_numpy(np.random.default_rng(0).normal(size=(COUNT, 2)))
    variance = 1 - scale**2
    latents = {"mu": scale * noise, "logvar": torch.full_like(noise, variance).log()}
    save_file(latents, cell / "latents-0.safetensors")


@pytest.mark.parametrize(
    ("scale", "reads", "verdict", "contradiction"),
    [
        (0.0, 0.0, "collapsed", False),
        (0.0, 30.0, "collapsed", True),
        (0.0, 0.16, "collapsed", False),
        (0.9, 8.0, "healthy", False),
        (0.9, 0.01, "healthy", True),
    ],
)
def test_a_verdict_is_held_against_the_decoder(
    tmp_path: Path,
    scale: float,
    reads: float,
    verdict: str,
    contradiction: bool,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_cell(tmp_path, "toy-vae-plain", scale, reads=reads)
    [run] = read_runs(tmp_path)
    assert run.diagnosis.verdict.startswith(verdict)
    assert run.reads.other == reads
    assert run.reads.other_high - reads == pytest.approx(0.01 * 1.965, rel=0.01)
    assert run.contradiction is contradiction
    assert main(tmp_path) == contradiction
    printed = capsys.readouterr().out
    assert f"| toy-vae-plain | 0 | {run.diagnosis.verdict} |" in printed
    assert f"{int(contradiction)} contradictions in 1 runs" in printed
    assert ("**yes**" in printed) is contradiction


def test_a_wide_interval_contradicts_nothing(tmp_path: Path) -> None:
    write_cell(tmp_path, "toy-vae-plain", 0.9, reads=0.1, reads_standard_error=3.0)
    write_cell(tmp_path, "toy-vae-skip", 0.0, reads=2.0, reads_standard_error=3.0)
    assert [run.contradiction for run in read_runs(tmp_path)] == [False, False]
