"""The report: results of all cells, charts, answers and the page."""
