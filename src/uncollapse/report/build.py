"""The stage `report`, which turns results into the tables in metrics/, the pictures and the page."""

from uncollapse.pipeline.paths import CLOSING
from uncollapse.report.contrast import write_contrast
from uncollapse.report.markdown import write_markdown
from uncollapse.report.metrics import write_metrics
from uncollapse.report.page import write_page
from uncollapse.report.pictures import write_figures
from uncollapse.results.gather import gather_results


def make_report() -> None:
    """Write everything; raises UserError if no cell of the grid has results."""
    results = gather_results()
    write_metrics(results)
    write_markdown(results)
    write_figures(results)
    write_contrast(results)
    write_page(results)
    missing = f"; {len(results.missing)} cells are missing" if results.missing else ""
    early = len(results.unconverged)
    budget = (
        f"; not converged: {early} of the cells, so claims about them hold for their budget only"
        if early
        else ""
    )
    gone = f"; {len(results.diverged)} more runs diverged" if len(results.diverged) else ""
    line = f"report: {len(results.summary)} runs of {len(results.present)} cells{gone}{missing}{budget}"
    # `make repro` ends with this line.
    CLOSING.write_text(f"{line}\n")
    print(line)
