"""The answers of the report, a file for each question.

Their sentences are made from the numbers: no claim without its interval, and none that is not beyond chance.
"""

from uncollapse.report.answers.answer import Answer
from uncollapse.report.answers.combinations import answer_combinations
from uncollapse.report.answers.methods import answer_methods
from uncollapse.report.answers.models import answer_models
from uncollapse.results.evidence import Evidence


def answer_questions(evidence: Evidence) -> list[Answer]:
    """Answer all questions, in the order of the page."""
    return [answer_models(evidence), answer_methods(evidence), answer_combinations(evidence)]
