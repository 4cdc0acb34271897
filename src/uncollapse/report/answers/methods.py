"""What does each method do to each model, and at what cost?"""

from typing import NamedTuple

from uncollapse.report.answers.answer import NOT_SHOWN, ONE_SEED, Answer, Point, not_shown, summary
from uncollapse.report.evidence import Evidence
from uncollapse.report.numbers import effect

QUESTION = "What does each method do to each model, and at what cost?"
COLLAPSE = {1: "less collapse", -1: "more collapse"}
INFORMATION = {1: "more information", -1: "less information"}
LIKELIHOOD = {1: "better likelihood", -1: "worse likelihood", 0: "no difference in likelihood shown"}


AT_EQUAL_WORK = {1: "better", -1: "worse", 0: "no difference shown"}


class Effect(NamedTuple):
    """What a method does to a model: 1 is better, -1 is worse, 0 is no difference shown; at equal work None,
    if that was not measured; whether all runs have converged; and the numbers."""

    collapse: int
    information: int
    likelihood: int
    at_equal_work: int | None
    converged: bool
    evidence: str

    @property
    def less_collapse(self) -> bool:
        """Whether there is less collapse or more information, and the other of the two is not worse."""
        return max(self.collapse, self.information) > 0 <= min(self.collapse, self.information)


def methods(evidence: Evidence) -> Answer:
    """The answer, with a point for each method, data set and model."""
    others = [method for method in evidence.methods if method != evidence.plain]
    if evidence.plain is None or not others:
        needed = "plain method" if evidence.plain is None else "method but the plain one"
        return Answer(QUESTION, f"{NOT_SHOWN}: it has no {needed}.", [])
    points, claims = [], []
    for method in others:
        effects = []
        for dataset in evidence.datasets:
            for model in evidence.models:
                name, result = f"`{method}` on `{model}`", effect_of(evidence, dataset, model, method)
                if result is None:
                    points.append(not_shown(dataset, name, method))
                    continue
                effects.append(result)
                words = verdict(result, evidence.seeds)
                points.append(Point(dataset, f"{name}: {words}.", f"{result.evidence}.", method))
        if effects:
            better = sum(result.likelihood > 0 for result in effects)
            kept = sum(result.less_collapse for result in effects)
            claims.append(
                f"`{method}` improves the likelihood in {better} of {len(effects)} comparisons and reduces "
                f"collapse in {kept}"
            )
    return Answer(QUESTION, summary(evidence, claims), points)


def effect_of(evidence: Evidence, dataset: str, model: str, method: str) -> Effect | None:
    """What a method does to a model, compared with the plain method; None if a cell is missing."""
    collapsed, information, nll, equal = (
        evidence.comparison("method", dataset, model, method, evidence.plain, measure)
        for measure in ("collapsed", "mi", "nll", "elbo_at_equal_work")
    )
    if nll is None or collapsed is None:
        return None
    parts = [f"nll {effect(nll)}", f"collapsed dimensions {effect(collapsed)}"]
    if information is not None and information["at_cap"] != "both":
        parts.append(f"mi {effect(information)}")
    cost = evidence.means[dataset, model, method]["cost"]
    parts.append("as much work" if f"{cost:.2g}" == "1" else f"{cost:.2g} times the work")
    if equal is not None:
        parts.append(f"validation elbo at equal work {effect(equal)}")
    directions = (evidence.direction(row) for row in (collapsed, information, nll))
    cells = [(dataset, model, name) for name in (method, evidence.plain)]
    return Effect(
        *directions,
        at_equal_work=None if equal is None else evidence.direction(equal),
        converged=all(evidence.means[cell]["converged"] == 1 for cell in cells),
        evidence=", ".join(parts),
    )


def verdict(effect: Effect, seeds: int) -> str:
    """What is shown, in words, on both rulers. A remedy reduces collapse and does not lose likelihood."""
    if seeds < 2:
        return ONE_SEED
    words = [as_trained(effect)]
    if effect.at_equal_work is not None:
        words.append(f"at equal work: {AT_EQUAL_WORK[effect.at_equal_work]}")
    return "; ".join([*words, *([] if effect.converged else ["not converged"])])


def as_trained(effect: Effect) -> str:
    """What is shown at the end of training."""
    if not any(effect[:3]):
        return "no effect shown"
    latents = [COLLAPSE.get(effect.collapse), INFORMATION.get(effect.information)]
    shown = [words for words in latents if words] or ["no difference in collapse shown"]
    lead = {1: "a remedy: ", -1: "no remedy: ", 0: ""}[effect.likelihood] if effect.less_collapse else ""
    return f"{lead}{', '.join([*shown, LIKELIHOOD[effect.likelihood]])}"
