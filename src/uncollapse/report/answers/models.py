"""Are ControlVAE and the other models susceptible to posterior collapse, compared with the VAE?"""

from uncollapse.experiment.cells import Cell
from uncollapse.report.answers.answer import (
    NOT_SHOWN,
    Answer,
    Point,
    not_shown,
    scope,
    summary,
)
from uncollapse.results.effects import Effect, effect_of
from uncollapse.results.evidence import Evidence
from uncollapse.results.numbers import Row, listed, show


def models(evidence: Evidence) -> Answer:
    """The answer, with a point for each model and data set."""
    others = [model for model in evidence.models if model != evidence.vae]
    question = (
        f"{'Are' if len(others) > 1 else 'Is'} {listed(others) or 'ControlVAE'} susceptible to posterior "
        f"collapse, compared with {evidence.vae or 'the VAE'}?"
    )
    lacks = [
        (evidence.plain is None, "plain method"),
        (evidence.vae is None, "VAE (a constant KL weight of 1)"),
        (not others, "model but the VAE"),
    ]
    for lacking, what in lacks:
        if lacking:
            return Answer(question, f"{NOT_SHOWN}: it has no {what}.", [])
    points, claims = [], []
    for model in others:
        effects: dict[Cell, Effect] = {}
        for dataset in evidence.datasets:
            cell = Cell(dataset, model, evidence.plain)
            result = effect_of(evidence, "model", cell, cell._replace(model=evidence.vae))
            if result is None:
                points.append(not_shown(dataset, f"`{model}`, {dataset}"))
                continue
            effects[cell] = result
            points.append(point(evidence, cell, result))
        if effects:
            collapse = [result.collapse for result in effects.values()]
            likelihood = [result.likelihood for result in effects.values()]
            costs = [result.cost for result in effects.values()]
            claims.append(
                f"`{model}` collapses less than `{evidence.vae}` on {collapse.count(1)} of "
                f"{len(effects)} data sets, more on {collapse.count(-1)}; its likelihood is better on "
                f"{likelihood.count(1)}, worse on {likelihood.count(-1)} ({scope(evidence, effects, costs)})"
            )
    return Answer(question, summary(evidence, claims), points)


def point(evidence: Evidence, cell: Cell, result: Effect) -> Point:
    """How a model compares with the VAE, both with the plain method."""
    means, base = evidence.means[cell], evidence.means[cell._replace(model=evidence.vae or "")]
    verdict = str(result.judgement)
    if evidence.seeds > 1:
        seeds = f"{means['collapsed_seeds']} of {means['seeds']} seeds"
        verdict += f"; some dimensions have collapsed in {seeds}"
    share, least, most = (100 * means[name] for name in ("collapsed", "collapsed_min", "collapsed_max"))
    information = evidence.comparison("model", cell, cell._replace(model=evidence.vae or ""), "mi")
    parts = [
        f"({evidence.eps}, {evidence.delta})-collapsed are {share:.3g} % of its dimensions ({least:.3g} to "
        f"{most:.3g} % over seeds)",
        f"training ends at a KL of {means['train_kl']:.3g} nats (`{evidence.vae}`: {base['train_kl']:.3g}) "
        f"and a KL weight (beta) of {means['beta']:.2g} (`{evidence.vae}`: {base['beta']:.2g})",
        f"compared with `{evidence.vae}`: {result.evidence}",
        *information_parts(information, means),
        f"seeds: {result.nll['seeds']}",
    ]
    return Point(cell.dataset, f"`{cell.model}`, {cell.dataset}: {verdict}.", f"{'; '.join(parts)}.")


def information_parts(row: Row | None, means: Row) -> list[str]:
    """What is known of the mutual information, and how much of the KL is something else."""
    if row is None or row["at_cap"] == "both":
        return ["both estimates of the mutual information are at their cap, so no difference can be shown"]
    if means["mi_at_cap"]:
        return []
    mean, low, high = (means[f"marginal_kl{end}"] for end in ("", "_low", "_high"))
    marginal = show(mean, low, high, " nats", signed=False)
    return [
        f"of its test KL of {means['kl']:.3g} nats, {marginal} are the KL of q(z) from the prior, and no "
        "information about x"
    ]
