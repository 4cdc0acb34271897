"""The three answers of the report, in sentences made from the numbers: no claim without its interval, and none that is not beyond chance."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import pandas as pd
from evidence import VERDICTS, Evidence, direction, effect, judge, show


class Point(NamedTuple):
    """What is found on one data set: the verdict and the comparisons that carry it, as Markdown."""

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


def models(found: Evidence, vae: str | None, plain: str | None) -> Answer:
    """Is ControlVAE, or any other model, susceptible to posterior collapse, compared with the VAE?"""
    others = [model for model in found.models if model != vae]
    question = (
        f"Is {several(others) or 'ControlVAE'} susceptible to posterior collapse, compared with {vae or 'the VAE'}?"
    )
    if vae is None or plain is None or not others:
        missing = (
            "plain method"
            if plain is None
            else "VAE (a price of the KL of 1)"
            if vae is None
            else "other model than the VAE"
        )
        return Answer(question, f"**Not shown by this grid**: it has no {missing}.", [])
    points, tally = [], []
    for model in others:
        judged = []
        for dataset in found.datasets:
            said = susceptible(found, dataset, model, vae, plain)
            judged += [said[0]] if said else []
            points.append(
                Point(dataset, *said[1:])
                if said
                else Point(dataset, f"`{model}`: not shown by this grid.", "A cell is missing.")
            )
        counts = [[signs.count(sign) for sign in (1, -1)] for signs in zip(*judged, strict=True)] or [[0, 0], [0, 0]]
        (less, more), (better, worse) = counts
        tally.append(
            f"`{model}` collapses less than `{vae}` on {less} of {len(judged)} data sets, more on {more}; its likelihood is better on {better}, worse on {worse}"
        )  # fmt: skip
    return Answer(question, f"Beyond chance, {'; '.join(tally)}.", points)


def susceptible(
    found: Evidence, dataset: str, model: str, vae: str, plain: str
) -> tuple[tuple[int, int], str, str] | None:
    """How a model compares with the VAE in collapse and in likelihood, the verdict and its evidence; None where a cell is missing."""
    collapsed, mi, nll = (
        found.find("model", dataset, model, plain, plain, what) for what in ("collapsed", "mi", "nll")
    )
    if collapsed is None or nll is None:
        return None
    cell, sign, fit = found.cells[dataset, model, plain], direction(collapsed, -1), direction(nll, -1)

    def mean(measure: str, unit: str) -> str:
        return show(cell[measure], cell[f"{measure}_low"], cell[f"{measure}_high"], unit, signed=False)

    verdict = {
        1: f"collapses less than `{vae}`",
        -1: f"collapses more than `{vae}`",
        0: f"no difference in collapse to `{vae}` is shown",
    }[sign]
    verdict += f"; that a part of it has collapsed is {'' if cell['collapsed_low'] > 0 else 'not '}beyond chance"
    told = [f"{mean('collapsed', ' %')} of its dimensions have collapsed, {effect(collapsed)} to `{vae}`"]
    if mi is not None and not mi["at_cap"]:
        told.append(f"mutual information {effect(mi)}")
        lost = mean("marginal_kl", " nats")
        told.append(
            f"of its kl of {cell['kl']:.3g} nats {lost} are no information but only move q(z) away from the prior"
        )
    else:
        told.append("mutual information is at the cap of its estimate: no difference can be shown")
    told.append(f"nll {effect(nll)}, {('no difference shown', 'better', 'worse')[fit]}")
    return (sign, fit), f"`{model}`: {verdict}.", f"{'; '.join(told)}; {collapsed['seeds']} seeds."


def methods(found: Evidence, plain: str | None, seeds: int) -> Answer:
    """What does each method do to each model, and at what cost?"""
    question = "What does each method do to each model, and at what cost?"
    others = [method for method in found.methods if method != plain]
    if plain is None or not others:
        return Answer(
            question,
            f"**Not shown by this grid**: it has no {'plain method' if plain is None else 'method but the plain one'}.",
            [],
        )
    points, helps = [], {}
    for method in others:
        judged = []
        for dataset in found.datasets:
            for model in found.models:
                said = judge(found, dataset, model, method, plain)
                judged += [said[0]] if said else []
                verdict = (
                    VERDICTS[said[0]]
                    if said and seeds > 1
                    else "no interval can be given with one seed"
                    if said
                    else "not shown by this grid"
                )
                points.append(
                    Point(
                        dataset, f"`{method}` on `{model}`: {verdict}.", f"{said[1]}." if said else "A cell is missing."
                    )
                )
        helps[method] = sum(fit > 0 for _, fit in judged), sum(kept > 0 for kept, _ in judged), len(judged)
    short = "; ".join(f"`{method}`: {fit} and {kept} of {all_of}" for method, (fit, kept, all_of) in helps.items())
    return Answer(
        question,
        f"Better likelihood and less collapse than `{plain}`, beyond chance, in how many comparisons: {short}.",
        points,
    )


def combinations(found: Evidence, parts: Mapping[str, list[str]]) -> Answer:
    """Do combinations add anything?"""
    question = "Do combinations add anything to their parts?"
    present = {
        name: [part for part in mine if part in found.methods] for name, mine in parts.items() if name in found.methods
    }
    points, tally = [], []
    for name, mine in present.items():
        adds = seen = 0
        for dataset in found.datasets:
            for model in found.models:
                rows = [found.find("combination", dataset, model, name, part, "nll") for part in mine]
                known = [row for row in rows if row is not None]
                if len(mine) < 2 or len(known) < len(mine):
                    points.append(
                        Point(
                            dataset,
                            f"`{name}` on `{model}`: not shown by this grid.",
                            "It does not have all of its parts.",
                        )
                    )
                    continue
                signs, seen = [direction(row, -1) for row in known], seen + 1
                adds += min(signs) > 0
                worse = [f"`{row['against_method']}`" for row, sign in zip(known, signs, strict=True) if sign < 0]
                verdict = (
                    "better than each of its parts"
                    if min(signs) > 0
                    else f"worse than {several(worse)}"
                    if worse
                    else "no gain over all of its parts is shown"
                )
                told = "; ".join(f"{effect(row)} to `{row['against_method']}`" for row in known)
                points.append(
                    Point(dataset, f"`{name}` on `{model}`: {verdict}.", f"nll {told}; {known[0]['seeds']} seeds.")
                )
        tally.append(
            f"`{name}` has a better likelihood than each of its parts, beyond chance, in {adds} of {seen} comparisons"
        )
    if not tally:
        return Answer(question, "**Not shown by this grid**: no method in it combines others.", [])
    return Answer(question, f"{'; '.join(tally)}.", points)


def answers(comparison: pd.DataFrame, cells: pd.DataFrame, grid: Mapping[str, Any]) -> Iterator[Answer]:
    """The three answers, from `compare`, from `tables.means` with the column `cost`, and from recipes/grid.json."""
    found = Evidence(comparison, cells, grid["evaluation"]["eps"])
    yield models(found, grid["vae"], grid["plain"])
    yield methods(found, grid["plain"], len(grid["seeds"]))
    yield combinations(found, grid["combinations"])
