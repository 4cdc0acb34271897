"""The answers of the report, a file for each question.

Their sentences are made from the numbers: no claim without its interval, and none that is not beyond chance.
"""

from uncollapse.report.answers.answer import Answer
from uncollapse.report.answers.combinations import combinations
from uncollapse.report.answers.methods import methods
from uncollapse.report.answers.models import models
from uncollapse.results.evidence import Evidence


def answers(evidence: Evidence) -> list[Answer]:
    """All answers, in the order of the page."""
    return [models(evidence), methods(evidence), combinations(evidence)]
