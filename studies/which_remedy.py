"""Print the README's table of remedies from the comparisons of all studies: `python studies/which_remedy.py`.

A row is a remedy and a column a kind of data. A comparison sets a remedy beside the same model without it
(annealing and ControlVAE: beside the VAE) on one data set, trained to the end with three seeds or more. A
cell counts the comparisons whose negative log-likelihood is shown, beyond chance, to be better or worse. It
gives the range of these differences and, in brackets, the outer ends of their 95 % intervals.
"""

from pathlib import Path

import pandas as pd

from uncollapse.your_vae.advice import TABLE

STUDIES = Path(__file__).parent
REMEDIES = {  # A row of the table has these entries of params.yaml.
    "Anneal the KL weight (`annealed_vae`)": ["annealed_vae"],
    "Skip connections (`skip`)": ["skip"],
    "ControlVAE (`control_vae`)": ["control_vae"],
    "Train the encoder ahead (`aggressive`)": ["aggressive"],
    "Adversarial training (`adversarial`, `noise+adversarial`)": ["adversarial", "noise+adversarial"],
}
PRETRAINING = ["pretrained", "autoencoder"]
COLLAPSING = "Pictures whose plain VAE collapses in part"
HEALTHY = "Pictures whose plain VAE does not collapse"
TEXT = "Sentences"
FEWEST_SEEDS = 3
COLLAPSED_SHARE = 0.1  # A data set collapses when this share of dimensions carries no information.
BETTER = {"nll": -1, "uninformative": -1, "equal_work": 1}  # The sign of a good difference.


def read_comparisons() -> pd.DataFrame:
    """Return the comparisons of `uncollapse.advice`, each with its `remedy` and its `column`."""
    table = pd.read_csv(TABLE)
    table = table[table["seeds"] >= FEWEST_SEEDS]
    collapsing = find_collapsing()
    remedy = table["method"].where(table["question"] == "method", table["model"])
    column = table["dataset"].map(lambda name: COLLAPSING if name in collapsing else HEALTHY)
    return table.assign(remedy=remedy, column=column.where(table["kind"] == "images", TEXT))


def find_collapsing() -> set[str]:
    """Return the data sets on which the plain VAE leaves dimensions without information."""
    summaries = pd.concat(pd.read_csv(file) for file in STUDIES.glob("*/summary.csv"))
    plain = summaries[(summaries["model"] == "vae") & (summaries["method"] == "plain")]
    shares = plain.groupby("dataset")["uninformative"].mean()
    return set(shares.index[shares >= COLLAPSED_SHARE])


def select_shown(rows: pd.DataFrame, measure: str, *, better: bool) -> pd.DataFrame:
    """Return the rows in which a measure is shown, beyond chance, to be better (or else worse)."""
    sign = BETTER[measure] if better else -BETTER[measure]
    return rows[(rows[f"{measure}_shown"] == 1) & (sign * rows[measure] > 0)]


def describe_likelihood(rows: pd.DataFrame) -> str:
    """Return in how many comparisons the likelihood is better or worse, and by how much."""
    parts = []
    for word, better in (("better", True), ("worse", False)):
        shown = select_shown(rows, "nll", better=better)
        if len(shown):
            sizes, ends = shown["nll"].abs(), shown[["nll_low", "nll_high"]].abs()
            outer = f"[{round_number(ends.min(axis=None))}, {round_number(ends.max(axis=None))}]"
            parts.append(f"**{len(shown)}/{len(rows)} {word}**<br>{join_ends(sizes)} nats<br>{outer}")
    return "<br>".join(parts) or ("nll: nothing shown" if len(rows) else "no data")


def describe_information(rows: pd.DataFrame) -> str:
    """Return in how many comparisons more dimensions, or fewer, carry information."""
    parts = []
    for word, better in (("more", True), ("less", False)):
        shown = select_shown(rows, "uninformative", better=better)
        if len(shown):
            parts.append(f"<br>z tells {word}: {len(shown)}")
    return "".join(parts)


def describe_work(rows: pd.DataFrame) -> str:
    """Return the work as multiples of the plain method's, and what is shown at equal work."""
    known = rows.dropna(subset="equal_work")
    parts = []
    for word, better in (("better", True), ("worse", False)):
        shown = select_shown(known, "equal_work", better=better)
        if len(shown):
            parts.append(f"{len(shown)}/{len(known)} {word}")
    return f"{join_ends(rows['work'])} | {', '.join(parts) or 'nothing shown'}"


def join_ends(numbers: pd.Series) -> str:
    """Return the range of positive numbers, such as "4.7–12", or the one number that there is."""
    ends = [round_number(numbers.min()), round_number(numbers.max())]
    return ends[0] if ends[0] == ends[1] else "–".join(ends)


def round_number(number: float) -> str:
    """Return a number with two significant digits, from 100 on as an integer."""
    return f"{number:.0f}" if number >= 100 else f"{number:.2g}"


def list_datasets(comparisons: pd.DataFrame, column: str) -> str:
    """Return the data sets of a column of the table in alphabetical order."""
    names = comparisons.loc[comparisons["column"] == column, "dataset"].unique()
    return ", ".join(f"`{name}`" for name in sorted(names))


def make_table() -> str:
    """Return the table, and the sentence below it, in Markdown."""
    comparisons = read_comparisons()
    columns = [COLLAPSING, HEALTHY, TEXT]
    heads = [f"{column}: {list_datasets(comparisons, column)}" for column in columns]
    lines = [
        f"| Remedy | {' | '.join(heads)} | Work (plain = 1) | At equal work (ELBO) |",
        "|---" * (len(heads) + 3) + "|",
    ]
    for name, entries in REMEDIES.items():
        rows = comparisons[comparisons["remedy"].isin(entries)]
        groups = [rows[rows["column"] == column] for column in columns]
        cells = [describe_likelihood(group) + describe_information(group) for group in groups]
        lines.append(f"| {' | '.join([name, *cells, describe_work(rows)])} |")
    rest = comparisons[comparisons["remedy"].isin(PRETRAINING)]
    better = len(select_shown(rest, "nll", better=True))
    worse = len(select_shown(rest, "nll", better=False))
    names = ", ".join(f"`{name}`" for name in PRETRAINING)
    lines += [
        "",
        f"A pretrained encoder ({names}) is better in {better} of {len(rest)} comparisons, worse in {worse}.",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(make_table(), end="")
