"""The three answers of the report, in sentences made from the numbers: no claim without its interval, and none that is not beyond chance."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import pandas as pd

from uncollapse.report.evidence import Evidence, effect, judge, show, verdict

NOT_SHOWN = "**Not shown by this grid**"
ONE_SEED = "no interval can be given with one seed"


class Point(NamedTuple):
    """What is found on one data set: the verdict and the comparisons that carry it, as Markdown; the method that it is about."""

    dataset: str
    verdict: str
    evidence: str
    method: str | None = None


class Answer(NamedTuple):
    """A question, its answer in a sentence, and the points behind it."""

    question: str
    short: str
    points: list[Point]


def several(items: list[str]) -> str:
    """a, b and c."""
    return " and ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)


def summed(found: Evidence, told: list[str]) -> str:
    """The answer in a sentence: of what could be judged, if anything could."""
    if not told:
        return f"{NOT_SHOWN}: cells that it needs are missing."
    return (
        "With one seed nothing is shown to be beyond chance."
        if found.seeds < 2
        else f"Beyond chance: {'; '.join(told)}."
    )


def missing(dataset: str, what: str, method: str | None = None) -> Point:
    """The point where a comparison cannot be made."""
    return Point(dataset, f"{what}: not shown by this grid.", "A cell is missing.", method)


def models(found: Evidence) -> Answer:
    """Is ControlVAE, or any other model, susceptible to posterior collapse, compared with the VAE?"""
    others = [model for model in found.models if model != found.vae]
    question = f"{'Are' if len(others) > 1 else 'Is'} {several(others) or 'ControlVAE'} susceptible to posterior collapse, compared with {found.vae or 'the VAE'}?"
    if found.vae is None or found.plain is None or not others:
        wanted = (
            "plain method"
            if found.plain is None
            else "VAE (a price of the KL of 1)"
            if found.vae is None
            else "other model than the VAE"
        )
        return Answer(question, f"{NOT_SHOWN}: it has no {wanted}.", [])
    points, told = [], []
    for model in others:
        judged = []
        for dataset in found.datasets:
            said = susceptible(found, dataset, model)
            judged += [said[0]] if said else []
            points.append(Point(dataset, *said[1:]) if said else missing(dataset, f"`{model}`"))
        if judged:
            (less, more), (better, worse) = (
                [signs.count(sign) for sign in (1, -1)] for signs in zip(*judged, strict=True)
            )
            told.append(
                f"`{model}` collapses less than `{found.vae}` on {less} of {len(judged)} data sets, more on {more}; its likelihood is better on {better}, worse on {worse}"
            )  # fmt: skip
    return Answer(question, summed(found, told), points)


def susceptible(found: Evidence, dataset: str, model: str) -> tuple[tuple[int, int], str, str] | None:
    """How a model compares with the VAE in collapse and in likelihood, the verdict and its evidence; None where a cell is missing."""
    plain = found.plain
    collapsed, mi, nll = (
        found.find("model", dataset, model, plain, plain, what) for what in ("collapsed", "mi", "nll")
    )
    if collapsed is None or nll is None:
        return None
    cell, base = (found.cells[dataset, name, plain] for name in (model, found.vae))
    sign, fit = found.signs(collapsed, nll)
    compared = (
        f"no difference in collapse to `{found.vae}` is shown"
        if sign == 0
        else f"collapses {'less' if sign > 0 else 'more'} than `{found.vae}`"
    )
    hit = int(cell["collapsed_seeds"])
    said = f"{compared}; some of its dimensions have collapsed in {hit} of {cell['seeds']} seeds"
    told = [
        f"({found.eps}, {found.delta})-collapsed are {100 * cell['collapsed']:.3g} % of its dimensions ({100 * cell['collapsed_min']:.3g} to {100 * cell['collapsed_max']:.3g} %), {effect(collapsed)} compared with `{found.vae}`",
        f"in training it ends at a KL of {cell['train_kl']:.3g} nats at a price of {cell['beta']:.2g}, `{found.vae}` at {base['train_kl']:.3g} nats at {base['beta']:.2g}",
    ]  # fmt: skip
    if mi is not None and mi["at_cap"] != "both":
        lost = show(
            cell["marginal_kl"], cell["marginal_kl_low"], cell["marginal_kl_high"], " nats", signed=False
        )
        told.append(f"mutual information {effect(mi)}")
        if not cell["mi_at_cap"]:
            told.append(
                f"of its test KL of {cell['kl']:.3g} nats, {lost} are no information but only move q(z) away from the prior"
            )
    else:
        told.append("mutual information is at the cap of both estimates: no difference can be shown")
    one = found.seeds < 2
    told.append(
        f"nll {effect(nll)}" + ("" if one else f", {('no difference shown', 'better', 'worse')[fit]}")
    )
    return (
        (sign, fit),
        f"`{model}`: {ONE_SEED if one else said}.",
        f"{'; '.join(told)}; seeds: {collapsed['seeds']}.",
    )


def methods(found: Evidence) -> Answer:
    """What does each method do to each model, and at what cost?"""
    question = "What does each method do to each model, and at what cost?"
    others = [method for method in found.methods if method != found.plain]
    if found.plain is None or not others:
        return Answer(
            question,
            f"{NOT_SHOWN}: it has no {'plain method' if found.plain is None else 'method but the plain one'}.",
            [],
        )
    points, told = [], []
    for method in others:
        judged = []
        for dataset in found.datasets:
            for model in found.models:
                name, said = f"`{method}` on `{model}`", judge(found, dataset, model, method)
                judged += [said[0]] if said else []
                words = ONE_SEED if found.seeds < 2 else verdict(*said[0]) if said else ""
                points.append(
                    Point(dataset, f"{name}: {words}.", f"{said[1]}.", method)
                    if said
                    else missing(dataset, name, method)
                )
        if judged:
            fit, kept = (
                sum(map(good, judged))
                for good in (lambda signs: signs[2] > 0, lambda signs: max(signs[:2]) > 0 <= min(signs[:2]))
            )
            told.append(
                f"`{method}` improves the likelihood in {fit} of {len(judged)} comparisons, and keeps more in z in {kept}"
            )
    return Answer(question, summed(found, told), points)


def combinations(found: Evidence, parts: Mapping[str, list[str]]) -> Answer:
    """Do combinations add anything?"""
    question = "Do combinations add anything to their parts?"
    if not parts:
        return Answer(question, f"{NOT_SHOWN}: no method in it combines others.", [])
    points, told = [], []
    for name, mine in parts.items():
        adds = seen = 0
        for dataset in found.datasets:
            for model in found.models:
                what = f"`{name}` on `{model}`"
                rows = [found.find("combination", dataset, model, name, part, "nll") for part in mine]
                known = [row for row in rows if row is not None]
                if not known or len(known) < len(mine):
                    points.append(
                        Point(
                            dataset,
                            f"{what}: not shown by this grid.",
                            "It does not have all of its parts.",
                            name,
                        )
                    )
                    continue
                signs, seen = found.signs(*known), seen + 1
                adds += min(signs) > 0
                worse = [
                    f"`{row['against_method']}`" for row, sign in zip(known, signs, strict=True) if sign < 0
                ]
                words = (
                    "better than each of its parts"
                    if min(signs) > 0
                    else f"worse than {several(worse)}"
                    if worse
                    else "no gain over all of its parts is shown"
                )
                evidence = "; ".join(
                    f"{effect(row)} compared with `{row['against_method']}`" for row in known
                )
                points.append(
                    Point(
                        dataset,
                        f"{what}: {ONE_SEED if found.seeds < 2 else words}.",
                        f"nll {evidence}; seeds: {known[0]['seeds']}.",
                        name,
                    )
                )
        told += (
            [f"`{name}` has a better likelihood than each of its parts in {adds} of {seen} comparisons"]
            if seen
            else []
        )
    return Answer(question, summed(found, told), points)


def answers(comparison: pd.DataFrame, cells: pd.DataFrame, grid: Mapping[str, Any]) -> Iterator[Answer]:
    """The three answers, from `compare`, from `tables.means` with the columns `cost` and `beta`, and from recipes/grid.json."""
    found = Evidence(comparison, cells, grid)
    yield models(found)
    yield methods(found)
    yield combinations(found, grid["combinations"])
