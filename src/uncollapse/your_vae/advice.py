"""What helped against collapse in the studies of this project, on data of a kind."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

from uncollapse.experiment.cells import Cell
from uncollapse.results.numbers import show, times
from uncollapse.results.verdict import Verdict, judge

TABLE = Path(__file__).parent / "advice.csv"  # made by studies/advice.py
MEASURES = {"nll": "nll", "uninformative": "uninformative", "equal_work": "elbo_at_equal_work"}
ENDS = ("", "_low", "_high", "_shown")
NUMBERS = ("seeds", "work", *(f"{name}{end}" for name in MEASURES for end in ENDS))
FIELDS = ("study", "kind", "question", *Cell._fields, "against_model", "against_method", *NUMBERS)


class Difference(NamedTuple):
    """A mean difference to the reference with its 95 % interval, and whether it is beyond chance (1)."""

    mean: float
    low: float
    high: float
    shown: float

    @property
    def direction(self) -> int:
        """1 and -1 for what is shown to be more or less, else 0."""
        return int(self.shown) * ((self.mean > 0) - (self.mean < 0))


@dataclass(frozen=True)
class Remedy:
    """How a method, or a model, compares with the plain one: nll (nats), the share of dimensions without
    information, the elbo (nats) for the plain one's work, None if its first epoch took more, and the work
    itself as a multiple.

    `link` is the table that it is from, in the repository of this project.
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

    @property
    def verdict(self) -> Verdict:
        """What is shown, beyond chance, see `uncollapse.results.verdict`. An nll that is worse counts without
        a correction for many comparisons, lest a remedy be recommended that may cost it."""
        return judge(
            likelihood=-1 if self.nll.low > 0 else -self.nll.direction,
            collapse=-self.uninformative.direction,
            cost=self.work,
            at_equal_work=self.equal_work.direction if self.equal_work else None,
        ).verdict

    def __str__(self) -> str:
        nll, told, equal = self.nll, self.uninformative, self.equal_work
        ruler = show(*equal[:3], " nats") if equal else "unknown, its first epoch takes more"
        return (
            f"{self.name}, compared with {self.against} on {self.dataset}: {self.verdict}: "
            f"nll {show(*nll[:3], ' nats')}, "
            f"dimensions without information {show(*told[:3], ' points', scale=100.0)}, {times(self.work)}; "
            f"elbo at equal work {ruler}; {self.seeds} seeds, {self.link}"
        )


def advice(kind: Literal["images", "text"], *, model: str = "vae") -> list[Remedy]:
    """What the studies have shown of each remedy for `model`, and of other models, on data of a kind: those
    that help first. Raises ValueError with one line for another kind or model."""
    with TABLE.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    for name, value, key in (("kind", kind, "kind"), ("model", model, "against_model")):
        known = sorted({row[key] for row in rows})
        if value not in known:
            raise ValueError(f"{name}: should be one of {', '.join(known)}, not {value!r}")
    remedies = []
    for row in rows:
        if row["kind"] != kind or row["against_model"] != model:
            continue
        number = {name: float(row[name]) for name in NUMBERS if row[name]}
        parts: dict[str, Any] = {
            name: Difference(*(number[f"{name}{end}"] for end in ENDS)) if name in number else None
            for name in MEASURES
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
                **parts,
            )
        )
    order = list(Verdict)
    return sorted(remedies, key=lambda remedy: (order.index(remedy.verdict), remedy.nll.mean))
