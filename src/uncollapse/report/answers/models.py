"""The answer to the question whether models are susceptible to collapse, compared with the VAE."""

from collections.abc import Mapping

from uncollapse.experiment.cells import Cell
from uncollapse.report.answers.answer import (
    Answer,
    Point,
    answer_by_cell,
    describe_scope,
    point_not_shown,
    refuse,
)
from uncollapse.results.effects import Effect, find_effect
from uncollapse.results.evidence import Evidence
from uncollapse.results.numbers import join_words, show_interval
from uncollapse.results.roles import COLLAPSED, INFORMATION
from uncollapse.results.rows import CellMeans, Comparison


def answer_models(evidence: Evidence) -> Answer:
    """Answer with a point for each model and data set."""
    plain, vae = evidence.plain, evidence.vae
    others = [model for model in evidence.models if model != vae]
    verb = "Are" if len(others) > 1 else "Is"
    named = join_words(others) or "ControlVAE"
    question = f"{verb} {named} susceptible to posterior collapse, compared with {vae or 'the VAE'}?"
    if plain is None:
        return refuse(question, "it has no plain method")
    if vae is None:
        return refuse(question, "it has no VAE (a constant KL weight of 1)")
    if not others:
        return refuse(question, "it has no model but the VAE")

    def find(cell: Cell) -> tuple[Point, Effect | None]:
        effect = find_effect(evidence, "model", cell, cell._replace(model=vae))
        if effect is None:
            return point_not_shown(cell.dataset, f"`{cell.model}`, {cell.dataset}"), None
        return describe_model(evidence, effect), effect

    def claim(model: str, found: Mapping[Cell, Effect]) -> str:
        collapse = [effect.collapse for effect in found.values()]
        likelihood = [effect.likelihood for effect in found.values()]
        costs = [effect.cost for effect in found.values()]
        return (
            f"`{model}` collapses less than `{vae}` on {collapse.count(1)} of {len(found)} data sets, more "
            f"on {collapse.count(-1)}; its likelihood is better on {likelihood.count(1)}, worse on "
            f"{likelihood.count(-1)} ({describe_scope(evidence, found, costs)})"
        )

    cells = {model: evidence.cells_of(model=model, method=plain) for model in others}
    return answer_by_cell(evidence, question, cells, find, claim)


def describe_model(evidence: Evidence, effect: Effect) -> Point:
    """Say how a model compares with the VAE, both with the plain method."""
    cell, vae = effect.cell, effect.against.model
    means, base = evidence.means[cell], evidence.means[effect.against]
    statement = f"`{cell.model}`, {cell.dataset}: {effect.judgement}"
    if evidence.seeds > 1:
        seeds = f"{means.collapsed_seeds} of {means.seeds} seeds"
        statement += f"; some dimensions have collapsed in {seeds}"
    share, least, most = 100 * means[COLLAPSED], 100 * means.collapsed_min, 100 * means.collapsed_max
    information = evidence.comparison("model", cell, effect.against, INFORMATION)
    parts = [
        f"{share:.3g} % of its dimensions are ({evidence.eps}, {evidence.delta})-collapsed ({least:.3g} to "
        f"{most:.3g} % over seeds)",
        f"training ends at a KL of {means['train_kl']:.3g} nats (`{vae}`: {base['train_kl']:.3g}) "
        f"and a KL weight (beta) of {means.beta:.2g} (`{vae}`: {base.beta:.2g})",
        f"compared with `{vae}`: {effect.numbers}",
        *describe_information(information, means),
        f"seeds: {effect.nll.seeds}",
    ]
    return Point(cell.dataset, f"{statement}.", f"{'; '.join(parts)}.")


def describe_information(row: Comparison | None, means: CellMeans) -> list[str]:
    """Say what is known of the mutual information, and how much of the KL is something else."""
    if row is None or row.at_cap == "both":
        return ["both estimates of the mutual information are at their cap, so no difference can be shown"]
    if INFORMATION in means.capped:
        return []
    mean, low, high, _ = means.intervals["marginal_kl"]
    marginal = show_interval(mean, low, high, " nats", signed=False)
    return [
        f"of its test KL of {means['kl']:.3g} nats, {marginal} are the KL of q(z) from the prior, and no "
        "information about x"
    ]
