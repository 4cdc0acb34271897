"""The run of a cell, in which the runs of its seeds are nested: means, differences to plain, the verdict.

They are made by the code that makes the report, so they are what it says.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from uncollapse.experiment.cells import Cell
from uncollapse.experiment.recipe import fingerprint
from uncollapse.measures import list_columns
from uncollapse.pipeline.watching.times import Span
from uncollapse.results.effects import effect_of
from uncollapse.results.evidence import Evidence
from uncollapse.results.gather import gather
from uncollapse.results.means import measured
from uncollapse.tracking.gather import diverged_runs, tags_of
from uncollapse.tracking.run import Points, Run

ENDS = ("low", "high")  # of an interval


def with_cells(finished: Mapping[Cell, Sequence[Run]]) -> list[Run]:
    """The runs of all seeds of the cells, nested in a run for each cell, which comes before them; also of
    those that diverged, which are in none of its numbers."""
    if not finished:
        return []
    evidence, runs = Evidence(gather()), list[Run]()
    for cell, seeds in finished.items():
        run = cell_run(evidence, cell, seeds, finished.get(cell._replace(method=evidence.plain), ()))
        runs += [run, *(replace(seed, parent=run.key) for seed in [*seeds, *diverged_runs(cell)])]
    return runs


def cell_run(evidence: Evidence, cell: Cell, seeds: Sequence[Run], plain: Sequence[Run]) -> Run:
    """The run of a cell. Its key is made of the keys of all runs that its numbers are made of."""
    means = evidence.means[cell]
    effect = effect_of(evidence, "method", cell, cell._replace(method=evidence.plain or ""))
    tags = {**tags_of(cell, "cell", "report"), "seeds": str(len(seeds))}
    gone = evidence.diverging(cell)
    # the mean is a share of the seeds that were measured
    tags["converged"] = "true" if means["converged"] == 1 and not gone else "false"
    if gone:
        tags["diverged"] = str(gone)
    if effect:
        tags["verdict"], tags["shown"] = effect.judgement.verdict.value, effect.judgement.behind
    first = seeds[0]
    return Run(
        experiment=first.experiment,
        name=str(cell),
        key=fingerprint({"runs": [[run.key for run in runs] for runs in (seeds, plain)]}),
        tags=tags,
        params={name: value for name, value in first.params.items() if name != "seed"},
        data=first.data,
        points=points(evidence, cell),
        span=span([run.span for run in seeds]),
    )


def points(evidence: Evidence, cell: Cell) -> Points:
    """Means over the seeds and differences to plain; intervals of what is compared."""
    means, numbers = evidence.means[cell], dict[str, float]()
    for name, measure in measured().items():
        numbers[f"test/{name}"] = means[name]
        if measure.compared:
            numbers |= {f"test/{name}/{end}": means[f"{name}_{end}"] for end in ENDS}
    numbers["cost"] = means["cost"]
    for name in list_columns():
        row = evidence.against_plain(cell, name)
        if row is not None and row["at_cap"] != "both":
            numbers[f"difference/{name}"] = row["difference"]
            numbers |= {f"difference/{name}/{end}": row[end] for end in ENDS}
    return {name: {0: float(number)} for name, number in numbers.items()}


def span(spans: Sequence[Span | None]) -> Span | None:
    """From the first start to the last end; None where one is not known."""
    known = [one for one in spans if one]
    ends = [end for _, end in known if end]
    whole = len(ends) == len(spans)
    return (min(start for start, _ in known), max(ends)) if whole else None
