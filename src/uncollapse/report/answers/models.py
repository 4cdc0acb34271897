"""Are ControlVAE and the other models susceptible to posterior collapse, compared with the VAE?"""

from uncollapse.report.answers.answer import NOT_SHOWN, ONE_SEED, Answer, Point, listed, not_shown, summary
from uncollapse.report.evidence import Evidence
from uncollapse.report.numbers import Row, effect, show


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
        directions = []
        for dataset in evidence.datasets:
            collapsed, information, nll = (
                evidence.comparison("model", dataset, model, evidence.plain, evidence.plain, measure)
                for measure in ("collapsed", "mi", "nll")
            )
            if collapsed is None or nll is None:
                points.append(not_shown(dataset, f"`{model}`"))
                continue
            directions.append((evidence.direction(collapsed), evidence.direction(nll)))
            points.append(point(evidence, dataset, model, collapsed, information, nll))
        if directions:
            collapse, likelihood = zip(*directions, strict=True)
            claims.append(
                f"`{model}` collapses less than `{evidence.vae}` on {collapse.count(1)} of "
                f"{len(directions)} data sets, more on {collapse.count(-1)}; its likelihood is better on "
                f"{likelihood.count(1)}, worse on {likelihood.count(-1)}"
            )
    return Answer(question, summary(evidence, claims), points)


def point(
    evidence: Evidence, dataset: str, model: str, collapsed: Row, information: Row | None, nll: Row
) -> Point:
    """How a model compares with the VAE, both with the plain method."""
    means, base = (evidence.means[dataset, name, evidence.plain] for name in (model, evidence.vae))
    verdict = {
        0: f"no difference in collapse to `{evidence.vae}` is shown",
        1: f"collapses less than `{evidence.vae}`",
        -1: f"collapses more than `{evidence.vae}`",
    }[evidence.direction(collapsed)]
    verdict += f"; some dimensions have collapsed in {means['collapsed_seeds']} of {means['seeds']} seeds"
    share, least, most = (100 * means[name] for name in ("collapsed", "collapsed_min", "collapsed_max"))
    parts = [
        f"({evidence.eps}, {evidence.delta})-collapsed are {share:.3g} % of its dimensions ({least:.3g} to "
        f"{most:.3g} % over seeds), {effect(collapsed)} compared with `{evidence.vae}`",
        f"training ends at a KL of {means['train_kl']:.3g} nats (`{evidence.vae}`: {base['train_kl']:.3g}) "
        f"and a KL weight (beta) of {means['beta']:.2g} (`{evidence.vae}`: {base['beta']:.2g})",
        *information_parts(information, means),
    ]
    words = {0: ", no difference shown", 1: ", better", -1: ", worse"}[evidence.direction(nll)]
    words = "" if evidence.seeds < 2 else words
    parts.append(f"nll {effect(nll)}{words}; seeds: {collapsed['seeds']}")
    verdict = ONE_SEED if evidence.seeds < 2 else verdict
    return Point(dataset, f"`{model}`: {verdict}.", f"{'; '.join(parts)}.")


def information_parts(row: Row | None, means: Row) -> list[str]:
    """What is known of the mutual information, and how much of the KL is something else."""
    if row is None or row["at_cap"] == "both":
        return ["both estimates of the mutual information are at their cap, so no difference can be shown"]
    parts = [f"mutual information {effect(row)}"]
    if not means["mi_at_cap"]:
        mean, low, high = (means[f"marginal_kl{end}"] for end in ("", "_low", "_high"))
        marginal = show(mean, low, high, " nats", signed=False)
        parts.append(
            f"of its test KL of {means['kl']:.3g} nats, {marginal} are the KL of q(z) from the prior, and no "
            "information about x"
        )
    return parts
