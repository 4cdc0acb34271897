"""The verdicts of `diagnose` beside what the decoder reads: `python benchmarks/verdicts.py [FOLDER]`.

FOLDER is one in which the pipeline has run. A row stands for each cell and seed, with the KL, the mutual
information and `reads` on the test set. A verdict contradicts the decoder if it says `collapsed` although the
decoder reads z, or `healthy` although it does not.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pandas as pd
from safetensors.numpy import load_file

import uncollapse
from uncollapse.measures.reads import LostNats
from uncollapse.pipeline.paths import LATENTS, MEASURES, METRICS, name_for_seed
from uncollapse.your_vae.decoder.decoder_use import Reads
from uncollapse.your_vae.latents.diagnosis import Diagnosis
from uncollapse.your_vae.reads import find_interval

CONTRADICTIONS = (("collapsed", "reads"), ("healthy", "does not read"))


class JudgedRun(NamedTuple):
    """What is known of a run: the diagnosis of its q(z|x), and what its decoder reads."""

    cell: str
    seed: int
    diagnosis: Diagnosis
    reads: Reads

    @property
    def contradiction(self) -> bool:
        """Whether the verdict says something else than the decoder."""
        return any(
            self.diagnosis.verdict.startswith(verdict) and self.reads.answer == answer
            for verdict, answer in CONTRADICTIONS
        )


def read_runs(folder: Path) -> Iterator[JudgedRun]:
    """Yield every run that was measured in a folder of the pipeline."""
    for file in sorted((folder / METRICS / "cells").glob(f"*/{MEASURES}")):
        for row in pd.read_csv(file).to_dict("records"):
            seed = int(row["seed"])
            diagnosis = uncollapse.diagnose(**load_file(file.parent / name_for_seed(LATENTS, seed)))
            yield JudgedRun(file.parent.name, seed, diagnosis, make_reads(row, diagnosis.n))


def make_reads(row: dict[str, float], count: int) -> Reads:
    """Return the result of `reads` from a row of measures over `count` examples."""
    other = LostNats(row["reads"], row["reads_standard_error"])
    prior = LostNats(row["reads_prior"], row["reads_prior_standard_error"])
    return Reads(
        count,
        row["reconstruction"],
        other.nats,
        *find_interval(other, count),
        prior.nats,
        *find_interval(prior, count),
    )


def describe_run(run: JudgedRun) -> str:
    """Return the row of a run in Markdown."""
    diagnosis, reads = run.diagnosis, run.reads
    lost = f"{reads.other:.2f} [{reads.other_low:.2f}, {reads.other_high:.2f}]"
    numbers = f"{diagnosis.kl:.2f} | {diagnosis.mi:.2f} | {lost} | {reads.prior:.2f}"
    mark = "**yes**" if run.contradiction else ""
    return f"| {run.cell} | {run.seed} | {diagnosis.verdict} | {numbers} | {reads.answer} | {mark} |"


def main(folder: Path) -> int:
    """Print the table and the number of contradictions, and return that number."""
    runs = list(read_runs(folder))
    print("| cell | seed | verdict | kl | mi | reads [95 %] | with the prior | decoder | contradiction |")
    print("|---|---|---|---|---|---|---|---|---|")
    for run in runs:
        print(describe_run(run))
    contradictions = sum(run.contradiction for run in runs)
    print(f"\n{contradictions} contradictions in {len(runs)} runs")
    return contradictions


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else ".")) > 0)
