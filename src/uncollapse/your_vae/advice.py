"""Advice: what helped against collapse in the studies of this project, on data of a kind."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from uncollapse.experiment.cells import Cell
from uncollapse.results.numbers import describe_work, show_interval
from uncollapse.results.roles import AT_EQUAL_WORK, LIKELIHOOD, UNINFORMATIVE
from uncollapse.results.verdict import Verdict, judge
from uncollapse.your_vae.data_kinds import find_nearest

TABLE = Path(__file__).parent / "advice.csv"  # made by studies/advice.py
ADVISED_MEASURES = {"nll": LIKELIHOOD, "uninformative": UNINFORMATIVE, "equal_work": AT_EQUAL_WORK}
SUFFIXES = ("", "_low", "_high", "_shown")
NUMBER_FIELDS = ("seeds", "work", *(f"{name}{end}" for name in ADVISED_MEASURES for end in SUFFIXES))
FIELDS = ("study", "kind", "question", *Cell._fields, "against_model", "against_method", *NUMBER_FIELDS)


class Difference(NamedTuple):
    """A mean difference to the reference with its 95 % interval, and whether it is beyond chance (1)."""

    mean: float
    low: float
    high: float
    shown: float

    @property
    def direction(self) -> int:
        """The direction that is shown beyond chance: 1 for more, -1 for less, 0 for neither."""
        return int(self.shown) * ((self.mean > 0) - (self.mean < 0))


@dataclass(frozen=True)
class Remedy:
    """A comparison of a method, or a model, with the plain one on a data set.

    The differences are in nll (nats), in the share of dimensions without information, and in the elbo (nats)
    for the work of the plain one, which is None if the first epoch takes more. `work` is a multiple of the
    plain one's. `link` is the table of the numbers, in the repository of this project. `asked` is "" unless
    the advice was asked of another kind of data; then it says which, and why this one is nearest to it.
    """

    name: str
    against: str
    dataset: str
    seeds: int
    nll: Difference
    uninformative: Difference
    equal_work: Difference | None
    work: float
    link: str
    asked: str = ""

    @property
    def verdict(self) -> Verdict:
        """The verdict of `uncollapse.results.verdict`, on what is shown beyond chance.

        A worse nll counts without a correction for many comparisons, so that no remedy is recommended that
        may cost likelihood.
        """
        return judge(
            likelihood=-1 if self.nll.low > 0 else -self.nll.direction,
            collapse=-self.uninformative.direction,
            cost=self.work,
            at_equal_work=self.equal_work.direction if self.equal_work else None,
        ).verdict

    def __str__(self) -> str:
        nll, told, equal = self.nll, self.uninformative, self.equal_work
        ruler = show_interval(*equal[:3], " nats") if equal else "unknown, its first epoch takes more"
        return (
            f"{self.name}, compared with {self.against} on {self.dataset}: {self.verdict}: "
            f"nll {show_interval(*nll[:3], ' nats')}, "
            f"dimensions without information {show_interval(*told[:3], ' points', scale=100.0)}, "
            f"{describe_work(self.work)}; "
            f"elbo at equal work {ruler}; {self.seeds} seeds, {self.link}"
            f"{f' ({self.asked})' if self.asked else ''}"
        )


def advice(kind: str, *, model: str = "vae") -> list[Remedy]:
    """Return what the studies have shown about each remedy for `model`, and about other models.

    What helps comes first. `kind` is that of the data: "images" and "text" were studied; for another kind,
    such as "molecules" or "time series", the nearest of the two answers, and each remedy says so in `asked`.
    Raises ValueError with one line for an unknown kind or model.
    """
    nearest = find_nearest(kind)
    asked = (
        f"asked of {' '.join(kind.split())}; the nearest kind studied is {nearest.studied}: {nearest.reason}"
    )
    with TABLE.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    known = sorted({row["against_model"] for row in rows})
    if model not in known:
        raise ValueError(f"model: should be one of {', '.join(known)}, not {model!r}")
    remedies = []
    for row in rows:
        if row["kind"] != nearest.studied or row["against_model"] != model:
            continue
        number = {name: float(row[name]) for name in NUMBER_FIELDS if row[name]}
        parts: dict[str, Any] = {
            name: Difference(*(number[f"{name}{end}"] for end in SUFFIXES)) if name in number else None
            for name in ADVISED_MEASURES
        }
        of_method = row["question"] == "method"
        remedies.append(
            Remedy(
                name=row["method"] if of_method else row["model"],
                against=f"{row['against_method']} {model}" if of_method else model,
                dataset=row["dataset"],
                seeds=int(number["seeds"]),
                work=number["work"],
                link=f"studies/{row['study']}",
                asked=asked if nearest.reason else "",
                **parts,
            )
        )
    order = list(Verdict)
    return sorted(remedies, key=lambda remedy: (order.index(remedy.verdict), remedy.nll.mean))
