"""The verdict on a cell is said in the same words everywhere."""

import re

import pytest
from made_grid import ROOT

from uncollapse.report.colours import VERDICT_COLOURS
from uncollapse.results.verdict import Verdict, judge


def test_the_page_has_a_colour_and_the_documents_have_a_row_for_every_verdict() -> None:
    assert list(VERDICT_COLOURS) == list(Verdict)
    table = (ROOT / "docs/report.md").read_text().split("| verdict | what is shown |\n|---|---|\n")[1]
    rows = re.findall(r"\| (.+) \| (.+) \|\n", table.split("\n\n")[0] + "\n")
    assert rows == [(verdict.value, verdict.meaning) for verdict in Verdict]


@pytest.mark.parametrize("doubt", [Verdict.NOT_CONVERGED, Verdict.DIVERGED, Verdict.NO_INTERVAL])
def test_numbers_that_do_not_count_give_no_verdict(doubt: Verdict) -> None:
    judgement = judge(likelihood=1, collapse=1, cost=1.0, at_equal_work=1, doubt=doubt)
    assert judgement.verdict == doubt
    assert str(judgement).startswith(doubt.value)
    assert bool(judgement.reasons) == (doubt == Verdict.NOT_CONVERGED), "what is shown so far"


def test_at_more_work_a_cell_helps_only_if_it_is_better_at_equal_work_too() -> None:
    for cost, at_equal_work, verdict in [
        (1.0, 0, Verdict.HELPS),
        (1.04, -1, Verdict.HELPS),
        (1.06, None, Verdict.AT_MORE_WORK),
        (2.0, 0, Verdict.AT_MORE_WORK),
        (2.0, 1, Verdict.HELPS),
    ]:
        judged = judge(likelihood=1, collapse=0, cost=cost, at_equal_work=at_equal_work)
        assert judged.verdict == verdict
