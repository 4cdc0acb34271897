"""The report: tables, charts, answers and the page; the only room that draws."""
