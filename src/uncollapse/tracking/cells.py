"""The run of a cell, in which the runs of its seeds are nested: means, differences to plain, the verdict.

The numbers come from `results`, as those of the report do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from uncollapse.experiment.cells import Cell
from uncollapse.experiment.recipe import fingerprint
from uncollapse.measures import list_columns
from uncollapse.pipeline.watching.times import Span
from uncollapse.results.effects import find_effect
from uncollapse.results.evidence import Evidence
from uncollapse.results.gather import gather_results
from uncollapse.results.means import list_averaged
from uncollapse.results.roles import CONVERGED
from uncollapse.tracking.run import Points, Run
from uncollapse.tracking.seeds import make_diverged_runs, make_tags

INTERVAL_ENDS = ("low", "high")  # of an interval


def nest_in_cells(finished: Mapping[Cell, Sequence[Run]]) -> list[Run]:
    """Nest the runs of seeds in a run for each cell, which comes before them.

    Seeds that diverged have runs too, but are in none of the numbers of their cell.
    """
    if not finished:
        return []
    evidence, runs = Evidence(gather_results()), list[Run]()
    for cell, seeds in finished.items():
        run = make_cell_run(evidence, cell, seeds, finished.get(cell._replace(method=evidence.plain), ()))
        runs += [run, *(replace(seed, parent=run.key) for seed in [*seeds, *make_diverged_runs(cell)])]
    return runs


def make_cell_run(evidence: Evidence, cell: Cell, seeds: Sequence[Run], plain: Sequence[Run]) -> Run:
    """Make the run of a cell; its key is made of the keys of all runs that its numbers are made of."""
    means = evidence.means[cell]
    effect = find_effect(evidence, "method", cell, cell._replace(method=evidence.plain or ""))
    tags = {**make_tags(cell, "cell", "report"), "seeds": str(len(seeds))}
    gone = evidence.diverging(cell)
    # The mean is a share of the seeds that were measured.
    tags["converged"] = "true" if means[CONVERGED] == 1 and not gone else "false"
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
        points=make_points(evidence, cell),
        span=join_spans([run.span for run in seeds]),
    )


def make_points(evidence: Evidence, cell: Cell) -> Points:
    """Make the points of a cell: means over seeds and differences to plain, with their intervals."""
    means, numbers = evidence.means[cell], dict[str, float]()
    for name, measure in list_averaged().items():
        numbers[f"test/{name}"] = means[name]
        if measure.compared:
            numbers |= {f"test/{name}/{end}": getattr(means.intervals[name], end) for end in INTERVAL_ENDS}
    numbers["cost"] = means.cost
    for name in list_columns():
        row = evidence.against_plain(cell, name)
        if row is not None and row.at_cap != "both":
            numbers[f"difference/{name}"] = row.difference
            numbers |= {f"difference/{name}/{end}": getattr(row, end) for end in INTERVAL_ENDS}
    return {name: {0: float(number)} for name, number in numbers.items()}


def join_spans(spans: Sequence[Span | None]) -> Span | None:
    """Join spans to one from the first start to the last end; None where one is not known."""
    known = [one for one in spans if one]
    ends = [end for _, end in known if end]
    whole = len(ends) == len(spans)
    return (min(start for start, _ in known), max(ends)) if whole else None
