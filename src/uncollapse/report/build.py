"""The stage `report`: from the results of the grid to the tables in metrics/, the pictures and the page."""

from uncollapse.pipeline.paths import CLOSING
from uncollapse.report.contrast import write_contrast
from uncollapse.report.markdown import write_markdown
from uncollapse.report.metrics import write_metrics
from uncollapse.report.page import write_page
from uncollapse.report.pictures import write_pictures
from uncollapse.results.gather import gather


def report() -> None:
    """Write everything. Raises UserError if no cell of the grid has results."""
    results = gather()
    write_metrics(results)
    write_markdown(results)
    write_pictures(results)
    write_contrast(results)
    write_page(results)
    missing = f"; {len(results.missing)} cells are missing" if results.missing else ""
    early = len(results.unconverged)
    budget = (
        f"; not converged: {early} of the cells, what is said of them holds for their budget" if early else ""
    )
    gone = f"; {len(results.diverged)} more runs diverged" if len(results.diverged) else ""
    line = f"report: {len(results.summary)} runs of {len(results.present)} cells{gone}{missing}{budget}"
    CLOSING.write_text(f"{line}\n")  # for the last line of `make repro`
    print(line)
