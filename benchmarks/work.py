"""The relation of work and time on this machine: after `make repro`, a line for each cell trained in it.

Work is that of metrics/summary.csv, pretraining included. Time is that of .work, where the seeds of a cell
took turns on the cores.
"""

import pandas as pd

from uncollapse.pipeline.paths import SECONDS, SUMMARY
from uncollapse.pipeline.pool import count_cores


def table() -> pd.DataFrame:
    """Return a row for each cell: GFLOP and core seconds per seed, and GFLOP per second."""
    summary, seconds = pd.read_csv(SUMMARY), pd.read_csv(SECONDS)
    summary["cell"] = summary["dataset"] + "-" + summary["model"] + "-" + summary["method"]
    work = summary.groupby("cell", sort=False)["gflops"].mean().rename("gflop")
    last = seconds[seconds["stage"] == "train"].drop_duplicates("name", keep="last").set_index("name")
    rounds = (last["seeds"] / count_cores()).apply(lambda number: -(-number // 1))  # rounded up
    found = pd.concat([work, (last["seconds"] / rounds).rename("seconds")], axis=1, join="inner")
    return found.assign(rate=found["gflop"] / found["seconds"])


def main() -> None:
    """Print it in Markdown."""
    print("| cell | GFLOP | seconds | GFLOP/s |\n|---|---|---|---|")
    for cell, row in table().iterrows():
        print(f"| {cell} | {row['gflop']:,.0f} | {row['seconds']:.1f} | {row['rate']:.1f} |")


if __name__ == "__main__":
    main()
