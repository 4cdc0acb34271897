"""Gather the cells of the grid: metrics/ gets the tables that stand in git, report/ the page."""

import uncollapse.pipeline.watching.ctrl_c

from uncollapse.pipeline.stage import run
from uncollapse.report.build import make_report

if __name__ == "__main__":
    run(make_report)
